/**
 * @file The memory plan: every GPU buffer of a session with its size, computed before anything is allocated. The
 * workspace allocates from this very list, so that plan and ledger agree.
 */
import { ADAMW_STATE_COUNT, normBlocks } from '../ops/adamw.ts';
import { logitsElements } from '../ops/logprob.ts';
import { METRIC_COUNT } from '../ops/losses.ts';
import type { LlamaConfig } from './config.ts';
import { GROUP_NAMES, type LoraLayout, loraGroup } from './lora_layout.ts';
import { SPAN_ROWS } from './visibility.ts';

/** Largest sizes a session's programs are recorded for. */
export interface SessionShape {
  /** T, tokens of a packed batch */
  readonly tokens: number;
  /** M, targets of a packed batch */
  readonly targets: number;
  readonly sequences: number;
  readonly pairs: number;
  /** Rotary positions 0 .. positions - 1 */
  readonly positions: number;
  /** Training keeps every layer's activations; scoring and generating use one layer's over and over. */
  readonly training: boolean;
  /**
   * Training: so many of the lowest layers share one set of activations and compute them anew for the backward pass, all
   * but the highest of them, whose are still there. 0 or 1: all are kept.
   */
  readonly recomputed?: number;
}

export type PlanPart = 'adapter' | 'optimizer' | 'activations' | 'gradients' | 'logits' | 'batch';

export interface PlanItem {
  readonly part: PlanPart;
  readonly label: string;
  readonly bytes: number;
}

/** Labels of a layer's saved activations; see forward.ts for what they hold. */
export const ACTIVATIONS = [
  'normed1',
  'qkv',
  'attended',
  'lse',
  'middle',
  'normed2',
  'gateUp',
  'act',
] as const;
export type Activation = (typeof ACTIVATIONS)[number];

function activationSize(c: LlamaConfig, name: Activation): number {
  switch (name) {
    case 'normed1':
    case 'middle':
    case 'normed2':
      return c.hiddenSize;
    case 'qkv':
      return (c.numAttentionHeads + 2 * c.numKeyValueHeads) * c.headDim;
    case 'attended':
      return c.numAttentionHeads * c.headDim;
    case 'lse':
      return c.numAttentionHeads;
    case 'gateUp':
      return 2 * c.intermediateSize;
    case 'act':
      return c.intermediateSize;
  }
}

/** Number of the set of activations that a layer works on: its own, or one that it shares. */
export function activationSet(s: Pick<SessionShape, 'training' | 'recomputed'>, layer: number): number {
  return s.training && layer >= (s.recomputed ?? 0) ? layer : 0;
}

/**
 * The fewest layers to recompute so that weights and session fit the budget; all of them where nothing does.
 * @param budget bytes
 */
export function layersToRecompute(
  config: LlamaConfig,
  lora: LoraLayout | null,
  shape: SessionShape,
  weightBytes: number,
  budget: number,
): number {
  const bytes = (recomputed: number) =>
    planSession(config, lora, { ...shape, recomputed }).reduce((sum, item) => sum + item.bytes, weightBytes);
  if (bytes(0) <= budget) return 0;
  let recomputed = 2;
  while (recomputed < config.numHiddenLayers && bytes(recomputed) > budget) recomputed++;
  return Math.min(recomputed, config.numHiddenLayers);
}

/** All buffers of a session but the weights. Sizes are multiples of 16 bytes, as the ledger rounds them. */
export function planSession(config: LlamaConfig, lora: LoraLayout | null, s: SessionShape): PlanItem[] {
  const items: PlanItem[] = [];
  const add = (part: PlanPart, label: string, elements: number) =>
    items.push({ part, label, bytes: Math.max(16, Math.ceil((elements * 4) / 16) * 16) });
  const T = s.tokens;
  const H = config.hiddenSize;
  if (lora) add('adapter', 'parameters', lora.count);
  if (lora && s.training) {
    add('optimizer', 'gradient', lora.count);
    add('optimizer', 'moments', 2 * lora.count);
    add('optimizer', 'partialSums', normBlocks(lora.count));
    add('optimizer', 'state', ADAMW_STATE_COUNT);
    add('optimizer', 'step', 4);
  }
  const layers = config.numHiddenLayers;
  for (let i = 0; i < (s.training ? layers + 1 : 2); i++) add('activations', `${i}.x`, T * H);
  for (const i of new Set(Array.from({ length: layers }, (_, layer) => activationSet(s, layer)))) {
    for (const name of ACTIVATIONS) add('activations', `${i}.${name}`, T * activationSize(config, name));
    for (const group of GROUP_NAMES) {
      const g = lora && loraGroup(lora, i, group);
      if (g) add('activations', `${i}.u.${group}`, T * g.totalRank);
    }
  }
  add('batch', 'angles', s.positions * config.headDim);
  add('batch', 'ids', T);
  add('batch', 'positions', T);
  add('batch', 'visible', 4 * T);
  add('batch', 'queryEnd', T);
  add('batch', 'spans', 8 * Math.ceil(T / SPAN_ROWS));
  add('batch', 'targetStart', T + 1);
  add('batch', 'targetRow', s.targets);
  add('batch', 'targetToken', s.targets);
  add('batch', 'targets', 2 * s.targets);
  add('batch', 'bySequence', s.sequences + 1 + s.targets);
  add('batch', 'pairs', 4 * s.pairs);
  add('batch', 'batch', 4);
  add('logits', 'states', s.targets * H);
  add('logits', 'logits', logitsElements(config.vocabSize, s.targets));
  add('logits', 'running', 4 * s.targets);
  add('logits', 'logprob', s.targets);
  if (s.training) {
    add('logits', 'coefficient', s.targets);
    add('logits', 'sequenceState', 2 * s.sequences);
    add('logits', 'metrics', METRIC_COUNT);
    add('logits', 'dstates', s.targets * H);
    add('gradients', 'dx', T * H);
    add('gradients', 'dnormed', T * H);
    add('gradients', 'dact', T * config.intermediateSize);
    add('gradients', 'dgateUp', T * 2 * config.intermediateSize);
    add('gradients', 'dattended', T * activationSize(config, 'attended'));
    add('gradients', 'delta', T * config.numAttentionHeads);
    add('gradients', 'dqkv', T * activationSize(config, 'qkv'));
    if (lora) add('gradients', 'du', T * Math.max(...[...lora.groups.values()].map((g) => g.totalRank)));
  }
  return items;
}

/** Sum of a plan's bytes by part. */
export function planTotals(items: readonly PlanItem[]): Record<PlanPart, number> {
  const totals: Record<PlanPart, number> = {
    adapter: 0,
    optimizer: 0,
    activations: 0,
    gradients: 0,
    logits: 0,
    batch: 0,
  };
  for (const item of items) totals[item.part] += item.bytes;
  return totals;
}
