/** @file A run over a project that was built and edited before: what of it ends up in the rows that are trained. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createWorldAuthor } from '../../src/authors/rules_world.ts';
import { InputError } from '../../src/formats/input_error.ts';
import { demoOptions } from '../../src/knowtuning/demo.ts';
import { applyEdit, type Edit, stale } from '../../src/knowtuning/edits.ts';
import { type KnowtuneResult, knowtune } from '../../src/knowtuning/pipeline.ts';
import {
  DERIVED_PARTS,
  defaultMethod,
  type Project,
  type ProjectQuestion,
  startProject,
} from '../../src/knowtuning/project.ts';
import { refreshQuestion } from '../../src/knowtuning/refresh.ts';
import { writeReplay } from '../../src/knowtuning/replay.ts';
import { parseTrainRows } from '../../src/knowtuning/rows.ts';
import type { PreferenceGroup, PromptCompletion, TrainResult, Tuner } from '../../src/train/tuner.ts';
import { readAtlas, readRows } from '../authors/atlas.ts';

const world = readAtlas();
const author = createWorldAuthor(world, 3);
const method = { ...defaultMethod, seed: 3 };
const rows = parseTrainRows(readRows<unknown>('train').slice(0, 60), 'train.jsonl');

/** A tuner that takes note of what it is to train on. The longer an atom is, the more it surprises. */
function recorder() {
  const sft: PromptCompletion[][] = [];
  const dpo: PreferenceGroup[][] = [];
  const result = { adapter: {}, log: [], steps: 1 } as unknown as TrainResult;
  const tuner: Tuner = {
    async logprobs(scored) {
      return (scored as PromptCompletion[]).map(({ completion }) => ({
        ids: new Uint32Array(),
        promptLength: 0,
        logprobs: Float32Array.of(-Math.log(completion.length)),
      }));
    },
    async generate(prompts) {
      return prompts.map(() => ({ text: '', ids: new Uint32Array(), finish: 'eos' as const }));
    },
    async trainSft(given) {
      sft.push(given as PromptCompletion[]);
      return result;
    },
    async trainDpo(given) {
      dpo.push(given as PreferenceGroup[]);
      return result;
    },
    memory: () => ({ bytes: 0, peakBytes: 0 }),
  };
  return { tuner, sft, dpo };
}

async function run(project: Project | null, change: Partial<Parameters<typeof knowtune>[0]> = {}) {
  const { tuner, sft, dpo } = recorder();
  const result = await knowtune({
    ...{ name: 'test', tuner, author, world, train: rows.slice(0, 4), test: [], clock: () => 0 },
    ...(project ? { project } : {}),
    options: { ...demoOptions(3, 512), method },
    ...change,
  });
  return { result, vanilla: sft[0]!, stage1: sft[1]!, groups: dpo[0]! };
}

/** Questions of two facts or more with everything derived. */
let built: Project;

beforeAll(async () => {
  const questions: ProjectQuestion[] = [];
  for (const question of startProject('p', rows, method).questions) {
    const next = await refreshQuestion(stale(question, DERIVED_PARTS), method, author);
    if (next.atoms.length > 1) questions.push(next);
    if (questions.length === 5) break;
  }
  built = { ...startProject('p', rows, method), questions };
});

const edited = (...edits: [index: number, edit: Edit][]): Project => ({
  ...built,
  questions: built.questions.map((question, i) =>
    edits.reduce((q, [index, edit]) => (index === i ? applyEdit(q, edit, method) : q), question),
  ),
});
const texts = (trained: readonly PromptCompletion[]) =>
  trained.map(({ prompt, completion }) => prompt + completion);
const all = (run: { stage1: PromptCompletion[]; groups: PreferenceGroup[] }) =>
  JSON.stringify([run.stage1, run.groups]);

describe('without edits', () => {
  it('comes out as a run over the same rows does', async () => {
    const train = built.questions.map(({ id, question, answer }) => ({ id, question, answer }));
    const plain = await run(null, { train });
    const given = await run(built);
    expect(given.vanilla).toEqual(plain.vanilla);
    expect(given.stage1).toEqual(plain.stage1);
    expect(given.groups).toEqual(plain.groups);
    expect(given.result.project.questions).toEqual(plain.result.project.questions);
    expect(given.result.report).toEqual(plain.result.report);
  });

  it('measures difficulty anew, by the method of the project', async () => {
    const easiest = built.questions.map((question) => ({
      ...question,
      atoms: question.atoms.map((atom) => ({
        ...atom,
        perplexity: 1 / atom.text.length,
        perplexityAfter: 1,
      })),
    }));
    const again = await run({ ...built, questions: easiest });
    expect(again.stage1).toEqual((await run(built)).stage1);
    const whole = await run({ ...built, method: { ...method, alpha: 1 } });
    expect(whole.result.report.atoms.difficult).toBe(whole.result.report.atoms.count);
  });
});

