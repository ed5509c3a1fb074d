/** @file The questions that bench tree trains on: of the bundled world, with three to six facts that an author reads. */
import { expect, it } from 'vitest';
import { worldQuestions } from '../../bench/questions.ts';
import { createWorldAuthor } from '../../src/authors/rules_world.ts';
import { bundled, readWorld } from '../../src/cli/world_files.ts';

it('has three to six facts in each answer, fifteen times each, and no entity twice', async () => {
  const world = await readWorld(bundled.world);
  const rows = await worldQuestions(world, 60);
  const author = createWorldAuthor(world);
  const facts = await Promise.all(
    rows.map(async (row) => {
      const atoms = await author.extract(row);
      expect(atoms).toMatchObject({ ok: true, problems: [] });
      return atoms.ok ? atoms.value.length : 0;
    }),
  );
  for (const count of [3, 4, 5, 6]) expect(facts.filter((n) => n === count)).toHaveLength(15);
  expect(new Set(rows.map(({ question }) => question)).size).toBe(60);
});
