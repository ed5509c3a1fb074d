/** @file The forward pass of a Llama with LoRA, recorded into a program; the whole of it can be read here. */
import type { BufferSlice } from '../gpu/ledger.ts';
import type { ProgramBuilder } from '../gpu/program.ts';
import { type AttentionMask, attention } from '../ops/attention.ts';
import { embedding } from '../ops/embedding.ts';
import { logprob, vocabularyChunk } from '../ops/logprob.ts';
import { addBias, matmulNT } from '../ops/matmul.ts';
import { rmsNorm } from '../ops/rms_norm.ts';
import { rope } from '../ops/rope.ts';
import { swiglu } from '../ops/swiglu.ts';
import { f32Matrix } from '../ops/weight_matrix.ts';
import { projectionShape } from './config.ts';
import { GROUPS, type GroupName, loraGroup } from './lora_layout.ts';
import type { LlamaWeights } from './weights.ts';
import type { Workspace } from './workspace.ts';

/** Rows and targets one program is recorded for; at most what the workspace was made for. */
export interface Bucket {
  readonly tokens: number;
  readonly targets: number;
  readonly sequences: number;
}

/** Records how a layer's new queries attend; training and prefill use the packed mask, decoding the cache. */
export type Attend = (
  program: ProgramBuilder,
  layer: number,
  qkv: BufferSlice,
  attended: BufferSlice,
  lse: BufferSlice,
) => void;

/** The packed batch's mask, as uploaded. */
export function attentionMask(workspace: Workspace): AttentionMask {
  const [visible, queryEnd, spans] = ['visible', 'queryEnd', 'spans'].map((label) => workspace.slice(label));
  return { visible: visible!, queryEnd: queryEnd!, spans: spans! };
}

/** Attention within the packed batch. */
export function attendPacked(workspace: Workspace, rows: number): Attend {
  const { config } = workspace;
  return (program, _layer, qkv, attended, lse) =>
    attention(
      program,
      { rows, heads: config.numAttentionHeads, kvHeads: config.numKeyValueHeads, headDim: config.headDim },
      attentionMask(workspace),
      { qkv, attended, lse },
    );
}

/** Records u = x A^T of a group's adapters, where it has any. */
function projectLora(
  program: ProgramBuilder,
  workspace: Workspace,
  layer: number,
  group: GroupName,
  rows: number,
  x: BufferSlice,
) {
  const { config, lora } = workspace;
  const g = lora && loraGroup(lora, layer, group);
  if (!g) return undefined;
  const inner = projectionShape(config, GROUPS[group][0]).in;
  const u = workspace.saved(layer, `u.${group}`);
  const w = f32Matrix(workspace.a(g), g.totalRank, inner);
  matmulNT(program, { x, w, y: u, rows, columns: g.totalRank, inner });
  return {
    u,
    b: workspace.b(g),
    rank: lora.rank,
    uStride: g.totalRank,
    scale: lora.scale,
    segments: g.segments,
  };
}

/** Records y = x W^T of a group of projections, with its adapters, plus a residual where one is given. */
function project(
  program: ProgramBuilder,
  workspace: Workspace,
  weights: LlamaWeights,
  layer: number,
  group: GroupName,
  rows: number,
  x: BufferSlice,
  y: BufferSlice,
  residual?: BufferSlice,
): void {
  const { config } = workspace;
  const inner = projectionShape(config, GROUPS[group][0]).in;
  const columns = GROUPS[group].reduce((sum, p) => sum + projectionShape(config, p).out, 0);
  const lora = projectLora(program, workspace, layer, group, rows, x);
  matmulNT(program, {
    x,
    w: weights.layers[layer]![group],
    y,
    rows,
    columns,
    inner,
    ...(residual ? { residual } : {}),
    ...(lora ? { lora } : {}),
  });
  const bias = weights.layers[layer]!.bias[group];
  if (bias) addBias(program, { y, bias, rows, columns });
}

