/** @file No buffer grows with the square of the tokens, or with tokens times vocabulary, of a real training step. */
import { describe, expect, it } from 'vitest';
import { parseTrainConfig } from '../../src/train/config.ts';
import { createTuner } from '../../src/train/engine.ts';
import { Random } from '../oracle/random.ts';
import { randomWeights, tinyConfig } from '../oracle/random_model.ts';
import { createTestGpu } from '../support/gpu.ts';
import { idCodec, idText, loadOracleModel } from './gpu_model.ts';

const TOKENS = 1024;
const config = tinyConfig({ numHiddenLayers: 1, vocabSize: 4099, maxPositionEmbeddings: TOKENS });

/** Labels and elements of all buffers that are there while a step of 1,024 tokens and 1,023 targets runs. */
async function buffersOfStep(): Promise<Map<string, number>> {
  const gpu = await createTestGpu();
  try {
    const model = await loadOracleModel(gpu, config, randomWeights(config, 1));
    const tuner = createTuner(model, idCodec, () => performance.now(), { batchTokens: TOKENS });
    const trainConfig = parseTrainConfig(
      { max_steps: 1, r: 2, target_modules: 'all-linear' },
      'test',
      config.maxPositionEmbeddings,
    );
    const ids = new Random(3).ids(TOKENS, config.vocabSize);
    const row = { prompt: idText(ids.slice(0, 1)), completion: idText(ids.slice(1)) };
    let buffers = new Map<string, number>();
    const { log } = await tuner.trainSft([row], trainConfig, null, () => {
      buffers = new Map(gpu.ledger.entries().map((e) => [`${e.owner}/${e.label}`, e.bytes / 4]));
    });
    expect(log[0]!.target_tokens).toBe(TOKENS - 1);
    return buffers;
  } finally {
    gpu.destroy();
  }
}

describe('a step of 1,024 tokens', () => {
  it('has no buffer of T T or of T V / 4 elements', async () => {
    const buffers = await buffersOfStep();
    expect(buffers.get('training/logits')).toBeGreaterThan(0);
    const limit = Math.min(TOKENS * TOKENS, (TOKENS * config.vocabSize) / 4);
    for (const [label, elements] of buffers) expect(elements, label).toBeLessThan(limit);
  });
});
