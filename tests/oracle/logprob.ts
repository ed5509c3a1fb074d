/** @file Log-probabilities of target triples: log softmax(h_row head^T) at the target token. */

/** Targets: hidden row and token id; many targets may name one row. */
export interface Targets {
  readonly row: ArrayLike<number>;
  readonly token: ArrayLike<number>;
}

/** [targets] log-probabilities, natural log; states [rows, hidden], head [vocabulary, hidden]. */
export function logprob(
  states: Float64Array,
  head: Float64Array,
  hidden: number,
  targets: Targets,
): Float64Array {
  // Neighbouring targets often name one row: generation asks a row for all of the vocabulary.
  let row = -1;
  let logits: Float64Array = new Float64Array(0);
  let lse = 0;
  return Float64Array.from({ length: targets.row.length }, (_, m) => {
    if (targets.row[m] !== row) {
      row = targets.row[m]!;
      logits = rowLogits(states, head, hidden, row);
      lse = logSumExp(logits);
    }
    return logits[targets.token[m]!]! - lse;
  });
}

/** dstates [rows, hidden] for coefficient[m] = dL/dlogprob[m]: dlogits = coefficient (onehot - softmax). */
export function logprobBackward(
  states: Float64Array,
  head: Float64Array,
  hidden: number,
  targets: Targets,
  coefficient: ArrayLike<number>,
): Float64Array {
  const dstates = new Float64Array(states.length);
  for (let m = 0; m < targets.row.length; m++) {
    const row = targets.row[m]!;
    const logits = rowLogits(states, head, hidden, row);
    const lse = logSumExp(logits);
    for (let token = 0; token < logits.length; token++) {
      const onehot = token === targets.token[m] ? 1 : 0;
      const dlogit = coefficient[m]! * (onehot - Math.exp(logits[token]! - lse));
      for (let i = 0; i < hidden; i++) dstates[row * hidden + i]! += dlogit * head[token * hidden + i]!;
    }
  }
  return dstates;
}

/** [vocabulary] logits of one row. */
export function rowLogits(
  states: Float64Array,
  head: Float64Array,
  hidden: number,
  row: number,
): Float64Array {
  const logits = new Float64Array(head.length / hidden);
  for (let token = 0; token < logits.length; token++)
    for (let i = 0; i < hidden; i++) logits[token]! += states[row * hidden + i]! * head[token * hidden + i]!;
  return logits;
}

/** log sum_i exp(x_i), without overflow. */
export function logSumExp(x: Float64Array): number {
  const largest = x.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return largest + Math.log(x.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}
