/** @file What a run of the method is given. */
import type { Author } from '../authors/author.ts';
import type { World } from '../authors/world.ts';
import type { DataSource } from '../formats/data_source.ts';
import type { TrainConfig, TrainResult, Tuner } from '../train/tuner.ts';
import type { OnAuthorCall } from './author_calls.ts';
import type { OnKnowtuneEvent } from './events.ts';
import type { KnowledgeOptions } from './knowledge.ts';
import type { MethodOptions, Project, TrainRow } from './project.ts';
import type { SystemName } from './report.ts';
import type { TestRow } from './rows.ts';

export interface KnowtuneOptions {
  readonly method: MethodOptions;
  /** Vanilla SFT on D. */
  readonly sft: TrainConfig;
  /** Stage I on D_ka. */
  readonly stage1: TrainConfig;
  /** Stage II on D_kc; its prefFtx is the paper's gamma. */
  readonly stage2: TrainConfig;
  /** Of Stage II: the frozen Stage I model (the paper), or the base model (what the released scripts compute). */
  readonly reference: 'start' | 'base';
  /** Which models answer the test questions. */
  readonly systems: readonly SystemName[];
  readonly maxNewTokens: number;
  /** How the model is asked what it knows, before and after; without it, only where the method needs it. */
  readonly knowledge?: KnowledgeOptions;
  /** Test questions that are answered at a time; between two such batches the answers are told. */
  readonly evaluationBatch: number;
}

export interface KnowtuneInput {
  readonly name: string;
  /** Where `train` was published. */
  readonly source?: DataSource | null;
  readonly tuner: Tuner;
  readonly author: Author;
  /** Where there is one, answers are checked against it. */
  readonly world: World | null;
  /** Not looked at where there is a project. */
  readonly train: readonly TrainRow[];
  /**
   * Built and perhaps edited beforehand. What is stale of it is written, what a person wrote or left out is respected,
   * and its own method goes before that of the options. It is not changed.
   */
  readonly project?: Project;
  readonly test: readonly TestRow[];
  readonly options: KnowtuneOptions;
  /** What authors wrote in earlier runs (Project.authorCalls): it is not asked for again. */
  readonly authorCalls?: Project['authorCalls'];
  /** Told what authors write as they write it, so that it can be kept whatever becomes of the run. */
  readonly onAuthorCall?: OnAuthorCall;
  /** Seconds from any start; for the times of phases. */
  readonly clock: () => number;
  readonly onEvent?: OnKnowtuneEvent;
  /** Called with each adapter once it is trained, and awaited, so that it can be saved. */
  readonly onAdapter?: (system: SystemName, result: TrainResult) => Promise<void>;
  readonly signal?: AbortSignal;
}
