/** @file The bundled model and world on disk, and rows that a command line names. */
import { fileURLToPath } from 'node:url';
import { parseWorld, type World } from '../authors/world.ts';
import { parseJson } from '../formats/json.ts';
import { parseJsonRows } from '../formats/jsonl.ts';
import type { TrainRow } from '../knowtuning/project.ts';
import { parseTestRows, parseTrainRows, type TestRow } from '../knowtuning/rows.ts';
import { readInput } from './open_model.ts';

const BUNDLED = fileURLToPath(new URL('../../public/', import.meta.url));

/** Paths of what comes with TabTune. */
export const bundled = {
  model: `${BUNDLED}model`,
  world: `${BUNDLED}atlas/world.json`,
  train: `${BUNDLED}atlas/train.jsonl`,
  test: `${BUNDLED}atlas/test.jsonl`,
} as const;

export async function readWorld(path: string): Promise<World> {
  return parseWorld(parseJson(await readInput(path), path), path);
}

/** Training questions with answers that come with TabTune: JSONL of {question, answer}. */
export async function readTrainRows(path: string): Promise<TrainRow[]> {
  return parseTrainRows(
    parseJsonRows(await readInput(path), path).map((row) => row.value),
    path,
  );
}

/** Test questions; checked against the world where they name entity and slots. */
export async function readTestRows(path: string, world: World | null): Promise<TestRow[]> {
  return parseTestRows(
    parseJsonRows(await readInput(path), path).map((row) => row.value),
    path,
    world,
  );
}
