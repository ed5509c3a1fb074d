/** @file The audit: it finds what was put in, and leaves healthy data alone. */
import { describe, expect, it } from 'vitest';
import { keyedRandom } from '../../src/authors/keyed_random.ts';
import { createWorldAuthor } from '../../src/authors/rules_world.ts';
import { type Audit, auditProject } from '../../src/knowtuning/audit/audit.ts';
import { contains, readSentence, sameClaim } from '../../src/knowtuning/audit/claims.ts';
import { crossValidate } from '../../src/knowtuning/audit/giveaway.ts';
import {
  extractAtoms,
  selectAtoms,
  writeComparisons,
  writeFineGrained,
} from '../../src/knowtuning/prepare.ts';
import { defaultMethod, newAtom, type Project, startProject } from '../../src/knowtuning/project.ts';
import { parseTrainRows } from '../../src/knowtuning/rows.ts';
import { readAtlas, readRows } from '../authors/atlas.ts';
import { seedDefects } from './audit_seeds.ts';
import { proseQuestions } from './prose_rows.ts';

const world = readAtlas();
const test = readRows<{ id: string; question: string }>('test');

/** Bundled rows of two facts or more, then the prose rows. */
async function healthyProject(bundled: number, method = defaultMethod, from = 0): Promise<Project> {
  const author = createWorldAuthor(world);
  const rows = parseTrainRows(readRows<unknown>('train'), 'train.jsonl').filter(
    ({ answer }) => answer.split(/(?<=\.) /).length > 1,
  );
  let project = await extractAtoms(startProject('healthy', rows.slice(from, from + bundled), method), author);
  project = {
    ...project,
    questions: project.questions.map((question) => ({
      ...question,
      atoms: question.atoms.map((atom) => ({ ...atom, perplexity: atom.text.length })),
    })),
  };
  project = await writeComparisons(await writeFineGrained(selectAtoms(project), author), author);
  return { ...project, questions: [...project.questions, ...proseQuestions()] };
}

const marks = (audit: Audit) =>
  audit.findings
    .filter(({ severity }) => severity !== 'note')
    .map(({ kind, id, aspect }) => `${kind} ${id} ${aspect}`);

describe('sixty seeded defects', () => {
  /** The bundled rows that defects are put into, and whether the audit knows their world. */
  const places = [0, 300, 600].flatMap((from) => [
    { from, name: 'with the world', known: world },
    { from, name: 'by words alone', known: null },
  ]);
  it.each(places)('are found but for three at most, from row $from, $name', async ({ from, known }) => {
    const healthy = await healthyProject(60, defaultMethod, from);
    const before = await auditProject({ project: healthy, test, world: known });
    const seeded = seedDefects(healthy);
    expect(seeded.defects).toHaveLength(60);
    expect(new Set(seeded.defects.map(({ name }) => name.split(':')[0])).size).toBe(6);
    const after = await auditProject({
      ...{ project: seeded.project, test: [...test, ...seeded.test], world: known },
    });
    const [alarms, found] = [marks(before), new Set(marks(after))];
    const missed = seeded.defects.filter(({ kinds, id, aspect }) =>
      kinds.every((kind) => {
        const mark = `${kind} ${id} ${aspect}`;
        return alarms.includes(mark) || !found.has(mark);
      }),
    );
    console.log(
      `found ${60 - missed.length} of 60 (missed: ${missed.map(({ name }) => name).join(', ')}); ` +
        `false alarms in ${before.pairs} healthy pairs: ${alarms.length}; unmarked: ${before.unmarkedPairs}`,
    );
    expect(missed.length).toBeLessThanOrEqual(3);
    expect(alarms.length).toBeLessThanOrEqual(3);
    expect(before.unmarkedPairs / before.pairs).toBeGreaterThanOrEqual(0.8);
  });
});

