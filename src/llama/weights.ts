/** @file Frozen weights on the GPU: read tensor by tensor, in the formats of the plan, a few megabytes at a time. */
import { quantise } from '../formats/blocks.ts';
import { InputError } from '../formats/input_error.ts';
import { releaseBytes } from '../formats/release_bytes.ts';
import type { TensorSource } from '../formats/tensor_source.ts';
import { type Gpu, STORAGE_USAGE } from '../gpu/gpu.ts';
import { type BufferSlice, whole } from '../gpu/ledger.ts';
import { formatBytes, type RowBlock, type WeightFormat, type WeightMatrix } from '../ops/weight_matrix.ts';
import type { LlamaConfig } from './config.ts';
import { GROUP_NAMES, type GroupName } from './lora_layout.ts';
import { repack } from './repack.ts';
import {
  hasBias,
  type PlannedBlock,
  type PlannedMatrix,
  planWeights,
  STORED_AS,
  type WeightChoices,
  type WeightPlan,
} from './weight_plan.ts';

export interface LayerWeights extends Record<GroupName, WeightMatrix> {
  readonly inputNorm: BufferSlice;
  readonly postAttentionNorm: BufferSlice;
  /** Biases of groups that have them, [columns of the group]. */
  readonly bias: Readonly<Partial<Record<GroupName, BufferSlice>>>;
}

export interface LlamaWeights {
  readonly embedding: WeightMatrix;
  readonly layers: readonly LayerWeights[];
  readonly finalNorm: BufferSlice;
  /** Output embedding: the input embedding itself where they are tied. */
  readonly head: WeightMatrix;
  readonly plan: WeightPlan;
}

/** Weights read at a time, counted in f32: with what they are converted from and to, under 64 MB of the heap. */
const READ_BYTES = 8e6;

const OWNER = 'weights';

/**
 * Checks every shape and type against the configuration, then uploads. Tensors that are stored in the format they are to
 * have stay bit for bit what they are; others are converted.
 * @param onProgress bytes of GPU memory that are filled, and all of them
 * @throws InputError for a missing tensor, one of another shape or type, or one beyond the adapter's limits
 */
export async function loadWeights(
  gpu: Gpu,
  config: LlamaConfig,
  source: TensorSource,
  choices: WeightChoices,
  onProgress?: (filled: number, total: number) => void,
): Promise<LlamaWeights> {
  const plan = planFor(config, source, choices, gpu.weightBlockLimit);
  let filled = 0;
  const done = (bytes: number) => {
    filled += bytes;
    onProgress?.(filled, plan.bytes);
  };
  try {
    const matrices = new Map<string, WeightMatrix>();
    for (const matrix of plan.matrices)
      matrices.set(matrix.label, await loadMatrix(gpu, source, matrix, done));
    const vectors = new Map<string, BufferSlice>();
    for (const { label, parts, bytes } of plan.vectors) {
      const buffer = await gpu.ledger.allocate(OWNER, (create) => create(label, bytes, STORAGE_USAGE));
      let at = 0;
      for (const { tensor } of parts) {
        const data = await source.readF32(tensor);
        gpu.device.queue.writeBuffer(buffer, at, data);
        at += data.byteLength;
      }
      vectors.set(label, whole(buffer));
      done(bytes);
    }
    return assemble(config, matrices, vectors, plan);
  } catch (error) {
    gpu.ledger.releaseOwner(OWNER);
    throw error;
  }
}

/** Matrices and vectors of a plan, by label, as the layers use them. */
export function assemble(
  config: LlamaConfig,
  matrices: ReadonlyMap<string, WeightMatrix>,
  vectors: ReadonlyMap<string, BufferSlice>,
  plan: WeightPlan,
): LlamaWeights {
  const matrix = (label: string) => matrices.get(label)!;
  const vector = (label: string) => vectors.get(label)!;
  return {
    embedding: matrix('embedding'),
    head: matrix(config.tieWordEmbeddings ? 'embedding' : 'head'),
    finalNorm: vector('finalNorm'),
    layers: Array.from({ length: config.numHiddenLayers }, (_, i) => ({
      inputNorm: vector(`${i}.inputNorm`),
      postAttentionNorm: vector(`${i}.postAttentionNorm`),
      qkv: matrix(`${i}.qkv`),
      o: matrix(`${i}.o`),
      gateUp: matrix(`${i}.gateUp`),
      down: matrix(`${i}.down`),
      bias: Object.fromEntries(
        GROUP_NAMES.filter((group) => hasBias(config, group)).map((group) => [
          group,
          vector(`${i}.${group}.bias`),
        ]),
      ),
    })),
    plan,
  };
}

