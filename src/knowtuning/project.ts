/**
 * @file A KnowTuning project as plain JSON: the questions and everything the method made of them, so that a run can
 * be looked at, edited, resumed and repeated.
 */
import * as v from 'valibot';
import type { Took } from '../authors/author.ts';
import { type DataSource, dataSourceSchema } from '../formats/data_source.ts';
import { InputError } from '../formats/input_error.ts';

export const PROJECT_VERSION = 1;

const text = v.pipe(v.string(), v.nonEmpty());
const share = v.pipe(v.number(), v.gtValue(0), v.maxValue(1));
const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const perplexity = v.nullable(v.pipe(v.number(), v.minValue(0)));

/** Classes of SliCK (Gekhman et al. 2024), from best known to unknown. */
export const KNOWLEDGE_LEVELS = ['HighlyKnown', 'MaybeKnown', 'WeaklyKnown', 'Unknown'] as const;

const knowledge = v.nullable(
  v.object({
    level: v.picklist(KNOWLEDGE_LEVELS),
    /** Share of greedy answers that are correct, and of sampled ones. */
    greedy: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    sampled: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  }),
);

const atomSchema = v.object({
  text,
  /** Under the model that measures difficulty (vanilla SFT), in the project's context; null until measured. */
  perplexity,
  /** Whether it is among the selected; null until then. */
  difficult: v.nullable(v.boolean()),
  /** Under the final model, in the same context. */
  perplexityAfter: perplexity,
  /** Whether the source answer supports it; an atom that is not supported enters no answer that is trained on. */
  supported: v.optional(v.boolean(), true),
  /** Why it is not supported. */
  unsupportedReason: v.optional(v.nullable(text), null),
  /** What the model knew of it before training, and after; null until asked. */
  knowledge: v.optional(knowledge, null),
  knowledgeAfter: v.optional(knowledge, null),
  /** Left out by hand: it takes no part in what is written, and may be put back. */
  excluded: v.optional(v.boolean()),
});

export const ASPECTS = ['incomplete', 'nonfactual', 'illogical'] as const;

const pairSchema = v.object({
  /** What is worse about the worse answer. */
  aspect: v.picklist(ASPECTS),
  better: text,
  worse: text,
  /** Indices of the atoms that were deleted, revised or moved. */
  changed: v.array(index),
  /** Left out by hand: it is not trained on. */
  excluded: v.optional(v.boolean()),
});

/** What is derived of a question, in the order in which one follows from the other. */
export const DERIVED_PARTS = ['atoms', 'fineGrained', 'comparisons'] as const;

/** What a person may write instead of an author. */
export const HAND_PARTS = ['atoms', 'fineGrained', 'better', ...ASPECTS] as const;

const questionSchema = v.object({
  id: text,
  question: text,
  answer: text,
  atoms: v.array(atomSchema),
  /** The fine-grained row over the difficult atoms. */
  fineGrained: v.nullable(v.object({ question: text, answer: text })),
  /** The rephrased, complete answer. */
  better: v.nullable(text),
  pairs: v.array(pairSchema),
  /** What could not be done for this question, and why. */
  problems: v.array(v.object({ operation: text, reason: text })),
  /** Left out by hand: nothing of it is trained on. */
  excluded: v.optional(v.boolean()),
  /** Derived parts that are yet to be written, or no longer follow from what they were made of. */
  stale: v.optional(v.array(v.picklist(DERIVED_PARTS))),
  /** Parts that a person wrote: no author writes over them. */
  byHand: v.optional(v.array(v.picklist(HAND_PARTS))),
});

/** SHA-256 of operation, author, version and input. */
const callKey = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

const authoredSchema = v.variant('ok', [
  v.object({
    ok: v.literal(true),
    value: v.union([v.string(), v.array(v.string())]),
    problems: v.array(v.string()),
  }),
  v.object({ ok: v.literal(false), reason: v.string() }),
]);

const methodSchema = v.object({
  /** Share of each question's atoms that count as difficult, rounded up. */
  alpha: share,
  /** Share of the atoms that the incomplete answer lacks, rounded down, at least one. */
  beta: share,
  /** Whether an atom's perplexity is measured after its question, or after nothing. */
  pplContext: v.picklist(['question', 'none']),
  /** Of deletions and permutations. */
  seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** 'paper': the better answer is rephrased; 'matched': its atoms are joined as those of the worse ones are. */
  stylePairs: v.optional(v.picklist(['paper', 'matched']), 'paper'),
  /** Which atoms are trained on: the most difficult, the middle band, or the difficult ones among the known. */
  select: v.optional(v.picklist(['top', 'middle', 'known']), 'top'),
  /** Rows about known facts beside the fine-grained ones, as a share of those. */
  replay: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), 0),
});

const replaySchema = v.object({
  /** Of the question that the atom belongs to, and the atom's index. */
  id: text,
  atom: index,
  question: text,
  answer: text,
});

const authorCallsSchema = v.record(callKey, authoredSchema);

