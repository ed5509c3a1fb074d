/**
 * @file What a person may change in a project, as plain data: each edit turns a question into another one and says
 * which derived parts no longer follow. What was written by hand is marked, so that no author writes over it.
 */
import { InputError } from '../formats/input_error.ts';
import { normaliseText } from './compare.ts';
import type {
  Aspect,
  DerivedPart,
  HandPart,
  MethodOptions,
  ProjectAtom,
  ProjectQuestion,
} from './project.ts';
import { SupportCheck } from './support.ts';

/** A part of a question that holds one text. */
export type TextPart =
  | { readonly part: 'question' | 'answer' | 'fineQuestion' | 'fineAnswer' | 'better' }
  | { readonly part: 'atom'; readonly atom: number }
  | { readonly part: 'worse'; readonly aspect: Aspect };

/** What may be left out, and put back: the whole row, one of its atoms, one of its pairs. */
export type ExcludablePart =
  | { readonly part: 'row' }
  | { readonly part: 'atom'; readonly atom: number }
  | { readonly part: 'worse'; readonly aspect: Aspect };

export type Edit =
  | { readonly kind: 'write'; readonly at: TextPart; readonly text: string }
  | { readonly kind: 'exclude'; readonly at: ExcludablePart; readonly excluded: boolean };

const FROM_ATOMS: readonly DerivedPart[] = ['fineGrained', 'comparisons'];

/**
 * The question after an edit; the same object where nothing changes.
 * @throws InputError for a text that is empty or repeats another atom, and for a part that there is not
 */
export function applyEdit(
  question: ProjectQuestion,
  edit: Edit,
  { pplContext }: Pick<MethodOptions, 'pplContext'>,
): ProjectQuestion {
  if (edit.kind === 'exclude') return exclude(question, edit.at, edit.excluded);
  const text = edit.text.trim();
  const { at } = edit;
  if (text === textAt(question, at)) return question;
  if (text === '')
    throw new InputError('Text', 'is empty.', 'Write something, or leave the part out with x.');
  switch (at.part) {
    case 'question': {
      const atoms = pplContext === 'question' ? question.atoms.map(unmeasured) : question.atoms;
      return stale({ ...question, question: text, atoms }, FROM_ATOMS);
    }
    case 'answer':
      return stale({ ...question, answer: text }, ['atoms', ...FROM_ATOMS]);
    case 'atom':
      return writeAtom(question, at.atom, text);
    case 'fineQuestion':
      return byHand(
        { ...question, fineGrained: { ...question.fineGrained!, question: text } },
        'fineGrained',
      );
    case 'fineAnswer':
      return byHand({ ...question, fineGrained: { ...question.fineGrained!, answer: text } }, 'fineGrained');
    case 'better': {
      const pairs = question.pairs.map((pair) => ({ ...pair, better: text }));
      return byHand({ ...question, better: text, pairs }, 'better');
    }
    case 'worse': {
      const pairs = question.pairs.map((pair) =>
        pair.aspect === at.aspect ? { ...pair, worse: text } : pair,
      );
      return byHand({ ...question, pairs }, at.aspect);
    }
  }
}

/** The text of a part. @throws InputError where the question has no such part */
export function textAt(question: ProjectQuestion, at: TextPart): string {
  const { fineGrained, atoms, better, pairs } = question;
  switch (at.part) {
    case 'question':
    case 'answer':
      return question[at.part];
    case 'fineQuestion':
      return fineGrained?.question ?? missing('fine-grained question');
    case 'fineAnswer':
      return fineGrained?.answer ?? missing('fine-grained answer');
    case 'better':
      return better ?? missing('better answer');
    case 'atom':
      return atoms[at.atom]?.text ?? missing(`fact ${at.atom + 1}`);
    case 'worse':
      return pairs.find(({ aspect }) => aspect === at.aspect)?.worse ?? missing(`${at.aspect} answer`);
  }
}

/** Marks parts as no longer following; in their own order, each once. */
export function stale(question: ProjectQuestion, parts: readonly DerivedPart[]): ProjectQuestion {
  const all = new Set([...(question.stale ?? []), ...parts]);
  return { ...question, stale: (['atoms', ...FROM_ATOMS] as const).filter((part) => all.has(part)) };
}

/** An atom as it is judged by the words of question and answer. */
export function judged(atom: ProjectAtom, support: SupportCheck): ProjectAtom {
  const unsupportedReason = support.whyNot(atom.text);
  return { ...atom, supported: unsupportedReason === null, unsupportedReason };
}

function writeAtom(question: ProjectQuestion, index: number, text: string): ProjectQuestion {
  const same = question.atoms.findIndex(
    (atom, i) => i !== index && normaliseText(atom.text) === normaliseText(text),
  );
  if (same >= 0)
    throw new InputError(
      `Fact ${index + 1}`,
      `says the same as fact ${same + 1}.`,
      'Write another, or leave it out with x.',
    );
  const support = new SupportCheck(question);
  const atoms = question.atoms.map((atom, i) =>
    i === index ? judged({ ...unmeasured(atom), text }, support) : atom,
  );
  return byHand(stale({ ...question, atoms }, FROM_ATOMS), 'atoms');
}

function exclude(question: ProjectQuestion, at: ExcludablePart, excluded: boolean): ProjectQuestion {
  switch (at.part) {
    case 'row':
      return (question.excluded ?? false) === excluded ? question : { ...question, excluded };
    case 'atom': {
      const atom = question.atoms[at.atom] ?? missing(`fact ${at.atom + 1}`);
      if ((atom.excluded ?? false) === excluded) return question;
      const atoms = question.atoms.map((each) => (each === atom ? { ...atom, excluded } : each));
      return stale({ ...question, atoms }, FROM_ATOMS);
    }
    case 'worse': {
      const pair = question.pairs.find(({ aspect }) => aspect === at.aspect);
      if (!pair) return missing(`${at.aspect} answer`);
      if ((pair.excluded ?? false) === excluded) return question;
      return {
        ...question,
        pairs: question.pairs.map((each) => (each === pair ? { ...pair, excluded } : each)),
      };
    }
  }
}

/** An atom without what was measured of it: that says nothing of another text, nor under another model. */
export function unmeasured(atom: ProjectAtom): ProjectAtom {
  return {
    ...atom,
    ...{ perplexity: null, difficult: null, perplexityAfter: null },
    ...{ knowledge: null, knowledgeAfter: null },
  };
}

function byHand(question: ProjectQuestion, part: HandPart): ProjectQuestion {
  return { ...question, byHand: [...new Set([...(question.byHand ?? []), part])] };
}

function missing(what: string): never {
  throw new InputError('Question', `has no ${what}.`, 'Build the project first.');
}
