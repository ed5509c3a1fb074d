/** @file Options of the method on the command line, shared by `build` and `knowtune`. */
import { InputError } from '../formats/input_error.ts';
import { parseJson } from '../formats/json.ts';
import { KNOWLEDGE_OPTIONS, type KnowledgeOptions, needsKnowledge } from '../knowtuning/knowledge.ts';
import { defaultMethod, type MethodOptions } from '../knowtuning/project.ts';
import { parseStageConfigs, type StageConfigs } from '../knowtuning/run_options.ts';
import type { OptionSpecs, Options } from './arguments.ts';
import { AUTHOR_OPTIONS } from './author_options.ts';
import { readInput } from './open_model.ts';
import { bundled } from './world_files.ts';

export const METHOD_OPTIONS: OptionSpecs = {
  ...AUTHOR_OPTIONS,
  world: {
    default: bundled.world,
    help: 'the closed world of the offline author, and of the checker of facts',
  },
  alpha: { default: String(defaultMethod.alpha), help: 'share of the atoms that count as difficult' },
  'delete-share': {
    default: String(defaultMethod.beta),
    help: 'beta of the paper: share of the atoms that an incomplete answer lacks',
  },
  'ppl-context': {
    default: defaultMethod.pplContext,
    choices: ['question', 'none'],
    help: 'whether perplexity is measured after the question',
  },
  'style-pairs': {
    default: defaultMethod.stylePairs,
    choices: ['paper', 'matched'],
    help: 'better answers rephrased (paper), or joined from their atoms as the worse ones are (matched)',
  },
  select: {
    default: defaultMethod.select,
    choices: ['top', 'middle', 'known'],
    help: 'facts that are trained on: the most surprising, the middle band, or the surprising among those the model knows',
  },
  replay: {
    default: String(defaultMethod.replay),
    help: 'rows about known facts beside the fine-grained ones, as a share of those (0 to 1)',
  },
  knowledge: {
    flag: true,
    help: 'ask the model for each fact, and sort facts into known, maybe, weakly and not known',
  },
  'knowledge-wordings': {
    help: 'questions that the author writes about each fact (default: 3 with --author rules, else 1, since each is a call)',
  },
  'knowledge-samples': {
    default: String(KNOWLEDGE_OPTIONS.samples),
    help: 'sampled answers to each prompt about a fact',
  },
  seed: { default: '42', help: 'seed of every choice' },
};

/** How the model is asked for facts, where --knowledge says so or the method needs it. */
export function knowledgeOptions(options: Options): KnowledgeOptions | null {
  const method = methodOptions(options);
  if (!options.flag('knowledge') && !needsKnowledge(method)) return null;
  const given = options.maybe('knowledge-wordings') !== undefined;
  const usual = options.get('author') === 'rules' ? KNOWLEDGE_OPTIONS.wordings : 1;
  return {
    ...KNOWLEDGE_OPTIONS,
    wordings: given ? options.integer('knowledge-wordings', 0) : usual,
    samples: options.integer('knowledge-samples', 0),
  };
}

function share(options: Options, name: string): number {
  const value = Number(options.get(name));
  if (!(value > 0 && value <= 1))
    throw new InputError(`--${name}`, `is ${options.get(name)}.`, 'Give a number above 0 and at most 1.');
  return value;
}

function replayShare(options: Options): number {
  const value = options.number('replay');
  if (value >= 0 && value <= 1) return value;
  throw new InputError('--replay', `is ${options.get('replay')}.`, 'Give a number from 0 to 1.');
}

export function methodOptions(options: Options): MethodOptions {
  return {
    ...defaultMethod,
    alpha: share(options, 'alpha'),
    beta: share(options, 'delete-share'),
    pplContext: options.get('ppl-context') as MethodOptions['pplContext'],
    stylePairs: options.get('style-pairs') as MethodOptions['stylePairs'],
    select: options.get('select') as MethodOptions['select'],
    replay: replayShare(options),
    seed: options.integer('seed', 0),
  };
}

/** Settings of the three trainings from --config: {"sft": {...}, "stage1": {...}, "stage2": {...}} with `train`'s keys. */
export async function stageConfigs(options: Options): Promise<StageConfigs> {
  const path = options.maybe('config');
  return path === undefined ? {} : parseStageConfigs(parseJson(await readInput(path), path), path);
}
