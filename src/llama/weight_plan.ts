/**
 * @file Which buffers a model's frozen weights take, in which formats, before anything is loaded: the loader allocates
 * from this very list, so that plan and ledger agree.
 */
import type { StoredType } from '../formats/tensor_source.ts';
import { formatBlock, formatBytes, type WeightFormat } from '../ops/weight_matrix.ts';
import { type LlamaConfig, type Projection, projectionShape } from './config.ts';
import { GROUP_NAMES, GROUPS, type GroupName } from './lora_layout.ts';

/**
 * How weights are held: in one format; `native`, each tensor as its file has it where that is one of the formats, else
 * in the nearest one; or `auto`, f32 for models so small that nothing is saved, else native.
 */
export type WeightChoice = WeightFormat | 'native' | 'auto';
export const WEIGHT_CHOICES = ['auto', 'native', 'f32', 'f16', 'q8_0', 'q4_0', 'q4_1'] as const;

export interface WeightChoices {
  /** Of the projections. */
  readonly weights: WeightChoice;
  /** Of the input embedding, and of an output embedding that is not tied to it. */
  readonly embedding: WeightChoice;
}

/** f32 weights up to this many bytes are not worth a smaller format. */
const SMALL_BYTES = 64e6;

/** The format in which a stored tensor is held without a choice. bf16 fits f16 but for the tiniest values. */
const NATIVE: Readonly<Record<StoredType, WeightFormat>> = {
  F32: 'f32',
  F16: 'f16',
  BF16: 'f16',
  Q8_0: 'q8_0',
  Q4_0: 'q4_0',
  Q4_1: 'q4_1',
  // Kept at 8 bits: a second rounding to 4 bits would cost more than the first.
  Q4_K: 'q8_0',
  Q6_K: 'q8_0',
};

/** How a checkpoint stores tensors that are held in a format as they are. */
export const STORED_AS = {
  f32: 'F32',
  f16: 'F16',
  q8_0: 'Q8_0',
  q4_0: 'Q4_0',
  q4_1: 'Q4_1',
} as const satisfies Readonly<Record<WeightFormat, StoredType>>;

/** The format a matrix of `columns` columns is held in: where rows are no whole blocks of it, f16 or f32 instead. */
export function resolveFormat(
  config: LlamaConfig,
  choice: WeightChoice,
  stored: StoredType,
  columns: number,
): WeightFormat {
  const small = 4 * parameterCount(config) <= SMALL_BYTES;
  const wanted =
    choice === 'auto' ? (small ? 'f32' : NATIVE[stored]) : choice === 'native' ? NATIVE[stored] : choice;
  return [wanted, 'f16' as const].find((format) => columns % formatBlock(format) === 0) ?? 'f32';
}

/** Rows of one matrix, taken from tensors one below the other. */
interface MatrixSource {
  readonly label: string;
  readonly parts: readonly { readonly tensor: string; readonly rows: number }[];
  readonly columns: number;
  readonly isEmbedding: boolean;
}

/** One block of rows of a matrix: a buffer of values and, where quantised, one of scales. */
export interface PlannedBlock {
  readonly label: string;
  readonly format: WeightFormat;
  /** First row within the matrix. */
  readonly first: number;
  readonly rows: number;
  readonly columns: number;
  readonly dataBytes: number;
  /** 0 where the format has no scales. */
  readonly scaleBytes: number;
}

export interface PlannedMatrix extends MatrixSource {
  readonly rows: number;
  readonly blocks: readonly PlannedBlock[];
}

/** A vector (norm gain or bias) in f32. */
export interface PlannedVector {
  readonly label: string;
  readonly parts: readonly { readonly tensor: string; readonly rows: number }[];
  readonly bytes: number;
}

/** Matrices of a checkpoint that are held in another format than they are stored in. */
export interface Conversion {
  readonly from: StoredType;
  readonly to: WeightFormat;
  readonly tensors: number;
}

export interface WeightPlan {
  readonly matrices: readonly PlannedMatrix[];
  readonly vectors: readonly PlannedVector[];
  /** Empty where all matrices are held bit for bit as they are stored. */
  readonly conversions: readonly Conversion[];
  /** Sum of all buffers. */
  readonly bytes: number;
}

/** Name of a projection's tensors in a checkpoint, without ".weight" or ".bias". */
export function projectionTensor(layer: number, projection: Projection): string {
  const isMlp = projection === 'gate_proj' || projection === 'up_proj' || projection === 'down_proj';
  return `model.layers.${layer}.${isMlp ? 'mlp' : 'self_attn'}.${projection}`;
}

function matrixSources(config: LlamaConfig): MatrixSource[] {
  const { hiddenSize: columns, vocabSize: rows } = config;
  const embedding = (label: string, tensor: string): MatrixSource => ({
    label,
    parts: [{ tensor, rows }],
    columns,
    isEmbedding: true,
  });
  return [
    embedding('embedding', 'model.embed_tokens.weight'),
    ...layersOf(config).flatMap((layer) =>
      GROUP_NAMES.map((group): MatrixSource => {
        const members: readonly Projection[] = GROUPS[group];
        return {
          label: `${layer}.${group}`,
          parts: members.map((p) => ({
            tensor: `${projectionTensor(layer, p)}.weight`,
            rows: projectionShape(config, p).out,
          })),
          columns: projectionShape(config, members[0]!).in,
          isEmbedding: false,
        };
      }),
    ),
    ...(config.tieWordEmbeddings ? [] : [embedding('head', 'lm_head.weight')]),
  ];
}