const projectSchema = v.object({
  format: v.literal('tabtune-project'),
  version: v.literal(PROJECT_VERSION),
  name: text,
  /** Where the questions were published; absent where that is not known. */
  source: v.optional(dataSourceSchema),
  method: methodSchema,
  questions: v.array(questionSchema),
  /** Rows about known atoms that were not selected. */
  replay: v.optional(v.array(replaySchema), []),
  /** What authors wrote, by the SHA-256 of operation, author, version and input. */
  authorCalls: authorCallsSchema,
});

export type Project = v.InferOutput<typeof projectSchema>;
export type ProjectQuestion = v.InferOutput<typeof questionSchema>;
export type ProjectAtom = v.InferOutput<typeof atomSchema>;
export type ComparisonPair = v.InferOutput<typeof pairSchema>;
export type AuthorCalls = Project['authorCalls'];
export type Aspect = (typeof ASPECTS)[number];
export type DerivedPart = (typeof DERIVED_PARTS)[number];
export type HandPart = (typeof HAND_PARTS)[number];
export type ReplayRow = v.InferOutput<typeof replaySchema>;
export type KnowledgeLevel = (typeof KNOWLEDGE_LEVELS)[number];
export type Knowledge = NonNullable<ProjectAtom['knowledge']>;
export type MethodOptions = v.InferOutput<typeof methodSchema>;

/** The paper's values. */
export const defaultMethod: MethodOptions = {
  ...{ alpha: 0.5, beta: 0.5, pplContext: 'question', seed: 0 },
  ...{ stylePairs: 'paper', select: 'top', replay: 0 },
};

/** An atom of which only its text is known. */
export function newAtom(atom: string): ProjectAtom {
  return {
    text: atom,
    ...{ perplexity: null, difficult: null, perplexityAfter: null },
    ...{ supported: true, unsupportedReason: null, knowledge: null, knowledgeAfter: null },
  };
}

/** Indices of a question's atoms that may be trained on. */
export function supportedAtoms({ atoms }: ProjectQuestion): number[] {
  return atoms.flatMap(({ supported, excluded }, i) => (supported && !excluded ? [i] : []));
}

/** Those that were not left out by hand. */
export function included<T extends { readonly excluded?: boolean | undefined }>(items: readonly T[]): T[] {
  return items.filter(({ excluded }) => !excluded);
}

/** A project without what was left out by hand, for whoever judges what will be trained on. */
export function withoutExcluded(project: Project): Project {
  return {
    ...project,
    questions: included(project.questions).map((question) => ({
      ...question,
      pairs: included(question.pairs),
    })),
  };
}

/** A question with its answer, as training data give it. */
export interface TrainRow {
  readonly id: string;
  readonly question: string;
  readonly answer: string;
}

/** A project in which nothing has been done yet. */
export function startProject(
  name: string,
  rows: readonly TrainRow[],
  method: MethodOptions,
  source: DataSource | null = null,
): Project {
  return {
    format: 'tabtune-project',
    version: PROJECT_VERSION,
    name,
    ...(source ? { source } : {}),
    method: checkMethod(method),
    questions: rows.map(({ id, question, answer }) => ({
      ...{ id, question, answer },
      ...{ atoms: [], fineGrained: null, better: null, pairs: [], problems: [] },
    })),
    replay: [],
    authorCalls: {},
  };
}

/** Reads a project from parsed JSON. @throws InputError that names the first place that is wrong */
export function parseProject(json: unknown, place = 'project.json'): Project {
  return parse(projectSchema, json, place, `Use a project that TabTune wrote (version ${PROJECT_VERSION}).`);
}

/** Reads authors' calls that were kept apart from their project. @throws InputError that names the first that is wrong */
export function parseAuthorCalls(json: unknown, place = 'project.json at authorCalls'): AuthorCalls {
  return parse(authorCallsSchema, json, place, 'Import the project from a file that was saved before.');
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const keptAlone = v.object({
  key: callKey,
  took: v.optional(v.object({ calls: count, prompt: count, completion: count })),
});

/** Reads one author's call that was kept by itself: its key and what it took beside what was written. */
export function parseAuthorCall(
  json: unknown,
  place: string,
): { readonly key: string; readonly written: AuthorCalls[string]; readonly took: Took | null } {
  const cure = 'Delete the line; that call is made anew.';
  const { key, took } = parse(keptAlone, json, place, cure);
  return { key, written: parse(authoredSchema, json, place, cure), took: took ?? null };
}

/** @throws InputError for shares outside (0, 1] and the like */
export function checkMethod(method: MethodOptions): MethodOptions {
  return parse(
    methodSchema,
    method,
    'method',
    'Use shares above 0 and at most 1, and the choices that the message names.',
  );
}

function parse<S extends v.GenericSchema>(
  schema: S,
  json: unknown,
  place: string,
  cure: string,
): v.InferOutput<S> {
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue);
  throw new InputError(path ? `${place} at ${path}` : place, `${issue.message}.`, cure);
}
