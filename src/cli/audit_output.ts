/** @file What `build`, `knowtune` and `audit` write: the audit, the data sets, and these in other trainers' formats. */
import type { World } from '../authors/world.ts';
import { InputError } from '../formats/input_error.ts';
import { parseJsonRows } from '../formats/jsonl.ts';
import { parsePrompts } from '../formats/rows.ts';
import { type Audit, auditProject } from '../knowtuning/audit/audit.ts';
import type { TestText } from '../knowtuning/audit/leaks.ts';
import { augmentedRows } from '../knowtuning/augment.ts';
import { preferenceRows } from '../knowtuning/compare.ts';
import { EXPORT_FORMATS, type ExportFormat, exportFiles, jsonLines } from '../knowtuning/exports/files.ts';
import type { Project } from '../knowtuning/project.ts';
import type { OpenedTuner } from '../train/open_tuner.ts';
import type { OptionSpecs, Options } from './arguments.ts';
import { readInput } from './open_model.ts';

export const FORMAT_OPTION: OptionSpecs = {
  format: {
    help: `also write the data sets for other trainers: ${EXPORT_FORMATS.join(',')}, or some of these`,
  },
};

export const AUDIT_OPTIONS: OptionSpecs = {
  test: {
    help: 'JSONL of the questions that will be asked afterwards: those that training has seen are named',
  },
  ...FORMAT_OPTION,
};

/** Formats that --format names. @throws InputError for one that there is not */
export function exportFormats(options: Options): ExportFormat[] {
  const names = (options.maybe('format') ?? '').split(',').map((name) => name.trim());
  return names
    .filter((name) => name !== '')
    .map((name) => {
      const known = EXPORT_FORMATS.find((format) => format === name);
      if (known) return known;
      throw new InputError('--format', `is ${name}.`, `Give some of ${EXPORT_FORMATS.join(', ')}.`);
    });
}

/** Rows of --test, with their answers where they have them; none without the option. */
export async function readLeakRows(options: Options): Promise<TestText[]> {
  const path = options.maybe('test');
  if (path === undefined) return [];
  const bytes = await readInput(path);
  const rows = parseJsonRows(bytes, path);
  return parsePrompts(bytes, path).map((question, i) => {
    const { line, value } = rows[i]!;
    const answer = value.answer ?? value.completion ?? value.output;
    return {
      id: typeof value.id === 'string' ? value.id : `line ${line}`,
      question,
      ...(typeof answer === 'string' ? { answer } : {}),
    };
  });
}

/** The audit of a project under the model that it is meant for. */
export async function auditFor(
  opened: Pick<OpenedTuner, 'codec' | 'config'>,
  project: Project,
  test: readonly TestText[],
  world: World | null,
): Promise<Audit> {
  return auditProject({
    project,
    test,
    world,
    context: {
      tokens: opened.config.maxPositionEmbeddings,
      count: async (rows) => {
        const encoded = await opened.codec.encodeRows(rows, { eos: true });
        return encoded.map(({ ids }) => ids.length);
      },
    },
  });
}

/** audit.json, and the files of each format. */
export function auditFiles(
  project: Project,
  audit: Audit,
  formats: readonly ExportFormat[],
): Map<string, string> {
  return new Map([
    ['audit.json', `${JSON.stringify(audit, null, 2)}\n`],
    ...formats.flatMap((format) => [...exportFiles(project, format)]),
  ]);
}

/** A project with its data sets, its audit, and the files of each format. */
export function datasetFiles(
  project: Project,
  audit: Audit,
  formats: readonly ExportFormat[],
): Map<string, string> {
  return new Map([
    ['sft.jsonl', jsonLines(augmentedRows(project))],
    ['dpo.jsonl', jsonLines(preferenceRows(project))],
    ['project.json', `${JSON.stringify(project, null, 2)}\n`],
    ...auditFiles(project, audit, formats),
  ]);
}

/** The audit in a few lines. */
export function auditText({
  pairs,
  unmarkedPairs,
  counts,
}: Pick<Audit, 'pairs' | 'unmarkedPairs' | 'counts'>): string {
  const found = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`);
  return `audit: ${unmarkedPairs} of ${pairs} pairs unmarked; ${found.join(', ') || 'nothing found'}`;
}
