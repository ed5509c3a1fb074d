/** @file `logprobs`: log-probabilities of completions, token by token. */

import { basename, dirname } from 'node:path';
import type { Command } from '../command.ts';
import { DATA_HELP } from '../data_input.ts';
import { DATA_OPTIONS, readData } from '../data_options.ts';
import { ADAPTER_OPTION, MODEL_OPTIONS, openAdapter, openModel } from '../open_model.ts';
import { writeDirectory } from '../output_directory.ts';

interface LogprobRow {
  /** All token ids, prompt then completion then EOS. */
  readonly ids: number[];
  readonly prompt_length: number;
  /** Natural logs, one per token after the prompt. */
  readonly logprobs: number[];
  readonly sum: number;
}

export const logprobs: Command = {
  summary: 'log-probabilities of completions under a model, with or without an adapter',
  options: {
    ...MODEL_OPTIONS,
    ...ADAPTER_OPTION,
    data: {
      required: true,
      help: `JSONL, JSON, CSV or Parquet of prompts and completions; of a conversation the last answer is scored; ${DATA_HELP}`,
    },
    ...DATA_OPTIONS,
    out: { help: 'file for the rows as JSONL' },
  },
  async run(options, progress) {
    const data = await readData(options, 'sft', progress);
    const { rows } = data;
    const opened = await openModel(options);
    try {
      const adapter = await openAdapter(options, opened);
      progress(`${rows.length} rows on ${opened.gpu.adapter.description}`);
      const scored = await data.run(() => opened.tuner.logprobs(rows, adapter));
      const result = scored.map(
        (s): LogprobRow => ({
          ids: [...s.ids],
          prompt_length: s.promptLength,
          logprobs: [...s.logprobs],
          sum: s.logprobs.reduce((a, b) => a + b, 0),
        }),
      );
      const out = options.maybe('out');
      if (out) {
        const lines = `${result.map((r) => JSON.stringify(r)).join('\n')}\n`;
        await writeDirectory(dirname(out), new Map([[basename(out), lines]]));
      }
      return { rows: result };
    } finally {
      opened.gpu.destroy();
    }
  },
  text(result: { rows: LogprobRow[] }) {
    return result.rows
      .map((r, i) => `${i + 1}\t${r.sum.toFixed(4)}\t${r.logprobs.map((l) => l.toFixed(3)).join(' ')}`)
      .join('\n');
  },
};
