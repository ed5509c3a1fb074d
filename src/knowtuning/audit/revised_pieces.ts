/** @file Which sentences of a nonfactual answer were revised, and from which atom, found by what was not. */
import { splitSentences } from '../../authors/statements.ts';
import { normaliseText } from '../compare.ts';
import type { ComparisonPair } from '../project.ts';

export interface RevisedPiece {
  readonly text: string;
  /** The atom that it was made from; null where that cannot be told. */
  readonly atom: string | null;
}

/**
 * The revised pieces of a worse answer, which is a sequence of atoms with some of them replaced. Between two atoms that
 * stayed, as many pieces are looked for as atoms are missing.
 * @param atoms those that the pair was made of, in order, with their indices in the question
 */
export function revisedPieces(
  { worse, changed }: Pick<ComparisonPair, 'worse' | 'changed'>,
  atoms: readonly { readonly index: number; readonly text: string }[],
): RevisedPiece[] {
  const pieces: RevisedPiece[] = [];
  let rest = worse;
  let run: string[] = [];
  const close = (text: string): void => {
    pieces.push(...alignRun(text, run));
    run = [];
  };
  for (const { index, text } of atoms) {
    const at = changed.includes(index) ? -1 : rest.indexOf(text);
    if (at < 0) {
      run.push(text);
      continue;
    }
    close(rest.slice(0, at));
    rest = rest.slice(at + text.length);
  }
  close(rest);
  return pieces;
}

/** Sentences are given to atoms in order, as many to each as it has, if they come out even; else one by one. */
function alignRun(text: string, atoms: readonly string[]): RevisedPiece[] {
  const sentences = splitSentences(text).map((sentence) => sentence.text);
  const lengths = atoms.map((atom) => Math.max(1, splitSentences(atom).length));
  if (lengths.reduce((sum, length) => sum + length, 0) === sentences.length) {
    let from = 0;
    return atoms.map((atom, i) => {
      const piece = sentences.slice(from, from + lengths[i]!).join(' ');
      from += lengths[i]!;
      return { text: piece, atom };
    });
  }
  const same = (sentence: string) =>
    atoms.find((atom) => normaliseText(atom) === normaliseText(sentence)) ?? null;
  return sentences.map((sentence) => ({ text: sentence, atom: same(sentence) }));
}
