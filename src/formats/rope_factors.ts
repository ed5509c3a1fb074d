/**
 * @file The factors that a GGUF file divides rotary frequencies by, back to the settings they were computed from:
 * config.json has settings, and the engine computes angles from them as Transformers does.
 * Formula: `_compute_llama3_parameters` of transformers/modeling_rope_utils.py.
 */

/** Context lengths before scaling that are tried; all Llama 3 have 8192. */
const ORIGINAL_LENGTHS = [8192, 2048, 4096, 16384, 32768, 65536, 131072];
/** All models with llama3 scaling known to us have these. */
const LOW_FREQ_FACTOR = 1;
const HIGH_FREQ_FACTOR = 4;
/** Factors are f32 that Python computed in f32. */
const TOLERANCE = 1e-4;

/**
 * rope_scaling of config.json for these factors, one per pair of dimensions of a head; "none" where they are all 1,
 * undefined where no settings of llama3 give them.
 */
export function llama3Scaling(
  factors: Float32Array,
  headDim: number,
  theta: number,
): Readonly<Record<string, unknown>> | 'none' | undefined {
  // The slowest turn is beyond the original context and has the whole factor.
  const factor = factors.at(-1);
  if (factor === undefined || !(factor >= 1)) return undefined;
  if (factors.every((f) => f === 1)) return 'none';
  for (const original of ORIGINAL_LENGTHS) {
    const isGiven = (f: number, i: number) => {
      const expected = llama3Factor(theta ** (-(2 * i) / headDim), factor, original);
      return Math.abs(f - expected) <= TOLERANCE * expected;
    };
    if (factors.every(isGiven))
      return {
        rope_type: 'llama3',
        factor,
        low_freq_factor: LOW_FREQ_FACTOR,
        high_freq_factor: HIGH_FREQ_FACTOR,
        original_max_position_embeddings: original,
      };
  }
  return undefined;
}

/** What llama3 divides a frequency (radians per token) by. */
function llama3Factor(frequency: number, factor: number, original: number): number {
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength < original / HIGH_FREQ_FACTOR) return 1;
  if (wavelength > original / LOW_FREQ_FACTOR) return factor;
  const smooth = (original / wavelength - LOW_FREQ_FACTOR) / (HIGH_FREQ_FACTOR - LOW_FREQ_FACTOR);
  return 1 / ((1 - smooth) / factor + smooth);
}
