/** @file A project's data sets as files of the formats that other trainers read. */
import { augmentedRows } from '../augment.ts';
import { preferenceRows } from '../compare.ts';
import type { Project } from '../project.ts';
import { alpacaPreference, alpacaRow } from './alpaca.ts';
import { ktoRows } from './kto.ts';
import { openAiPreference } from './openai_preference.ts';
import { shareGptPreference, shareGptRow } from './sharegpt.ts';
import { trlConversation, trlConversationPreference, trlPreference, trlRow } from './trl.ts';

export const EXPORT_FORMATS = ['alpaca', 'sharegpt', 'trl', 'openai', 'kto'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** One object on each line. */
export function jsonLines(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** One array: what LLaMA-Factory's examples are. */
function jsonArray(rows: readonly unknown[]): string {
  return `${JSON.stringify(rows, null, 2)}\n`;
}

/**
 * File names, each in the folder of its format, to their text. Data sets without rows are left out.
 * @param format Alpaca comes as JSON and as JSON Lines, TRL as texts and as messages
 */
export function exportFiles(project: Project, format: ExportFormat): Map<string, string> {
  const sft = augmentedRows(project);
  const pairs = preferenceRows(project);
  const sets: Record<ExportFormat, readonly (readonly [string, readonly unknown[]])[]> = {
    alpaca: [
      ['sft.json', sft.map(alpacaRow)],
      ['sft.jsonl', sft.map(alpacaRow)],
      ['dpo.json', pairs.map(alpacaPreference)],
      ['dpo.jsonl', pairs.map(alpacaPreference)],
    ],
    sharegpt: [
      ['sft.jsonl', sft.map(shareGptRow)],
      ['dpo.jsonl', pairs.map(shareGptPreference)],
    ],
    trl: [
      ['sft.jsonl', sft.map(trlRow)],
      ['sft_messages.jsonl', sft.map(trlConversation)],
      ['dpo.jsonl', pairs.map(trlPreference)],
      ['dpo_messages.jsonl', pairs.map(trlConversationPreference)],
    ],
    openai: [
      ['sft.jsonl', sft.map(trlConversation)],
      ['preference.jsonl', pairs.map(openAiPreference)],
    ],
    kto: [['kto.jsonl', ktoRows(pairs)]],
  };
  return new Map(
    sets[format]
      .filter(([, rows]) => rows.length > 0)
      .map(([name, rows]) => [
        `${format}/${name}`,
        name.endsWith('.json') ? jsonArray(rows) : jsonLines(rows),
      ]),
  );
}
