/**
 * @file What the model knows, after SliCK (Gekhman et al., 2405.05904): each fact is asked for in several ways, greedily
 * and by sampling. Known are the facts that it gives always, sometimes, or only when sampled; the rest it does not know.
 */
import type { Author } from '../authors/author.ts';
import type { Adapter, Tuner } from '../train/tuner.ts';
import { eachQuestion, type PrepareContext } from './prepare.ts';
import { clozePrompt, hasKeyWords, keyWords, Vocabulary } from './probes.ts';
import type { Knowledge, KnowledgeLevel, MethodOptions, Project } from './project.ts';

export interface KnowledgeOptions {
  /** Wordings of a fact's question that the author is asked for, besides its own beginning. */
  readonly wordings: number;
  /** Sampled answers to each prompt. */
  readonly samples: number;
  readonly temperature: number;
  readonly maxNewTokens: number;
}

export const KNOWLEDGE_OPTIONS: KnowledgeOptions = {
  wordings: 3,
  samples: 8,
  temperature: 0.5,
  maxNewTokens: 48,
};

/** Whether the method cannot do without knowing what the model knows. */
export function needsKnowledge({ select, replay }: MethodOptions): boolean {
  return select === 'known' || replay > 0;
}

/** The class of a fact by the shares of right answers. */
export function knowledgeLevel(greedy: number, sampled: number): KnowledgeLevel {
  if (greedy === 1) return 'HighlyKnown';
  if (greedy > 0) return 'MaybeKnown';
  return sampled > 0 ? 'WeaklyKnown' : 'Unknown';
}

/** One prompt about one atom. */
interface Probe {
  readonly prompt: string;
  readonly key: readonly string[];
}

/**
 * Asks for every supported atom under an adapter (null: the base model). An atom that no prompt could be made for stays
 * without an answer.
 * @param field where it goes: before or after training
 */
export async function measureKnowledge(
  project: Project,
  tuner: Pick<Tuner, 'generate'>,
  adapter: Adapter | null,
  author: Author,
  field: 'knowledge' | 'knowledgeAfter',
  context: PrepareContext = {},
  options: KnowledgeOptions = KNOWLEDGE_OPTIONS,
): Promise<Project> {
  const { next, probes } = await writeProbes(project, author, context, options.wordings);
  const all = [...probes.values()].flat();
  const generate = async (prompts: readonly string[], temperature: number): Promise<string[]> => {
    if (prompts.length === 0) return [];
    const answers = await tuner.generate(prompts, adapter, {
      maxNewTokens: options.maxNewTokens,
      sampling: { temperature, seed: project.method.seed },
      ...(context.signal ? { signal: context.signal } : {}),
    });
    return answers.map(({ text }) => text);
  };
  const greedy = await generate(
    all.map(({ prompt }) => prompt),
    0,
  );
  const sampled = await generate(
    all.flatMap(({ prompt }) => new Array<string>(options.samples).fill(prompt)),
    options.temperature,
  );
  const known = new Map<string, Knowledge>();
  let at = 0;
  for (const [place, own] of probes) {
    if (own.length === 0) continue;
    const right = (answers: readonly string[], each: number): number => {
      const hits = own.flatMap(({ key }, i) =>
        answers.slice((at + i) * each, (at + i + 1) * each).filter((answer) => hasKeyWords(answer, key)),
      );
      return each === 0 ? 0 : hits.length / (own.length * each);
    };
    const shares = { greedy: right(greedy, 1), sampled: right(sampled, options.samples) };
    known.set(place, { level: knowledgeLevel(shares.greedy, shares.sampled), ...shares });
    at += own.length;
  }
  return {
    ...next,
    questions: next.questions.map((question) => ({
      ...question,
      atoms: question.atoms.map((atom, i) => ({
        ...atom,
        [field]: known.get(placeOf(question.id, i)) ?? null,
      })),
    })),
  };
}

/** Another id for each wording makes an author that draws words draw others. */
const probeId = (id: string, atom: number, wording: number): string =>
  `${id}/atom-${atom}/wording-${wording}`;

/** The question on whose behalf a call with this id is made. */
export function questionOfCall(id: string): string {
  return id.replace(/\/atom-\d+\/wording-\d+$/, '');
}

const placeOf = (id: string, atom: number): string => JSON.stringify([id, atom]);

/** The prompts of every supported atom, by its place. */
async function writeProbes(project: Project, author: Author, context: PrepareContext, wordings: number) {
  const vocabulary = new Vocabulary(
    project.questions.flatMap(({ question, answer, atoms }) => [
      question,
      answer,
      ...atoms.map(({ text }) => text),
    ]),
  );
  const written = new Map<string, Probe[]>();
  const next = await eachQuestion(project, author, context, async (question, problem) => {
    for (const [i, { text, supported }] of question.atoms.entries()) {
      if (!supported) continue;
      const prompts = new Set<string>();
      for (let n = 0; n < wordings; n++) {
        const row = { id: probeId(question.id, i, n), question: question.question };
        const asked = await author.rewriteQuestion(row, [text], context.signal);
        if (asked.ok) prompts.add(asked.value);
        else if (n === 0) problem('knowledge', asked.reason);
      }
      const cloze = clozePrompt(text, question.question, vocabulary);
      if (cloze !== null) prompts.add(cloze);
      const probes = [...prompts].flatMap((prompt): Probe[] => {
        const key = keyWords(text, prompt, vocabulary);
        return key === null ? [] : [{ prompt, key }];
      });
      written.set(placeOf(question.id, i), probes);
    }
    return question;
  });
  // Questions are done several at a time; the order of prompts, and with it what is sampled, must not depend on that.
  const probes = new Map(
    next.questions.flatMap(({ id, atoms }) =>
      atoms.map((_, i) => [placeOf(id, i), written.get(placeOf(id, i)) ?? []] as const),
    ),
  );
  return { next, probes };
}
