/**
 * @file What a training step asks of a GPU, counted without one: dispatches per layer, bytes of global memory against
 * the least that could be, floating-point operations against the formula that plans and `mfu` use.
 */
import { describe, expect, it } from 'vitest';
import { LLAMA_SHAPES } from '../../bench/llama_shapes.ts';
import { recordStep } from '../../bench/recorded_step.ts';
import type { AdapterClass } from '../../src/gpu/adapter.ts';
import type { RecordedDispatch } from '../../src/gpu/program.ts';
import { type LlamaConfig, PROJECTIONS, type Projection } from '../../src/llama/config.ts';
import { flopsPerToken } from '../../src/llama/flops.ts';
import { tinyConfig } from '../oracle/random_model.ts';

const CLASSES: readonly AdapterClass[] = ['gpu', 'software'];
const RANK = 8;

function record(
  adapterClass: AdapterClass,
  config: LlamaConfig,
  tokens: number,
  targets: readonly Projection[] = PROJECTIONS,
): readonly RecordedDispatch[] {
  return recordStep({
    config,
    lora: { rank: RANK, scale: 2, targets },
    tokens,
    weights: { weights: 'f32', embedding: 'f32' },
    adapterClass,
    bindingLimit: 2 ** 27,
  }).dispatches;
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const flopsOf = (dispatches: readonly RecordedDispatch[]) => sum(dispatches.map((d) => d.flops));

describe.each(CLASSES)('a step for the class %s', (adapterClass) => {
  it('takes at most 40 dispatches a layer, forward and backward, with LoRA on all seven projections', () => {
    const config = LLAMA_SHAPES['smollm2-135m'];
    const layers = (n: number) => record(adapterClass, { ...config, numHiddenLayers: n }, 512).length;
    expect(layers(3) - layers(2)).toBeLessThanOrEqual(40);
    // The lowest layer hands no gradient down: the difference of two others is what a layer costs.
    expect(layers(30) - layers(29)).toBe(layers(3) - layers(2));
  });

  it('says of every dispatch what it reads and writes', () => {
    for (const d of record(adapterClass, tinyConfig(), 33)) {
      expect(d.traffic.read, d.shader).toBeGreaterThan(0);
      expect(d.traffic.written, d.shader).toBeGreaterThan(0);
    }
  });

  it.each([
    ['step', 128, ['q_proj', 'v_proj']],
    ['step', 4096, PROJECTIONS],
    ['smollm2-135m', 512, PROJECTIONS],
    ['llama-3.2-1b', 1024, ['down_proj']],
  ] as const)(
    'makes the operations of the formula within 3 in a hundred, %s of %i tokens',
    (shape, tokens, targets) => {
      const config = LLAMA_SHAPES[shape];
      const { total } = flopsPerToken(config, { rank: RANK, scale: 2, targets }, tokens);
      const made = flopsOf(record(adapterClass, config, tokens, targets));
      // What the formula leaves out is one operation or ten per element of an activation.
      expect(made / (total * tokens)).toBeGreaterThan(1);
      expect(made / (total * tokens)).toBeLessThan(1.03);
    },
  );
});

// Of the small model large tiles would leave most cores of a GPU idle.
it.each([
  ['step', 128, 1.5],
  ['smollm2-135m', 512, 1.5],
] as const)(
  'a step asks a GPU for little more than the least bytes, %s of %i tokens: %f times',
  (shape, tokens, most) => {
    const config = LLAMA_SHAPES[shape];
    const bytes = sum(record('gpu', config, tokens).map(({ traffic: t }) => t.read + t.written));
    const ratio = bytes / leastBytes(config, tokens);
    expect(ratio).toBeGreaterThan(1);
    expect(ratio).toBeLessThanOrEqual(most);
  },
);

/** Rows of a product that share one reading of its weights. */
const TILE_ROWS = 64;

/**
 * The least bytes of a step in f32 with LoRA on all seven projections: each matrix read once per product and tile of
 * rows, each activation written once and read once by the forward pass and read once more by the backward pass, each
 * gradient of one written and read once.
 */
function leastBytes(c: LlamaConfig, T: number): number {
  const { hiddenSize: H, intermediateSize: M, vocabSize: V, numAttentionHeads: heads } = c;
  const Q = heads * c.headDim;
  const KV = c.numKeyValueHeads * c.headDim;
  const passes = Math.ceil(T / TILE_ROWS);
  const qkv = (Q + 2 * KV) * H;
  const frozen = qkv + H * Q + 3 * M * H;
  const adapter = RANK * (3 * H + Q + 2 * KV + (Q + H) + 2 * (H + M) + (M + H));
  // x, normed, qkv, attended, log-sum-exp, middle, normed, gate and up, act; U of seven projections.
  const saved = H + H + (Q + 2 * KV) + Q + heads + H + H + 2 * M + M + 7 * RANK;
  // dact, dgate and dup, dnormed, dx, dattended, delta, dqkv, dnormed, dx; dU of seven projections.
  const gradients = M + 2 * M + H + H + Q + heads + (Q + 2 * KV) + H + H + 7 * RANK;
  const perLayer =
    2 * passes * (frozen + adapter) + 2 * adapter + T * (2 * saved + saved) + T * 2 * gradients;
  // Below the lowest layer's q, k and v no gradient is asked for.
  const lowest = passes * (qkv + 3 * RANK * H) + T * 2 * 2 * H;
  // The table's rows, x; normed states and their gradient, twice each; dx. The head thrice: logits, logits anew, dstates.
  const ends = T * H + 2 * T * H + 2 * 2 * T * H + 2 * T * H;
  const head = 3 * passes * V * H + 3 * 2 * T * V;
  // Gradients for the norm, then gradients, moments and parameters.
  const update = 8 * c.numHiddenLayers * adapter;
  return 4 * (c.numHiddenLayers * perLayer - lowest + ends + head + update);
}