describe('with edits', () => {
  const FACT = 'The symbol of Iron is Fe.';
  let before: Project;
  let done: Awaited<ReturnType<typeof run>>;
  let result: KnowtuneResult;
  beforeAll(async () => {
    before = edited(
      [0, { kind: 'write', at: { part: 'atom', atom: 0 }, text: FACT }],
      [1, { kind: 'write', at: { part: 'fineAnswer' }, text: 'Written by hand.' }],
      [2, { kind: 'exclude', at: { part: 'worse', aspect: 'nonfactual' }, excluded: true }],
      [3, { kind: 'exclude', at: { part: 'row' }, excluded: true }],
      [4, { kind: 'exclude', at: { part: 'atom', atom: 0 }, excluded: true }],
    );
    // The words of the answer do not hold the edited fact: that it does is what the edit says.
    before.questions[0]!.atoms[0]!.supported = true;
    done = await run(before);
    result = done.result;
  });

  it('trains on an edited fact in the better answer and where it is difficult, and no more on the old one', () => {
    const old = built.questions[0]!.atoms[0]!.text;
    const [question] = result.project.questions;
    const group = done.groups.find(({ prompt }) => prompt === question!.question)!;
    expect(group.chosen).toMatch(/\bIron\b/);
    expect(done.stage1.some(({ completion }) => /\bIron\b/.test(completion))).toBe(
      question!.atoms[0]!.difficult,
    );
    expect(JSON.stringify(group)).not.toContain(old);
    expect(question!.stale).toBeUndefined();
    expect(question!.atoms[0]!.perplexity).toBeCloseTo(FACT.length, 4);
  });

  it('keeps a fine-grained row that was written by hand, without a word where nothing changed', () => {
    expect(done.stage1.map(({ completion }) => completion)).toContain('Written by hand.');
    expect(texts(done.stage1)).not.toContain(
      built.questions[1]!.fineGrained!.question + built.questions[1]!.fineGrained!.answer,
    );
    expect(result.project.questions[1]!.problems).toEqual([]);
  });

  it('leaves out a pair, and keeps the others of its question', () => {
    const { question, pairs } = built.questions[2]!;
    const left = pairs.filter(({ aspect }) => aspect !== 'nonfactual').map(({ worse }) => worse);
    expect(left.length).toBeGreaterThan(0);
    expect(done.groups.find(({ prompt }) => prompt === question)!.rejected).toEqual(left);
  });

  it('leaves out a row in all three trainings, and in every count', () => {
    const { question } = built.questions[3]!;
    expect(done.vanilla).toHaveLength(4);
    for (const prompts of [done.vanilla, done.stage1, done.groups])
      expect(prompts.map(({ prompt }) => prompt)).not.toContain(question);
    expect(texts(done.stage1)).not.toContain(
      built.questions[3]!.fineGrained!.question + built.questions[3]!.fineGrained!.answer,
    );
    const others = built.questions.filter((_, i) => i !== 3).flatMap(({ atoms }) => atoms);
    expect(result.report.atoms.count).toBe(others.length);
  });

  it('leaves out a fact everywhere but in the answer that was given', () => {
    const fact = built.questions[4]!.atoms[0]!.text;
    const written = { stage1: done.stage1.slice(done.vanilla.length), groups: done.groups };
    expect(all({ stage1: done.stage1, groups: [] })).toContain(built.questions[4]!.answer);
    expect(all(written)).not.toContain(fact);
  });

  it('changes nothing of the project that it was given', async () => {
    const copy = structuredClone(before);
    await run(before);
    expect(before).toEqual(copy);
  });
});

it('takes known facts of what is trained alone for replay', async () => {
  const known = { level: 'HighlyKnown' as const, greedy: 1, sampled: 1 };
  const questions = built.questions.map((question, i) => ({
    ...question,
    ...(i === 0 ? { excluded: true } : {}),
    atoms: question.atoms.map((atom, k) => ({
      ...{ ...atom, difficult: false, knowledge: known },
      ...(i === 1 && k === 0 ? { excluded: true } : {}),
    })),
  }));
  const { replay } = await writeReplay({ ...built, method: { ...method, replay: 1 }, questions }, author);
  expect(replay).toHaveLength(4);
  const taken = replay.map(({ id, atom }) => `${id} ${atom}`);
  expect(replay.map(({ id }) => id)).not.toContain(questions[0]!.id);
  expect(taken).not.toContain(`${questions[1]!.id} 0`);
});

it('refuses a project of which everything was left out', async () => {
  const questions = built.questions.map((question) => ({ ...question, excluded: true }));
  await expect(run({ ...built, questions })).rejects.toThrow(InputError);
});

it('writes what a project that was only begun lacks', async () => {
  const begun = startProject('p', rows.slice(0, 4), method);
  begun.questions = begun.questions.map((question) => stale(question, DERIVED_PARTS));
  const plain = await run(null);
  const given = await run(begun);
  expect(given.result.project.questions).toEqual(plain.result.project.questions);
  expect(given.groups).toEqual(plain.groups);
});
