/**
 * @file An author that is a language model, whichever and wherever: from calls to prompts, from replies to what they
 * say. How a model is asked is handed in: by an endpoint, by the model in this tab, by a file for a batch.
 */
import {
  AUTHOR_OPERATIONS,
  type Author,
  type Authored,
  type AuthorOperation,
  type JudgedAspect,
  type Took,
} from './author.ts';
import { CALL_INPUT, sha256Hex } from './call_input.ts';
import { fillMessage, listAtoms, type Prompts } from './prompts.ts';
import { ANSWER, FACTS, FINDING, lineForm, type ReplyForm, UnreadableReply, VERDICT } from './reply_forms.ts';

/** One question to the model. */
export interface PromptedCall {
  readonly operation: AuthorOperation;
  /** What the call's key is made of besides author and version. */
  readonly input: readonly unknown[];
  /** Id of the row on whose behalf it is. */
  readonly row: string;
  readonly instructions: string;
  readonly message: string;
  readonly form: Pick<ReplyForm<unknown>, 'name' | 'schema'>;
  /** 2 where the first reply could not be read. */
  readonly attempt: 1 | 2;
}

export type ModelReply = (
  | { readonly kind: 'text'; readonly text: string; readonly truncated: boolean }
  /** The model will not do it, and would not if it were asked again. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** No reply was had; asking later may help. */
  | { readonly kind: 'failed'; readonly reason: string }
) & {
  /** Where whoever answered counts. */
  readonly tokens?: { readonly prompt: number; readonly completion: number } | null;
};

/** Asks the model. @throws InputError where no further call can succeed either */
export type AskModel = (call: PromptedCall, signal?: AbortSignal) => Promise<ModelReply>;

export interface PromptedAuthorOptions {
  /** Author.name. */
  readonly name: string;
  readonly prompts: Prompts;
  /** Whatever else the replies depend on, as plain data: the model, its temperature. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly concurrency: number;
  readonly ask: AskModel;
}

const QUESTION = lineForm('question');
const SENTENCE = lineForm('sentence');

/** An author by prompts. Its versions are hashes of prompts and settings. */
export async function createPromptedAuthor(options: PromptedAuthorOptions): Promise<Author> {
  const { name, prompts, concurrency, ask } = options;
  const versions = await versionsOf(options);

  /** Asks, and once more where the reply cannot be read. */
  async function write<T>(
    operation: AuthorOperation,
    prompt: string,
    input: readonly unknown[],
    blanks: Readonly<Record<string, string>>,
    form: ReplyForm<T>,
    signal: AbortSignal | undefined,
  ): Promise<Authored<T>> {
    const { instructions } = prompts.get(prompt);
    const message = fillMessage(prompts.get(prompt), blanks);
    const took = new TokenSum();
    let unreadable = '';
    for (const attempt of [1, 2] as const) {
      const row = String(input[0]);
      const call = { operation, input, row, instructions, message, form, attempt };
      const reply = await ask(call, signal);
      took.add(reply);
      if (reply.kind === 'refused') return { ok: false, reason: reply.reason, ...took.sum };
      if (reply.kind === 'failed') return { ok: false, reason: reply.reason, passing: true, ...took.sum };
      try {
        if (reply.truncated) throw new UnreadableReply('The reply was cut off.');
        return { ok: true, value: form.read(reply.text), problems: [], ...took.sum };
      } catch (error) {
        if (!(error instanceof UnreadableReply)) throw error;
        unreadable = error.message;
      }
    }
    return { ok: false, reason: `${unreadable} So it was when asked again.`, passing: true, ...took.sum };
  }

  return {
    name,
    versions,
    concurrency,

    async extract(row, signal) {
      const blanks = { question: row.question, answer: row.answer };
      const facts = await write('extract', 'extract', CALL_INPUT.extract(row), blanks, FACTS, signal);
      return facts.ok && facts.value.length === 0
        ? { ok: false, reason: 'The answer holds no fact.', ...tookOf(facts) }
        : facts;
    },

    rewriteQuestion(row, atoms, signal) {
      const blanks = { question: row.question, atoms: listAtoms(atoms) };
      const input = CALL_INPUT.rewriteQuestion(row, atoms);
      return write('rewriteQuestion', 'rewrite_question', input, blanks, QUESTION, signal);
    },

    rewriteAnswer(row, atoms, signal) {
      const blanks = { question: row.question, atoms: listAtoms(atoms) };
      const input = CALL_INPUT.rewriteAnswer(row, atoms);
      return write('rewriteAnswer', 'rewrite_answer', input, blanks, ANSWER, signal);
    },

    rephrase(row, atoms, signal) {
      const blanks = { question: row.question, atoms: listAtoms(atoms) };
      return write('rephrase', 'rephrase', CALL_INPUT.rephrase(row, atoms), blanks, ANSWER, signal);
    },

    async revise(row, atom, index, signal) {
      const input = CALL_INPUT.revise(row, atom, index);
      const revised = await write(
        'revise',
        'revise',
        input,
        { question: row.question, atom },
        SENTENCE,
        signal,
      );
      return revised.ok && revised.value === atom.trim()
        ? { ok: false, reason: `The reply repeats "${atom}" unchanged.`, ...tookOf(revised) }
        : revised;
    },

    judge(row, first, second, aspect: JudgedAspect, signal) {
      const input = CALL_INPUT.judge(row, first, second, aspect);
      const blanks = { question: row.question, first, second };
      return write('judge', `judge_${aspect}`, input, blanks, VERDICT, signal);
    },

    check(row, fact, signal) {
      const blanks = { question: row.question, answer: row.answer, atom: fact };
      return write('check', 'check', CALL_INPUT.check(row, fact), blanks, FINDING, signal);
    },

    answer(row, signal) {
      return write('answer', 'answer', CALL_INPUT.answer(row), { question: row.question }, ANSWER, signal);
    },
  };
}

/** What the tries of one call took: nothing is said where a reply's tokens were not counted. */
class TokenSum {
  #sum: Took = { calls: 0, prompt: 0, completion: 0 };
  #counted = true;

  add({ kind, tokens }: ModelReply): void {
    // What failed was not answered, and brought nothing.
    if (kind === 'failed' && !tokens) return;
    if (!tokens) this.#counted = false;
    const { calls, prompt, completion } = this.#sum;
    this.#sum = {
      calls: calls + 1,
      prompt: prompt + (tokens?.prompt ?? 0),
      completion: completion + (tokens?.completion ?? 0),
    };
  }

  get sum(): { readonly took?: Took } {
    return this.#counted && this.#sum.calls > 0 ? { took: this.#sum } : {};
  }
}

function tookOf({ took }: Authored<unknown>): { readonly took?: Took } {
  return took ? { took } : {};
}

/** Of each operation the hash of its prompts and of the settings, so that a changed prompt concerns no other operation. */
async function versionsOf({ prompts, settings }: PromptedAuthorOptions): Promise<Author['versions']> {
  const versions = await Promise.all(
    AUTHOR_OPERATIONS.map(async (operation) => {
      const texts = prompts.of(operation).map(({ text }) => text);
      return [operation, (await sha256Hex(JSON.stringify([texts, settings]))).slice(0, 16)] as const;
    }),
  );
  return Object.fromEntries(versions) as Record<AuthorOperation, string>;
}
