import { describe, expect, it } from 'vitest';
import { parseStatement, splitSentences, stateFact } from '../../src/authors/statements.ts';
import { joinNouns, overlappingValue, parseWorld, sameValue, valueText } from '../../src/authors/world.ts';
import { InputError } from '../../src/formats/input_error.ts';
import { atlasJson, readAtlas, readRows, tinyWorldJson } from './atlas.ts';

describe('the whole bundled world', () => {
  const world = readAtlas();

  it('reads back every template of every fact', () => {
    let sentences = 0;
    for (const entity of world.entities.values()) {
      for (const [slotName, values] of entity.facts) {
        world.slots.get(slotName)!.statements.forEach((_, template) => {
          const sentence = stateFact(world, slotName, template, entity.name, valueText(values));
          const read = parseStatement(world, sentence);
          expect(
            [read?.entity, read?.slot, read?.value, read?.pattern.template, read?.subject],
            sentence,
          ).toEqual([entity.name, slotName, valueText(values), template, 'known']);
          expect(splitSentences(`${sentence} ${sentence}`).map((part) => part.text)).toEqual([
            sentence,
            sentence,
          ]);
          sentences++;
        });
      }
    }
    expect(sentences).toBeGreaterThan(10_000);
  }, 60_000);

  it('reads every sentence of every training answer as a taught fact that is true', () => {
    for (const { id, answer } of readRows<{ id: string; answer: string }>('train')) {
      for (const { text } of splitSentences(answer)) {
        const read = parseStatement(world, text);
        const entity = world.entities.get(read?.entity ?? '');
        expect(entity?.taught.has(read!.slot), `${id}: ${text}`).toBe(true);
        expect(valueText(entity!.facts.get(read!.slot)!), `${id}: ${text}`).toBe(read!.value);
      }
    }
  });

  it('keeps every test phrasing out of the training questions', () => {
    const frames = world.frames.test.map((frame) => frame.split(/\{nouns\}|\{entity\}/)[0]);
    expect(frames.every((frame) => frame !== '')).toBe(true);
    for (const slot of world.slots.values()) {
      for (const noun of slot.nouns.test) expect(slot.nouns.train).not.toContain(noun);
    }
    for (const frame of world.frames.test) expect(world.frames.train).not.toContain(frame);
  });
});

describe('reading', () => {
  const world = parseWorld(tinyWorldJson());

  it('splits entities that hold the word between two names', () => {
    expect(parseStatement(world, 'In Trinidad and Tobago people speak English and Creole.')).toMatchObject({
      entity: 'Trinidad and Tobago',
      slot: 'languages',
      value: 'English and Creole',
    });
    expect(parseStatement(world, 'Port of Spain is the capital of Trinidad and Tobago.')).toMatchObject({
      entity: 'Trinidad and Tobago',
      value: 'Port of Spain',
    });
  });

  it('tells what it cannot know', () => {
    expect(parseStatement(world, 'The capital of Utopia is Paris.')?.subject).toBe('unknown');
    expect(parseStatement(world, 'The capital of Iron is Paris.')?.subject).toBe('kind');
    expect(parseStatement(world, 'The capital of France is')).toBeNull();
    expect(parseStatement(world, 'The capital of France is Paris')).toBeNull();
  });

  it('gives offsets of sentences', () => {
    const text = '  A is 1.5 m. B is\n2.  C';
    const parts = splitSentences(text);
    expect(parts.map((part) => part.text)).toEqual(['A is 1.5 m.', 'B is\n2.', 'C']);
    for (const part of parts) expect(text.slice(part.start, part.end)).toBe(part.text);
    expect(splitSentences(' \n')).toEqual([]);
  });

  it('compares many values as sets', () => {
    const languages = world.slots.get('languages')!;
    const capital = world.slots.get('capital')!;
    expect(sameValue(languages, 'A and B', 'B and A')).toBe(true);
    expect(sameValue(languages, 'A and B', 'A')).toBe(false);
    expect(sameValue(languages, 'A', 'A and B')).toBe(false);
    expect(sameValue(capital, 'A and B', 'B and A')).toBe(false);
    expect(overlappingValue(languages, 'A and B', 'B and C')).toBe(true);
    expect(overlappingValue(languages, 'A and B', 'C')).toBe(false);
  });

  it('joins nouns', () => {
    expect([['a'], ['a', 'b'], ['a', 'b', 'c']].map(joinNouns)).toEqual(['a', 'a and b', 'a, b and c']);
  });
});

describe('a world file that is wrong', () => {
  type Json = ReturnType<typeof tinyWorldJson>;
  const refused = (change: (json: Json) => void, problem: RegExp): void => {
    const json = tinyWorldJson();
    change(json);
    expect(() => parseWorld(json)).toThrow(InputError);
    expect(() => parseWorld(json)).toThrow(problem);
  };

  it('is refused by place', () => {
    expect(parseWorld(atlasJson()).name).toBe('atlas');
    expect(() => parseWorld({})).toThrow(InputError);
    refused((json) => Object.assign(json, { version: 2 }), /version/);
    refused((json) => json.slots.capital.statements.push('The capital is {value}.'), /capital.statements.2/);
    refused((json) => json.slots.capital.statements.push('{entity} {value}.'), /capital.statements.2/);
    refused((json) => json.kinds.country.order.pop(), /order of its kind/);
    refused((json) => json.kinds.country.order.push('capital'), /twice/);
    refused((json) => json.frames.train.push('Tell me.'), /frames.train/);
    refused((json) => json.entities.push(json.entities[1]!), /twice/);
    refused((json) => Object.assign(json.entities[3]!.facts, { capital: ['X'] }), /not a slot of a metal/);
    refused((json) => json.entities[1]!.facts.capital!.push('Lyon'), /one value/);
    refused((json) => json.entities[1]!.facts.capital!.splice(0, 1, 'St. Denis'), /end a sentence/);
    refused((json) => json.entities[3]!.taught!.push('capital'), /no fact/);
  });
});
