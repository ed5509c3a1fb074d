/** @file The zip that a finished run hands out: the adapter of Stage II with its log and manifest, and those before it. */
import { writePeft } from '../formats/peft.ts';
import { sortedJson } from '../formats/sorted_json.ts';
import { trainerState } from '../formats/trainer_state.ts';
import { zipFiles } from '../formats/zip.ts';
import type { AdapterDescription } from '../gpu/adapter.ts';
import type { KnowtuneOptions } from '../knowtuning/options.ts';
import type { KnowtuneReport } from '../knowtuning/report.ts';
import { STAGES, type Stage } from '../knowtuning/run_options.ts';
import { readFacts } from '../knowtuning/ten_facts.ts';
import { trainConfigToJson } from '../train/config_json.ts';
import type { TrainConfig, TrainResult } from '../train/tuner.ts';
import type { RunData, RunRequest } from './protocol.ts';

export interface RunFacts {
  readonly request: RunRequest;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly baseModel: string;
  readonly configSha256: string;
  readonly template: string;
  readonly adapter: AdapterDescription;
  /** Which kernels ran, as kernelVariants tells it. */
  readonly kernels: Readonly<Record<string, string>>;
  readonly options: KnowtuneOptions;
  readonly trained: Readonly<Record<Stage, TrainResult>>;
  readonly report: KnowtuneReport;
}

const CARD_TEXT: Readonly<Record<Stage, string>> = {
  sft: 'Vanilla supervised fine-tuning: the model that measures which facts are difficult.',
  stage1: 'KnowTuning, Stage I: fine-grained supervised fine-tuning on difficult facts, from the base model.',
  stage2: 'KnowTuning, Stage II: DPO on complete, factual and logical answers, from Stage I.',
};

/** Files of one adapter: PEFT's directory and trainer_state.json. */
export function adapterFiles(
  system: Stage,
  result: TrainResult,
  config: TrainConfig,
  baseModel: string,
): Map<string, Uint8Array> {
  const card = {
    baseModel,
    tags: ['tabtune', 'knowtuning', system === 'stage2' ? 'dpo' : 'sft'],
    text: CARD_TEXT[system],
  };
  const files = new Map<string, Uint8Array>(writePeft(result.adapter, card));
  files.set('trainer_state.json', new TextEncoder().encode(trainerState(result.log, result.steps, config)));
  return files;
}

/** The whole bundle: Stage II at the top, so that the unpacked folder is a PEFT directory; sft and stage1 below it. */
export function runBundle(facts: RunFacts): Uint8Array<ArrayBuffer> {
  const files = new Map<string, Uint8Array>();
  for (const system of STAGES) {
    const folder = system === 'stage2' ? '' : `${system}/`;
    for (const [name, bytes] of adapterFiles(
      system,
      facts.trained[system],
      facts.options[system],
      facts.baseModel,
    ))
      files.set(folder + name, bytes);
  }
  files.set('run.json', new TextEncoder().encode(manifest(facts)));
  return zipFiles(files, `tabtune-${facts.request.run.slice(0, 19)}`);
}

/** run.json: what is needed to know what was run, and to run it again. */
function manifest(facts: RunFacts): string {
  const { options, report, request } = facts;
  return sortedJson({
    tool: 'TabTune',
    method: 'knowtune',
    host: 'browser',
    run: request.run,
    started: new Date(facts.startedAt).toISOString(),
    finished: new Date(facts.finishedAt).toISOString(),
    seed: request.seed,
    model: {
      name: facts.baseModel,
      config_sha256: facts.configSha256,
      weights: request.model.weights,
      embedding: request.model.embedding,
    },
    template: facts.template,
    data: dataManifest(request.data),
    knowtuning: { ...options.method, reference: options.reference },
    tree_batching: request.treeBatching,
    config: {
      sft: trainConfigToJson(options.sft),
      stage1: trainConfigToJson(options.stage1),
      stage2: trainConfigToJson(options.stage2),
    },
    adapter: facts.adapter,
    kernels: facts.kernels,
    matmul_flops_per_second: facts.trained.sft.matmulFlopsPerSecond,
    report,
  });
}

/** What was learned from, without its texts. */
function dataManifest(data: RunData): Record<string, unknown> {
  switch (data.kind) {
    case 'demo':
      return { name: 'atlas', questions: data.questions };
    case 'facts':
      return { name: 'facts', facts: readFacts(data.text).length };
    case 'project': {
      const { name, questions, holdout, sha256 } = data;
      return { name, questions, holdout, sha256 };
    }
  }
}