describe('a finding', () => {
  const project = (): Project => ({
    ...startProject('prose', [], defaultMethod),
    questions: proseQuestions(),
  });
  /** The findings of a project in which one question was changed. */
  const audit = async (change: (question: Project['questions'][number]) => void, context?: number) => {
    const changed = project();
    change(changed.questions[0]!);
    return auditProject({
      project: changed,
      ...(context === undefined
        ? {}
        : {
            context: {
              tokens: context,
              count: async (rows) =>
                rows.map(({ prompt, completion }) => `${prompt} ${completion}`.split(' ').length),
            },
          }),
    });
  };
  const pair = (question: Project['questions'][number], aspect: string) =>
    question.pairs.find((each) => each.aspect === aspect)!;

  it('is not looked for in what was left out by hand', async () => {
    const healthy = await healthyProject(4);
    const [first, second, third, ...rest] = healthy.questions;
    const empty = { ...third!.pairs[0]!, worse: '' };
    const wrong = [
      { ...second!, pairs: [empty] },
      { ...third!, pairs: [empty, ...third!.pairs.slice(1)] },
    ];
    const put = (questions: Project['questions']): Project => ({ ...healthy, questions });
    const before = await auditProject({ project: put([first!, ...wrong, ...rest]) });
    expect(before.counts['empty-side']).toBe(2);
    const leftOut = [
      { ...wrong[0]!, excluded: true },
      { ...wrong[1]!, pairs: [{ ...empty, excluded: true }, ...third!.pairs.slice(1)] },
    ];
    const after = await auditProject({ project: put([first!, ...leftOut, ...rest]) });
    expect(after.counts['empty-side']).toBeUndefined();
    expect(after.questions).toBe(before.questions - 1);
    // A fact that was left out: what was made of the others, without it, lacks nothing.
    const question = healthy.questions.findIndex(({ atoms }) => atoms.length > 2);
    const author = createWorldAuthor(world);
    const without = healthy.questions.map((each, i) =>
      i === question
        ? { ...each, atoms: each.atoms.map((atom, k) => (k === 0 ? { ...atom, excluded: true } : atom)) }
        : each,
    );
    const written = await writeComparisons(put([without[question]!]), author);
    expect((await auditProject({ project: written })).findings).toEqual([]);
  });

  it('names nothing where nothing is wrong', async () => {
    expect((await audit(() => {})).findings).toEqual([]);
  });

  it.each<[string, string | null, string, RegExp, (question: Project['questions'][number]) => void]>([
    [
      'not-a-permutation',
      'illogical',
      'warning',
      /more than their order/,
      (q) => {
        pair(q, 'illogical').worse += ' It is painted red.';
      },
    ],
    [
      'equal-sides',
      'incomplete',
      'error',
      /the same words/,
      (q) => {
        pair(q, 'incomplete').worse = q.better!.toLowerCase();
      },
    ],
    [
      'nothing-missing',
      'incomplete',
      'error',
      /lacks none/,
      (q) => {
        pair(q, 'incomplete').worse = q.atoms.map(({ text }) => text).join(' ');
      },
    ],
    [
      'nothing-missing',
      'incomplete',
      'warning',
      /is said by the sentences that stayed/,
      (q) => {
        pair(q, 'incomplete').worse =
          'A suspension bridge hangs its deck from steel cables that run over two tall towers. Blocks of concrete at both ends hold the cables.';
      },
    ],
    [
      'better-incomplete',
      null,
      'warning',
      /lacks what a fact names: "two"/,
      (q) => {
        q.better = q.better!.replace('two ', '');
      },
    ],
    [
      'better-invents',
      null,
      'warning',
      /"Brooklyn", "1883"/,
      (q) => {
        q.better += ' One is in Brooklyn since 1883.';
      },
    ],
    [
      'unchanged-revision',
      'nonfactual',
      'error',
      /nothing was made false/,
      (q) => {
        pair(q, 'nonfactual').worse = q.atoms.map(({ text }) => text).join(' ');
        pair(q, 'nonfactual').changed = [];
      },
    ],
    [
      'unsupported-atom',
      null,
      'note',
      /not in the answer/,
      (q) => {
        q.atoms.push({ ...newAtom('It sways.'), supported: false, unsupportedReason: 'Few of its words.' });
      },
    ],
    [
      'duplicate-question',
      null,
      'note',
      /with another answer/,
      (q) => {
        q.question = 'Why does BREAD rise?';
      },
    ],
  ])('%s of %s is an %s', async (kind, aspect, severity, message, change) => {
    const { findings, counts, unmarkedPairs } = await audit(change);
    const found = findings.filter((finding) => finding.kind === kind);
    expect(found).toHaveLength(1);
    expect(counts[kind as keyof typeof counts]).toBe(1);
    expect(found[0]).toMatchObject({ aspect, severity, message: expect.stringMatching(message) });
    expect(found[0]!.cure).toMatch(/\.$/);
    const marked = severity === 'note' ? 0 : aspect === null ? 3 : 1;
    expect(unmarkedPairs).toBe(30 - marked);
  });

  it('is no leak where questions differ in a name or a number only', async () => {
    const asked = (place: string, year: number) =>
      `What were the main causes of the long strike of dock workers and sailors in ${place} harbour in ${year}?`;
    const leaks = async (question: string) => {
      const changed = project();
      changed.questions[0]!.question = asked('Rotterdam', 1946);
      const { findings } = await auditProject({ project: changed, test: [{ id: 't', question }] });
      return findings.filter(({ kind }) => kind === 'leak').map(({ severity }) => severity);
    };
    expect(await leaks(asked('Rotterdam', 1946))).toEqual(['error']);
    expect(await leaks(asked('Rotterdam', 1946).replace('the long', 'a long'))).toEqual(['warning']);
    expect(await leaks(asked('Antwerp', 1946))).toEqual([]);
    expect(await leaks(asked('Rotterdam', 1947))).toEqual([]);
  });

  it('is left to the world where it knows a revision to be false, whatever the answer says', async () => {
    const said = 'The symbol of Iron is Au.';
    const wrong = (q: Project['questions'][number]) => {
      q.answer = `${q.answer} ${said}`;
      pair(q, 'nonfactual').worse = [
        said,
        ...pair(q, 'nonfactual')
          .worse.split(/(?<=\.) /)
          .slice(1),
      ].join(' ');
    };
    const changed = project();
    wrong(changed.questions[0]!);
    const kinds = async (known: typeof world | null) =>
      (await auditProject({ project: changed, world: known })).findings.map(({ kind }) => kind);
    expect(await kinds(null)).toEqual(['true-revision']);
    expect(await kinds(world)).toEqual([]);
  });

  it('names rows over the context limit, by the tokens that the caller counts', async () => {
    const long = (q: Project['questions'][number]) => {
      pair(q, 'illogical').worse += ` ${'more words '.repeat(40)}`;
    };
    const { findings } = await audit(long, 80);
    expect(findings.filter(({ kind }) => kind === 'over-context')).toMatchObject([
      { id: 'prose-0', aspect: 'illogical', severity: 'error', message: expect.stringContaining('holds 80') },
    ]);
    expect((await audit(() => {}, 80)).counts['over-context']).toBeUndefined();
  });

  it('warns where most facts chosen for training are unknown', async () => {
    const levels = (known: number) => (question: Project['questions'][number]) => {
      question.atoms = question.atoms.map((atom, i) => ({
        ...atom,
        difficult: true,
        knowledge: { level: i < known ? 'MaybeKnown' : 'Unknown', greedy: 0, sampled: 0 },
      }));
    };
    expect((await audit(levels(1))).findings).toMatchObject([{ kind: 'mostly-unknown', id: null }]);
    expect((await audit(levels(2))).findings).toEqual([]);
  });

  it('reads facts without full stops as facts', async () => {
    const { findings } = await audit((question) => {
      for (const atom of question.atoms) atom.text = atom.text.replace(/\.$/, '');
      const [a, b, c] = question.atoms.map(({ text }) => text);
      pair(question, 'illogical').worse = `${c} ${a} ${b}`;
      pair(question, 'incomplete').worse = `${a} ${b}`;
    });
    expect(findings.filter(({ kind }) => kind !== 'style-giveaway')).toEqual([]);
  });
});

