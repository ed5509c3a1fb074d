/** @file `knowtune`: the whole method with before and after; `--demo` on the bundled model and world. */

import type { UsageReport } from '../../authors/openai/usage.ts';
import type { World } from '../../authors/world.ts';
import type { DataSource } from '../../formats/data_source.ts';
import { InputError } from '../../formats/input_error.ts';
import { decodeUtf8 } from '../../formats/json.ts';
import { writePeft } from '../../formats/peft.ts';
import { trainerState } from '../../formats/trainer_state.ts';
import type { Audit } from '../../knowtuning/audit/audit.ts';
import { RememberingAuthor } from '../../knowtuning/author_calls.ts';
import { chooseDemoRows, DEMO_QUESTIONS } from '../../knowtuning/demo.ts';
import type { KnowtuneEvent } from '../../knowtuning/events.ts';
import { HOLDOUT_SHARE, holdOut } from '../../knowtuning/holdout.ts';
import { type KnowtuneOptions, type KnowtuneResult, knowtune } from '../../knowtuning/pipeline.ts';
import type { TrainRow } from '../../knowtuning/project.ts';
import { formatReport, type KnowtuneReport } from '../../knowtuning/report.ts';
import type { TestRow } from '../../knowtuning/rows.ts';
import { runOptions, STAGES, type Stage } from '../../knowtuning/run_options.ts';
import { factRows, readFacts } from '../../knowtuning/ten_facts.ts';
import { kernelVariants } from '../../ops/kernel_variants.ts';
import { trainConfigToJson } from '../../train/config_json.ts';
import type { TrainResult } from '../../train/tuner.ts';
import type { Options } from '../arguments.ts';
import { auditFor, auditText, datasetFiles, exportFormats, FORMAT_OPTION } from '../audit_output.ts';
import { openJournal } from '../author_journal.ts';
import { authorChoice, openAuthor, usageLines } from '../author_options.ts';
import { tellCalls } from '../author_progress.ts';
import type { Command } from '../command.ts';
import { knowledgeOptions, METHOD_OPTIONS, methodOptions, stageConfigs } from '../method_options.ts';
import {
  BUDGET_OPTION,
  MODEL_OPTIONS,
  openModel,
  readInput,
  TREE_OPTION,
  treeBatching,
} from '../open_model.ts';
import { writeDirectory } from '../output_directory.ts';
import { readTrainingData, TRAINING_DATA_HELP, TRAINING_DATA_OPTIONS } from '../training_data.ts';
import { bundled, readTestRows, readTrainRows, readWorld } from '../world_files.ts';
import { weightsReport } from './doctor.ts';
import { summarize } from './train.ts';

interface KnowtuneOutput {
  readonly out: string;
  /** Where the questions were published; null where that is not known. */
  readonly source: DataSource | null;
  readonly seconds: number;
  readonly usage: UsageReport | null;
  readonly audit: Pick<Audit, 'pairs' | 'unmarkedPairs' | 'counts'>;
  readonly report: KnowtuneReport;
}

