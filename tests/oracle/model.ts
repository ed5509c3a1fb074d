/** @file The whole Llama in f64, forward and backward, with LoRA on any projections: one page, straight from the formulas. */
import { type LlamaConfig, type Projection, projectionShape } from '../../src/llama/config.ts';
import type { PackedBatch } from '../../src/llama/packed_batch.ts';
import type { LoraOptions } from '../../src/train/tuner.ts';
import { type AttentionTrace, attention, attentionBackward, type HeadShape } from './attention.ts';
import { embedding } from './embedding.ts';
import { logprob, logprobBackward, type Targets } from './logprob.ts';
import { type LoraPair, loraLinear, loraLinearBackward, loraScale } from './lora.ts';
import { losses, type OracleLosses, type OracleLossSpec } from './losses.ts';
import { rmsNorm, rmsNormBackward } from './rms_norm.ts';
import { type RopeTables, rope, ropeTables } from './rope.ts';
import { swiglu, swigluBackward } from './swiglu.ts';
import { addInto, type Tensor, tensor } from './tensor.ts';

/** Weights by their Hugging Face names. */
export type OracleWeights = ReadonlyMap<string, Tensor>;

/** Adapter of src/train/tuner.ts in f64. */
export interface OracleAdapter {
  readonly options: LoraOptions;
  /** By PEFT's names. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

export interface OracleStep extends OracleLosses {
  readonly logprobs: Float64Array;
  /** By the adapter's tensor names. */
  readonly gradients: Map<string, Tensor>;
}

/** Hugging Face name of a projection's module ("model.layers.0.self_attn.q_proj"). */
export function moduleName(layer: number, projection: Projection): string {
  const block = ['q_proj', 'k_proj', 'v_proj', 'o_proj'].includes(projection) ? 'self_attn' : 'mlp';
  return `model.layers.${layer}.${block}.${projection}`;
}

/** PEFT's name of lora_A or lora_B of a projection. */
export function loraName(layer: number, projection: Projection, which: 'A' | 'B'): string {
  return `base_model.model.${moduleName(layer, projection)}.lora_${which}.weight`;
}

/** [targets] log-probabilities of a packed batch. `tables` replaces the model's own rotary tables. */
export function oracleForward(
  config: LlamaConfig,
  weights: OracleWeights,
  adapter: OracleAdapter | null,
  batch: PackedBatch,
  tables?: RopeTables,
): Float64Array {
  return new Oracle(config, weights, adapter, batch, tables).logprobs;
}

/** Log-probabilities, losses, and the gradient of sftLoss + dpoLoss for every lora_A and lora_B. */
export function oracleBackward(
  config: LlamaConfig,
  weights: OracleWeights,
  adapter: OracleAdapter,
  batch: PackedBatch,
  spec: OracleLossSpec,
  tables?: RopeTables,
): OracleStep {
  const oracle = new Oracle(config, weights, adapter, batch, tables);
  const result = losses(oracle.logprobs, batch, spec);
  return { ...result, logprobs: oracle.logprobs, gradients: oracle.backward(result.coefficient) };
}

interface LayerTrace {
  readonly input: Float64Array;
  readonly normed: Float64Array;
  readonly q: Float64Array;
  readonly k: Float64Array;
  readonly v: Float64Array;
  readonly attended: AttentionTrace;
  readonly middle: Float64Array;
  readonly middleNormed: Float64Array;
  readonly gate: Float64Array;
  readonly up: Float64Array;
  readonly act: Float64Array;
}

/** One forward pass with all its intermediate values; `backward` walks it in reverse. */
class Oracle {
  readonly logprobs: Float64Array;
  readonly #layers: LayerTrace[] = [];
  readonly #last: Float64Array;
  readonly #states: Float64Array;
  readonly #tables: RopeTables;
  readonly #shape: HeadShape;
  readonly #targets: Targets;
  readonly #gradients = new Map<string, Tensor>();

