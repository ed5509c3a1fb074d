import { describe, expect, it } from 'vitest';
import type { Authored } from '../../../src/authors/author.ts';
import { createRulesAuthor } from '../../../src/authors/rules.ts';
import { createTextAuthor } from '../../../src/authors/rules_text/text_author.ts';
import { createWorldAuthor } from '../../../src/authors/rules_world.ts';
import { readAtlas, readRows } from '../atlas.ts';

const author = createTextAuthor(7);
const row = { id: 'a', question: 'What is the spleen?' };
const atoms = [
  'The spleen is a small organ.',
  'The spleen lies on the left side of the body.',
  'In adults, the spleen stores 250 ml of blood.',
  'Injuries to the spleen are treated in hospital.',
];

const value = <T>(authored: Authored<T>): T => {
  if (!authored.ok) throw new Error(authored.reason);
  return authored.value;
};

describe('the author of any text', () => {
  it('asks for what the atoms are about without giving it away', async () => {
    const question = value(await author.rewriteQuestion(row, atoms.slice(0, 3)));
    expect(question).toContain('what the spleen is');
    expect(question).toContain('how the spleen lies');
    expect(question).toContain('what the spleen stores');
    expect(question).not.toContain('250');
    expect(question).not.toContain('left');
    expect(value(await author.rewriteQuestion(row, ['Signs are caused by a virus.']))).toMatch(
      /^About the spleen: .*what signs are caused by/,
    );
  });

  it('rephrases all atoms in order, in other words, with every number and name', async () => {
    const text = value(await author.rephrase(row, atoms));
    expect(text).not.toBe(atoms.join(' '));
    const places = ['organ', 'left side', '250 ml', 'hospital'].map((word) => text.indexOf(word));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it('joins items of one list, and names again what is not the same', async () => {
    const text = value(
      await author.rephrase(row, [
        'Signs include fever.',
        'Signs include pain.',
        'Treatment is rest.',
        'Doctors advise it.',
      ]),
    );
    expect(text).toMatch(/^Signs include fever and pain\. /);
    expect(text).toMatch(/treatment is rest/i);
  });

  it('gives the same for the same seed, whatever was asked before', async () => {
    const first = await author.revise(row, atoms[2]!, 2);
    await author.revise(row, atoms[0]!, 0);
    expect(await author.revise(row, atoms[2]!, 2)).toEqual(first);
    const others = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(async (seed) => value(await createTextAuthor(seed).revise(row, atoms[2]!, 2))),
    );
    expect(new Set(others).size).toBeGreaterThan(1);
  });

  it('refuses what it cannot do', async () => {
    expect((await author.extract({ ...row, answer: 'Hello!' })).ok).toBe(false);
    expect((await author.rewriteQuestion(row, [])).ok).toBe(false);
    expect((await author.rephrase(row, [])).ok).toBe(false);
    expect((await author.judge(row, 'a', 'b', 'factuality')).ok).toBe(false);
    expect((await author.check({ ...row, answer: 'a' }, 'a')).ok).toBe(false);
    expect((await author.answer(row)).ok).toBe(false);
  });
});

describe('the author of any row', () => {
  const world = readAtlas();
  const rules = createRulesAuthor(world, 3);
  const alone = createWorldAuthor(world, 3);

  it("writes a world's rows as the world's author does", async () => {
    for (const { id, question, answer } of readRows<{ id: string; question: string; answer: string }>(
      'train',
    ).slice(0, 100)) {
      const extracted = await rules.extract({ id, question, answer });
      expect(extracted).toEqual(await alone.extract({ id, question, answer }));
      const found = value(extracted);
      expect(await rules.rewriteQuestion({ id, question }, found)).toEqual(
        await alone.rewriteQuestion({ id, question }, found),
      );
      expect(await rules.rewriteAnswer({ id, question }, found)).toEqual(
        await alone.rewriteAnswer({ id, question }, found),
      );
      expect(await rules.rephrase({ id, question }, found)).toEqual(
        await alone.rephrase({ id, question }, found),
      );
      for (const [i, atom] of found.entries()) {
        expect(await rules.revise({ id, question }, atom, i)).toEqual(
          await alone.revise({ id, question }, atom, i),
        );
      }
    }
  });

  it('writes every other row by rules of English', async () => {
    const answer = 'The spleen is a small organ. It stores blood.';
    expect((await alone.extract({ ...row, answer })).ok).toBe(false);
    const found = value(await rules.extract({ ...row, answer }));
    expect(found).toEqual(['The spleen is a small organ.', 'The spleen stores blood.']);
    expect(value(await rules.revise(row, found[1]!, 1))).not.toBe(found[1]);
  });

  it('holds the versions of both', () => {
    for (const [operation, version] of Object.entries(rules.versions)) {
      const name = operation as keyof typeof rules.versions;
      expect(version).toBe(`${alone.versions[name]}+${createTextAuthor(3).versions[name]}`);
    }
  });
});
