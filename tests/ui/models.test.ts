/** @file The page's model picker without a page: the short list's facts, the memory plan, and files that are picked. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PROJECTIONS } from '../../src/llama/config.ts';
import { loraLayout } from '../../src/llama/lora_layout.ts';
import { planSession } from '../../src/llama/memory_plan.ts';
import { parseLlamaConfig } from '../../src/llama/parse_config.ts';
import { parameterCount } from '../../src/llama/weight_plan.ts';
import { parseHubId } from '../../src/store/hub_id.ts';
import { DEFAULT_SETTINGS, formatCosts, planMemory } from '../../src/ui/state/model_plan.ts';
import { modelFolder } from '../../src/ui/state/picked_files.ts';
import { SHORT_LIST } from '../../src/ui/state/short_list.ts';

const named = (name: string) => SHORT_LIST.find((model) => model.name === name)!;
const LIMITS = { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 30 };

describe('the short list', () => {
  // Counts of parameters as the Hub publishes them with the models' safetensors.
  it.each([
    ['SmolLM2 135M', 134_515_008],
    ['SmolLM2 360M', 361_821_120],
    ['SmolLM2 1.7B', 1_711_376_384],
    ['TinyLlama 1.1B', 1_100_048_384],
    ['Llama 3.2 1B', 1_235_814_400],
    ['Llama 3.2 3B', 3_212_749_824],
    ['Llama 2 7B at q4', 6_738_415_616],
  ])('has the shape of %s: %d parameters', (name, count) => {
    expect(parameterCount(named(name).config)).toBe(count);
  });

  it('has the bundled model as it is', () => {
    const json: unknown = JSON.parse(readFileSync('public/model/config.json', 'utf8'));
    const bundled = parseLlamaConfig(json, 'config.json');
    const { config } = SHORT_LIST.find((model) => model.id === null)!;
    const sizes = ({ hiddenSize, intermediateSize, numHiddenLayers, headDim, vocabSize }: typeof config) => [
      hiddenSize,
      intermediateSize,
      numHiddenLayers,
      headDim,
      vocabSize,
    ];
    expect(sizes(config)).toEqual(sizes(bundled));
    expect(parameterCount(config)).toBe(parameterCount(bundled));
    expect(config.maxPositionEmbeddings).toBe(bundled.maxPositionEmbeddings);
  });

  it('has ids that the Hub could have', () => {
    for (const { id } of SHORT_LIST) if (id !== null) expect(parseHubId(id).id).toBe(id);
  });
});

describe('planMemory', () => {
  const { config } = named('SmolLM2 135M');
  const plan = (part: Partial<typeof DEFAULT_SETTINGS> = {}, limits: typeof LIMITS | null = LIMITS) =>
    planMemory(config, () => 'BF16', { ...DEFAULT_SETTINGS, ...part }, limits);
  const bytes = (p: ReturnType<typeof plan>, part: string) =>
    p.lines.find((line) => line.part === part)!.bytes;

  it('sums up to what session and weights take', () => {
    const session = planSession(config, loraLayout(config, { rank: 8, scale: 1, targets: PROJECTIONS }), {
      tokens: 512,
      targets: 512,
      sequences: 64,
      pairs: 64,
      positions: 512,
      training: true,
    });
    const { bytes: total, lines } = plan({ weights: 'f32', embedding: 'f32' });
    expect(total).toBe(lines.reduce((sum, line) => sum + line.bytes, 0));
    expect(total).toBe(session.reduce((sum, item) => sum + item.bytes, 0) + 4 * parameterCount(config));
  });

  it.each([
    ['f32', 32],
    ['f16', 16],
    ['q8_0', 8.5],
    ['q4_1', 5],
    ['q4_0', 4.5],
  ] as const)('takes %s for %d bits a weight', (format, bits) => {
    const p = plan({ weights: format, embedding: format });
    expect(bytes(p, 'embedding')).toBe((49152 * 576 * bits) / 8);
    const matrices = 30 * (576 * (576 + 2 * 192) + 576 * 576 + 3 * 576 * 1536);
    const norms = 61 * 576 * 4;
    expect(bytes(p, 'weights')).toBe((matrices * bits) / 8 + norms);
    expect(formatCosts(config, () => 'BF16', [format]).get(format)).toEqual({
      weights: bytes(p, 'weights'),
      embedding: bytes(p, 'embedding'),
    });
  });

  it('names the buffer that an adapter does not take', () => {
    expect(plan().verdict.kind).toBe('fits');
    expect(plan({}, null).verdict.kind).toBe('unknown');
    const small = plan({ tokens: 4096 }, { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 24 });
    expect(small.verdict).toMatchObject({ kind: 'exceeds', limit: 2 ** 24, cure: 'tokens' });
    // Its moments are bound in parts, but they are one buffer.
    const large = plan({ rank: 128 }, { maxBufferSize: 2 ** 27, maxStorageBufferBindingSize: 2 ** 27 });
    expect(large.verdict).toMatchObject({ kind: 'exceeds', cure: 'rank' });
    const bound = plan({ rank: 128 }, { maxBufferSize: 2 ** 31, maxStorageBufferBindingSize: 2 ** 27 });
    expect(bound.verdict.kind).toBe('fits');
  });

  it('computes layers twice as far as a budget calls for, and says what that costs', () => {
    const free = plan();
    expect(free.recomputation).toMatchObject({ layers: 0, ofLayers: 30, extraWork: 0 });
    const { leastBytes } = free.recomputation;
    const budget = Math.round((leastBytes + free.bytes) / 2);
    const tight = plan({ budget });
    expect(tight.bytes).toBeLessThanOrEqual(budget);
    expect(tight.verdict.kind).toBe('fits');
    expect(tight.recomputation.layers).toBeGreaterThan(5);
    expect(tight.recomputation.layers).toBeLessThan(25);
    const extra = tight.recomputation.flopPerToken / free.recomputation.flopPerToken - 1;
    expect(tight.recomputation.extraWork).toBeCloseTo(extra, 10);
    expect(extra).toBeGreaterThan(0.05);
    const over = plan({ budget: leastBytes - 1 });
    expect(over.bytes).toBe(leastBytes);
    expect(over.verdict).toEqual({ kind: 'over-budget', budget: leastBytes - 1 });
  });
});

describe('modelFolder', () => {
  const files = (...paths: string[]) =>
    paths.map((path) => ({ path, file: new File(['x'], path.split('/').at(-1)!) }));
  const found = (...paths: string[]) => {
    const folder = modelFolder(files(...paths));
    return folder && [folder.name, ...folder.files.map((f) => f.name)];
  };

  it.each([
    [
      ['m/config.json', 'm/model.safetensors', 'm/onnx/model.onnx'],
      ['m', 'config.json', 'model.safetensors'],
    ],
    [
      ['all/a/readme', 'all/b/c/x.gguf'],
      ['c', 'x.gguf'],
    ],
    [['x.gguf'], ['x.gguf', 'x.gguf']],
    [['m/config.json'], ['m', 'config.json']],
    [[], null],
  ])('%j', (paths, expected) => {
    expect(found(...paths)).toEqual(expected);
  });
});