/** Whether the projections of a group have biases. */
export function hasBias(config: LlamaConfig, group: GroupName): boolean {
  return group === 'qkv' || group === 'o' ? config.attentionBias : config.mlpBias;
}

function vectors(config: LlamaConfig): PlannedVector[] {
  const vector = (label: string, parts: PlannedVector['parts']): PlannedVector => ({
    label,
    parts,
    bytes: roundUp(4 * parts.reduce((sum, part) => sum + part.rows, 0)),
  });
  const gain = (label: string, tensor: string) => vector(label, [{ tensor, rows: config.hiddenSize }]);
  return [
    ...layersOf(config).flatMap((layer) => [
      gain(`${layer}.inputNorm`, `model.layers.${layer}.input_layernorm.weight`),
      gain(`${layer}.postAttentionNorm`, `model.layers.${layer}.post_attention_layernorm.weight`),
      ...GROUP_NAMES.filter((group) => hasBias(config, group)).map((group) =>
        vector(
          `${layer}.${group}.bias`,
          GROUPS[group].map((p: Projection) => ({
            tensor: `${projectionTensor(layer, p)}.bias`,
            rows: projectionShape(config, p).out,
          })),
        ),
      ),
    ]),
    gain('finalNorm', 'model.norm.weight'),
  ];
}

const layersOf = (config: LlamaConfig) => Array.from({ length: config.numHiddenLayers }, (_, i) => i);

/** The ledger's rounding. */
const roundUp = (bytes: number) => Math.max(16, Math.ceil(bytes / 16) * 16);

/** Trained parameters of the base model: all matrices and vectors. */
export function parameterCount(config: LlamaConfig): number {
  const matrices = matrixSources(config).reduce(
    (sum, m) => sum + m.columns * m.parts.reduce((rows, part) => rows + part.rows, 0),
    0,
  );
  return matrices + vectors(config).reduce((sum, v) => sum + v.parts.reduce((n, p) => n + p.rows, 0), 0);
}

/** Rows per block where a matrix must be cut: a multiple of the kernels' tile, unless less than a tile fits. */
const ROW_STEP = 64;

/**
 * All buffers of a model's weights.
 * @param storedType how the checkpoint stores a tensor; before there is one, what it will have
 * @param bindingLimit bytes that the adapter binds at once
 * @throws RangeError where not even four rows of a matrix fit a binding
 */
export function planWeights(
  config: LlamaConfig,
  choices: WeightChoices,
  storedType: (tensor: string) => StoredType,
  bindingLimit: number,
): WeightPlan {
  const conversions = new Map<string, Conversion>();
  const matrices = matrixSources(config).map((source): PlannedMatrix => {
    const choice = source.isEmbedding ? choices.embedding : choices.weights;
    const formatOf = (tensor: string) => {
      const from = storedType(tensor);
      const to = resolveFormat(config, choice, from, source.columns);
      if (STORED_AS[to] !== from) {
        const key = `${from} ${to}`;
        conversions.set(key, { from, to, tensors: 1 + (conversions.get(key)?.tensors ?? 0) });
      }
      return to;
    };
    // Neighbouring tensors of one format share their blocks.
    const runs: { format: WeightFormat; first: number; rows: number }[] = [];
    let row = 0;
    for (const { tensor, rows } of source.parts) {
      const format = formatOf(tensor);
      const last = runs.at(-1);
      if (last?.format === format) last.rows += rows;
      else runs.push({ format, first: row, rows });
      row += rows;
    }
    const blocks = runs.flatMap((run) => cut(source, run, bindingLimit));
    return {
      ...source,
      rows: row,
      blocks: blocks.map((block, i) => ({
        ...block,
        label: blocks.length === 1 ? source.label : `${source.label}[${i}]`,
      })),
    };
  });
  const planned = vectors(config);
  const bytes =
    matrices.reduce(
      (sum, m) => sum + m.blocks.reduce((total, block) => total + block.dataBytes + block.scaleBytes, 0),
      0,
    ) + planned.reduce((sum, v) => sum + v.bytes, 0);
  return { matrices, vectors: planned, conversions: [...conversions.values()], bytes };
}

function cut(
  { label, columns }: MatrixSource,
  { format, first, rows }: { format: WeightFormat; first: number; rows: number },
  bindingLimit: number,
): Omit<PlannedBlock, 'label'>[] {
  const fitting = Math.floor(bindingLimit / formatBytes(format, columns).data);
  const most = fitting >= ROW_STEP ? fitting - (fitting % ROW_STEP) : fitting - (fitting % 4);
  if (most < 4)
    throw new RangeError(
      `${label}: a row takes ${formatBytes(format, columns).data} bytes, a binding ${bindingLimit}.`,
    );
  return Array.from({ length: Math.ceil(rows / most) }, (_, i) => {
    const here = Math.min(most, rows - i * most);
    const { data, scales } = formatBytes(format, here * columns);
    return {
      format,
      first: first + i * most,
      rows: here,
      columns,
      dataBytes: roundUp(data),
      scaleBytes: scales === 0 ? 0 : roundUp(scales),
    };
  });
}
