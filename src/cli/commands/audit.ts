/** @file `audit`: what is wrong with a project, or with what the offline author makes of a data file, without a model. */
import { createRulesAuthor } from '../../authors/rules.ts';
import type { World } from '../../authors/world.ts';
import { InputError } from '../../formats/input_error.ts';
import { parseJson } from '../../formats/json.ts';
import { type Audit, auditProject } from '../../knowtuning/audit/audit.ts';
import type { Finding } from '../../knowtuning/audit/finding.ts';
import { extractAtoms, writeComparisons } from '../../knowtuning/prepare.ts';
import {
  defaultMethod,
  type MethodOptions,
  type Project,
  parseProject,
  startProject,
} from '../../knowtuning/project.ts';
import type { Options } from '../arguments.ts';
import { AUDIT_OPTIONS, auditFiles, auditText, exportFormats, readLeakRows } from '../audit_output.ts';
import type { Command } from '../command.ts';
import { METHOD_OPTIONS } from '../method_options.ts';
import { readInput } from '../open_model.ts';
import { writeDirectory } from '../output_directory.ts';
import { readTrainingData, TRAINING_DATA_HELP, TRAINING_DATA_OPTIONS } from '../training_data.ts';
import { readWorld } from '../world_files.ts';

/** Findings that are printed; all of them are in the file. */
const SHOWN = 20;

export const auditCommand: Command = {
  summary: 'what is wrong with the rows and pairs of a project, or of a data file, without a model',
  options: {
    project: { help: 'project.json that build or knowtune wrote' },
    data: { help: `${TRAINING_DATA_HELP}; the offline author makes pairs of them` },
    ...TRAINING_DATA_OPTIONS,
    ...AUDIT_OPTIONS,
    ...Object.fromEntries(['world', 'style-pairs', 'seed'].map((name) => [name, METHOD_OPTIONS[name]!])),
    out: { help: 'directory for audit.json, and for the data sets that --format names' },
  },
  async run(options, progress) {
    const formats = exportFormats(options);
    const out = options.maybe('out');
    if (formats.length > 0 && out === undefined)
      throw new InputError('--format', 'needs a directory to write to.', 'Give --out.');
    const world = await readWorld(options.get('world'));
    const test = await readLeakRows(options);
    const project = await projectOf(options, world, progress);
    const audit = await auditProject({ project, test, world });
    if (out !== undefined) await writeDirectory(out, auditFiles(project, audit, formats));
    return audit;
  },
  text(audit: Audit) {
    const marks = audit.findings.filter(({ severity }) => severity !== 'note');
    const more = marks.length - SHOWN;
    return [
      `${audit.questions} questions, ${audit.pairs} pairs`,
      auditText(audit),
      ...marks.slice(0, SHOWN).map(line),
      ...(more > 0 ? [`and ${more} more, with --json or --out`] : []),
    ].join('\n');
  },
};

function line({ severity, kind, id, aspect, message, cure }: Finding): string {
  const place = [id, aspect].filter((part) => part !== null).join(', ');
  return `${severity}: ${kind}${place === '' ? '' : ` (${place})`}: ${message} ${cure}`;
}

async function projectOf(options: Options, world: World, progress: (line: string) => void): Promise<Project> {
  const [path, data] = [options.maybe('project'), options.maybe('data')];
  if ((path === undefined) === (data === undefined))
    throw new InputError('audit', 'needs either --project or --data.', 'Give one of the two.');
  if (path !== undefined) return parseProject(parseJson(await readInput(path), path), path);
  const method: MethodOptions = {
    ...defaultMethod,
    stylePairs: options.get('style-pairs') as MethodOptions['stylePairs'],
    seed: options.integer('seed', 0),
  };
  const author = createRulesAuthor(world, method.seed);
  const { rows, source } = await readTrainingData(options, progress);
  // By their number, so that the same data give the same pairs whatever ids they come with.
  const numbered = rows.map(({ question, answer }, i) => ({ id: `row-${i + 1}`, question, answer }));
  const started = startProject(data!, numbered, method, source);
  return writeComparisons(await extractAtoms(started, author), author);
}
