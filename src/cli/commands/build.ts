/** @file `build`: the data sets of KnowTuning without training, for use here or elsewhere. */
import type { UsageReport } from '../../authors/openai/usage.ts';
import type { DataSource } from '../../formats/data_source.ts';
import { InputError } from '../../formats/input_error.ts';
import type { Audit } from '../../knowtuning/audit/audit.ts';
import { RememberingAuthor } from '../../knowtuning/author_calls.ts';
import { buildDatasets } from '../../knowtuning/build_datasets.ts';
import { countKnowledge } from '../../knowtuning/counts.ts';
import type { KnowledgeLevel } from '../../knowtuning/project.ts';
import { knowledgeText } from '../../knowtuning/report.ts';
import {
  AUDIT_OPTIONS,
  auditFor,
  auditText,
  datasetFiles,
  exportFormats,
  readLeakRows,
} from '../audit_output.ts';
import { openJournal } from '../author_journal.ts';
import { authorChoice, openAuthor, usageLines } from '../author_options.ts';
import { tellCalls } from '../author_progress.ts';
import {
  BATCH_OPTIONS,
  type BatchRound,
  extractFromBatch,
  openBatch,
  roundText,
  writeRound,
} from '../build_batch.ts';
import {
  type BuildEstimate,
  ESTIMATE_OPTIONS,
  estimateBuild,
  estimateText,
  sampleChoice,
} from '../build_estimate.ts';
import type { Command } from '../command.ts';
import { checkSource, DOCUMENT_OPTION, readDocument } from '../document_data.ts';
import { knowledgeOptions, METHOD_OPTIONS, methodOptions } from '../method_options.ts';
import { ADAPTER_OPTION, MODEL_OPTIONS, openAdapter, openModel } from '../open_model.ts';
import { writeDirectory } from '../output_directory.ts';
import { readTrainingData, TRAINING_DATA_HELP, TRAINING_DATA_OPTIONS } from '../training_data.ts';
import { readWorld } from '../world_files.ts';

interface BuildResult {
  readonly out: string;
  /** Where the questions were published; null where that is not known. */
  readonly source: DataSource | null;
  readonly questions: number;
  readonly atoms: number;
  readonly difficult: number;
  readonly sft_rows: number;
  readonly dpo_pairs: number;
  /** Facts of each class of knowledge, where the model was asked. */
  readonly knowledge: Readonly<Record<KnowledgeLevel, number>> | null;
  readonly replay_rows: number;
  readonly audit: Pick<Audit, 'pairs' | 'unmarkedPairs' | 'counts'>;
  /** What the endpoint counted, where one was asked. */
  readonly usage: UsageReport | null;
  readonly problems: { readonly id: string; readonly operation: string; readonly reason: string }[];
}

export const buildCommand: Command = {
  summary:
    "KnowTuning's data sets from questions and answers: sft.jsonl, dpo.jsonl, project.json, audit.json",
  options: {
    ...MODEL_OPTIONS,
    adapter: {
      help: `${ADAPTER_OPTION.adapter!.help}; atoms are measured under it (the SFT model), else under the model itself`,
    },
    data: { help: TRAINING_DATA_HELP },
    ...DOCUMENT_OPTION,
    ...TRAINING_DATA_OPTIONS,
    ...METHOD_OPTIONS,
    ...ESTIMATE_OPTIONS,
    ...BATCH_OPTIONS,
    ...AUDIT_OPTIONS,
    out: { required: true, help: 'directory for the result' },
  },
  async run(options, progress) {
    const world = await readWorld(options.get('world'));
    const method = methodOptions(options);
    const knowledge = knowledgeOptions(options);
    if (knowledge && options.maybe('batch-out') !== undefined)
      throw new InputError(
        '--batch-out',
        'does not go with --knowledge, --select known and --replay: what is asked depends on what the model answers.',
        'Leave these out, or ask the endpoint directly.',
      );
    const estimates = options.flag('estimate');
    const sampled = sampleChoice(options) !== null;
    const asks = options.maybe('batch-out') === undefined && (!estimates || sampled);
    const choice = authorChoice(options, asks);
    checkSource(options);
    if (estimates) {
      const { rows } = await readTrainingData(options, progress);
      return estimateBuild({ options, choice, rows, method, knowledge, progress });
    }
    const batch = await openBatch(options, choice);
    const document = options.maybe('document');
    const { rows: given, source } =
      document === undefined ? await readTrainingData(options, progress) : { rows: [], source: null };
    const test = await readLeakRows(options);
    const formats = exportFormats(options);
    if (batch) {
      const journal = openJournal(options.get('out'));
      try {
        await extractFromBatch(batch, given, method, journal);
        if (batch.waiting.size > 0) return await writeRound(batch, 'extract', options, journal);
      } finally {
        journal.close();
      }
    }
    const opened = await openModel(options);
    const journal = openJournal(options.get('out'));
    try {
      const { author, usage } = batch ?? (await openAuthor(choice, world, method.seed, opened, progress));
      const adapter = await openAdapter(options, opened);
      const problems: BuildResult['problems'] = [];
      const onProblem = (id: string, operation: string, reason: string) =>
        void problems.push({ id, operation, reason });
      const onAuthorCall = tellCalls(journal.append, progress, () => performance.now());
      const train =
        document === undefined
          ? given
          : await readDocument(
              document,
              new RememberingAuthor(author, journal.kept, onAuthorCall),
              onProblem,
            );
      progress(`${train.length} questions on ${opened.gpu.adapter.description}`);
      const { project, sft, dpo } = await buildDatasets({
        name: document ?? options.get('data'),
        source,
        tuner: opened.tuner,
        author,
        train,
        adapter,
        method,
        authorCalls: journal.kept,
        onAuthorCall,
        knowledge,
        onProblem,
      });
      if (batch && batch.waiting.size > 0) return await writeRound(batch, 'write', options, journal);
      const audit = await auditFor(opened, project, test, world);
      await writeDirectory(options.get('out'), datasetFiles(project, audit, formats));
      const atoms = project.questions.flatMap((q) => q.atoms);
      return {
        out: options.get('out'),
        source,
        questions: project.questions.length,
        atoms: atoms.length,
        difficult: atoms.filter((a) => a.difficult).length,
        sft_rows: sft.length,
        dpo_pairs: dpo.length,
        knowledge: countKnowledge(project, 'knowledge'),
        replay_rows: project.replay.length,
        audit: { pairs: audit.pairs, unmarkedPairs: audit.unmarkedPairs, counts: audit.counts },
        usage: usage(),
        problems,
      } satisfies BuildResult;
    } finally {
      journal.close();
      opened.gpu.destroy();
    }
  },
  text(r: BuildResult | BatchRound | BuildEstimate) {
    if ('estimate' in r) return estimateText(r);
    if ('round' in r) return roundText(r);
    return [
      `${r.questions} questions, ${r.atoms} atomic facts, ${r.difficult} of them difficult: ${r.sft_rows} SFT rows and ${r.dpo_pairs} preference pairs in ${r.out}`,
      ...(r.knowledge ? [knowledgeText(r.knowledge)] : []),
      auditText(r.audit),
      ...(r.usage ? usageLines(r.usage) : []),
      ...r.problems.map((p) => `${p.id}: ${p.operation}: ${p.reason}`),
    ].join('\n');
  },
};
