/** @file The backward pass of a Llama with LoRA: from dL/dlogprob to the gradient of every A and B, recorded. */
import type { BufferSlice } from '../gpu/ledger.ts';
import type { ProgramBuilder } from '../gpu/program.ts';
import { attentionBackward } from '../ops/attention.ts';
import { logprobBackward } from '../ops/logprob.ts';
import { loraDownGradient, loraGradients } from '../ops/lora.ts';
import { matmulNN } from '../ops/matmul.ts';
import { rmsNormBackward, rmsNormBackwardFromTargets } from '../ops/rms_norm.ts';
import { rope } from '../ops/rope.ts';
import { swigluBackward } from '../ops/swiglu.ts';
import { projectionShape } from './config.ts';
import { attentionMask, type Bucket, logprobParts, recomputeLayer } from './forward.ts';
import { GROUPS, type GroupName, loraGroup } from './lora_layout.ts';
import type { LlamaWeights } from './weights.ts';
import type { Workspace } from './workspace.ts';

/**
 * Records the backward pass of `project`: adds the gradients of the group's A and B, and writes dx where it is asked
 * for (the lowest layer's input needs none: the embedding is frozen).
 */
function projectBackward(
  program: ProgramBuilder,
  workspace: Workspace,
  weights: LlamaWeights,
  layer: number,
  group: GroupName,
  rows: number,
  x: BufferSlice,
  dy: BufferSlice,
  dx: BufferSlice | null,
): void {
  const { config, lora } = workspace;
  const inner = projectionShape(config, GROUPS[group][0]).in;
  const columns = GROUPS[group].reduce((sum, p) => sum + projectionShape(config, p).out, 0);
  const g = lora && loraGroup(lora, layer, group);
  const du = g ? workspace.slice('du') : undefined;
  if (g && du) {
    const { rank, scale } = lora;
    const shape = { rows, inner, columns, rank, totalRank: g.totalRank, scale, segments: g.segments };
    loraDownGradient(program, shape, { dy, b: workspace.b(g), du });
    loraGradients(program, shape, {
      dy,
      u: workspace.saved(layer, `u.${group}`),
      x,
      du,
      gradB: workspace.b(g, 'gradient'),
      gradA: workspace.a(g, 'gradient'),
    });
  }
  if (!dx) return;
  matmulNN(program, {
    dy,
    w: weights.layers[layer]![group],
    dx,
    rows,
    columns: inner,
    inner: columns,
    ...(g && du ? { lora: { du, a: workspace.a(g), rank: g.totalRank } } : {}),
  });
}

/** Records the backward pass over a packed batch, after `forward` and `losses`: gradients are added to what is there. */
export function backward(
  program: ProgramBuilder,
  workspace: Workspace,
  weights: LlamaWeights,
  bucket: Bucket,
): void {
  const { config } = workspace;
  const { hiddenSize: hidden, headDim, rmsNormEps: eps, numAttentionHeads, numKeyValueHeads } = config;
  const rows = bucket.tokens;
  const s = (label: string) => workspace.slice(label);
  const rotating = numAttentionHeads + numKeyValueHeads;
  const { shape, buffers } = logprobParts(workspace, weights, bucket.targets);
  logprobBackward(program, shape, { ...buffers, coefficient: s('coefficient'), dstates: s('dstates') });
  rmsNormBackwardFromTargets(program, {
    rows,
    hidden,
    eps,
    x: workspace.x(config.numHiddenLayers),
    gain: weights.finalNorm,
    dy: s('dstates'),
    targetStart: s('targetStart'),
    dx: s('dx'),
  });
  for (let i = config.numHiddenLayers - 1; i >= 0; i--) {
    const layer = weights.layers[i]!;
    const saved = (name: string) => workspace.saved(i, name);
    if (workspace.isRecomputed(i)) recomputeLayer(program, workspace, weights, i, rows);
    projectBackward(program, workspace, weights, i, 'down', rows, saved('act'), s('dx'), s('dact'));
    swigluBackward(program, {
      rows,
      width: config.intermediateSize,
      gateUp: saved('gateUp'),
      dact: s('dact'),
      dgateUp: s('dgateUp'),
    });
    projectBackward(
      program,
      workspace,
      weights,
      i,
      'gateUp',
      rows,
      saved('normed2'),
      s('dgateUp'),
      s('dnormed'),
    );
    rmsNormBackward(program, {
      rows,
      hidden,
      eps,
      x: saved('middle'),
      gain: layer.postAttentionNorm,
      dy: s('dnormed'),
      dx: s('dx'),
    });
    projectBackward(program, workspace, weights, i, 'o', rows, saved('attended'), s('dx'), s('dattended'));
    attentionBackward(
      program,
      { rows, heads: numAttentionHeads, kvHeads: numKeyValueHeads, headDim },
      attentionMask(workspace),
      {
        qkv: saved('qkv'),
        attended: saved('attended'),
        dattended: s('dattended'),
        lse: saved('lse'),
        delta: s('delta'),
        dqkv: s('dqkv'),
      },
    );
    rope(program, {
      x: s('dqkv'),
      positions: s('positions'),
      angles: s('angles'),
      rows,
      stride: (rotating + numKeyValueHeads) * headDim,
      heads: rotating,
      headDim,
      direction: -1,
    });
    projectBackward(
      program,
      workspace,
      weights,
      i,
      'qkv',
      rows,
      saved('normed1'),
      s('dqkv'),
      i > 0 ? s('dnormed') : null,
    );
    if (i > 0)
      rmsNormBackward(program, {
        rows,
        hidden,
        eps,
        x: workspace.x(i),
        gain: layer.inputNorm,
        dy: s('dnormed'),
        dx: s('dx'),
      });
  }
}
