/** @file What tests of the endpoint's author share: rows of their own, an author for a server, a whole preparation. */
import type { Author } from '../../../src/authors/author.ts';
import type { EndpointOptions } from '../../../src/authors/openai/endpoint.ts';
import { createOpenAiAuthor } from '../../../src/authors/openai/openai_author.ts';
import { UsageMeter } from '../../../src/authors/openai/usage.ts';
import { promptsFromDisk } from '../../../src/cli/prompts.ts';
import { type OnAuthorCall, RememberingAuthor } from '../../../src/knowtuning/author_calls.ts';
import {
  extractAtoms,
  selectAtoms,
  writeComparisons,
  writeFineGrained,
} from '../../../src/knowtuning/prepare.ts';
import { defaultMethod, type Project, startProject, type TrainRow } from '../../../src/knowtuning/project.ts';
import type { FixtureServer } from './fixture_server.ts';

/** Calls under way at most, where a test does not say otherwise. */
export const CONCURRENCY = 8;

const RIVERS = ['Nurra', 'Olt', 'Vesk', 'Adara', 'Imre', 'Tolle', 'Quill', 'Sarn', 'Perl', 'Wend'];

/** Questions and answers about rivers that do not exist, of one to four sentences. */
export function riverRows(count: number): TrainRow[] {
  return Array.from({ length: count }, (_, i) => {
    const name = `${RIVERS[i % RIVERS.length]} ${Math.floor(i / RIVERS.length) + 1}`;
    const sentences = [
      `The river ${name} is ${100 + 7 * i} km long.`,
      `The river ${name} rises at ${900 + 11 * i} m.`,
      `The river ${name} flows through ${2 + (i % 5)} towns.`,
      `The river ${name} ends in Lake ${RIVERS[(i + 3) % RIVERS.length]}.`,
    ];
    return {
      id: `river-${i}`,
      question: `What is the river ${name} like?`,
      answer: sentences.slice(0, 1 + (i % 4)).join(' '),
    };
  });
}

/** An author that asks a server, impatiently. */
export function authorOf(server: FixtureServer, options: Partial<EndpointOptions> = {}): Promise<Author> {
  return createOpenAiAuthor(promptsFromDisk(), {
    baseUrl: server.baseUrl,
    model: 'fixture',
    key: null,
    concurrency: CONCURRENCY,
    fetch,
    now: Date.now,
    meter: new UsageMeter(null),
    maxRetries: 2,
    timeoutMs: 5000,
    ...options,
  });
}

export interface PrepareOptions {
  readonly kept?: Project['authorCalls'];
  readonly onCall?: OnAuthorCall;
  readonly signal?: AbortSignal;
}

/** All that authors do for a project; an atom's length stands in for its perplexity. */
export async function prepare(
  asked: Author,
  rows: readonly TrainRow[],
  { kept = {}, onCall, signal }: PrepareOptions = {},
): Promise<Project> {
  const author = new RememberingAuthor(asked, kept, onCall);
  const context = { signal };
  let project = await extractAtoms(startProject('rivers', rows, defaultMethod), author, context);
  project = selectAtoms({
    ...project,
    questions: project.questions.map((question) => ({
      ...question,
      atoms: question.atoms.map((atom) => ({ ...atom, perplexity: atom.text.length })),
    })),
  });
  return writeComparisons(await writeFineGrained(project, author, context), author, context);
}
