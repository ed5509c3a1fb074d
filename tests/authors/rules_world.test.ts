import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Authored } from '../../src/authors/author.ts';
import { fnv1a, keyedRandom } from '../../src/authors/keyed_random.ts';
import { createWorldAuthor } from '../../src/authors/rules_world.ts';
import { parseStatement, splitSentences, stateFact } from '../../src/authors/statements.ts';
import { joinNouns, overlappingValue, parseWorld, valueText, type World } from '../../src/authors/world.ts';
import { readAtlas, readRows, tinyWorldJson } from './atlas.ts';

const world = readAtlas();
const author = createWorldAuthor(world, 3);
const entities = [...world.entities.values()];

const value = <T>(authored: Authored<T>): T => {
  if (!authored.ok) throw new Error(authored.reason);
  return authored.value;
};

/** Some facts of one entity, each in one of its templates. */
const someAtoms = fc
  .record({ entity: fc.constantFrom(...entities), seed: fc.nat(), id: fc.string() })
  .map(({ entity, seed, id }) => {
    const choice = keyedRandom(seed);
    const slots = choice.shuffled([...entity.facts.keys()]).slice(0, 1 + choice.below(entity.facts.size));
    const atoms = slots.map((slot) =>
      stateFact(world, slot, choice.below(8), entity.name, valueText(entity.facts.get(slot)!)),
    );
    return { row: { id, question: 'What?' }, entity, slots, atoms };
  });

/** Slots that a question asks for, if it is made of the given phrasings only; null if it is not. */
function readQuestion(w: World, question: string, entity: string, part: 'train' | 'test'): string[] | null {
  const nouns = new Map(
    [...w.slots.values()]
      .filter((slot) => slot.kind === w.entities.get(entity)?.kind)
      .flatMap((slot) => slot.nouns[part].map((noun) => [noun, slot.name] as const)),
  );
  for (const frame of w.frames[part]) {
    const [before, after] = frame.replace('{entity}', () => entity).split('{nouns}') as [string, string];
    if (!question.startsWith(before) || !question.endsWith(after)) continue;
    const list = question.slice(before.length, question.length - after.length);
    const parts = splitNouns(list, new Set(nouns.keys()));
    if (parts) return parts.map((noun) => nouns.get(noun)!);
  }
  return null;
}

function splitNouns(list: string, nouns: ReadonlySet<string>): string[] | null {
  if (nouns.has(list)) return [list];
  for (const noun of nouns) {
    for (const join of [', ', ' and ']) {
      if (!list.startsWith(noun + join)) continue;
      const rest = splitNouns(list.slice(noun.length + join.length), nouns);
      if (rest && joinNouns([noun, ...rest]) === list) return [noun, ...rest];
    }
  }
  return null;
}

