/** @file The data sets of both stages without training, for use elsewhere. */
import type { Author } from '../authors/author.ts';
import type { DataSource } from '../formats/data_source.ts';
import type { Adapter, PromptCompletion, Tuner } from '../train/tuner.ts';
import { augmentedRows } from './augment.ts';
import { type OnAuthorCall, RememberingAuthor } from './author_calls.ts';
import { type PreferenceRow, preferenceRows } from './compare.ts';
import { KNOWLEDGE_OPTIONS, type KnowledgeOptions, measureKnowledge, needsKnowledge } from './knowledge.ts';
import {
  extractAtoms,
  measureAtoms,
  type OnProblem,
  selectAtoms,
  writeComparisons,
  writeFineGrained,
} from './prepare.ts';
import { type MethodOptions, type Project, startProject, type TrainRow } from './project.ts';
import { writeReplay } from './replay.ts';

export interface BuildInput {
  readonly name: string;
  /** Where `train` was published. */
  readonly source?: DataSource | null;
  readonly tuner: Tuner;
  readonly author: Author;
  readonly train: readonly TrainRow[];
  /** What authors wrote in earlier runs: it is not asked for again. */
  readonly authorCalls?: Project['authorCalls'];
  /** Told what authors write as they write it, so that it can be kept whatever becomes of the run. */
  readonly onAuthorCall?: OnAuthorCall;
  readonly signal?: AbortSignal;
  /** Under which atoms are measured: an SFT adapter, or null for the model as it is. */
  readonly adapter: Adapter | null;
  readonly method: MethodOptions;
  /** How the model is asked what it knows; null: only where the method needs it, in the usual way. */
  readonly knowledge?: KnowledgeOptions | null;
  readonly onProblem?: OnProblem;
}

export interface BuiltDatasets {
  readonly project: Project;
  /** D_ka, for Stage I: sft.jsonl. */
  readonly sft: readonly PromptCompletion[];
  /** D_kc, for Stage II: dpo.jsonl. */
  readonly dpo: readonly PreferenceRow[];
}

/** The data sets of both stages, without training: difficulty is measured with the model as it was handed over. */
export async function buildDatasets(input: BuildInput): Promise<BuiltDatasets> {
  const { signal, onProblem } = input;
  const author = new RememberingAuthor(input.author, { ...input.authorCalls }, input.onAuthorCall);
  const started = startProject(input.name, input.train, input.method, input.source);
  started.authorCalls = author.kept;
  const extracted = await extractAtoms(started, author, { signal, onProblem });
  const project = await writeDatasets(extracted, author, input);
  return { project, sft: augmentedRows(project), dpo: preferenceRows(project) };
}

/** All that follows once atoms are there: measures, selects, rewrites, compares. */
export async function writeDatasets(
  extracted: Project,
  author: Author,
  {
    tuner,
    adapter,
    method,
    knowledge,
    signal,
    onProblem,
  }: Pick<BuildInput, 'tuner' | 'adapter' | 'method' | 'knowledge' | 'signal' | 'onProblem'>,
): Promise<Project> {
  const context = { signal, onProblem };
  let project = await measureAtoms(extracted, tuner, adapter, 'perplexity', context);
  const asking = knowledge ?? (needsKnowledge(method) ? KNOWLEDGE_OPTIONS : null);
  if (asking) project = await measureKnowledge(project, tuner, adapter, author, 'knowledge', context, asking);
  project = await writeFineGrained(selectAtoms(project), author, context);
  project = await writeReplay(project, author, context);
  return writeComparisons(project, author, context);
}
