/** @file The demo: a few questions of the bundled world, chosen so that the test asks for what they teach. */
import { parseStatement, splitSentences } from '../authors/statements.ts';
import type { World } from '../authors/world.ts';
import { InputError } from '../formats/input_error.ts';
import { parseTrainConfig } from '../train/config.ts';
import type { KnowtuneOptions } from './options.ts';
import { defaultMethod, type TrainRow } from './project.ts';
import { SYSTEMS } from './report.ts';
import type { TestRow } from './rows.ts';

/** Questions to learn from in the demo, and as many to be tested with. */
export const DEMO_QUESTIONS = 24;

/** Config keys that SFT, Stage I and Stage II share. */
const SHARED = {
  lr_scheduler_type: 'cosine',
  per_device_train_batch_size: 8,
  r: 8,
  lora_alpha: 16,
  target_modules: 'all-linear',
};
const SFT = { ...SHARED, learning_rate: 2e-3, num_train_epochs: 6 };
const DPO = { ...SHARED, learning_rate: 1e-4, num_train_epochs: 3, beta: 0.1, pref_ftx: 0.2 };

/**
 * Settings for the bundled model and a handful of questions.
 * @param contextLength of the model, in tokens
 */
export function demoOptions(seed: number, contextLength: number): KnowtuneOptions {
  const config = (keys: object) => parseTrainConfig({ ...keys, seed }, 'demo', contextLength);
  return {
    method: { ...defaultMethod, seed },
    sft: config(SFT),
    stage1: config(SFT),
    stage2: config(DPO),
    reference: 'start',
    systems: SYSTEMS,
    maxNewTokens: 128,
    evaluationBatch: DEMO_QUESTIONS,
  };
}

export interface DemoRows {
  readonly train: readonly TrainRow[];
  readonly test: readonly TestRow[];
}

/**
 * Chooses as many training rows as test questions, a third of these each of T, U and R: T questions whose every fact
 * is stated in the chosen rows, U questions about the same entities, R questions about entities that are never
 * taught. No chance is involved: the first rows that fit, in file order.
 * @throws InputError if the rows do not allow it
 */
export function chooseDemoRows(
  world: World,
  train: readonly TrainRow[],
  test: readonly TestRow[],
  questions = DEMO_QUESTIONS,
): DemoRows {
  const each = Math.floor(questions / 3);
  const rowsOf = groupByEntity(world, train);

  // The fewer rows it takes to state what a question asks for, the more questions the chosen rows serve.
  const candidates = test
    .filter((row) => row.set === 'T')
    .map((row) => ({ row, cover: coverSlots(rowsOf.get(row.entity ?? '') ?? [], row.slots ?? []) }))
    .filter(({ cover }) => cover !== null)
    .sort((a, b) => a.cover!.length - b.cover!.length);
  const chosen = new Set<TrainRow>();
  const known = new Map<string, TestRow>();
  for (const { row, cover } of candidates) {
    if (known.size === questions - 2 * each) break;
    if (known.has(row.entity!) || chosen.size + cover!.length > questions) continue;
    for (const trainRow of cover!) chosen.add(trainRow);
    known.set(row.entity!, row);
  }

  const unknown = firstOfEach(test.filter((row) => row.set === 'U' && rowsOf.has(row.entity ?? '')));
  const untaught = [
    ...unknown.filter((row) => known.has(row.entity!)),
    ...unknown.filter((row) => !known.has(row.entity!)),
  ].slice(0, each);
  const untouched = firstOfEach(test.filter((row) => row.set === 'R')).slice(0, each);

  // What room is left goes to the same entities, one row for each in turn; then to any.
  const entities = new Set([...untaught.map((row) => row.entity!), ...known.keys()]);
  const further = [...entities].map((entity) => rowsOf.get(entity)!.map(({ row }) => row));
  const longest = Math.max(0, ...further.map((rows) => rows.length));
  const inTurn = Array.from({ length: longest }, (_, i) => further.flatMap((rows) => rows[i] ?? [])).flat();
  for (const row of [...inTurn, ...train]) if (chosen.size < questions) chosen.add(row);

  const rows = {
    train: train.filter((row) => chosen.has(row)),
    test: [...known.values(), ...untaught, ...untouched],
  };
  if (rows.train.length !== questions || rows.test.length !== questions) {
    throw new InputError(
      'demo',
      `The bundled rows give ${rows.train.length} questions to learn and ${rows.test.length} to test.`,
      `Ask for fewer than ${questions}.`,
    );
  }
  return rows;
}

interface StatedRow {
  readonly row: TrainRow;
  readonly slots: ReadonlySet<string>;
}

/** Training rows by the entity that their answers are about, with the slots they state. */
function groupByEntity(world: World, train: readonly TrainRow[]): Map<string, StatedRow[]> {
  const groups = new Map<string, StatedRow[]>();
  for (const row of train) {
    const facts = splitSentences(row.answer).map(({ text }) => parseStatement(world, text));
    const entity = facts[0]?.entity;
    if (entity === undefined || facts.some((fact) => fact?.entity !== entity)) continue;
    const group = groups.get(entity) ?? [];
    group.push({ row, slots: new Set(facts.map((fact) => fact!.slot)) });
    groups.set(entity, group);
  }
  return groups;
}

/** A few rows that state all the slots together, each the one that adds most; null if they do not. */
function coverSlots(rows: readonly StatedRow[], slots: readonly string[]): TrainRow[] | null {
  const cover: TrainRow[] = [];
  let open = [...slots];
  while (open.length > 0) {
    const gain = (stated: StatedRow): number => open.filter((slot) => stated.slots.has(slot)).length;
    const best = rows.reduce<StatedRow | null>((a, b) => (a && gain(a) >= gain(b) ? a : b), null);
    if (!best || gain(best) === 0) return null;
    cover.push(best.row);
    open = open.filter((slot) => !best.slots.has(slot));
  }
  return cover;
}

function firstOfEach(rows: readonly TestRow[]): TestRow[] {
  const first = new Map<string, TestRow>();
  for (const row of rows) if (!first.has(row.entity ?? row.id)) first.set(row.entity ?? row.id, row);
  return [...first.values()];
}
