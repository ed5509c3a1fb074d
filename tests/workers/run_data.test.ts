/** @file What a run of the page is given to learn from, made of what was asked for; and runs that earlier versions saved. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { defaultMethod, type Project, startProject } from '../../src/knowtuning/project.ts';
import type { RunData, RunRequest } from '../../src/workers/protocol.ts';
import { type PreparedData, prepareData, testView } from '../../src/workers/run_data.ts';
import { beginRun, foldNews } from '../../src/workers/run_fold.ts';
import type { LeftOutFact } from '../../src/workers/run_view.ts';
import { decodeView, encodeView } from '../../src/workers/saved_run.ts';

beforeAll(() => {
  vi.stubGlobal('fetch', async (url: URL) => new Response(readFileSync(`public${url.pathname}`)));
  return () => vi.unstubAllGlobals();
});

const leftOut: LeftOutFact[] = [];
const host = {
  base: 'http://here/',
  onLeftOut: (facts: readonly LeftOutFact[]) => leftOut.push(...facts),
};
const prepare = (data: RunData, file?: Uint8Array): Promise<PreparedData> => {
  leftOut.length = 0;
  return prepareData(data, 42, host, file);
};

describe('a project', () => {
  const rows = Array.from({ length: 10 }, (_, i) => ({
    ...{ id: `q${i}`, question: `What is number ${i}?`, answer: `It is ${i}.` },
  }));
  const project: Project = startProject('mine', rows, { ...defaultMethod, alpha: 0.3 });
  const file = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const asked = (holdout: number) =>
    ({ kind: 'project', name: 'mine', questions: 10, holdout }) satisfies RunData;

  it('is parted into what is trained and what is asked, each question once', async () => {
    const { test, project: trained, train } = await prepare(asked(0.3), file(project));
    expect(test).toHaveLength(3);
    expect(trained!.method.alpha).toBe(0.3);
    expect(trained!.questions.map(({ id }) => id)).toEqual(train.map(({ id }) => id));
    expect([...train, ...test].map(({ id }) => id).sort()).toEqual(rows.map(({ id }) => id));
    for (const { id, question, answer } of test) {
      expect(rows).toContainEqual({ id, question, answer });
      expect(testView({ id, question, answer: answer! }, null)).toMatchObject({
        ...{ entity: null, truths: {}, reference: answer },
      });
    }
  });

  it('asks nothing where nothing is held out, nor what was left out by hand', async () => {
    expect((await prepare(asked(0), file(project))).test).toEqual([]);
    const questions = project.questions.map((row, i) => ({ ...row, excluded: i < 8 }));
    const { train, test } = await prepare(asked(0.5), file({ ...project, questions }));
    expect([...train, ...test].map(({ id }) => id).sort()).toEqual(['q8', 'q9']);
  });

  it('says what is wrong with a file that is none', async () => {
    await expect(prepare(asked(0.1), file({ ...project, version: 9 }))).rejects.toThrow('mine at version');
    await expect(prepare(asked(0.1))).rejects.toThrow('mine');
  });
});

describe('typed facts', () => {
  it('are learned but for those that nobody can ask for, which are named with their line', async () => {
    const text = '\n- The tower of Quen has nine bells.\nHello there\n3. Mirna Dovel works in Trondheim.\n';
    const { train, test } = await prepare({ kind: 'facts', text });
    expect(train).toHaveLength(6);
    expect(test.map(({ answer }) => answer)).toEqual([
      'The tower of Quen has nine bells.',
      'Mirna Dovel works in Trondheim.',
    ]);
    expect(leftOut).toEqual([{ line: 3, fact: 'Hello there', reason: expect.stringMatching(/\w/) }]);
  });

  it('are named also where none is left', async () => {
    await expect(prepare({ kind: 'facts', text: 'Hello\n\nWhy not?' })).rejects.toThrow(
      'Facts: holds no fact',
    );
    expect(leftOut.map(({ line }) => line)).toEqual([1, 3]);
  });
});

it('the demo is the bundled questions, which a world checks', async () => {
  const { train, test, world, project } = await prepare({ kind: 'demo', questions: 3 });
  expect([train.length, test.length, project]).toEqual([3, 3, undefined]);
  expect(testView(test[0]!, world).reference).toBeNull();
  expect(Object.keys(testView(test[0]!, world).truths)).not.toEqual([]);
});

describe('a saved view', () => {
  const request: RunRequest = {
    ...{ run: 'r', seed: 5, treeBatching: false },
    ...{ data: { kind: 'facts', text: 'A.' }, config: { sft: { r: 4 } } },
    model: { choice: { kind: 'bundled' }, weights: 'q8_0', embedding: 'f16' },
  };

  it('comes back as it was, with the facts that were left out', () => {
    const facts = [{ line: 1, fact: 'A.', reason: 'no verb' }];
    const view = foldNews(beginRun(request, 7), { kind: 'left-out', run: 'r', facts, at: 8 });
    expect(view.leftOut).toEqual(facts);
    expect(decodeView(encodeView(view))).toEqual(view);
  });

  it('tells how much of the model is loaded', () => {
    const view = foldNews(beginRun(request, 7), { kind: 'loading', run: 'r', percent: 40, at: 8 });
    expect(view.phases[0]).toMatchObject({ id: 'load', status: 'running', done: 40, total: 100 });
  });

  it('of a version that knew the demo alone is a run of the demo', () => {
    const { data: _, model: __, config: ___, ...rest } = request;
    const earlier = { ...beginRun(request, 7), request: { ...rest, questions: 24 } };
    const { request: read, ...others } = decodeView(new TextEncoder().encode(JSON.stringify(earlier)));
    expect(read).toEqual({
      ...{ run: 'r', seed: 5, treeBatching: false, config: {} },
      data: { kind: 'demo', questions: 24 },
      model: { choice: { kind: 'bundled' }, weights: 'auto', embedding: 'auto' },
    });
    expect(others).toEqual({ ...beginRun(request, 7), request: undefined });
  });
});
