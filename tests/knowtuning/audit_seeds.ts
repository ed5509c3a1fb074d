/**
 * @file Sixty defects, each put into a healthy project by code: what anyone's author, hand or data file might do. Some are
 * reworded so far that words alone cannot find them.
 */

import type { FindingKind } from '../../src/knowtuning/audit/finding.ts';
import type { TestText } from '../../src/knowtuning/audit/leaks.ts';
import { type Aspect, newAtom, type Project, type ProjectQuestion } from '../../src/knowtuning/project.ts';

export interface SeededDefect {
  readonly name: string;
  /** Any of these kinds at this place counts. */
  readonly kinds: readonly FindingKind[];
  readonly id: string;
  readonly aspect: Aspect | null;
}

export interface SeededProject {
  readonly project: Project;
  readonly test: readonly TestText[];
  readonly defects: readonly SeededDefect[];
}

/** @param project healthy, with bundled rows of two facts or more first and the prose rows last */
export function seedDefects(healthy: Project): SeededProject {
  const project = structuredClone(healthy);
  const defects: SeededDefect[] = [];
  const test: TestText[] = [];
  const prose = project.questions.filter(({ id }) => id.startsWith('prose'));
  const bundled = project.questions.filter(({ id }) => !id.startsWith('prose'));
  let next = 0;
  /** A bundled question that no other defect is in. */
  const fresh = (): ProjectQuestion => {
    const question = bundled[next++];
    if (!question || question.atoms.length < 2) throw new Error('too few bundled rows with two facts');
    return question;
  };
  const pairOf = (question: ProjectQuestion, aspect: Aspect) =>
    question.pairs.find((pair) => pair.aspect === aspect)!;
  const seed = (name: string, kinds: FindingKind[], question: ProjectQuestion, aspect: Aspect | null) =>
    defects.push({ name, kinds, id: question.id, aspect });
  const setWorse = (question: ProjectQuestion, aspect: Aspect, worse: string): void => {
    pairOf(question, aspect).worse = worse;
  };

  // 10 revisions that are true, or that changed nothing.
  const revised = (name: string, question: ProjectQuestion, pieces: readonly string[]): void => {
    setWorse(question, 'nonfactual', pieces.join(' '));
    seed(`true revision: ${name}`, ['true-revision', 'unchanged-revision'], question, 'nonfactual');
  };
  const pieces = (question: ProjectQuestion): string[] => {
    const sentences = pairOf(question, 'nonfactual').worse.split(/(?<=\.) /);
    if (sentences.length !== question.atoms.length)
      throw new Error(`${question.id}: pieces and facts differ`);
    return sentences;
  };
  for (let i = 0; i < 3; i++) {
    const question = fresh();
    // The better answer says the same facts by other templates.
    revised('another template', question, [
      question.better!.split(/(?<=\.) /)[0]!,
      ...pieces(question).slice(1),
    ]);
  }
  for (let i = 0; i < 2; i++) {
    const [question, other] = [fresh(), fresh()];
    revised('a fact of another row', question, [...pieces(question).slice(0, -1), other.atoms[0]!.text]);
  }
  revised('as it was', prose[0]!, [prose[0]!.atoms[0]!.text, ...pieces(prose[0]!).slice(1)]);
  revised('case and punctuation', prose[1]!, [
    ...pieces(prose[1]!).slice(0, 2),
    'The gas is caught in threads of Gluten!',
  ]);
  revised('fewer words', prose[2]!, ['The Moon shines by the light.', ...pieces(prose[2]!).slice(1)]);
  revised('other order', prose[5]!, [
    'Around 1450, in Mainz, a printing press was built by Johannes Gutenberg.',
    ...pieces(prose[5]!).slice(1),
  ]);
  revised('other words', prose[7]!, [
    'Stones lose their minerals to showers.',
    ...pieces(prose[7]!).slice(1),
  ]);

  // 10 permutations that are none, or that no one can hear.
  const unmoved = (name: string, question: ProjectQuestion, change: (joined: string) => string): void => {
    setWorse(question, 'illogical', change(question.atoms.map(({ text }) => text).join(' ')));
    const kinds: FindingKind[] = ['identity-permutation', 'inaudible-permutation'];
    seed(`permutation: ${name}`, kinds, question, 'illogical');
  };
  for (let i = 0; i < 4; i++) unmoved('identity', fresh(), (joined) => joined);
  unmoved('identity', prose[3]!, (joined) => joined);
  unmoved('identity', prose[4]!, (joined) => joined);
  unmoved('white space', fresh(), (joined) => `${joined.replaceAll(' ', '  ')} `);
  unmoved('punctuation', fresh(), (joined) => joined.replaceAll('. ', '; '));
  unmoved('case', fresh(), (joined) => joined.toUpperCase());
  const twice = fresh();
  twice.atoms = [newAtom(twice.atoms[0]!.text), newAtom(twice.better!.split(/(?<=\.) /)[0]!)];
  unmoved('the same fact twice', twice, () => [twice.atoms[1]!.text, twice.atoms[0]!.text].join(' '));

  // 10 test rows that training has seen.
  const leaked = (name: string, question: ProjectQuestion, row: Omit<TestText, 'id'>): void => {
    test.push({ id: `leak-${test.length}`, ...row });
    seed(`leak: ${name}`, ['leak'], question, null);
  };
  for (let i = 0; i < 3; i++) {
    const question = fresh();
    leaked('the same question', question, { question: question.question });
  }
  const fine = fresh();
  leaked('the fine-grained question', fine, { question: fine.fineGrained!.question });
  leaked('case and punctuation', prose[1]!, { question: 'WHY does bread rise' });
  leaked('other form', prose[9]!, { question: 'How do refrigerators cool?' });
  leaked('other order', prose[8]!, { question: 'A violin and a viola: what are the differences?' });
  leaked('the same answer', prose[6]!, { question: 'What is a dance for?', answer: prose[6]!.answer });
  leaked('most of the answer', prose[2]!, {
    question: 'When is it new?',
    answer: `${prose[2]!.answer.replace('29.5', '30')} Then it starts again.`,
  });
  leaked('other words', prose[3]!, {
    question: 'In which way do people turn trees into sheets to write on?',
  });

  // 10 sides that say nothing.
  const nothing = [' ', '.', '…', '\n', '""', '- ', '()', '?!', '*', '\u00a0'];
  for (const [i, text] of nothing.entries()) {
    const question = fresh();
    const aspect = (['incomplete', 'nonfactual', 'illogical'] as const)[i % 3]!;
    if (i % 2 === 0) pairOf(question, aspect).worse = text;
    else pairOf(question, aspect).better = text;
    seed(`empty side: ${JSON.stringify(text)}`, ['empty-side'], question, aspect);
  }

  // 10 pairs that style alone tells apart.
  const styled = (
    name: string,
    side: 'better' | 'worse',
    aspect: Aspect,
    change: (text: string) => string,
  ): void => {
    const question = fresh();
    const pair = pairOf(question, aspect);
    pair[side] = change(pair[side]);
    seed(`style: ${name}`, ['style-giveaway', 'length'], question, aspect);
  };
  styled('list', 'better', 'nonfactual', (text) => text.replace(/^|(?<=\.) /g, '\n- ').trim());
  styled('markup', 'better', 'illogical', (text) => text.replace(/^(\S+)/, '**$1**'));
  styled('opening', 'better', 'nonfactual', (text) => `Sure, here is what I know. ${text}`);
  styled('closing', 'better', 'nonfactual', (text) => `${text} I hope this helps.`);
  styled('lower case', 'worse', 'nonfactual', (text) => text.toLowerCase());
  styled('capitals', 'worse', 'incomplete', (text) => text.toUpperCase());
  styled('no full stop', 'worse', 'illogical', (text) => text.replace(/\.$/, ''));
  styled('exclamation', 'worse', 'nonfactual', (text) => text.replaceAll('.', '!'));
  styled(
    'one long sentence',
    'better',
    'illogical',
    (text) =>
      `${text.replaceAll('. ', ', and what is more, as anyone who has looked at a map or a table of it will know, ').replace(/\.$/, '')}, as far as can be told.`,
  );
  styled(
    'length',
    'worse',
    'nonfactual',
    (text) => `${text} ${text.replaceAll(' is ', ' was once ')} ${text}`,
  );

  // 10 duplicates.
  const copyOf = (question: ProjectQuestion, change: (text: string) => string): void => {
    const copy = { ...structuredClone(question), id: `copy-${defects.length}`, pairs: [], better: null };
    copy.question = change(copy.question);
    project.questions.push(copy);
    seed('duplicate: row', ['duplicate-row'], copy, null);
  };
  copyOf(fresh(), (text) => text);
  copyOf(fresh(), (text) => text.toUpperCase());
  copyOf(prose[4]!, (text) => `${text.replace(',', ' -')} `);
  copyOf(prose[9]!, (text) => text);
  for (const [name, question, change] of [
    ['as it is', fresh(), (text: string) => text],
    ['case', fresh(), (text: string) => text.toUpperCase().replace(/\.$/, '')],
    ['other order', prose[8]!, () => 'Larger than a violin is a viola.'],
  ] as const) {
    question.atoms.push(newAtom(change(question.atoms[0]!.text)));
    seed(`duplicate: fact, ${name}`, ['duplicate-atom'], question, null);
  }
  for (let i = 0; i < 3; i++) {
    const question = fresh();
    const [from, to] = [pairOf(question, 'incomplete'), pairOf(question, 'nonfactual')];
    to.worse = i === 1 ? ` ${from.worse} ` : from.worse;
    seed('duplicate: pair', ['duplicate-pair'], question, 'nonfactual');
  }
  return { project, test, defects };
}
