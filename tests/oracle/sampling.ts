/** @file Sampling, plainly: what Transformers' logits processors keep, and the random number of a step. */

/** Probabilities of all tokens after temperature, top k and top p, zero for those that are left out. */
export function sampledDistribution(
  logits: readonly number[],
  { temperature, topK, topP }: { temperature: number; topK: number; topP: number },
): number[] {
  const scaled = logits.map((logit) => logit / temperature);
  const order = [...scaled.keys()].sort((a, b) => scaled[b]! - scaled[a]!);
  const kth = topK > 0 && topK < logits.length ? scaled[order[topK - 1]!]! : Number.NEGATIVE_INFINITY;
  let kept = order.filter((token) => scaled[token]! >= kth);
  const softmax = (tokens: readonly number[]) => {
    const largest = scaled[tokens[0]!]!;
    const weights = tokens.map((token) => Math.exp(scaled[token]! - largest));
    const sum = weights.reduce((a, b) => a + b, 0);
    return weights.map((weight) => weight / sum);
  };
  if (topP < 1) {
    const probabilities = softmax(kept);
    let before = 0;
    kept = kept.filter((_, i) => {
      const keep = before < topP;
      before += probabilities[i]!;
      return keep;
    });
  }
  const result = new Array<number>(logits.length).fill(0);
  softmax(kept).forEach((probability, i) => {
    result[kept[i]!] = probability;
  });
  return result;
}

/** The number in [0, 1) of a sequence's step: pcg3d (Jarzynski & Olano 2020), its upper 24 bits. */
export function stepUniform(seed: number, sequence: number, step: number): number {
  const v = [seed, sequence, step].map((x) => (Math.imul(x, 1664525) + 1013904223) >>> 0) as [
    number,
    number,
    number,
  ];
  const round = () => {
    v[0] = (v[0] + Math.imul(v[1], v[2])) >>> 0;
    v[1] = (v[1] + Math.imul(v[2], v[0])) >>> 0;
    v[2] = (v[2] + Math.imul(v[0], v[1])) >>> 0;
  };
  round();
  for (let i = 0; i < 3; i++) v[i] = (v[i]! ^ (v[i]! >>> 16)) >>> 0;
  round();
  return (v[0] >>> 8) / 2 ** 24;
}
