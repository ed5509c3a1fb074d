/** @file The shape of a Llama: what config.json says, under the names Transformers uses, checked once on load. */

/** Frequency scaling of rotary embeddings, as `rope_scaling` / `rope_parameters` of config.json names it. */
export type RopeScaling =
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      readonly originalMaxPositionEmbeddings: number;
    };

/** A checked `LlamaForCausalLM` configuration. All sizes are counts of elements. */
export interface LlamaConfig {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly numKeyValueHeads: number;
  /** Explicit `head_dim`, else hiddenSize / numAttentionHeads. Even. */
  readonly headDim: number;
  readonly vocabSize: number;
  readonly rmsNormEps: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling | null;
  readonly tieWordEmbeddings: boolean;
  /** Whether q, k, v and o have biases. */
  readonly attentionBias: boolean;
  /** Whether gate, up and down have biases. */
  readonly mlpBias: boolean;
  /** Context length in tokens. */
  readonly maxPositionEmbeddings: number;
  readonly bosTokenId: number | null;
  /** Any of these ends a generation; the first is the one appended to training targets when the tokenizer names none. */
  readonly eosTokenIds: readonly number[];
}

/** The seven projections of a Llama layer that LoRA can adapt, in the order of a layer's forward pass. */
export const PROJECTIONS = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'down_proj',
] as const;
export type Projection = (typeof PROJECTIONS)[number];

/** Rows (out features) and columns (in features) of a projection's weight, row-major as in PyTorch's nn.Linear. */
export function projectionShape(config: LlamaConfig, projection: Projection): { out: number; in: number } {
  const {
    hiddenSize: H,
    intermediateSize: M,
    headDim: D,
    numAttentionHeads: NH,
    numKeyValueHeads: NK,
  } = config;
  switch (projection) {
    case 'q_proj':
      return { out: NH * D, in: H };
    case 'k_proj':
    case 'v_proj':
      return { out: NK * D, in: H };
    case 'o_proj':
      return { out: H, in: NH * D };
    case 'gate_proj':
    case 'up_proj':
      return { out: M, in: H };
    case 'down_proj':
      return { out: H, in: M };
  }
}
