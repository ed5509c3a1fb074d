/** @file Greedy generation, the slow and plain way: the whole sequence anew for every token. */
import type { LlamaConfig } from '../../src/llama/config.ts';
import { type OracleAdapter, type OracleWeights, oracleForward } from './model.ts';
import { packRows } from './pack.ts';

/**
 * Ids that follow the prompt, up to `limit`, without the end-of-sequence token. `gap` is the smallest difference, over
 * all steps, between the best and the second log-probability: below rounding, the choice is no one's to judge.
 */
export function oracleGenerate(
  config: LlamaConfig,
  weights: OracleWeights,
  adapter: OracleAdapter | null,
  prompt: readonly number[],
  limit: number,
): { ids: number[]; finish: 'eos' | 'length'; gap: number } {
  const ids: number[] = [];
  let gap = Number.POSITIVE_INFINITY;
  while (ids.length < limit) {
    const batch = packRows([{ prompt: [], answers: [[...prompt, ...ids]] }]);
    const last = batch.tokens - 1;
    const logprobs = oracleForward(config, weights, adapter, {
      ...batch,
      targetRow: new Uint32Array(config.vocabSize).fill(last),
      targetToken: Uint32Array.from({ length: config.vocabSize }, (_, token) => token),
      targetSequence: new Uint32Array(config.vocabSize),
    });
    const [best, second] = [...logprobs.keys()].sort((a, b) => logprobs[b]! - logprobs[a]!);
    gap = Math.min(gap, logprobs[best!]! - logprobs[second!]!);
    if (config.eosTokenIds.includes(best!)) return { ids, finish: 'eos', gap };
    ids.push(best!);
  }
  return { ids, finish: 'length', gap };
}
