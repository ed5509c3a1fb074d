/**
 * @file The packed batch (one micro-batch): sequences end to end in one row of T tokens, with three integers per
 * token that are the whole attention mask, and target triples. Everything the engine computes on is in here.
 */

/**
 * Token i sees key j exactly if j <= i and (groupStart[i] <= j < prefixEnd[i] or segmentStart[i] <= j).
 *
 * - plain packing: a sequence that starts at s has groupStart = prefixEnd = segmentStart = s for all its tokens;
 * - tree batching: a shared prefix at [s, p) and segments [a, b) after it. Prefix tokens have
 *   groupStart = prefixEnd = segmentStart = s; tokens of a segment have groupStart = s, prefixEnd = p,
 *   segmentStart = a, and positions that continue from the prefix;
 * - dead tokens (filling up the bucket): groupStart = prefixEnd = segmentStart = own index, id 0, position 0: they see
 *   only themselves, no one sees them, and no target points at them.
 */
export interface PackedBatch {
  /** T, the bucket's number of tokens, dead ones included. */
  readonly tokens: number;
  /** How many of the T tokens are alive (they come first). */
  readonly liveTokens: number;
  /** [T] token ids. */
  readonly ids: Uint32Array;
  /** [T] rotary positions. */
  readonly positions: Uint32Array;
  /** [T] mask integers, see above. */
  readonly groupStart: Uint32Array;
  readonly prefixEnd: Uint32Array;
  readonly segmentStart: Uint32Array;
  /**
   * Target triples: the hidden state at row targetRow[m] predicts token targetToken[m] of sequence targetSequence[m].
   * Many to one: the last token of a shared prefix predicts the first token of every segment. Sorted by row; the
   * order within a row is that of the sequences.
   */
  readonly targetRow: Uint32Array;
  readonly targetToken: Uint32Array;
  readonly targetSequence: Uint32Array;
  /** Number of sequences whose log-probabilities are summed (every answer is one). */
  readonly sequences: number;
}

/** What a loss says about a packed batch: a weight per target and preference pairs between its sequences. */
export interface LossSpec {
  /** [targets] w_m of the SFT term: L_SFT = -sum_m w_m log p_m. Zero where a target carries no SFT loss. */
  readonly sftWeight: Float32Array;
  /** Preference pairs of this micro-batch (empty for SFT). */
  readonly pairs: readonly PreferencePair[];
  /** beta of DPO (Rafailov et al. 2023, eq. 7). */
  readonly beta: number;
  /** Label smoothing epsilon of conservative DPO. */
  readonly labelSmoothing: number;
  /** 1 / N with N the number of pairs of the whole optimizer step, over all its micro-batches. */
  readonly pairWeight: number;
}

/** One preference pair; sequences are indices into the packed batch's sequences. */
export interface PreferencePair {
  readonly chosen: number;
  readonly rejected: number;
  /** log pi_ref of either answer, summed over its tokens. */
  readonly referenceChosen: number;
  readonly referenceRejected: number;
}
