/**
 * @file How well the rules read and revise 100 answers of Dolly and MedQuAD that were labelled by hand. The answers are
 * not part of the project: the environment variable TABTUNE_QA_DATA names a directory that has them, else this is skipped.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type English, loadEnglish } from '../../../src/authors/rules_text/english.ts';
import { type Extracted, extractFacts } from '../../../src/authors/rules_text/extract.ts';
import { createTextAuthor } from '../../../src/authors/rules_text/text_author.ts';

const DATA = process.env.TABTUNE_QA_DATA ?? '';
const SETS = ['dolly_valid', 'medquad_valid'] as const;
const HALVES = ['tuning', 'held out'] as const;
/** Two stretches are the same atom if they share this much of what they cover together. */
const SAME = 0.75;

interface QaRow {
  readonly instruction: string;
  readonly output: string;
}
interface LabelledRow {
  readonly row: number;
  readonly sha256: string;
  readonly half: (typeof HALVES)[number];
  /** Start and end of each atom in the answer, in UTF-16 code units. */
  readonly atoms: readonly (readonly [number, number])[];
}
interface Revision {
  readonly data: string;
  readonly row: number;
  readonly sha256: string;
  /** Whether it is false and grammatical. */
  readonly good: boolean;
}

const readLabels = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`labels/${name}.json`, import.meta.url), 'utf8')) as T;
const readData = (name: string): QaRow[] =>
  JSON.parse(readFileSync(join(DATA, `${name}.json`), 'utf8')) as QaRow[];
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Without bullets, joining words and marks round it, as the labels are. */
function trimAtom(answer: string, start: number, end: number): [number, number] {
  const right = answer.slice(start, end).replace(/[\s.,;:!]+$/, '');
  const left = right.replace(/^(?:[\s\-*•]+|(?:and|but|or|so)\s+)+/, '');
  return [start + right.length - left.length, start + right.length];
}

/** How many of the atoms found are labelled ones, each label counting once. */
function countMatches(answer: string, { facts }: Extracted, labels: LabelledRow['atoms']): number {
  const left = new Set(labels);
  for (const { start, end } of facts) {
    const [from, to] = trimAtom(answer, start, end);
    for (const label of left) {
      const shared = Math.min(to, label[1]) - Math.max(from, label[0]);
      if (shared / (Math.max(to, label[1]) - Math.min(from, label[0])) < SAME) continue;
      left.delete(label);
      break;
    }
  }
  return labels.length - left.size;
}

describe.skipIf(!existsSync(join(DATA, 'dolly_valid.json')))('100 labelled answers', () => {
  let english: English;
  beforeAll(async () => {
    english = await loadEnglish();
  });

  /** Precision and recall over the rows of one half; `shift` moves the labels, to see the measure fail. */
  const measure = (set: string, half: string, shift = 0) => {
    const data = readData(set);
    const rows = readLabels<{ rows: LabelledRow[] }>(`${set}_atoms`).rows.filter((row) => row.half === half);
    let found = 0;
    let labelled = 0;
    let matched = 0;
    let unresolved = 0;
    for (const { row, sha256: hash, atoms } of rows) {
      const { instruction, output } = data[row]!;
      expect(sha256(output), `${set} ${row} is another answer`).toBe(hash);
      const extracted = extractFacts(english, instruction, output);
      found += extracted.facts.length;
      labelled += atoms.length;
      matched += countMatches(
        output,
        extracted,
        atoms.map(([start, end]) => [start + shift, end + shift]),
      );
      unresolved += extracted.facts.filter((fact) => fact.unresolved.length > 0).length;
    }
    return {
      answers: rows.length,
      labelled,
      found,
      precision: matched / found,
      recall: matched / labelled,
      unresolved,
    };
  };

  it.each(SETS.flatMap((set) => HALVES.map((half) => [set, half] as const)))(
    'atoms of %s, %s half',
    (set, half) => {
      const figures = measure(set, half);
      console.log(set, half, figures);
      expect(figures.answers).toBe(25);
      expect(figures.precision).toBeGreaterThan(0.8);
      expect(figures.recall).toBeGreaterThan(0.7);
      // Labels in the wrong place are not matched.
      expect(measure(set, half, 60).precision).toBeLessThan(0.4);
    },
  );

  it.each(HALVES)(
    'revisions, %s half: at least four of five that are not marked are false and grammatical',
    async (half) => {
      const author = createTextAuthor(0);
      const verdicts = new Map(
        readLabels<{ revisions: Revision[] }>('revisions').revisions.map(({ sha256: hash, good }) => [
          hash,
          good,
        ]),
      );
      const count = { good: 0, bad: 0, marked: 0, failed: 0, unlabelled: 0 };
      for (const set of SETS) {
        const data = readData(set);
        for (const { row } of readLabels<{ rows: LabelledRow[] }>(`${set}_atoms`).rows.filter(
          (r) => r.half === half,
        )) {
          const { instruction, output } = data[row]!;
          const { facts } = extractFacts(english, instruction, output);
          // The first and the last atom of each answer.
          for (const index of new Set(facts.length === 0 ? [] : [0, facts.length - 1])) {
            const atom = facts[index]!.text;
            const revised = await author.revise({ id: `${set}-${row}`, question: instruction }, atom, index);
            if (!revised.ok) count.failed++;
            else if (revised.problems.length > 0) count.marked++;
            else {
              const good = verdicts.get(sha256(`${atom}\n${revised.value}`).slice(0, 16));
              count[good === undefined ? 'unlabelled' : good ? 'good' : 'bad']++;
            }
          }
        }
      }
      console.log(half, count, count.good / (count.good + count.bad));
      expect(count.unlabelled).toBeLessThan(0.1 * (count.good + count.bad));
      expect(count.good / (count.good + count.bad)).toBeGreaterThanOrEqual(0.8);
    },
  );

  it('1,000 rows in a minute, all operations', async () => {
    const author = createTextAuthor(0);
    const started = performance.now();
    const count = { rows: 0, unreadable: 0, atoms: 0, questions: 0, revised: 0, marked: 0 };
    for (const [i, { instruction, output }] of readData('dolly_train').slice(0, 1000).entries()) {
      const row = { id: String(i), question: instruction };
      count.rows++;
      const extracted = await author.extract({ ...row, answer: output });
      if (!extracted.ok) {
        count.unreadable++;
        continue;
      }
      const atoms = extracted.value;
      count.atoms += atoms.length;
      const half = atoms.slice(0, Math.ceil(atoms.length / 2));
      if ((await author.rewriteQuestion(row, half)).ok) count.questions++;
      await author.rewriteAnswer(row, half);
      await author.rephrase(row, atoms);
      for (const [k, atom] of atoms.entries()) {
        const revised = await author.revise(row, atom, k);
        if (revised.ok) count[revised.problems.length > 0 ? 'marked' : 'revised']++;
      }
    }
    const seconds = (performance.now() - started) / 1000;
    console.log(seconds, count);
    expect(seconds).toBeLessThan(60);
    expect(count.unreadable).toBeLessThan(100);
  });
});
