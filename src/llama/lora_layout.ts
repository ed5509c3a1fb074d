/**
 * @file Where every LoRA matrix lies in the flat buffers of parameters, gradients and moments.
 *
 * Projections that share their input form a group: q, k, v | o | gate, up | down. A group's A matrices lie one after
 * the other as one [totalRank, in] matrix, so that U = X A^T is one product; its B matrices likewise as [rows, rank].
 */
import { NO_LORA, type Segment } from '../ops/strided_product.ts';
import { type LlamaConfig, type Projection, projectionShape } from './config.ts';

export const GROUPS = {
  qkv: ['q_proj', 'k_proj', 'v_proj'],
  o: ['o_proj'],
  gateUp: ['gate_proj', 'up_proj'],
  down: ['down_proj'],
} as const satisfies Record<string, readonly Projection[]>;

export type GroupName = keyof typeof GROUPS;
export const GROUP_NAMES = Object.keys(GROUPS) as GroupName[];

/** Rank, scale and targets of an adapter; scale is alpha / r, or alpha / sqrt(r) with rsLoRA. */
export interface LoraShape {
  readonly rank: number;
  readonly scale: number;
  readonly targets: readonly Projection[];
}

/** One group in one layer; offsets are elements in the flat buffers. */
export interface LoraGroup {
  readonly layer: number;
  readonly group: GroupName;
  readonly inner: number;
  /** All columns of the group's output, adapted or not. */
  readonly columns: number;
  readonly segments: readonly Segment[];
  readonly totalRank: number;
  /** [totalRank, inner] */
  readonly aOffset: number;
  /** [bRows, rank] */
  readonly bOffset: number;
  readonly bRows: number;
}

/** One matrix, as PEFT names it. */
export interface LoraTensor {
  readonly name: string;
  readonly layer: number;
  readonly projection: Projection;
  readonly matrix: 'A' | 'B';
  readonly shape: readonly [number, number];
  readonly offset: number;
}

export interface LoraLayout extends LoraShape {
  /** Elements of the flat buffers, gaps for alignment included (they stay zero). */
  readonly count: number;
  /** Trainable parameters. */
  readonly parameters: number;
  readonly groups: ReadonlyMap<string, LoraGroup>;
  readonly tensors: readonly LoraTensor[];
}

/** The group of a layer, or undefined where none of its projections is adapted. */
export function loraGroup(layout: LoraLayout, layer: number, group: GroupName): LoraGroup | undefined {
  return layout.groups.get(`${layer}.${group}`);
}

/** Bindings start at multiples of 256 bytes. */
const ALIGN = 64;

export function loraLayout(config: LlamaConfig, shape: LoraShape): LoraLayout {
  const groups = new Map<string, LoraGroup>();
  const tensors: LoraTensor[] = [];
  let count = 0;
  let parameters = 0;
  const reserve = (elements: number) => {
    const at = count;
    count = Math.ceil((count + elements) / ALIGN) * ALIGN;
    parameters += elements;
    return at;
  };
  for (let layer = 0; layer < config.numHiddenLayers; layer++)
    for (const group of GROUP_NAMES) {
      const members: readonly Projection[] = GROUPS[group];
      const adapted = members.filter((p) => shape.targets.includes(p));
      if (adapted.length === 0) continue;
      const inner = projectionShape(config, members[0]!).in;
      const totalRank = adapted.length * shape.rank;
      const bRows = adapted.reduce((sum, p) => sum + projectionShape(config, p).out, 0);
      const aOffset = reserve(totalRank * inner);
      const bOffset = reserve(bRows * shape.rank);
      const segments: Segment[] = [];
      let column = 0;
      let u = 0;
      let bRow = 0;
      for (const projection of members) {
        const { out } = projectionShape(config, projection);
        const on = adapted.includes(projection);
        segments.push({ start: column, end: column + out, u: on ? u : NO_LORA, bRow: on ? bRow : 0 });
        column += out;
        if (!on) continue;
        const module = `${group === 'qkv' || group === 'o' ? 'self_attn' : 'mlp'}.${projection}`;
        const name = `base_model.model.model.layers.${layer}.${module}.lora_`;
        const at = { layer, projection };
        tensors.push({
          name: `${name}A.weight`,
          ...at,
          matrix: 'A',
          shape: [shape.rank, inner],
          offset: aOffset + u * inner,
        });
        tensors.push({
          name: `${name}B.weight`,
          ...at,
          matrix: 'B',
          shape: [out, shape.rank],
          offset: bOffset + bRow * shape.rank,
        });
        u += shape.rank;
        bRow += out;
      }
      groups.set(`${layer}.${group}`, {
        layer,
        group,
        inner,
        columns: column,
        segments,
        totalRank,
        aOffset,
        bOffset,
        bRows,
      });
    }
  return { ...shape, count, parameters, groups, tensors };
}
