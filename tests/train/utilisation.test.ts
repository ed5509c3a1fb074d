/** @file The share of the best matmul rate that steps reach: FLOPs counted independently, time by an injected clock. */
import { describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { ProgramBuilder } from '../../src/gpu/program.ts';
import { backward } from '../../src/llama/backward.ts';
import { stepFlops } from '../../src/llama/flops.ts';
import { forward } from '../../src/llama/forward.ts';
import { loraLayout } from '../../src/llama/lora_layout.ts';
import { Workspace } from '../../src/llama/workspace.ts';
import { matmulRate, measureMatmulRate } from '../../src/ops/matmul_rate.ts';
import { parseTrainConfig } from '../../src/train/config.ts';
import { createTuner } from '../../src/train/engine.ts';
import type { TrainResult, Tuner } from '../../src/train/tuner.ts';
import { randomWeights, tinyConfig } from '../oracle/random_model.ts';
import { createTestGpu } from '../support/gpu.ts';
import { idCodec, idText, loadOracleModel } from './gpu_model.ts';

const config = tinyConfig({ numHiddenLayers: 3 });
const trainConfig = parseTrainConfig(
  { max_steps: 6, per_device_train_batch_size: 2, r: 2, pref_ftx: 0.2 },
  'test',
  config.maxPositionEmbeddings,
);
const ids = (first: number, length: number) => idText(Array.from({ length }, (_, i) => first + i));

async function withTuner<T>(
  options: { clock?: () => number; rate?: number; treeBatching?: boolean },
  run: (tuner: Tuner, gpu: Gpu) => Promise<T>,
): Promise<T> {
  const gpu = await createTestGpu();
  try {
    const model = await loadOracleModel(gpu, config, randomWeights(config, 1));
    const { clock = () => performance.now(), rate, ...rest } = options;
    const matmulRate = rate === undefined ? {} : { matmulRate: async () => rate };
    return await run(createTuner(model, idCodec, clock, { ...rest, ...matmulRate }), gpu);
  } finally {
    gpu.destroy();
  }
}

/** FLOPs of each step by its own figures. */
function flopsOfSteps({ log }: TrainResult): number[] {
  return log.map(
    ({ flops_per_second, seconds }, at) => flops_per_second * (seconds - (log[at - 1]?.seconds ?? 0)),
  );
}

describe('FLOPs of a step', () => {
  it('are those of the products of its recorded program, where no token is dead', async () => {
    await withTuner({}, async (_, gpu) => {
      const model = await loadOracleModel(gpu, config, randomWeights(config, 1));
      const lora = { rank: 2, scale: 1, targets: ['q_proj', 'o_proj', 'down_proj'] } as const;
      const layout = loraLayout(config, lora);
      const bucket = { tokens: 64, targets: 64, sequences: 1 };
      const shape = { ...bucket, pairs: 1, positions: 64, training: true };
      const workspace = await Workspace.create(gpu, config, layout, shape, 'test');
      const count = (record: typeof forward, kernels: RegExp) => {
        const program = new ProgramBuilder(gpu.adapterClass);
        record(program, workspace, model.weights, bucket);
        const dispatches = program.dispatches.filter(({ shader }) => kernels.test(shader));
        return dispatches.reduce((sum, { flops }) => sum + flops, 0);
      };
      const needed = (visiblePairs: number) =>
        stepFlops(config, lora, { tokens: 64, targets: 64, visiblePairs });
      const products = needed(0);
      expect(count(forward, /^matmul\//)).toBe(products.forward);
      expect(count(forward, /^attention\//)).toBe(needed((64 * 65) / 2).forward - products.forward);
      // The logits are computed once more, and their gradient made of them.
      const again = (2 * config.hiddenSize + 3) * 64 * config.vocabSize;
      expect(count(backward, /^(matmul|lora)\//) - again).toBe(products.backward);
    });
  });

  it('count what a packed step holds: tokens but the last of each sequence, targets, and what is seen', async () => {
    const rows = [
      { prompt: ids(1, 3), completion: ids(5, 9) },
      { prompt: ids(2, 2), completion: ids(7, 5) },
    ];
    const result = await withTuner({}, (tuner) => tuner.trainSft(rows, trainConfig, null));
    // 3 + 9 and 2 + 5 tokens, each but the last; a token sees itself and those before it.
    const lora = { rank: 2, scale: 1, targets: trainConfig.lora.targetModules };
    const counts = { tokens: 11 + 6, targets: 9 + 5, visiblePairs: (11 * 12) / 2 + (6 * 7) / 2 };
    const { forward, backward } = stepFlops(config, lora, counts);
    for (const flops of flopsOfSteps(result)) expect(flops / (forward + backward)).toBeCloseTo(1, 6);
  });

  it('are fewer with tree batching, which computes a question once', async () => {
    const groups = [{ prompt: ids(1, 20), chosen: ids(3, 5), rejected: [ids(9, 6), ids(12, 4)] }];
    const one = { ...trainConfig, perDeviceTrainBatchSize: 1 };
    const [tree, plain] = await Promise.all(
      [true, false].map((treeBatching) =>
        withTuner({ treeBatching }, (tuner) => tuner.trainDpo(groups, one, null, 'start')),
      ),
    );
    expect(flopsOfSteps(tree!)[0]).toBeLessThan(0.7 * flopsOfSteps(plain!)[0]!);
  });
});

describe('mfu', () => {
  it('is the rate of a step over the best, and left out where that was not measured', async () => {
    const rows = [{ prompt: ids(1, 3), completion: ids(5, 9) }];
    const one = { ...trainConfig, perDeviceTrainBatchSize: 1 };
    const rate = 5e9;
    const { log, matmulFlopsPerSecond } = await withTuner({ rate }, (tuner) =>
      tuner.trainSft(rows, one, null),
    );
    expect(matmulFlopsPerSecond).toBe(rate);
    expect(log).toHaveLength(6);
    for (const { mfu, flops_per_second } of log) {
      expect(flops_per_second).toBeGreaterThan(0);
      expect(mfu).toBe(flops_per_second / rate);
    }
    const without = await withTuner({}, (tuner) => tuner.trainSft(rows, one, null));
    expect(without.matmulFlopsPerSecond).toBeNull();
    expect(without.log.every((step) => !('mfu' in step))).toBe(true);
  });

  it('changes no bit', async () => {
    const rows = [{ prompt: ids(1, 3), completion: ids(5, 9) }];
    const bits = ({ adapter }: TrainResult) => [...adapter.tensors.values()].map(({ data }) => [...data]);
    const [a, b] = [
      await withTuner({}, (tuner) => tuner.trainSft(rows, trainConfig, null)),
      await withTuner({ rate: 1e9 }, async (tuner, gpu) => {
        gpu.pace.start(50);
        return tuner.trainSft(rows, trainConfig, null);
      }),
    ];
    expect(bits(a)).toEqual(bits(b));
  });
});

describe('the best matmul rate', () => {
  it('is FLOPs over the time of the fastest measurement, and takes no memory afterwards', async () => {
    const gpu = await createTestGpu();
    try {
      // By this clock whatever is measured takes 50 ms, and one measurement 20: 512^3 products, 2 FLOP each.
      let now = 0;
      let looks = 0;
      const clock = () => {
        looks++;
        now += looks === 6 ? 20 : 50;
        return now;
      };
      const rate = await measureMatmulRate(gpu, clock);
      const [rows, columns, inner] = gpu.adapterClass === 'software' ? [512, 512, 512] : [2048, 2048, 512];
      expect(rate).toBe((1000 * 2 * rows * columns * inner) / 20);
      expect(gpu.ledger.bytes).toBe(0);
    } finally {
      gpu.destroy();
    }
  });

  it('is measured once for an adapter, and sets the pace of each of its devices', async () => {
    const first = await createTestGpu();
    const second = await createTestGpu();
    try {
      const rate = await matmulRate(first, () => performance.now());
      expect(rate).toBeGreaterThan(1e7);
      const before = second.compiled;
      expect(await matmulRate(second, () => Number.NaN)).toBe(rate);
      expect(second.compiled).toBe(before);
      for (const { pace } of [first, second]) expect(pace.perMs).toBe(rate / 1000);
    } finally {
      first.destroy();
      second.destroy();
    }
  });
});
