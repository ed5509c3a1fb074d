/** @file Frozen weights on the GPU: read tensor by tensor, projections that share their input side by side. */
import { InputError } from '../formats/input_error.ts';
import { type Gpu, STORAGE_USAGE } from '../gpu/gpu.ts';
import { type BufferSlice, whole } from '../gpu/ledger.ts';
import { type LlamaConfig, type Projection, projectionShape } from './config.ts';
import { GROUP_NAMES, GROUPS, type GroupName } from './lora_layout.ts';

/** Tensors of a checkpoint under their Hugging Face names; formats/safetensors.ts is one. */
export interface TensorSource {
  /** Shape, or undefined where there is no such tensor. */
  shape(name: string): readonly number[] | undefined;
  /** Rows [rowStart, rowStart + rowCount) as f32, row-major. */
  readF32(name: string, rowStart?: number, rowCount?: number): Promise<Float32Array>;
  /** Shown in messages. */
  readonly name: string;
}

export interface LayerWeights extends Record<GroupName, BufferSlice> {
  readonly inputNorm: BufferSlice;
  readonly postAttentionNorm: BufferSlice;
}

export interface LlamaWeights {
  readonly embedding: BufferSlice;
  readonly layers: readonly LayerWeights[];
  readonly finalNorm: BufferSlice;
  /** Output embedding: the input embedding itself where they are tied. */
  readonly head: BufferSlice;
}

/** At most this many bytes of weights are in the JavaScript heap at a time. */
const READ_BYTES = 32e6;

const OWNER = 'weights';

/** One matrix to be: rows of tensors one below the other. */
interface Matrix {
  readonly label: string;
  readonly parts: readonly { readonly tensor: string; readonly rows: number }[];
  readonly columns: number;
}

function projectionTensor(layer: number, projection: Projection): string {
  const block =
    projection.startsWith('gate') || projection.startsWith('up') || projection.startsWith('down')
      ? 'mlp'
      : 'self_attn';
  return `model.layers.${layer}.${block}.${projection}.weight`;
}

function vector(label: string, tensor: string, size: number): Matrix {
  return { label, parts: [{ tensor, rows: size }], columns: 1 };
}

/** All matrices of a checkpoint, in order of reading. */
function matrices(config: LlamaConfig): Matrix[] {
  const { hiddenSize: H, vocabSize: V } = config;
  const list: Matrix[] = [
    { label: 'embedding', parts: [{ tensor: 'model.embed_tokens.weight', rows: V }], columns: H },
  ];
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    list.push(vector(`${layer}.inputNorm`, `model.layers.${layer}.input_layernorm.weight`, H));
    list.push(
      vector(`${layer}.postAttentionNorm`, `model.layers.${layer}.post_attention_layernorm.weight`, H),
    );
    for (const group of GROUP_NAMES)
      list.push({
        label: `${layer}.${group}`,
        parts: GROUPS[group].map((p: Projection) => ({
          tensor: projectionTensor(layer, p),
          rows: projectionShape(config, p).out,
        })),
        columns: projectionShape(config, GROUPS[group][0]).in,
      });
  }
  list.push(vector('finalNorm', 'model.norm.weight', H));
  if (!config.tieWordEmbeddings)
    list.push({ label: 'head', parts: [{ tensor: 'lm_head.weight', rows: V }], columns: H });
  return list;
}

/** Bytes of each weight buffer, by label: what the ledger will hold. */
export function planWeights(config: LlamaConfig): { label: string; bytes: number }[] {
  return matrices(config).map((m) => ({
    label: m.label,
    bytes: m.parts.reduce((s, p) => s + p.rows, 0) * m.columns * 4,
  }));
}

/**
 * Checks every shape against the configuration, then uploads.
 * @throws InputError for a missing tensor, one of another shape, or one beyond the adapter's limits
 */
export async function loadWeights(
  gpu: Gpu,
  config: LlamaConfig,
  source: TensorSource,
): Promise<LlamaWeights> {
  const list = matrices(config);
  for (const { parts, columns } of list)
    for (const { tensor, rows } of parts) {
      const expected = columns === 1 ? [rows] : [rows, columns];
      const shape = source.shape(tensor);
      if (!shape)
        throw new InputError(
          source.name,
          `has no tensor ${tensor}.`,
          'Use a complete checkpoint of a LlamaForCausalLM model.',
        );
      if (shape.join() !== expected.join())
        throw new InputError(
          source.name,
          `tensor ${tensor} has shape [${shape.join(', ')}], but config.json makes it [${expected.join(', ')}].`,
          'Use the config.json that belongs to these weights.',
        );
    }
  const limit = gpu.device.limits.maxStorageBufferBindingSize;
  for (const { label, bytes } of planWeights(config))
    if (bytes > limit)
      throw new InputError(
        source.name,
        `weight ${label} takes ${(bytes / 1e6).toFixed(0)} MB in f32, but this adapter binds at most ${(limit / 1e6).toFixed(0)} MB.`,
        'Use a smaller model.',
      );
  const buffers = new Map<string, BufferSlice>();
  for (const { label, parts, columns } of list) {
    const rows = parts.reduce((s, p) => s + p.rows, 0);
    const buffer = await gpu.ledger.allocate(OWNER, (create) =>
      create(label, rows * columns * 4, STORAGE_USAGE),
    );
    let at = 0;
    for (const part of parts) {
      const step = Math.max(1, Math.floor(READ_BYTES / (columns * 4)));
      for (let row = 0; row < part.rows; row += step) {
        const data = await source.readF32(part.tensor, row, Math.min(step, part.rows - row));
        gpu.device.queue.writeBuffer(buffer, at * 4, data as Float32Array<ArrayBuffer>);
        at += data.length;
      }
    }
    buffers.set(label, whole(buffer));
  }
  const get = (label: string) => buffers.get(label)!;
  return {
    embedding: get('embedding'),
    head: config.tieWordEmbeddings ? get('embedding') : get('head'),
    finalNorm: get('finalNorm'),
    layers: Array.from({ length: config.numHiddenLayers }, (_, i) => ({
      inputNorm: get(`${i}.inputNorm`),
      postAttentionNorm: get(`${i}.postAttentionNorm`),
      qkv: get(`${i}.qkv`),
      o: get(`${i}.o`),
      gateUp: get(`${i}.gateUp`),
      down: get(`${i}.down`),
    })),
  };
}
