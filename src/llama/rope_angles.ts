/** @file Angles of rotary embeddings, computed on the CPU in f32 in Transformers' order of operations. */
import type { LlamaConfig } from './config.ts';

const f32 = Math.fround;

/**
 * Inverse frequencies [headDim / 2] in f32, with linear or llama3 scaling as Transformers' modeling_rope_utils does it:
 * llama3 leaves short wavelengths alone, divides long ones by `factor` and blends in between.
 */
export function inverseFrequencies(config: LlamaConfig): Float32Array {
  const { headDim, ropeTheta, ropeScaling } = config;
  const out = new Float32Array(headDim / 2);
  for (let j = 0; j < out.length; j++) {
    const frequency = f32(1 / f32(ropeTheta ** f32((2 * j) / headDim)));
    out[j] = frequency;
    if (ropeScaling?.type === 'linear') out[j] = frequency / ropeScaling.factor;
    if (ropeScaling?.type === 'llama3') {
      const { factor, lowFreqFactor, highFreqFactor, originalMaxPositionEmbeddings: original } = ropeScaling;
      const wavelength = f32((2 * Math.PI) / frequency);
      if (wavelength > original / lowFreqFactor) out[j] = frequency / factor;
      else if (wavelength >= original / highFreqFactor) {
        const smooth = f32(f32(original / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor));
        out[j] = f32(f32(f32(f32(1 - smooth) * frequency) / factor) + f32(smooth * frequency));
      }
    }
  }
  return out;
}

/** [positions, headDim] = [cosines | sines] in f32, headDim / 2 of each. */
export function ropeAngles(config: LlamaConfig, positions: number): Float32Array<ArrayBuffer> {
  const frequencies = inverseFrequencies(config);
  const angles = new Float32Array(positions * frequencies.length * 2);
  for (let p = 0; p < positions; p++)
    for (let j = 0; j < frequencies.length; j++) {
      const angle = f32(p * frequencies[j]!);
      const at = 2 * p * frequencies.length + j;
      angles[at] = Math.cos(angle);
      angles[at + frequencies.length] = Math.sin(angle);
    }
  return angles;
}
