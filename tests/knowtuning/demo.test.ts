import { describe, expect, it } from 'vitest';
import { parseStatement, splitSentences } from '../../src/authors/statements.ts';
import { InputError } from '../../src/formats/input_error.ts';
import { chooseDemoRows, demoOptions } from '../../src/knowtuning/demo.ts';
import { checkMethod } from '../../src/knowtuning/project.ts';
import { parseTestRows, parseTrainRows } from '../../src/knowtuning/rows.ts';
import { readAtlas, readRows } from '../authors/atlas.ts';

const world = readAtlas();
const train = parseTrainRows(readRows('train'), 'train.jsonl');
const test = parseTestRows(readRows('test'), 'test.jsonl', world);

describe('the demo', () => {
  for (const questions of [24, 12, 48]) {
    it(`teaches in ${questions} questions what it asks for, and asks for more than it teaches`, () => {
      const rows = chooseDemoRows(world, train, test, questions);
      expect([rows.train.length, rows.test.length]).toEqual([questions, questions]);
      expect(new Set(rows.train).size).toBe(questions);
      const taught = new Set(
        rows.train
          .flatMap((row) => splitSentences(row.answer))
          .map(({ text }) => parseStatement(world, text)!)
          .map(({ entity, slot }) => `${entity}/${slot}`),
      );
      const entities = new Set([...taught].map((fact) => fact.split('/')[0]));
      const facts = (set: string) =>
        rows.test
          .filter((row) => row.set === set)
          .flatMap((row) => row.slots!.map((slot) => `${row.entity}/${slot}`));
      for (const set of ['T', 'U', 'R']) {
        expect(rows.test.filter((row) => row.set === set)).toHaveLength(questions / 3);
      }
      for (const fact of facts('T')) expect(taught).toContain(fact);
      for (const fact of facts('U')) {
        expect(taught).not.toContain(fact);
        expect(entities).toContain(fact.split('/')[0]);
      }
      for (const fact of facts('R')) expect(entities).not.toContain(fact.split('/')[0]);
    });
  }

  it('is the same every time, and says when there is too little', () => {
    expect(chooseDemoRows(world, train, test)).toEqual(chooseDemoRows(world, train, test));
    expect(() => chooseDemoRows(world, train.slice(0, 5), test)).toThrow(InputError);
  });

  it('has the settings of the method', () => {
    const { method, stage1, stage2, reference } = demoOptions(7, 512);
    expect(checkMethod(method)).toMatchObject({ alpha: 0.5, beta: 0.5, pplContext: 'question', seed: 7 });
    expect([stage2.prefFtx, stage2.beta, stage2.seed, stage1.seed, reference]).toEqual([
      0.2,
      0.1,
      7,
      7,
      'start',
    ]);
    expect(stage1.lora.targetModules).toHaveLength(7);
  });
});
