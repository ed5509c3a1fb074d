/** @file What the page says of runs over the user's own data, by what is known of them. */
import { describe, expect, it } from 'vitest';
import type { AnswerRecord } from '../../src/knowtuning/report.ts';
import { recallView } from '../../src/ui/state/answers.ts';
import { EXAMPLE_FACTS, factsOutcome, lineProblems, MOST_FACTS } from '../../src/ui/state/facts.ts';
import { stepViews } from '../../src/ui/state/step_views.ts';
import type { ModelChoice } from '../../src/workers/model_protocol.ts';
import { BUNDLED_MODEL, type RunData } from '../../src/workers/protocol.ts';
import { beginRun } from '../../src/workers/run_fold.ts';
import type { RunView } from '../../src/workers/run_view.ts';

const view = (data: RunData, choice: ModelChoice = BUNDLED_MODEL.choice): RunView =>
  beginRun(
    {
      ...{ run: 'r', data, seed: 1, treeBatching: true, config: {} },
      model: { ...BUNDLED_MODEL, choice },
    },
    0,
  );
const FACTS: RunData = { kind: 'facts', text: 'A.' };
const PROJECT: RunData = { kind: 'project', name: 'p', questions: 3, holdout: 0.1 };
const answer = (recall?: number): AnswerRecord => ({
  ...{ id: 'a', set: null, question: 'Q?', text: 'A.', tokens: 2, finish: 'eos', check: null },
  ...(recall === undefined ? {} : { recall }),
});

describe('lines of facts', () => {
  it('of the example are as many as there is room for, and none is refused', () => {
    expect(EXAMPLE_FACTS.split('\n')).toHaveLength(MOST_FACTS);
    expect(lineProblems(EXAMPLE_FACTS)).toEqual([]);
  });

  it('are refused by their place in the text, blank lines counted, bullets not', () => {
    const text = `\n- One is one.\n${'x'.repeat(201)}\n\n2. one IS one.`;
    expect(lineProblems(text).map(({ line, problem }) => [line, problem])).toEqual([
      [3, 'has 201 characters.'],
      [5, 'says the same as line 2.'],
    ]);
  });

  it('are refused beyond the tenth', () => {
    expect(lineProblems(`${EXAMPLE_FACTS}\nA is B.\nC is D.`).map(({ line }) => line)).toEqual([11, 12]);
  });
});

describe('what became of facts', () => {
  const done: RunView = {
    ...view(FACTS),
    answers: { base: [answer(0), answer(1)], sft: [answer(0)], stage2: [answer(1), answer(1)] },
    report: {} as RunView['report'],
  };

  it('is how many are answered whole, before and after', () => {
    expect(factsOutcome(done)).toMatchObject({
      before: { whole: 1, questions: 2 },
      after: { whole: 2, questions: 2 },
    });
  });

  it('is not said before the end, of another run, or where nothing could be measured', () => {
    expect(factsOutcome({ ...done, report: null })).toBeNull();
    expect(factsOutcome({ ...done, request: view(PROJECT).request })).toBeNull();
    expect(factsOutcome({ ...done, answers: { base: [answer()], stage2: [answer()] } })).toBeNull();
    expect(factsOutcome(null)).toBeNull();
  });
});

it('an answer is told by sign and words', () => {
  expect([1, 0, 0.5, undefined].map((recall) => recallView(answer(recall)))).toEqual([
    { sign: 'correct', words: 'All key words' },
    { sign: 'incorrect', words: 'None of the key words' },
    { sign: 'missing', words: '50 % of the key words' },
    { sign: 'unverifiable', words: 'No key words to look for' },
  ]);
});

describe('the four steps', () => {
  const texts = (shown: RunView | null) =>
    stepViews(null, shown).map(({ text, state }) => `${text} ${state}`);

  it('never speak of the demo where something else is learned', () => {
    for (const data of [FACTS, PROJECT]) expect(texts(view(data)).join()).not.toMatch(/demo/i);
    expect(texts(view(FACTS))[1]).toContain('Your facts');
    expect(texts(view(PROJECT))[3]).toContain('held out');
  });

  it('name the model', () => {
    const hub: ModelChoice = { kind: 'hub', id: 'org/name', commit: 'c', variant: 'safetensors' };
    expect(texts(view(PROJECT, hub))[0]).toContain('org/name');
    expect(texts(view(PROJECT))[0]).toContain('comes with this page');
    expect(texts(null)[0]).toContain('comes with this page');
  });
});
