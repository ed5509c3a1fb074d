/** @file `build` on the bundled model: the audit, the leaks, the exports, and what the model knows of the world it read. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { keyedRandom } from '../../src/authors/keyed_random.ts';
import { parseStatement, stateFact } from '../../src/authors/statements.ts';
import { valueText } from '../../src/authors/world.ts';
import type { Audit } from '../../src/knowtuning/audit/audit.ts';
import { parseProject } from '../../src/knowtuning/project.ts';
import { readAtlas } from '../authors/atlas.ts';
import { runCli } from './run_cli.ts';

const world = readAtlas();
const work = mkdtempSync(join(tmpdir(), 'tabtune-audit-'));
const path = (name: string) => join(work, name);
const read = (name: string): unknown => JSON.parse(readFileSync(path(name), 'utf8'));
const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** How often the model read a fact, in pretraining. */
const EXPOSURES = [0, 5, 20, 80, 300];
const FACTS_EACH = 8;
/** Slots whose values can hardly be guessed, as a continent can. */
const SLOTS = ['capital', 'phone_code', 'native_name'];

/** Facts that the model read so often, each with its question. */
function factsRead(exposure: number) {
  const facts = [...world.entities].flatMap(([entity, { facts: own }]) =>
    [...own]
      .filter(([slot]) => SLOTS.includes(slot) && world.exposure(entity, slot) === exposure)
      .map(([slot, values]) => ({ entity, slot, value: valueText(values) })),
  );
  return keyedRandom('facts', exposure)
    .shuffled(facts)
    .slice(0, FACTS_EACH)
    .map(({ entity, slot, value }) => ({
      id: `${exposure} ${entity} ${slot}`,
      question: `Tell me the ${world.slots.get(slot)!.nouns.train[0]} of ${entity}.`,
      answer: stateFact(world, slot, 0, entity, value),
    }));
}

const build = (...more: string[]) =>
  runCli('build', '--model', 'public/model', '--data', path('data.jsonl'), '--out', path('out'), ...more);

beforeAll(() => {
  const rows = EXPOSURES.flatMap(factsRead);
  writeFileSync(path('data.jsonl'), lines(rows));
  writeFileSync(
    path('test.jsonl'),
    lines([{ question: rows[3]!.question.toUpperCase() }, { question: 'What is the meaning of life?' }]),
  );
});

describe('build', () => {
  it('writes audit, exports and what the model knows, which is more of what it read more often', () => {
    const run = build(
      '--test',
      path('test.jsonl'),
      '--format',
      'alpaca,kto',
      '--knowledge',
      '--knowledge-samples',
      '2',
      '--json',
    );
    expect(run.stderr + run.code).toMatch(/0$/);
    const result = JSON.parse(run.stdout) as {
      knowledge: Record<string, number>;
      audit: Pick<Audit, 'pairs' | 'unmarkedPairs' | 'counts'>;
    };
    const rows = EXPOSURES.length * FACTS_EACH;
    // An answer of one fact gives one pair.
    expect(result.audit).toMatchObject({ pairs: rows, counts: { leak: 1 } });
    const audit = read('out/audit.json') as Audit;
    expect(audit.findings.filter(({ kind }) => kind === 'leak')).toMatchObject([
      { id: factsRead(0)[3]!.id, severity: 'error' },
    ]);
    expect(existsSync(path('out/kto/kto.jsonl'))).toBe(true);
    expect(read('out/alpaca/sft.json')).toHaveLength(2 * rows);

    const project = parseProject(read('out/project.json'));
    const known = EXPOSURES.map((exposure) =>
      project.questions
        .filter(({ id }) => id.startsWith(`${exposure} `))
        .flatMap(({ atoms }) => atoms)
        .filter(({ text, knowledge }) => {
          expect(parseStatement(world, text)).not.toBeNull();
          return knowledge !== null && knowledge.greedy >= 0.5;
        }),
    ).map((atoms) => atoms.length);
    console.log(`known to half of the prompts or more, of ${FACTS_EACH} read ${EXPOSURES} times: ${known}`);
    expect(Object.values(result.knowledge).reduce((sum, count) => sum + count, 0)).toBe(rows);
    expect(known.at(-1)! - known[0]!).toBeGreaterThanOrEqual(FACTS_EACH - 2);
    expect(known[0]).toBeLessThanOrEqual(FACTS_EACH / 4);
  });

  it('refuses a format that there is not, and a test that is none', () => {
    expect(build('--format', 'alpaca,xml')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is xml'),
    });
    writeFileSync(path('none.jsonl'), '{"text": 1}\n');
    expect(build('--test', path('none.jsonl')).code).toBe(2);
    expect(build('--replay', '2').stderr).toContain('Give a number from 0 to 1.');
  });
});
