/**
 * @file ggml's blocks of 32 weights into the two buffers that kernels read: quants in aligned words, scales apart.
 * Nothing is lost; only the places of bytes and nibbles change (ggml's 4-bit blocks put weights j and j + 16 into one
 * byte, kernels want neighbours in one word). Formats: ggml's block_q8_0, block_q4_0, block_q4_1.
 */
import type { WeightFormat } from '../ops/weight_matrix.ts';

export interface PackedWeights {
  /** f32 or f16 values as they are, or quants: four bytes or eight nibbles to a word, in the order of the weights. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** f16 scale of each block; of q4_1 scale and minimum. */
  readonly scales: Uint8Array<ArrayBuffer>;
}

/** Bytes of a block's header (scale, and minimum) and of its quants. */
const LAYOUT = {
  q8_0: { header: 2, quants: 32 },
  q4_0: { header: 2, quants: 16 },
  q4_1: { header: 4, quants: 16 },
} as const;

/** Splits whole blocks of stored bytes. */
export function repack(format: WeightFormat, stored: Uint8Array<ArrayBuffer>): PackedWeights {
  if (format === 'f32' || format === 'f16') return { data: stored, scales: new Uint8Array(0) };
  const { header, quants } = LAYOUT[format];
  const blocks = stored.length / (header + quants);
  const data = new Uint8Array(blocks * quants);
  const scales = new Uint8Array(blocks * header);
  for (let block = 0; block < blocks; block++) {
    const at = block * (header + quants);
    for (let i = 0; i < header; i++) scales[block * header + i] = stored[at + i]!;
    const from = at + header;
    const to = block * quants;
    if (format === 'q8_0') data.set(stored.subarray(from, from + quants), to);
    else
      for (let pair = 0; pair < 8; pair++) {
        // Weights 2 pair and 2 pair + 1 are low nibbles of neighbouring bytes, those 16 further the high ones.
        const [a, b] = [stored[from + 2 * pair]!, stored[from + 2 * pair + 1]!];
        data[to + pair] = (a & 15) | ((b & 15) << 4);
        data[to + 8 + pair] = (a >> 4) | (b & 0xf0);
      }
  }
  return { data, scales };
}
