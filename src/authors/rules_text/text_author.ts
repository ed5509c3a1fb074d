/**
 * @file The offline author for any English text. It splits, replaces and moves words by rules, knows nothing of the
 * world, and says of every row what it could not do. Every choice depends on seed, row and operation only.
 */
import type { Author, Authored } from '../author.ts';
import { type KeyedRandom, keyedRandom } from '../keyed_random.ts';
import { loadEnglish } from './english.ts';
import { extractFacts } from './extract.ts';
import { questionFocus } from './focus.ts';
import { askFor } from './question.ts';
import { rephraseAtoms } from './rephrase.ts';
import { reviseSentence } from './revise/revise.ts';

const fail = (reason: string): { ok: false; reason: string } => ({ ok: false, reason });
const done = <T>(value: T, problems: readonly string[] = []): Authored<T> => ({ ok: true, value, problems });

/** Changes whenever any rule does. */
const RULES = 'text-2';

/** The author of any English answer. @param seed of every choice of words and of false values */
export function createTextAuthor(seed = 0): Author {
  const random = (id: string, operation: string, index = 0): KeyedRandom =>
    keyedRandom(seed, id, operation, index);
  const seeded = `${RULES}/seed-${seed}`;

  return {
    name: 'rules',
    versions: {
      extract: RULES,
      rewriteQuestion: seeded,
      rewriteAnswer: seeded,
      rephrase: seeded,
      revise: seeded,
      judge: RULES,
      check: RULES,
      answer: RULES,
    },
    // It waits for nothing: several calls at once would only take turns.
    concurrency: 1,

    async extract({ question, answer }) {
      const { facts, problems } = extractFacts(await loadEnglish(), question, answer);
      if (facts.length === 0)
        return fail(['The answer holds no fact that the rules can read.', ...problems].join(' '));
      return done(
        facts.map(({ text }) => text),
        problems,
      );
    },

    async rewriteQuestion({ id, question }, atoms) {
      if (atoms.length === 0) return fail('There are no atoms to ask for.');
      const english = await loadEnglish();
      const asked = askFor(english, atoms, questionFocus(english, question), random(id, 'rewrite-question'));
      return asked === null ? fail('The rules cannot tell what every atom is about.') : done(asked);
    },

    async rewriteAnswer({ id }, atoms) {
      if (atoms.length === 0) return fail('There are no atoms to write about.');
      return done(rephraseAtoms(await loadEnglish(), atoms, random(id, 'rewrite-answer')));
    },

    async rephrase({ id }, atoms) {
      if (atoms.length === 0) return fail('There are no atoms to write about.');
      const text = rephraseAtoms(await loadEnglish(), atoms, random(id, 'rephrase'));
      const isSame = text === atoms.join(' ');
      return done(text, isSame ? ['The rules found no other words for these atoms.'] : []);
    },

    async revise({ id, question }, atom, index) {
      return reviseSentence(await loadEnglish(), atom, question, random(id, 'revise', index));
    },

    async judge() {
      return fail('The rules cannot judge: they know words, and not what is true or reads better.');
    },

    async check() {
      return fail('The rules cannot check a fact: they know words, and not what follows from them.');
    },

    async answer() {
      return fail('The rules cannot answer: they restate what they are given, and know nothing else.');
    },
  };
}