/** The plan for a checkpoint, all of whose tensors are there and have the shapes that config.json makes them. */
function planFor(
  config: LlamaConfig,
  source: TensorSource,
  choices: WeightChoices,
  bindingLimit: number,
): WeightPlan {
  const plan = planned(source, () =>
    planWeights(
      config,
      choices,
      (tensor) => {
        checkTensor(source, tensor);
        return source.type(tensor)!;
      },
      bindingLimit,
    ),
  );
  for (const { parts, columns } of plan.matrices)
    for (const { tensor, rows } of parts) checkShape(source, tensor, [rows, columns]);
  for (const { parts } of plan.vectors)
    for (const { tensor, rows } of parts) {
      checkTensor(source, tensor);
      checkShape(source, tensor, [rows]);
    }
  return plan;
}

function planned(source: TensorSource, make: () => WeightPlan): WeightPlan {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError)
      throw new InputError(source.name, error.message, 'This adapter binds too little for this model.');
    throw error;
  }
}

function checkTensor(source: TensorSource, tensor: string): void {
  if (!source.shape(tensor))
    throw new InputError(
      source.name,
      `has no tensor ${tensor}.`,
      'Use a complete checkpoint of a LlamaForCausalLM model.',
    );
  if (!source.type(tensor))
    throw new InputError(
      source.name,
      `tensor ${tensor} has a type that cannot be read.`,
      'Use a checkpoint in F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q4_K or Q6_K.',
    );
}

function checkShape(source: TensorSource, tensor: string, expected: readonly number[]): void {
  const shape = source.shape(tensor)!;
  if (shape.join() !== expected.join())
    throw new InputError(
      source.name,
      `tensor ${tensor} has shape [${shape.join(', ')}], but config.json makes it [${expected.join(', ')}].`,
      'Use the config.json that belongs to these weights.',
    );
}

async function loadMatrix(
  gpu: Gpu,
  source: TensorSource,
  matrix: PlannedMatrix,
  done: (bytes: number) => void,
): Promise<WeightMatrix> {
  const blocks: RowBlock[] = [];
  for (const block of matrix.blocks) {
    const { label, format, first, rows, dataBytes, scaleBytes } = block;
    const buffers = await gpu.ledger.allocate(OWNER, (create) => ({
      data: create(label, dataBytes, STORAGE_USAGE),
      scales: scaleBytes > 0 ? create(`${label}.scales`, scaleBytes, STORAGE_USAGE) : null,
    }));
    await fillBlock(gpu, source, matrix, block, buffers);
    blocks.push({
      format,
      first,
      rows,
      data: whole(buffers.data),
      ...(buffers.scales ? { scales: whole(buffers.scales) } : {}),
    });
    done(dataBytes + scaleBytes);
  }
  return { rows: matrix.rows, columns: matrix.columns, blocks };
}

/** Reads the rows of a block from the tensors they lie in. */
async function fillBlock(
  gpu: Gpu,
  source: TensorSource,
  { parts, columns }: PlannedMatrix,
  block: PlannedBlock,
  { data, scales }: { data: GPUBuffer; scales: GPUBuffer | null },
): Promise<void> {
  const { queue } = gpu.device;
  // Scales of a few rows may end amid a word: they are gathered, and written at once.
  const allScales = new Uint8Array(block.scaleBytes);
  const step = Math.max(1, Math.floor(READ_BYTES / (columns * 4)));
  let partFirst = 0;
  let written = 0;
  for (const { tensor, rows } of parts) {
    const start = Math.max(0, block.first - partFirst);
    const end = Math.min(rows, block.first + block.rows - partFirst);
    for (let row = start; row < end; row += step) {
      const count = Math.min(step, end - row);
      const stored =
        source.type(tensor) === STORED_AS[block.format]
          ? await source.readStored(tensor, row, count)
          : await converted(source, tensor, row, count, block.format);
      const packed = repack(block.format, stored);
      const before = formatBytes(block.format, written * columns);
      queue.writeBuffer(data, before.data, packed.data);
      allScales.set(packed.scales, before.scales);
      releaseBytes(packed.data);
      releaseBytes(stored);
      written += count;
    }
    partFirst += rows;
  }
  if (scales) queue.writeBuffer(scales, 0, allScales);
}

async function converted(
  source: TensorSource,
  tensor: string,
  row: number,
  count: number,
  format: WeightFormat,
): Promise<Uint8Array<ArrayBuffer>> {
  const values = await source.readF32(tensor, row, count);
  if (format === 'f32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const stored = quantise(STORED_AS[format], values);
  releaseBytes(values);
  return stored;
}
