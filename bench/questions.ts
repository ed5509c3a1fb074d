/** @file Questions of a closed world with answers of several facts, for benchmarks that need real text. */
import { createWorldAuthor } from '../src/authors/rules_world.ts';
import { stateFact } from '../src/authors/statements.ts';
import { valueText, type World } from '../src/authors/world.ts';
import type { TrainRow } from '../src/knowtuning/project.ts';

/** Facts of the answers, in turn. */
const FACTS = [3, 4, 5, 6];

/**
 * `count` questions with answers of three to six facts in canonical order, each about an entity of its own: the first
 * that have so many facts, in the world's order. The same every time.
 */
export async function worldQuestions(world: World, count: number): Promise<TrainRow[]> {
  const author = createWorldAuthor(world);
  const rows: TrainRow[] = [];
  for (const { name, kind, facts } of world.entities.values()) {
    if (rows.length === count) break;
    const wanted = FACTS[rows.length % FACTS.length]!;
    const slots = world.order.get(kind)!.filter((slot) => facts.has(slot));
    if (slots.length < wanted) continue;
    const atoms = slots.slice(0, wanted).map((slot, i) => {
      const template = (rows.length + i) % world.slots.get(slot)!.statements.length;
      return stateFact(world, slot, template, name, valueText(facts.get(slot)!));
    });
    const id = `question-${rows.length}`;
    const asked = await author.rewriteQuestion({ id, question: '' }, atoms);
    if (!asked.ok) throw new Error(asked.reason);
    rows.push({ id, question: asked.value, answer: atoms.join(' ') });
  }
  if (rows.length < count) throw new Error(`The world has ${rows.length} such questions, not ${count}.`);
  return rows;
}
