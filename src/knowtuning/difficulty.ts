/** @file Which facts the model does not know: those whose tokens surprise it most. */
/**
 * ppl(k) = exp(-1/|k| sum_t log pi(k_t | k_<t [, q])) over the atom's tokens, without the end-of-sequence token.
 * @param logprobs natural logarithms, one per token
 */
export function perplexity(logprobs: ArrayLike<number>): number {
  if (logprobs.length === 0) throw new RangeError('an atom without tokens has no perplexity');
  let sum = 0;
  for (let i = 0; i < logprobs.length; i++) sum += logprobs[i]!;
  return Math.exp(-sum / logprobs.length);
}

/**
 * Indices, ascending, of the ceil(alpha n) atoms of one question with the highest perplexity. Of equal ones the
 * earlier goes first.
 */
export function selectDifficult(perplexities: readonly number[], alpha: number): number[] {
  if (perplexities.some(Number.isNaN)) throw new RangeError('a perplexity is not a number');
  // 0.1 * 30 is a little more than 3 in floating point; such noise must not select one more.
  const count = Math.ceil(alpha * perplexities.length - 1e-9);
  return perplexities
    .map((_, i) => i)
    .sort((a, b) => {
      const [left, right] = [perplexities[a]!, perplexities[b]!];
      return left === right ? a - b : right > left ? 1 : -1;
    })
    .slice(0, count)
    .sort((a, b) => a - b);
}

/**
 * Indices, ascending, of the ceil(alpha n) perplexities around the median: as many are left out above as below, or one
 * more. The most surprising facts are often those that a model cannot take in.
 */
export function selectMiddle(perplexities: readonly number[], alpha: number): number[] {
  const all = selectDifficult(perplexities, 1);
  const ranked = all.sort((a, b) => perplexities[b]! - perplexities[a]! || a - b);
  const count = Math.ceil(alpha * ranked.length - 1e-9);
  const above = Math.ceil((ranked.length - count) / 2);
  return ranked.slice(above, above + count).sort((a, b) => a - b);
}
