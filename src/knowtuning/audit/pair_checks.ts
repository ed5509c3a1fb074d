/** @file What can be wrong with one pair: its worse answer is not worse, or its better one is not better. */
import type { World } from '../../authors/world.ts';
import { isName, numberOf, readClaim, spokenKey, stemOf, wordsOf } from '../../text/claim_words.ts';
import { normaliseText } from '../compare.ts';
import { type ComparisonPair, type ProjectQuestion, supportedAtoms } from '../project.ts';
import { type Claim, contains, readSentence, readSentences, sameClaim, truthOf } from './claims.ts';
import { type Finding, type FindingKind, quote, type Severity } from './finding.ts';
import { revisedPieces } from './revised_pieces.ts';

/** What the answers of all rows state, for revisions that are true elsewhere. */
export class StatedClaims {
  readonly #rows = new Map<string, string>();

  constructor(
    questions: readonly ProjectQuestion[],
    readonly world: World | null,
  ) {
    for (const { id, answer } of questions)
      for (const claim of readSentences(answer, world))
        for (const key of claim.standsAlone ? claim.keys : [])
          if (!this.#rows.has(key)) this.#rows.set(key, id);
  }

  /** The question whose answer states the same, if any. */
  rowOf(claim: Claim): string | null {
    if (!claim.standsAlone) return null;
    return claim.keys.map((key) => this.#rows.get(key)).find((id) => id !== undefined) ?? null;
  }
}

const REMAKE = 'Write the pair anew, or leave it out.';

/** Findings about one pair of a question. */
export function checkPair(question: ProjectQuestion, pair: ComparisonPair, stated: StatedClaims): Finding[] {
  const { aspect, better, worse } = pair;
  const findings: Finding[] = [];
  const find = (kind: FindingKind, severity: Severity, message: string, cure = REMAKE): void => {
    findings.push({ kind, severity, id: question.id, aspect, message, cure });
  };
  for (const [side, text] of [
    ['better', better],
    ['worse', worse],
  ] as const)
    if (spokenKey(text) === '') find('empty-side', 'error', `The ${side} answer says nothing.`);
  if (findings.length > 0) return findings;
  if (spokenKey(better) === spokenKey(worse)) {
    find('equal-sides', 'error', 'The better and the worse answer say the same in the same words.');
    if (aspect !== 'illogical') return findings;
  }
  const atoms = supportedAtoms(question).map((index) => ({ index, text: question.atoms[index]!.text }));
  const texts = atoms.map(({ text }) => text);
  if (aspect === 'nonfactual') checkRevisions(question, revisedPieces(pair, atoms), stated, find);
  if (aspect === 'illogical') checkOrder(texts, worse, stated.world, find);
  if (aspect === 'incomplete') checkDeletion(texts, worse, stated.world, find);
  return findings;
}

type Find = (kind: FindingKind, severity: Severity, message: string, cure?: string) => void;

function checkRevisions(
  question: ProjectQuestion,
  pieces: ReturnType<typeof revisedPieces>,
  stated: StatedClaims,
  find: Find,
): void {
  const { world } = stated;
  if (pieces.length === 0)
    find(
      'unchanged-revision',
      'error',
      'The worse answer holds the atoms as they are: nothing was made false.',
    );
  const facts = supportedAtoms(question).map((i) => question.atoms[i]!.text);
  const own = [question.answer, question.better ?? '', ...facts].flatMap((text) =>
    readSentences(text, world),
  );
  for (const { text, atom } of pieces) {
    const revised = `The revised fact ${quote(text)}`;
    if (spokenKey(text) === '') continue;
    if (atom !== null && spokenKey(atom) === spokenKey(text)) {
      find('unchanged-revision', 'error', `${revised} says what it said before.`);
      continue;
    }
    const claim = readSentence(text, world);
    const truth = world && truthOf(world, text);
    if (truth === false) continue;
    const elsewhere = stated.rowOf(claim);
    if (truth) find('true-revision', 'error', `${revised} is true in the world ${world.name}.`);
    else if (own.some((sentence) => sameClaim(sentence, claim)))
      find('true-revision', 'error', `${revised} is true: the answer itself says so.`);
    else if (own.some((sentence) => contains(sentence, claim)))
      find(
        'true-revision',
        'warning',
        `${revised} may be true: one sentence of the answer has all its words.`,
      );
    else if (elsewhere !== null)
      find('true-revision', 'error', `${revised} is true by the answer to question ${elsewhere}.`);
  }
}

function checkOrder(atoms: readonly string[], worse: string, world: World | null, find: Find): void {
  const joined = atoms.join(' ');
  if (normaliseText(worse) === normaliseText(joined)) {
    find('identity-permutation', 'error', 'The worse answer has the facts in their own order.');
    return;
  }
  const order = orderOf(atoms, worse);
  const words = (text: string): string =>
    wordsOf(text)
      .map(({ plain }) => plain)
      .sort()
      .join(' ');
  const key = (atom: string): string =>
    JSON.stringify(readSentences(atom, world).map(({ keys }) => keys.at(-1)));
  if (
    order?.every((from, to) => key(atoms[from]!) === key(atoms[to]!)) ||
    spokenKey(worse) === spokenKey(joined)
  ) {
    const message = 'No one can hear that the facts were moved: what changed places says the same.';
    find('inaudible-permutation', 'warning', message);
  } else if (words(worse) !== words(joined))
    find('not-a-permutation', 'warning', 'The worse answer differs from the facts in more than their order.');
}

/** Indices of the atoms in the order in which a text has them; null where it does not have each of them as it is. */
function orderOf(atoms: readonly string[], text: string): number[] | null {
  let rest = normaliseText(text);
  const found: { readonly i: number; readonly at: number }[] = [];
  // Longer ones first: a short atom may be the beginning of a longer one.
  const longest = atoms.map((atom, i) => ({ i, atom: normaliseText(atom) }));
  longest.sort((a, b) => b.atom.length - a.atom.length);
  for (const { i, atom } of longest) {
    const at = rest.indexOf(atom);
    if (at < 0) return null;
    found.push({ i, at });
    rest = rest.slice(0, at) + '\0'.repeat(atom.length) + rest.slice(at + atom.length);
  }
  return found.sort((a, b) => a.at - b.at).map(({ i }) => i);
}

function checkDeletion(atoms: readonly string[], worse: string, world: World | null, find: Find): void {
  const kept = readSentences(worse, world);
  const missing = atoms
    .flatMap((atom) => readSentences(atom, world))
    .filter((claim) => !kept.some((sentence) => sameClaim(sentence, claim)));
  if (missing.length === 0) find('nothing-missing', 'error', 'The worse answer lacks none of the facts.');
  else if (missing.every((claim) => kept.some((sentence) => contains(sentence, claim)))) {
    const what = missing.map(({ text }) => quote(text)).join(' and ');
    find('nothing-missing', 'warning', `What was deleted, ${what}, is said by the sentences that stayed.`);
  }
}

/** Whether the better answer has the numbers and names of all facts, and none that are in neither facts nor answer. */
export function checkBetter(question: ProjectQuestion): Finding[] {
  const { id, better } = question;
  if (better === null || question.pairs.length === 0 || spokenKey(better) === '') return [];
  const atoms = supportedAtoms(question).map((i) => question.atoms[i]!.text);
  const findings: Finding[] = [];
  const add = (
    kind: 'better-incomplete' | 'better-invents',
    words: readonly string[],
    what: string,
  ): void => {
    if (words.length === 0) return;
    const message = `The better answer ${what} ${[...new Set(words)].map((word) => quote(word)).join(', ')}.`;
    const cure = 'Have it rephrased anew, or correct it by hand.';
    findings.push({ kind, severity: 'warning', id, aspect: null, message, cure });
  };
  const given = readClaim(better);
  const lost = atoms.flatMap((atom) => hardWords(atom, given.words, given.content));
  add('better-incomplete', lost, 'lacks what a fact names:');
  const source = readClaim([question.question, question.answer, ...atoms].join('\n'));
  // Number words are left out: "the larger of the two" counts nothing that the source must have counted.
  const added = hardWords(better, source.words, source.content).filter((word) => /\p{N}|^\p{Lu}/u.test(word));
  add('better-invents', added, 'names what neither question nor answer does:');
  return findings;
}

/** Numbers and names of a text that another text does not have. */
function hardWords(
  text: string,
  words: readonly { readonly plain: string }[],
  content: ReadonlySet<string>,
): string[] {
  const plain = new Set(words.map((word) => word.plain));
  return readClaim(text)
    .words.filter((word) => numberOf(word) !== null || isName(word))
    .filter((word) => !content.has(stemOf(word) ?? '') && !plain.has(word.plain))
    .map((word) => word.text);
}