describe('the offline author', () => {
  it('extracts every training answer into its sentences', async () => {
    for (const row of readRows<{ id: string; question: string; answer: string }>('train').slice(0, 300)) {
      const atoms = value(await author.extract(row));
      expect(atoms.join(' ')).toBe(row.answer);
    }
  });

  it('says what it could not read, and drops repetitions', async () => {
    const tiny = createWorldAuthor(parseWorld(tinyWorldJson()));
    const answer = 'Paris is the capital of France. I like it. France speaks French. France speaks French.';
    expect(await tiny.extract({ id: 'a', question: 'q', answer })).toEqual({
      ok: true,
      value: ['Paris is the capital of France.', 'France speaks French.'],
      problems: ['"I like it." states no fact that the world tiny has a sentence for.'],
    });
    expect((await tiny.extract({ id: 'a', question: 'q', answer: 'No idea.' })).ok).toBe(false);
    expect((await tiny.rephrase({ id: 'a', question: 'q' }, ['No idea.'])).ok).toBe(false);
    expect((await tiny.rewriteAnswer({ id: 'a', question: 'q' }, [])).ok).toBe(false);
    const mixed = ['France speaks French.', 'Iron is written as Fe.'];
    expect((await tiny.rewriteQuestion({ id: 'a', question: 'q' }, mixed)).ok).toBe(false);
    // Only one metal: no other symbol could stand there.
    expect((await tiny.revise({ id: 'a', question: 'q' }, 'Iron is written as Fe.', 0)).ok).toBe(false);
  });

  it('asks for just the given facts, in training phrasings and never in those of the test', async () => {
    await fc.assert(
      fc.asyncProperty(someAtoms, async ({ row, entity, slots, atoms }) => {
        const question = value(await author.rewriteQuestion(row, atoms));
        expect(readQuestion(world, question, entity.name, 'train')).toEqual(slots);
        expect(readQuestion(world, question, entity.name, 'test')).toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  it('recognises a test phrasing when it sees one', () => {
    const row = readRows<{ question: string; entity: string; slots: string[] }>('test')[0]!;
    expect(readQuestion(world, row.question, row.entity, 'train')).toBeNull();
    expect(readQuestion(world, row.question, row.entity, 'test')?.sort()).toEqual([...row.slots].sort());
  });

  it('restates the same facts in the same order by other templates', async () => {
    await fc.assert(
      fc.asyncProperty(someAtoms, async ({ row, entity, slots, atoms }) => {
        for (const text of [await author.rephrase(row, atoms), await author.rewriteAnswer(row, atoms)]) {
          const sentences = splitSentences(value(text)).map((part) => part.text);
          const read = sentences.map((sentence) => parseStatement(world, sentence)!);
          expect(read.map((fact) => [fact.entity, fact.slot, fact.value])).toEqual(
            slots.map((slot) => [entity.name, slot, valueText(entity.facts.get(slot)!)]),
          );
          atoms.forEach((atom, i) => {
            expect(read[i]!.pattern.template).not.toBe(parseStatement(world, atom)!.pattern.template);
          });
        }
      }),
      { numRuns: 200 },
    );
  });

  it('revises every fact of the world into one that is false, in the same frame', async () => {
    let revised = 0;
    for (const entity of entities) {
      for (const [slotName, values] of entity.facts) {
        const slot = world.slots.get(slotName)!;
        const atom = stateFact(world, slotName, revised % 8, entity.name, valueText(values));
        const text = value(await author.revise({ id: `${revised}`, question: 'q' }, atom, 0));
        const [before, after] = [parseStatement(world, atom)!, parseStatement(world, text)!];
        expect([after.entity, after.slot, after.pattern]).toEqual([entity.name, slotName, before.pattern]);
        expect(overlappingValue(slot, after.value, valueText(values)), text).toBe(false);
        expect(world.domains.get(slotName)).toContain(after.value);
        revised++;
      }
    }
    expect(revised).toBeGreaterThan(1500);
  }, 60_000);

  it('revises a false statement into another false one, never into the truth', async () => {
    const tiny = createWorldAuthor(parseWorld(tinyWorldJson()));
    for (let i = 0; i < 30; i++) {
      const text = value(await tiny.revise({ id: `${i}`, question: 'q' }, 'France lies in Africa.', i));
      expect(text).toBe('France lies in America.');
    }
  });

  it('gives the same text for the same row, whatever was done before, and another for another seed', async () => {
    const atoms = ['The symbol of Iron is Fe.', 'The atomic number of Iron is 26.'];
    const row = { id: 'train-7', question: 'q' };
    const first = value(await createWorldAuthor(world, 3).rephrase(row, atoms));
    await author.revise(row, atoms[0]!, 0);
    expect(value(await author.rephrase(row, atoms))).toBe(first);
    const others = await Promise.all(
      [4, 5, 6, 7].map(async (seed) => value(await createWorldAuthor(world, seed).rephrase(row, atoms))),
    );
    expect(new Set([first, ...others]).size).toBeGreaterThan(2);
  });
});

describe('keyed random numbers', () => {
  it('hashes as FNV-1a does', () => {
    // Published vectors of the 32-bit FNV-1a.
    expect([fnv1a(''), fnv1a('a'), fnv1a('foobar')]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  });

  it('reach every choice about equally often', () => {
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < 5000; i++) counts[keyedRandom('k', i).below(5)]!++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect(() => keyedRandom().below(0)).toThrow(RangeError);
  });
});