export const knowtuneCommand: Command = {
  summary: 'the whole method: SFT, difficulty, Stage I, Stage II, before and after',
  options: {
    ...MODEL_OPTIONS,
    model: { default: bundled.model, help: MODEL_OPTIONS.model!.help },
    demo: {
      flag: true,
      help: `${DEMO_QUESTIONS} training and ${DEMO_QUESTIONS} test questions of the bundled world`,
    },
    questions: {
      default: String(DEMO_QUESTIONS),
      help: 'with --demo: how many questions to train on, and to test',
    },
    data: { help: `to train on: ${TRAINING_DATA_HELP}` },
    ...TRAINING_DATA_OPTIONS,
    test: { help: 'JSONL of {question} to test, with {entity, slots} where answers can be checked' },
    facts: {
      help: 'sentences to learn, one on each line: the author makes the questions, one phrasing of each is kept for the test',
    },
    holdout: {
      default: String(HOLDOUT_SHARE),
      help: 'with --data and no --test: share of the questions that is kept out of training and asked of every model afterwards; 0 for none',
    },
    ...METHOD_OPTIONS,
    ...FORMAT_OPTION,
    ...BUDGET_OPTION,
    ...TREE_OPTION,
    reference: {
      default: 'start',
      choices: ['start', 'base'],
      help: 'reference of Stage II: the frozen Stage I model (the paper) or the base model',
    },
    config: { help: 'JSON {"sft": {...}, "stage1": {...}, "stage2": {...}} with the keys of `train`' },
    'max-new-tokens': { default: '128', help: 'most tokens of an answer' },
    out: { default: 'out/knowtune', help: 'directory for adapters, data, answers and report' },
  },
  async run(options, progress) {
    const demo = options.flag('demo');
    const data = options.maybe('data');
    const facts = options.maybe('facts');
    if ([demo, data !== undefined, facts !== undefined].filter(Boolean).length !== 1)
      throw new InputError('knowtune', 'needs either --demo, --data or --facts.', 'Give one of them.');
    const sentences = facts === undefined ? [] : readFacts(decodeUtf8(await readInput(facts), facts));
    const formats = exportFormats(options);
    const world = await readWorld(options.get('world'));
    const rows = demo
      ? chooseDemoRows(
          world,
          await readTrainRows(bundled.train),
          await readTestRows(bundled.test, world),
          options.integer('questions', 3),
        )
      : data === undefined
        ? null
        : await givenRows(options, world, progress);
    const choice = authorChoice(options);
    const started = performance.now();
    const opened = await openModel(options);
    const journal = openJournal(options.get('out'));
    try {
      const { author, usage } = await openAuthor(choice, world, options.integer('seed', 0), opened, progress);
      const settings = await knowtuneOptions(options, opened.config.maxPositionEmbeddings);
      progress(
        `${opened.gpu.adapter.description}${opened.gpu.adapter.software ? ' (software: right, but slow)' : ''}`,
      );
      const given =
        rows ??
        (await factRows(
          sentences,
          facts!,
          new RememberingAuthor(author, journal.kept, journal.append),
          (id, operation, reason) => progress(`${id}: ${operation}: ${reason}`),
        ));
      const trained = new Map<Stage, TrainResult>();
      const result = await knowtune({
        name: demo ? 'demo' : (data ?? facts!),
        tuner: opened.tuner,
        author,
        authorCalls: journal.kept,
        onAuthorCall: tellCalls(journal.append, progress, () => performance.now()),
        world,
        ...given,
        options: settings,
        clock: () => performance.now() / 1000,
        onEvent: (event) => tell(event, progress),
        onAdapter: async (system, done) => {
          trained.set(system as Stage, done);
        },
      });
      // That facts are asked for in the words of their questions is what such a test is for.
      const audit = await auditFor(opened, result.project, facts === undefined ? given.test : [], world);
      const source = result.project.source ?? null;
      const manifest = {
        tool: 'TabTune',
        command: 'knowtune',
        data: { name: result.project.name, source },
        seed: options.integer('seed', 0),
        method: settings.method,
        reference: settings.reference,
        tree_batching: treeBatching(options),
        configs: Object.fromEntries(STAGES.map((s) => [s, trainConfigToJson(settings[s])])),
        model: { name: opened.baseModel, config_sha256: opened.configSha256 },
        template: opened.template,
        adapter: opened.gpu.adapter,
        kernels: kernelVariants(opened.gpu),
        weights: weightsReport(opened.model),
        memory: opened.tuner.memory(),
        author: { name: author.name, versions: author.versions, usage: usage() },
        seconds: (performance.now() - started) / 1000,
        stages: Object.fromEntries(
          STAGES.map((s) => [
            s,
            { ...summarize(trained.get(s)!, opened.tuner.memory().peakBytes), order: trained.get(s)!.order },
          ]),
        ),
      };
      const files = resultFiles(result, settings, opened.baseModel, manifest);
      for (const [name, text] of datasetFiles(result.project, audit, formats)) files.set(name, text);
      await writeDirectory(options.get('out'), files);
      const { pairs, unmarkedPairs, counts } = audit;
      return {
        ...{ out: options.get('out'), source, seconds: manifest.seconds, usage: usage() },
        ...{ audit: { pairs, unmarkedPairs, counts }, report: result.report },
      } satisfies KnowtuneOutput;
    } finally {
      journal.close();
      opened.gpu.destroy();
    }
  },
  text(result: KnowtuneOutput) {
    const usage = result.usage ? `\n${usageLines(result.usage).join('\n')}` : '';
    return `${formatReport(result.report)}\n${auditText(result.audit)}${usage}\n\n${result.seconds.toFixed(0)} s; adapters, data, answers and report in ${result.out}`;
  },
};