describe('two sentences', () => {
  const same = (a: string, b: string) => sameClaim(readSentence(a), readSentence(b));
  it('claim the same in another order of words, but not where a negation or qualifier differs', () => {
    expect(same('The dog bit a man in 1990.', 'In 1990, a man was bit by the dog!')).toBe(true);
    for (const [a, b] of [
      ['Most dogs bite.', 'Few dogs bite.'],
      ['Eat before you swim.', 'Eat after you swim.'],
      ['A dog that barks does not bite.', 'A dog that does not bark bites.'],
      ['A dog can bite if it does not bark.', 'A dog cannot bite if it does not bark.'],
      ['You are done.', 'You are not done.'],
      ['It is just a taste.', 'It is not just a taste.'],
      ['Nothing could be worse.', 'Nothing could not be worse.'],
      ['He has two dogs.', 'He has 3 dogs.'],
    ] as const)
      expect([a, same(a, b)]).toEqual([a, false]);
  });

  it('contain one another where one has all that the other says', () => {
    const has = (a: string, b: string) => contains(readSentence(a), readSentence(b));
    expect(has('The big dog bit the old man in Rome.', 'The dog bit the man.')).toBe(true);
    expect(has('The dog bit the man.', 'The big dog bit the man.')).toBe(false);
    expect(has('The dog did not bite the old man.', 'The dog did bite the man.')).toBe(false);
    expect(has('The man bit a dog.', 'The man bit a man.')).toBe(false);
  });
});