/** Records one layer from x(i) up to what its last product works on: all that its backward pass needs. */
function layerUpToDown(
  program: ProgramBuilder,
  workspace: Workspace,
  weights: LlamaWeights,
  i: number,
  rows: number,
  attend: Attend,
): void {
  const { config } = workspace;
  const { hiddenSize: hidden, headDim, rmsNormEps: eps } = config;
  const heads = config.numAttentionHeads + config.numKeyValueHeads; // those that rotate: queries, then keys
  const stride = (heads + config.numKeyValueHeads) * headDim;
  const [positions, angles] = [workspace.slice('positions'), workspace.slice('angles')];
  const layer = weights.layers[i]!;
  const saved = (name: string) => workspace.saved(i, name);
  rmsNorm(program, { rows, hidden, eps, x: workspace.x(i), gain: layer.inputNorm, y: saved('normed1') });
  project(program, workspace, weights, i, 'qkv', rows, saved('normed1'), saved('qkv'));
  rope(program, { x: saved('qkv'), positions, angles, rows, stride, heads, headDim, direction: 1 });
  attend(program, i, saved('qkv'), saved('attended'), saved('lse'));
  project(program, workspace, weights, i, 'o', rows, saved('attended'), saved('middle'), workspace.x(i));
  rmsNorm(program, {
    rows,
    hidden,
    eps,
    x: saved('middle'),
    gain: layer.postAttentionNorm,
    y: saved('normed2'),
  });
  project(program, workspace, weights, i, 'gateUp', rows, saved('normed2'), saved('gateUp'));
  swiglu(program, { rows, width: config.intermediateSize, gateUp: saved('gateUp'), act: saved('act') });
}

/** Records a layer's activations anew, by the very kernels of the forward pass: the same to the bit. */
export function recomputeLayer(
  program: ProgramBuilder,
  workspace: Workspace,
  weights: LlamaWeights,
  layer: number,
  rows: number,
): void {
  layerUpToDown(program, workspace, weights, layer, rows, attendPacked(workspace, rows));
  projectLora(program, workspace, layer, 'down', rows, workspace.saved(layer, 'act'));
}

/** Records all layers on `rows` tokens, from ids and positions to the last layer's output x(layers). */
export function forwardLayers(
  program: ProgramBuilder,
  workspace: Workspace,
  weights: LlamaWeights,
  rows: number,
  attend: Attend,
): void {
  const { config } = workspace;
  embedding(program, {
    ids: workspace.slice('ids'),
    table: weights.embedding,
    x: workspace.x(0),
    rows,
    hidden: config.hiddenSize,
  });
  for (let i = 0; i < config.numHiddenLayers; i++) {
    layerUpToDown(program, workspace, weights, i, rows, attend);
    const [act, middle] = [workspace.saved(i, 'act'), workspace.saved(i, 'middle')];
    project(program, workspace, weights, i, 'down', rows, act, workspace.x(i + 1), middle);
  }
}

/** What the chunked log-probabilities work on, for `targets` targets. */
export function logprobParts(workspace: Workspace, weights: LlamaWeights, targets: number) {
  const { hiddenSize: hidden, vocabSize: vocabulary } = workspace.config;
  return {
    shape: { targets, hidden, vocabulary, chunk: vocabularyChunk(vocabulary, targets) },
    buffers: {
      states: workspace.slice('states'),
      head: weights.head,
      targetToken: workspace.slice('targetToken'),
      logits: workspace.slice('logits'),
      running: workspace.slice('running'),
      logprob: workspace.slice('logprob'),
    },
  };
}

/** Records the whole forward pass over a packed batch: log-probability of every target. */
export function forward(
  program: ProgramBuilder,
  workspace: Workspace,
  weights: LlamaWeights,
  bucket: Bucket,
): void {
  const { config } = workspace;
  forwardLayers(program, workspace, weights, bucket.tokens, attendPacked(workspace, bucket.tokens));
  rmsNorm(program, {
    rows: bucket.targets,
    hidden: config.hiddenSize,
    eps: config.rmsNormEps,
    x: workspace.x(config.numHiddenLayers),
    gain: weights.finalNorm,
    y: workspace.slice('states'),
    index: workspace.slice('targetRow'),
  });
  const { shape, buffers } = logprobParts(workspace, weights, bucket.targets);
  logprob(program, shape, buffers);
}