/** Rows of --data, and of --test; without --test some of the data is held out. */
async function givenRows(
  options: Options,
  world: World,
  progress: (line: string) => void,
): Promise<{ source: DataSource | null; train: readonly TrainRow[]; test: readonly TestRow[] }> {
  const { rows, source } = await readTrainingData(options, progress);
  if (options.maybe('test') !== undefined)
    return { source, train: rows, test: await readTestRows(options.get('test'), world) };
  const { train, held } = holdOut(rows, options.number('holdout'), options.integer('seed', 0));
  if (held.length > 0)
    progress(`${held.length} of ${rows.length} questions are held out, to see whether it helps`);
  return { source, train, test: held };
}

/** The demo's settings, with what the command line and --config change. */
async function knowtuneOptions(options: Options, context: number): Promise<KnowtuneOptions> {
  const knowledge = knowledgeOptions(options);
  return {
    ...runOptions({
      seed: options.integer('seed', 0),
      contextLength: context,
      facts: options.maybe('facts') !== undefined,
      configs: await stageConfigs(options),
      place: '--config',
    }),
    method: methodOptions(options),
    reference: options.get('reference') as 'start' | 'base',
    maxNewTokens: options.integer('max-new-tokens', 1),
    ...(knowledge ? { knowledge } : {}),
  };
}

/** Progress on stderr: phases, and of training every step. */
function tell(event: KnowtuneEvent, progress: (line: string) => void): void {
  switch (event.type) {
    case 'phase-started':
      progress(`[${event.number}/${event.of}] ${event.label}`);
      break;
    case 'phase-finished': {
      const counts = Object.entries(event.counts).map(([name, n]) => `${n} ${name}`);
      progress(`      ${counts.join(', ')} in ${event.seconds.toFixed(1)} s`);
      break;
    }
    case 'step': {
      const { log, totalSteps } = event;
      const margin = log['rewards/margins'];
      const dpo = margin === undefined ? '' : `  margin ${margin.toFixed(3)}`;
      progress(`      step ${log.step}/${totalSteps}  loss ${log.loss.toFixed(4)}${dpo}`);
      break;
    }
    case 'problem':
      progress(`      ${event.id}: ${event.operation}: ${event.reason}`);
      break;
  }
}

/** Adapters, each with its curve, what the models answered, and what was measured. */
function resultFiles(
  result: KnowtuneResult,
  settings: KnowtuneOptions,
  baseModel: string,
  manifest: unknown,
): Map<string, Uint8Array | string> {
  const files = new Map<string, Uint8Array | string>();
  const log = (s: Stage) => trainerState(result.logs[s], result.logs[s].length, settings[s]);
  for (const stage of STAGES) {
    const folder = stage === 'stage2' ? 'adapter' : `adapter-${stage}`;
    for (const [name, bytes] of writePeft(result.adapters[stage], {
      baseModel,
      tags: ['tabtune', 'knowtuning', stage],
    }))
      files.set(`${folder}/${name}`, bytes);
    files.set(`${folder}/trainer_state.json`, log(stage));
  }
  files.set('answers.json', `${JSON.stringify(result.answers, null, 2)}\n`);
  files.set('report.json', `${JSON.stringify(result.report, null, 2)}\n`);
  files.set('run.json', `${JSON.stringify(manifest, null, 2)}\n`);
  return files;
}
