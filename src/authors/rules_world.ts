/**
 * @file The offline author: writes for a closed world by its templates. Every choice depends on seed, row and
 * operation only, so that rows may be done in any order.
 */
import type { Author, Authored } from './author.ts';
import { type KeyedRandom, keyedRandom } from './keyed_random.ts';
import { fillPattern } from './statement_pattern.ts';
import { parseStatement, type Statement, splitSentences, stateFact } from './statements.ts';
import { joinNouns, overlappingValue, valueText, type World } from './world.ts';

const fail = (reason: string): { ok: false; reason: string } => ({ ok: false, reason });
const done = <T>(value: T, problems: readonly string[] = []): Authored<T> => ({ ok: true, value, problems });

/**
 * The author of a world. It uses the world's training phrasings only: test phrasings must be new to the model.
 * @param seed of every choice of words and of false values
 */
export function createWorldAuthor(world: World, seed = 0): Author {
  const random = (id: string, operation: string, index = 0): KeyedRandom =>
    keyedRandom(seed, id, operation, index);

  const of = `1/${world.name}-${world.version}`;

  return {
    name: 'rules',
    versions: {
      extract: of,
      rewriteQuestion: `${of}/seed-${seed}`,
      rewriteAnswer: `${of}/seed-${seed}`,
      rephrase: `${of}/seed-${seed}`,
      revise: `${of}/seed-${seed}`,
      judge: of,
      check: of,
      answer: of,
    },
    // It waits for nothing: several calls at once would only take turns.
    concurrency: 1,

    async extract({ answer }) {
      const atoms: string[] = [];
      const problems: string[] = [];
      for (const { text } of splitSentences(answer)) {
        const statement = parseStatement(world, text);
        if (statement?.subject === 'known') {
          if (!atoms.includes(text)) atoms.push(text);
        } else problems.push(`"${text}" states no fact that the world ${world.name} has a sentence for.`);
      }
      if (atoms.length === 0) return fail(['The answer holds no fact.', ...problems].join(' '));
      return done(atoms, problems);
    },

    async rewriteQuestion({ id, question }, atoms) {
      const facts = readAtoms(world, atoms);
      if (!facts.ok) return facts;
      const entities = new Set(facts.value.map((fact) => fact.entity));
      if (entities.size > 1) {
        return fail(`The atoms are about several entities: ${[...entities].join(', ')}.`);
      }
      const slots = [...new Set(facts.value.map((fact) => fact.slot))];
      const choice = random(id, 'rewrite-question');
      const ask = (): string =>
        fill(choice.pick(world.frames.train), {
          entity: facts.value[0]!.entity,
          nouns: joinNouns(slots.map((slot) => choice.pick(world.slots.get(slot)!.nouns.train))),
        });
      let rewritten = ask();
      // Where all atoms were selected, another wording is what makes the row worth having.
      for (let tries = 0; rewritten === question && tries < 20; tries++) rewritten = ask();
      return done(rewritten);
    },

    async rewriteAnswer({ id }, atoms) {
      const facts = readAtoms(world, atoms);
      if (!facts.ok) return facts;
      return done(restate(world, facts.value, random(id, 'rewrite-answer')));
    },

    async rephrase({ id }, atoms) {
      const facts = readAtoms(world, atoms);
      if (!facts.ok) return facts;
      return done(restate(world, facts.value, random(id, 'rephrase')));
    },

    async revise({ id }, atom, index) {
      const facts = readAtoms(world, [atom]);
      if (!facts.ok) return facts;
      const { entity, slot: slotName, value, pattern } = facts.value[0]!;
      const slot = world.slots.get(slotName)!;
      const truth = world.entities.get(entity)?.facts.get(slotName);
      if (!truth) return fail(`The world has no ${slotName} of ${entity} to check a false one against.`);
      const falseValues = world.domains
        .get(slotName)!
        .filter(
          (other) =>
            !overlappingValue(slot, other, valueText(truth)) && !overlappingValue(slot, other, value),
        );
      for (const other of random(id, 'revise', index).shuffled(falseValues)) {
        const sentence = fillPattern(pattern, entity, other);
        const back = parseStatement(world, sentence);
        if (back?.entity === entity && back.slot === slotName && back.value === other) return done(sentence);
      }
      return fail(`The world has no other ${slotName} that is false of ${entity}.`);
    },

    async judge() {
      return fail(
        'The author of a world compares no answers: it knows which facts are true, not which text reads better.',
      );
    },

    async check() {
      return fail(
        "The author of a world checks no facts against a text: evaluation's checker reads them by the world.",
      );
    },

    async answer() {
      return fail('The author of a world answers no questions: it restates facts that it is given.');
    },
  };
}

/** The same facts in the same order, each by another template than the atom's own. */
function restate(world: World, facts: readonly Statement[], choice: KeyedRandom): string {
  return facts
    .map(({ entity, slot, value, pattern }) => {
      const others = world.slots
        .get(slot)!
        .statements.map((_, index) => index)
        .filter((index) => index !== pattern.template);
      return stateFact(world, slot, choice.pick(others), entity, value);
    })
    .join(' ');
}

function readAtoms(world: World, atoms: readonly string[]): Authored<Statement[]> {
  if (atoms.length === 0) return fail('There are no atoms to write about.');
  const facts: Statement[] = [];
  for (const atom of atoms) {
    const statement = parseStatement(world, atom);
    if (statement?.subject !== 'known') {
      return fail(`"${atom}" states no fact that the world ${world.name} has a sentence for.`);
    }
    facts.push(statement);
  }
  return done(facts);
}

function fill(frame: string, parts: { readonly entity: string; readonly nouns: string }): string {
  return frame.replace('{entity}', () => parts.entity).replace('{nouns}', () => parts.nouns);
}
