/**
 * @file How well style alone tells better answers from worse ones: a logistic regression on a few figures of style, tried on
 * questions that it was not fitted to. 0.5 is chance; what lies far above can be won without knowledge.
 */
import { ASPECTS, type Aspect, type ComparisonPair } from '../project.ts';
import { pairStyles, type Style } from './style.ts';

/** Accuracy, or null where there are too few pairs to tell. */
export interface Giveaway {
  readonly pairs: number;
  /** By how the sides are worded: everything but how long they are. */
  readonly wording: number | null;
  /** By words and sentences alone. */
  readonly length: number | null;
}

/** Accuracy from which on a set is warned about; incomplete answers are shorter by their nature. */
export const GIVEAWAY_LIMIT = 0.75;
const LEAST_PAIRS = 20;
/** Of more, so many are taken evenly: they tell the accuracy to a percentage point or two. */
const MOST_PAIRS = 2000;
const FOLDS = 5;

export interface QuestionPairs {
  readonly pairs: readonly ComparisonPair[];
}

/** Per aspect. All pairs of a question are in the same fold, so that no better answer is on both sides of the trial. */
export function measureGiveaway(questions: readonly QuestionPairs[]): Record<Aspect, Giveaway> {
  const measure = (aspect: Aspect): Giveaway => {
    const pairs = questions.flatMap(({ pairs: all }) =>
      all.filter((pair) => pair.aspect === aspect).slice(0, 1),
    );
    const stride = Math.max(1, pairs.length / MOST_PAIRS);
    const taken = Array.from(
      { length: Math.min(pairs.length, MOST_PAIRS) },
      (_, i) => pairs[Math.floor(i * stride)]!,
    );
    const styles = taken.map(pairStyles).filter(([a, b]) => a.words > 0 && b.words > 0);
    const enough = styles.length >= LEAST_PAIRS;
    const accuracy = (features: (style: Style) => number[]): number | null =>
      enough ? crossValidate(styles.map(([a, b]) => difference(features(a), features(b)))) : null;
    return { pairs: pairs.length, wording: accuracy(wordingOf), length: accuracy(lengthOf) };
  };
  return Object.fromEntries(ASPECTS.map((aspect) => [aspect, measure(aspect)])) as Record<Aspect, Giveaway>;
}

const wordingOf = (style: Style): number[] => [
  Math.log(style.sentenceLength),
  style.typeShare,
  style.pronouns,
  style.connectives,
  style.negations,
  style.functionWords,
  style.capitals,
  style.marks,
];
const lengthOf = (style: Style): number[] => [Math.log(style.words), Math.log(style.sentences)];

function difference(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value - b[i]!);
}

/**
 * Share of pairs whose better side is told, each by a model fitted without the pair's fold; a tie is half a success.
 * @param differences better minus worse, one per pair
 */
export function crossValidate(differences: readonly (readonly number[])[]): number {
  let right = 0;
  for (let fold = 0; fold < FOLDS; fold++) {
    const fitted = fitWeights(differences.filter((_, i) => i % FOLDS !== fold));
    for (const [i, x] of differences.entries()) {
      if (i % FOLDS !== fold) continue;
      const score = dot(fitted, x);
      right += score > 0 ? 1 : score === 0 ? 0.5 : 0;
    }
  }
  return right / differences.length;
}

const STEPS = 300;
const RATE = 0.5;
const DECAY = 0.01;

/**
 * Weights of a logistic regression without intercept, by gradient descent with weight decay from zero. A pair turned round
 * is the same with its sign changed, so that only one of the two is needed.
 */
function fitWeights(rows: readonly (readonly number[])[]): number[] {
  const width = rows[0]?.length ?? 0;
  const scale = Array.from({ length: width }, (_, k) => {
    const spread = Math.sqrt(rows.reduce((sum, row) => sum + row[k]! ** 2, 0) / rows.length);
    return spread > 1e-12 ? 1 / spread : 0;
  });
  const scaled = rows.map((row) => row.map((value, k) => value * scale[k]!));
  const weights = new Array<number>(width).fill(0);
  for (let step = 0; step < STEPS; step++) {
    const gradient = weights.map((weight) => DECAY * weight);
    for (const row of scaled) {
      const miss = 1 / (1 + Math.exp(dot(weights, row)));
      for (let k = 0; k < width; k++) gradient[k]! -= (miss * row[k]!) / scaled.length;
    }
    for (let k = 0; k < width; k++) weights[k]! -= RATE * gradient[k]!;
  }
  return weights.map((weight, k) => weight * scale[k]!);
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}
