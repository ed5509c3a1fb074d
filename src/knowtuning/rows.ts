/** @file The rows that the method takes in: training questions with answers, and test questions, checked by line. */
import * as v from 'valibot';
import type { World } from '../authors/world.ts';
import { InputError } from '../formats/input_error.ts';
import type { TrainRow } from './project.ts';

/** A test question; with entity and slots its answers can be checked against a world. */
export interface TestRow {
  readonly id: string;
  readonly question: string;
  /** The part of the test it belongs to, such as T, U or R. */
  readonly set?: string;
  readonly entity?: string;
  readonly slots?: readonly string[];
  /** What a good answer says, where no world can check it. */
  readonly answer?: string;
}

const text = v.pipe(
  v.string(),
  v.check((value) => value.trim() !== '', 'is empty'),
);
const trainSchema = v.object({ id: v.optional(text), question: text, answer: text });
const testSchema = v.object({
  id: v.optional(text),
  question: text,
  set: v.optional(text),
  entity: v.optional(text),
  slots: v.optional(v.pipe(v.array(text), v.nonEmpty())),
  answer: v.optional(text),
});

/**
 * Checks training rows. Rows without an id get their line number for one.
 * @param rows parsed JSON, one per line of `place`
 * @throws InputError that names the line
 */
export function parseTrainRows(rows: readonly unknown[], place: string): TrainRow[] {
  const parsed = rows.map((row, i) => {
    const { id, question, answer } = parseRow(trainSchema, row, `${place}:${i + 1}`, 'answer');
    return { id: id ?? `line-${i + 1}`, question, answer };
  });
  return checkSet(parsed, place);
}

/**
 * Checks test rows, and against the world that it can judge them.
 * @throws InputError that names the line
 */
export function parseTestRows(rows: readonly unknown[], place: string, world: World | null): TestRow[] {
  const parsed = rows.map((row, i) => {
    const at = `${place}:${i + 1}`;
    const { id, question, set, entity, slots, answer } = parseRow(testSchema, row, at, 'question');
    const known = entity === undefined ? undefined : world?.entities.get(entity);
    if (world && entity !== undefined && !known) {
      throw new InputError(at, `The world ${world.name} has no "${entity}".`, 'Ask about what it has.');
    }
    for (const slot of slots ?? []) {
      if (known && !known.facts.has(slot)) {
        throw new InputError(at, `The world has no "${slot}" of ${entity}.`, 'Ask for what it has.');
      }
    }
    return {
      ...{ id: id ?? `line-${i + 1}`, question },
      ...(set === undefined ? {} : { set }),
      ...(entity === undefined ? {} : { entity }),
      ...(slots === undefined ? {} : { slots }),
      ...(answer === undefined || entity !== undefined ? {} : { answer }),
    };
  });
  return checkSet(parsed, place);
}

function parseRow<S extends v.GenericSchema>(
  schema: S,
  row: unknown,
  place: string,
  what: string,
): v.InferOutput<S> {
  const result = v.safeParse(schema, row);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const field = v.getDotPath(issue) ?? 'row';
  throw new InputError(place, `"${field}": ${issue.message}.`, `Every row needs a question and its ${what}.`);
}

function checkSet<T extends { readonly id: string }>(rows: T[], place: string): T[] {
  return checkRows(
    rows,
    place,
    rows.map((_, i) => i + 1),
  );
}

/** Rows of which each has an id of its own. @throws InputError that names the lines of two that share one */
export function checkRows<T extends { readonly id: string }>(
  rows: T[],
  place: string,
  lines: readonly number[],
): T[] {
  if (rows.length === 0) throw new InputError(place, 'There are no rows.', 'Give at least one question.');
  const seen = new Map<string, number>();
  rows.forEach(({ id }, i) => {
    const first = seen.get(id);
    if (first !== undefined) {
      throw new InputError(
        `${place}:${lines[i]}`,
        `The id "${id}" is that of line ${first}.`,
        'Use each id once.',
      );
    }
    seen.set(id, lines[i]!);
  });
  return rows;
}