describe('what style alone gives away', () => {
  it('is told from chance, the same every time', () => {
    const random = keyedRandom('giveaway');
    const noise = Array.from({ length: 200 }, () => [random.below(1000) - 499.5, random.below(1000) - 499.5]);
    expect(Math.abs(crossValidate(noise) - 0.5)).toBeLessThan(0.12);
    expect(crossValidate(noise)).toBe(crossValidate(noise));
    expect(crossValidate(noise.map(([x, y]) => [Math.abs(x!), y!]))).toBeGreaterThan(0.95);
    expect(crossValidate(noise.map(() => [0, 0]))).toBe(0.5);
  });

  it('is little in bundled pairs, and named where better answers are fluent and worse ones are not', async () => {
    const project = await healthyProject(120);
    const plain = await auditProject({ project });
    expect(plain.counts['style-giveaway-set']).toBeUndefined();
    for (const aspect of ['incomplete', 'nonfactual', 'illogical'] as const)
      expect(plain.style[aspect].wording).toBeLessThan(0.75);
    expect(plain.style.incomplete.lengthRatio).toBeLessThan(0.8);
    expect(plain.style.illogical.lengthRatio).toBeCloseTo(1, 1);

    const fluent = structuredClone(project);
    for (const question of fluent.questions) {
      question.better = question.better!.replaceAll('. ', ', and also, ');
      for (const pair of question.pairs) pair.better = question.better;
    }
    const told = await auditProject({ project: fluent });
    expect(told.style.illogical.wording).toBeGreaterThan(0.9);
    expect(told.counts['style-giveaway-set']).toBeGreaterThanOrEqual(3);
    const cures = (audit: Audit) =>
      new Set(audit.findings.filter(({ kind }) => kind === 'style-giveaway-set').map(({ cure }) => cure));
    expect([...cures(told)]).toEqual([expect.stringContaining('--style-pairs matched')]);

    // Facts that are all made false by "not" are told by that, however the pairs are joined.
    const denied = await healthyProject(120, { ...defaultMethod, stylePairs: 'matched' });
    for (const { pairs } of denied.questions)
      for (const pair of pairs)
        if (pair.aspect === 'nonfactual') pair.worse = pair.better.replaceAll(' is ', ' is not ');
    const negated = await auditProject({ project: denied });
    expect(negated.style.nonfactual.worse!.negations).toBeGreaterThan(
      negated.style.nonfactual.better!.negations,
    );
    expect([...cures(negated)]).toEqual([expect.stringContaining('by another name or number')]);
  });

  it('is chance where both sides are joined in the same way', async () => {
    const matched = await healthyProject(120, { ...defaultMethod, stylePairs: 'matched' });
    const questions = matched.questions.filter(({ id }) => !id.startsWith('prose'));
    const { style } = await auditProject({ project: { ...matched, questions } });
    expect(style.illogical).toMatchObject({ wording: 0.5, length: 0.5, lengthRatio: 1, lengthDifference: 0 });
  });
});