  constructor(
    readonly config: LlamaConfig,
    readonly weights: OracleWeights,
    readonly adapter: OracleAdapter | null,
    readonly batch: PackedBatch,
    tables?: RopeTables,
  ) {
    const { hiddenSize, rmsNormEps: eps, headDim } = config;
    this.#shape = { heads: config.numAttentionHeads, kvHeads: config.numKeyValueHeads, headDim };
    this.#tables = tables ?? ropeTables(config, Math.max(...batch.positions) + 1);
    this.#targets = { row: batch.targetRow, token: batch.targetToken };
    let x = embedding(batch.ids, this.#weight('model.embed_tokens.weight'), hiddenSize);
    for (let layer = 0; layer < config.numHiddenLayers; layer++) {
      const input = x;
      const normed = rmsNorm(x, null, this.#norm(layer, 'input_layernorm'), eps).y;
      const q = rope(this.#project(layer, 'q_proj', normed), batch.positions, this.#tables, headDim);
      const k = rope(this.#project(layer, 'k_proj', normed), batch.positions, this.#tables, headDim);
      const v = this.#project(layer, 'v_proj', normed);
      const attended = attention(q, k, v, batch, this.#shape);
      const { sum: middle, y: middleNormed } = rmsNorm(
        this.#project(layer, 'o_proj', attended.out),
        x,
        this.#norm(layer, 'post_attention_layernorm'),
        eps,
      );
      const gate = this.#project(layer, 'gate_proj', middleNormed);
      const up = this.#project(layer, 'up_proj', middleNormed);
      const act = swiglu(gate, up);
      x = this.#project(layer, 'down_proj', act);
      addInto(x, middle);
      this.#layers.push({ input, normed, q, k, v, attended, middle, middleNormed, gate, up, act });
    }
    this.#last = x;
    this.#states = rmsNorm(x, null, this.#weight('model.norm.weight'), eps).y;
    this.logprobs = logprob(this.#states, this.#head(), hiddenSize, this.#targets);
  }

  /** Gradients of the adapter for coefficient [targets] = dL/dlogprob. */
  backward(coefficient: ArrayLike<number>): Map<string, Tensor> {
    const { hiddenSize, rmsNormEps: eps, headDim } = this.config;
    const { positions } = this.batch;
    const dstates = logprobBackward(this.#states, this.#head(), hiddenSize, this.#targets, coefficient);
    let dx = rmsNormBackward(this.#last, this.#weight('model.norm.weight'), eps, dstates);
    for (let layer = this.config.numHiddenLayers - 1; layer >= 0; layer--) {
      const t = this.#layers[layer]!;
      const dact = this.#projectBackward(layer, 'down_proj', t.act, dx);
      const { dgate, dup } = swigluBackward(t.gate, t.up, dact);
      const dmiddleNormed = this.#projectBackward(layer, 'gate_proj', t.middleNormed, dgate);
      addInto(dmiddleNormed, this.#projectBackward(layer, 'up_proj', t.middleNormed, dup));
      const postNorm = this.#norm(layer, 'post_attention_layernorm');
      const dmiddle = rmsNormBackward(t.middle, postNorm, eps, dmiddleNormed);
      addInto(dmiddle, dx);
      const dattended = this.#projectBackward(layer, 'o_proj', t.attended.out, dmiddle);
      const { dq, dk, dv } = attentionBackward(
        t.q,
        t.k,
        t.v,
        t.attended.probabilities,
        dattended,
        this.#shape,
      );
      const back = (d: Float64Array) => rope(d, positions, this.#tables, headDim, -1);
      const dnormed = this.#projectBackward(layer, 'q_proj', t.normed, back(dq));
      addInto(dnormed, this.#projectBackward(layer, 'k_proj', t.normed, back(dk)));
      addInto(dnormed, this.#projectBackward(layer, 'v_proj', t.normed, dv));
      dx = rmsNormBackward(t.input, this.#norm(layer, 'input_layernorm'), eps, dnormed);
      addInto(dx, dmiddle);
    }
    return this.#gradients;
  }

  #weight(name: string): Float64Array {
    return tensor(this.weights, name).data;
  }

  #head(): Float64Array {
    return this.#weight(this.config.tieWordEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight');
  }

  #norm(layer: number, name: string): Float64Array {
    return this.#weight(`model.layers.${layer}.${name}.weight`);
  }

  #lora(layer: number, projection: Projection): LoraPair | null {
    if (!this.adapter?.options.targetModules.includes(projection)) return null;
    const { options, tensors } = this.adapter;
    return {
      a: tensor(tensors, loraName(layer, projection, 'A')).data,
      b: tensor(tensors, loraName(layer, projection, 'B')).data,
      rank: options.r,
      scale: loraScale(options),
    };
  }

  #project(layer: number, projection: Projection, x: Float64Array): Float64Array {
    const weight = this.#weight(`${moduleName(layer, projection)}.weight`);
    const y = loraLinear(x, weight, this.#lora(layer, projection), this.batch.tokens);
    const bias = this.weights.get(`${moduleName(layer, projection)}.bias`)?.data;
    return bias ? y.map((value, i) => value + bias[i % bias.length]!) : y;
  }

  #projectBackward(layer: number, projection: Projection, x: Float64Array, dy: Float64Array): Float64Array {
    const weight = this.#weight(`${moduleName(layer, projection)}.weight`);
    const lora = this.#lora(layer, projection);
    const { dx, da, db } = loraLinearBackward(x, weight, lora, dy, this.batch.tokens);
    if (lora && da && db) {
      const shape = projectionShape(this.config, projection);
      this.#gradients.set(loraName(layer, projection, 'A'), { shape: [lora.rank, shape.in], data: da });
      this.#gradients.set(loraName(layer, projection, 'B'), { shape: [shape.out, lora.rank], data: db });
    }
    return dx;
  }
}
