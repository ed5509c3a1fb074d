/** @file Attention (Vaswani et al. 2017, eq. 1) under the packed mask, with grouped queries (Ainslie et al. 2023). */

/** The packed batch's three mask integers per token. */
export interface PackedMask {
  readonly groupStart: ArrayLike<number>;
  readonly prefixEnd: ArrayLike<number>;
  readonly segmentStart: ArrayLike<number>;
}

export interface HeadShape {
  readonly heads: number;
  /** Query head h attends to key head floor(h / (heads / kvHeads)). */
  readonly kvHeads: number;
  readonly headDim: number;
}

/** Whether token i sees key j: the mask as src/llama/packed_batch.ts defines it. */
export function sees(mask: PackedMask, i: number, j: number): boolean {
  if (j > i) return false;
  return (mask.groupStart[i]! <= j && j < mask.prefixEnd[i]!) || mask.segmentStart[i]! <= j;
}

export interface AttentionTrace {
  /** [rows, heads headDim] */
  readonly out: Float64Array;
  /** [heads, rows, rows]; zero where the mask hides a key. */
  readonly probabilities: Float64Array;
  /** [rows, heads] log-sum-exp of a query's scaled scores. */
  readonly lse: Float64Array;
}

/** q is [rows, heads headDim], k and v are [rows, kvHeads headDim], q and k rotated already. */
export function attention(
  q: Float64Array,
  k: Float64Array,
  v: Float64Array,
  mask: PackedMask,
  { heads, kvHeads, headDim }: HeadShape,
): AttentionTrace {
  const rows = q.length / (heads * headDim);
  const out = new Float64Array(q.length);
  const probabilities = new Float64Array(heads * rows * rows);
  const lse = new Float64Array(rows * heads);
  for (let head = 0; head < heads; head++) {
    const kvHead = Math.floor(head / (heads / kvHeads));
    for (let i = 0; i < rows; i++) {
      const visible: number[] = [];
      for (let j = 0; j <= i; j++) if (sees(mask, i, j)) visible.push(j);
      const scores = visible.map((j) => {
        let dot = 0;
        for (let d = 0; d < headDim; d++)
          dot += q[(i * heads + head) * headDim + d]! * k[(j * kvHeads + kvHead) * headDim + d]!;
        return dot / Math.sqrt(headDim);
      });
      const largest = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      const sum = scores.reduce((total, score) => total + Math.exp(score - largest), 0);
      lse[i * heads + head] = largest + Math.log(sum);
      visible.forEach((j, n) => {
        const p = Math.exp(scores[n]! - largest) / sum;
        probabilities[(head * rows + i) * rows + j] = p;
        for (let d = 0; d < headDim; d++)
          out[(i * heads + head) * headDim + d]! += p * v[(j * kvHeads + kvHead) * headDim + d]!;
      });
    }
  }
  return { out, probabilities, lse };
}

/** dv_j = sum_i p_ij dout_i; with dp_ij = dout_i . v_j, the scores' gradient is p_ij (dp_ij - sum_l p_il dp_il). */
export function attentionBackward(
  q: Float64Array,
  k: Float64Array,
  v: Float64Array,
  probabilities: Float64Array,
  dout: Float64Array,
  { heads, kvHeads, headDim }: HeadShape,
): { dq: Float64Array; dk: Float64Array; dv: Float64Array } {
  const rows = q.length / (heads * headDim);
  const dq = new Float64Array(q.length);
  const dk = new Float64Array(k.length);
  const dv = new Float64Array(v.length);
  for (let head = 0; head < heads; head++) {
    const kvHead = Math.floor(head / (heads / kvHeads));
    for (let i = 0; i < rows; i++) {
      const query = (i * heads + head) * headDim;
      const p = probabilities.subarray((head * rows + i) * rows, (head * rows + i + 1) * rows);
      const dp = new Float64Array(rows);
      let mean = 0;
      for (let j = 0; j <= i; j++) {
        if (p[j] === 0) continue;
        const key = (j * kvHeads + kvHead) * headDim;
        for (let d = 0; d < headDim; d++) {
          dp[j]! += dout[query + d]! * v[key + d]!;
          dv[key + d]! += p[j]! * dout[query + d]!;
        }
        mean += p[j]! * dp[j]!;
      }
      for (let j = 0; j <= i; j++) {
        const key = (j * kvHeads + kvHead) * headDim;
        const dscore = (p[j]! * (dp[j]! - mean)) / Math.sqrt(headDim);
        for (let d = 0; d < headDim; d++) {
          dq[query + d]! += dscore * k[key + d]!;
          dk[key + d]! += dscore * q[query + d]!;
        }
      }
    }
  }
  return { dq, dk, dv };
}
