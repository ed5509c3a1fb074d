/**
 * @file The offline author for any row: what a closed world can read wholly is written by its templates, every other
 * text by rules of English. Rows of the world come out as if the world's author had been asked alone.
 */
import type { Author, AuthorOperation } from './author.ts';
import { createTextAuthor } from './rules_text/text_author.ts';
import { createWorldAuthor } from './rules_world.ts';
import { parseStatement, splitSentences } from './statements.ts';
import type { World } from './world.ts';

/** @param seed of every choice of words and of false values */
export function createRulesAuthor(world: World, seed = 0): Author {
  const ofWorld = createWorldAuthor(world, seed);
  const ofText = createTextAuthor(seed);

  const isStatement = (sentence: string): boolean => parseStatement(world, sentence)?.subject === 'known';
  const forAnswer = (answer: string): Author => {
    const sentences = splitSentences(answer);
    return sentences.length > 0 && sentences.every(({ text }) => isStatement(text)) ? ofWorld : ofText;
  };
  const forAtoms = (atoms: readonly string[]): Author =>
    atoms.length > 0 && atoms.every(isStatement) ? ofWorld : ofText;

  const both = (operation: AuthorOperation): string =>
    `${ofWorld.versions[operation]}+${ofText.versions[operation]}`;

  return {
    name: 'rules',
    versions: {
      extract: both('extract'),
      rewriteQuestion: both('rewriteQuestion'),
      rewriteAnswer: both('rewriteAnswer'),
      rephrase: both('rephrase'),
      revise: both('revise'),
      judge: both('judge'),
      check: both('check'),
      answer: both('answer'),
    },
    concurrency: 1,

    async extract(row, signal) {
      return forAnswer(row.answer).extract(row, signal);
    },
    async rewriteQuestion(row, atoms, signal) {
      return forAtoms(atoms).rewriteQuestion(row, atoms, signal);
    },
    async rewriteAnswer(row, atoms, signal) {
      return forAtoms(atoms).rewriteAnswer(row, atoms, signal);
    },
    async rephrase(row, atoms, signal) {
      return forAtoms(atoms).rephrase(row, atoms, signal);
    },
    async revise(row, atom, index, signal) {
      return forAtoms([atom]).revise(row, atom, index, signal);
    },
    async judge(row, first, second, aspect, signal) {
      return ofText.judge(row, first, second, aspect, signal);
    },
    async check(row, fact, signal) {
      return ofText.check(row, fact, signal);
    },
    async answer(row, signal) {
      return ofText.answer(row, signal);
    },
  };
}
