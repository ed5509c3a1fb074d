import { describe, expect, it } from 'vitest';
import { parseWorld } from '../../src/authors/world.ts';
import { InputError } from '../../src/formats/input_error.ts';
import { checkMethod, defaultMethod, parseProject, startProject } from '../../src/knowtuning/project.ts';
import { parseTestRows, parseTrainRows } from '../../src/knowtuning/rows.ts';
import { readAtlas, readRows, tinyWorldJson } from '../authors/atlas.ts';

const refused = (read: () => unknown, message: RegExp): void => {
  expect(read).toThrow(InputError);
  expect(read).toThrow(message);
};

describe('a project', () => {
  const project = startProject('p', [{ id: 'a', question: 'q', answer: 'x' }], defaultMethod);

  it('reads what it wrote', () => {
    expect(parseProject(JSON.parse(JSON.stringify(project)))).toEqual(project);
  });

  it('is refused by place', () => {
    refused(() => parseProject({ ...project, version: 2 }), /project.json at version/);
    refused(() => parseProject({ ...project, questions: [{ id: 'a' }] }), /questions.0.question/);
    refused(
      () => parseProject({ ...project, authorCalls: { short: { ok: false, reason: '' } } }),
      /authorCalls/,
    );
    refused(() => parseProject(null), /project.json/);
  });

  it('takes shares above 0 and at most 1', () => {
    expect(checkMethod({ ...defaultMethod, alpha: 1 }).alpha).toBe(1);
    refused(() => checkMethod({ ...defaultMethod, alpha: 0 }), /method at alpha/);
    refused(() => checkMethod({ ...defaultMethod, beta: 1.5 }), /method at beta/);
    refused(() => checkMethod({ ...defaultMethod, beta: Number.NaN }), /method at beta/);
  });
});

describe('rows', () => {
  const world = parseWorld(tinyWorldJson());

  it('are read as the bundled files have them', () => {
    const atlas = readAtlas();
    expect(parseTrainRows(readRows('train'), 'train.jsonl').length).toBeGreaterThan(1000);
    expect(parseTestRows(readRows('test'), 'test.jsonl', atlas)).toHaveLength(900);
    expect(parseTestRows(readRows('development'), 'd.jsonl', atlas)[0]).not.toHaveProperty('set');
  });

  it('are named by their line where they have no id', () => {
    expect(parseTrainRows([{ question: 'q', answer: 'a' }], 'f')[0]!.id).toBe('line-1');
  });

  it('are refused by line', () => {
    const good = { question: 'q', answer: 'a' };
    refused(() => parseTrainRows([], 'f.jsonl'), /no rows/);
    refused(() => parseTrainRows([good, { question: 'q' }], 'f.jsonl'), /^f.jsonl:2: "answer"/);
    refused(() => parseTrainRows([{ question: 'q', answer: '  ' }], 'f.jsonl'), /is empty/);
    refused(() => parseTrainRows([good, 'text'], 'f.jsonl'), /f.jsonl:2/);
    refused(
      () =>
        parseTrainRows(
          [
            { ...good, id: 'a' },
            { ...good, id: 'a' },
          ],
          'f',
        ),
      /f:2.*line 1/,
    );
    refused(
      () => parseTestRows([{ question: 'q', entity: 'Utopia', slots: ['capital'] }], 'f', world),
      /Utopia/,
    );
    refused(
      () => parseTestRows([{ question: 'q', entity: 'Chad', slots: ['capital'] }], 'f', world),
      /capital/,
    );
    expect(parseTestRows([{ question: 'q', entity: 'Utopia', slots: ['x'] }], 'f', null)).toHaveLength(1);
  });
});
