/** @file `generate`: continuations of prompts, greedy or sampled. */

import { InputError } from '../../formats/input_error.ts';
import { parsePrompts } from '../../formats/rows.ts';
import type { Command } from '../command.ts';
import { ADAPTER_OPTION, MODEL_OPTIONS, openAdapter, openModel, readInput } from '../open_model.ts';

interface Generated {
  readonly prompt: string;
  readonly text: string;
  readonly ids: number[];
  readonly finish: 'eos' | 'length';
}

export const generate: Command = {
  summary: 'continuations of one prompt or of many, greedy unless a temperature is given',
  options: {
    ...MODEL_OPTIONS,
    ...ADAPTER_OPTION,
    prompt: { help: 'one prompt' },
    data: { help: 'JSONL of {prompt}' },
    'max-new-tokens': { default: '128', help: 'most tokens to generate' },
    temperature: { default: '0', help: '0: greedy; else logits are divided by it' },
    'top-k': { default: '0', help: 'only the k likeliest tokens; 0: all' },
    'top-p': { default: '1', help: 'only the likeliest tokens that together have this probability' },
    'repetition-penalty': { default: '1', help: 'above 1: tokens that occurred become less likely' },
    seed: { default: '0', help: 'seed of the random choices' },
  },
  async run(options) {
    const one = options.maybe('prompt');
    const file = options.maybe('data');
    if ((one === undefined) === (file === undefined))
      throw new InputError('generate', 'needs either --prompt or --data.', 'Give one of the two.');
    const limit = options.integer('max-new-tokens', 1);
    const sampling = {
      temperature: options.number('temperature'),
      topK: options.integer('top-k', 0),
      topP: options.number('top-p'),
      repetitionPenalty: options.number('repetition-penalty'),
      seed: options.integer('seed', 0),
    };
    const prompts = file === undefined ? [one!] : parsePrompts(await readInput(file), file);
    const opened = await openModel(options);
    try {
      const adapter = await openAdapter(options, opened);
      const started = performance.now();
      const results = await opened.tuner.generate(prompts, adapter, { maxNewTokens: limit, sampling });
      const seconds = (performance.now() - started) / 1000;
      const tokens = results.reduce((n, r) => n + r.ids.length, 0);
      return {
        results: results.map(
          (r, i): Generated => ({ prompt: prompts[i]!, text: r.text, ids: [...r.ids], finish: r.finish }),
        ),
        tokens,
        seconds,
        tokens_per_second: tokens / seconds,
      };
    } finally {
      opened.gpu.destroy();
    }
  },
  text(result: { results: Generated[]; tokens_per_second: number }) {
    return `${result.results.map((r) => `${r.prompt}\n  ${r.text}`).join('\n')}\n${result.tokens_per_second.toFixed(1)} tokens per second`;
  },
};
