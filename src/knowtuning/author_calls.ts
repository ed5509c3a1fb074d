/**
 * @file What authors wrote, kept by a hash of everything it depends on: a run that is repeated or resumed asks no one
 * again, and a changed prompt asks again only for what depends on it.
 */
import {
  type Author,
  type Authored,
  type AuthorOperation,
  FINDINGS,
  type Finding,
  type Took,
  VERDICTS,
  type Verdict,
} from '../authors/author.ts';
import { authorCallKey, CALL_INPUT } from '../authors/call_input.ts';
import type { Project } from './project.ts';

type Kept = Project['authorCalls'];

/** A call that an author has answered, for whoever keeps it beyond this run. */
export interface WrittenCall {
  readonly key: string;
  readonly operation: AuthorOperation;
  readonly written: Kept[string];
  /** What it took, where a language model was called and its tokens were counted. */
  readonly took: Took | null;
}

/** Told of each call as soon as it is answered, and awaited before its result is used. */
export type OnAuthorCall = (call: WrittenCall) => void | Promise<void>;

/**
 * An author that remembers. `kept` starts with what an earlier run wrote and grows; `took`, with what that took by key,
 * makes known what is remembered once cost.
 */
export class RememberingAuthor implements Author {
  readonly name: string;
  readonly versions: Author['versions'];
  readonly concurrency: number;
  /** Calls that the author behind had to answer. */
  asked = 0;

  constructor(
    private readonly author: Author,
    readonly kept: Kept,
    private readonly onCall?: OnAuthorCall,
    private readonly took: Readonly<Record<string, Took>> = {},
  ) {
    this.name = author.name;
    this.versions = author.versions;
    this.concurrency = author.concurrency;
  }

  extract: Author['extract'] = (row, signal) =>
    this.#call('extract', CALL_INPUT.extract(row), isTexts, () => this.author.extract(row, signal));

  rewriteQuestion: Author['rewriteQuestion'] = (row, atoms, signal) =>
    this.#call('rewriteQuestion', CALL_INPUT.rewriteQuestion(row, atoms), isText, () =>
      this.author.rewriteQuestion(row, atoms, signal),
    );

  rewriteAnswer: Author['rewriteAnswer'] = (row, atoms, signal) =>
    this.#call('rewriteAnswer', CALL_INPUT.rewriteAnswer(row, atoms), isText, () =>
      this.author.rewriteAnswer(row, atoms, signal),
    );

  rephrase: Author['rephrase'] = (row, atoms, signal) =>
    this.#call('rephrase', CALL_INPUT.rephrase(row, atoms), isText, () =>
      this.author.rephrase(row, atoms, signal),
    );

  revise: Author['revise'] = (row, atom, index, signal) =>
    this.#call('revise', CALL_INPUT.revise(row, atom, index), isText, () =>
      this.author.revise(row, atom, index, signal),
    );

  judge: Author['judge'] = (row, first, second, aspect, signal) =>
    this.#call('judge', CALL_INPUT.judge(row, first, second, aspect), isVerdict, () =>
      this.author.judge(row, first, second, aspect, signal),
    );

  check: Author['check'] = (row, fact, signal) =>
    this.#call('check', CALL_INPUT.check(row, fact), isFinding, () => this.author.check(row, fact, signal));

  answer: Author['answer'] = (row, signal) =>
    this.#call('answer', CALL_INPUT.answer(row), isText, () => this.author.answer(row, signal));

  async #call<T extends string | string[]>(
    operation: AuthorOperation,
    input: readonly unknown[],
    isResult: (value: unknown) => value is T,
    ask: () => Promise<Authored<T>>,
  ): Promise<Authored<T>> {
    const key = await authorCallKey(this.author, operation, input);
    const known = this.kept[key];
    const took = this.took[key] ? { took: this.took[key] } : {};
    if (known && !known.ok) return { ...known, ...took };
    if (known && isResult(known.value))
      return { ok: true, value: known.value, problems: known.problems, ...took };
    this.asked++;
    const result = await ask();
    if (!result.ok && result.passing) return result;
    const written: Kept[string] = result.ok
      ? { ok: true, value: result.value, problems: [...result.problems] }
      : { ok: false, reason: result.reason };
    this.kept[key] = written;
    await this.onCall?.({ key, operation, written, took: result.took ?? null });
    return result;
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is string[] => Array.isArray(value);
const isFinding = (value: unknown): value is Finding => FINDINGS.includes(value as Finding);
const isVerdict = (value: unknown): value is Verdict => VERDICTS.includes(value as Verdict);
