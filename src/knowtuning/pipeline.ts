/**
 * @file The whole method over one loaded model: vanilla SFT, what it finds difficult, Stage I from the base model,
 * Stage II from Stage I, and the same test questions asked of each.
 */
import { checkAnswer } from '../evaluate/facts.ts';
import { keyWordRecall } from '../evaluate/key_words.ts';
import { InputError } from '../formats/input_error.ts';
import type { Adapter, StepLog, TrainResult } from '../train/tuner.ts';
import { augmentedRows, originalRows } from './augment.ts';
import { RememberingAuthor } from './author_calls.ts';
import { preferenceGroups } from './compare.ts';
import { countAtoms, countDifficult, countKnowledge, countPairs, geometricMean } from './counts.ts';
import { measureKnowledge } from './knowledge.ts';
import { warnOfUnknown } from './mostly_unknown.ts';
import type { KnowtuneInput } from './options.ts';
import { PhaseTeller } from './phase_teller.ts';
import {
  extractAtoms,
  measureAtoms,
  requireAtoms,
  selectAtoms,
  writeComparisons,
  writeFineGrained,
} from './prepare.ts';
import { type Project, startProject, withoutExcluded } from './project.ts';
import { refreshPart, unmeasuredProject } from './refresh_project.ts';
import { writeReplay } from './replay.ts';
import {
  type AnswerRecord,
  type Budget,
  type KnowtuneReport,
  oneSeedNote,
  reportSystem,
  type SystemName,
} from './report.ts';

export type { KnowtuneInput, KnowtuneOptions } from './options.ts';

export interface KnowtuneResult {
  readonly project: Project;
  readonly adapters: { readonly sft: Adapter; readonly stage1: Adapter; readonly stage2: Adapter };
  readonly logs: {
    readonly sft: readonly StepLog[];
    readonly stage1: readonly StepLog[];
    readonly stage2: readonly StepLog[];
  };
  readonly answers: Readonly<Partial<Record<SystemName, readonly AnswerRecord[]>>>;
  readonly report: KnowtuneReport;
}

/**
 * Runs KnowTuning from beginning to end.
 * @throws InputError if the data give nothing to train on
 * @throws whatever the signal was aborted with
 */
export async function knowtune(input: KnowtuneInput): Promise<KnowtuneResult> {
  const { tuner, world, test, signal } = input;
  const given = input.project ? unmeasuredProject(input.project) : null;
  const options = given ? { ...input.options, method: given.method } : input.options;
  let project = given ?? startProject(input.name, input.train, options.method, input.source);
  const original = originalRows(project);
  if (original.length === 0) throw new InputError('training data', 'There are no rows.', 'Give questions.');
  const told = new PhaseTeller({ ...input, options });
  const kept = { ...given?.authorCalls, ...input.authorCalls };
  const author = new RememberingAuthor(input.author, kept, input.onAuthorCall);
  const context = {
    signal,
    onProblem: (id: string, operation: string, reason: string) =>
      told.tell({ type: 'problem', id, operation, reason }),
  };

  const answers: Partial<Record<SystemName, AnswerRecord[]>> = {};
  const evaluate = async (system: SystemName, adapter: Adapter | null): Promise<void> => {
    if (!told.phases.includes(`evaluate-${system}`)) return;
    await told.phase(`evaluate-${system}`, async () => {
      const given = await askQuestions(input, system, adapter, told);
      answers[system] = given;
      return [undefined, { answers: given.length, tokens: given.reduce((sum, a) => sum + a.tokens, 0) }];
    });
  };
  const trained = async (
    system: 'sft' | 'stage1' | 'stage2',
    run: (onStep: (log: StepLog, totalSteps: number) => void) => Promise<TrainResult>,
    counts: Record<string, number>,
  ): Promise<TrainResult> => {
    const phase = `train-${system}` as const;
    const result = await told.phase(phase, async () => {
      const done = await run((log, totalSteps) => told.tell({ type: 'step', phase, log, totalSteps }));
      return [done, { ...counts, steps: done.steps, targetTokens: budgetOf(done).targetTokens }];
    });
    await input.onAdapter?.(system, result);
    return result;
  };

  project = { ...project, authorCalls: author.kept };
  told.start();

  await evaluate('base', null);
  const sft = await trained('sft', (onStep) => tuner.trainSft(original, options.sft, null, onStep, signal), {
    rows: original.length,
  });
  await evaluate('sft', sft.adapter);

  project = await told.phase('extract', async () => {
    const next = given
      ? requireAtoms(await refreshPart(project, 'atoms', author, context), author)
      : await extractAtoms(project, author, context);
    return [next, { questions: next.questions.length, atoms: countAtoms(next) }];
  });
  const asksFor = async (field: 'knowledge' | 'knowledgeAfter', adapter: Adapter): Promise<void> => {
    const phase = field === 'knowledge' ? 'knowledge' : 'knowledge-after';
    if (!told.phases.includes(phase)) return;
    project = await told.phase(phase, async () => {
      const next = await measureKnowledge(project, tuner, adapter, author, field, context, options.knowledge);
      return [next, { ...countKnowledge(next, field) }];
    });
  };
  project = await told.phase('perplexity', async () => {
    const next = await measureAtoms(project, tuner, sft.adapter, 'perplexity', context);
    return [next, { atoms: countAtoms(next) }];
  });
  await asksFor('knowledge', sft.adapter);
  project = selectAtoms(project);
  project = await told.phase('rewrite', async () => {
    const written = given
      ? await refreshPart(project, 'fineGrained', author, context)
      : await writeFineGrained(project, author, context);
    const next = await writeReplay(written, author, context);
    const trains = withoutExcluded(next);
    const fineGrained = trains.questions.filter((question) => question.fineGrained).length;
    return [next, { difficult: countDifficult(trains), fineGrained, replayed: next.replay.length }];
  });

  const rows = augmentedRows(project);
  const stage1 = await trained(
    'stage1',
    (onStep) => tuner.trainSft(rows, options.stage1, null, onStep, signal),
    { rows: rows.length },
  );
  await evaluate('stage1', stage1.adapter);

  project = await told.phase('compare', async () => {
    const next = given
      ? await refreshPart(project, 'comparisons', author, context)
      : await writeComparisons(project, author, context);
    return [next, countPairs(withoutExcluded(next))];
  });
  const groups = preferenceGroups(project);
  if (groups.length === 0) {
    throw new InputError(
      'training data',
      'No question gave a pair of a better and a worse answer.',
      'Use answers of two or more facts, and an author that can rephrase them.',
    );
  }
  const stage2 = await trained(
    'stage2',
    (onStep) => tuner.trainDpo(groups, options.stage2, stage1.adapter, options.reference, onStep, signal),
    { questions: groups.length, pairs: groups.reduce((sum, group) => sum + group.rejected.length, 0) },
  );
  await evaluate('stage2', stage2.adapter);
  project = await told.phase('perplexity-after', async () => {
    const next = await measureAtoms(project, tuner, stage2.adapter, 'perplexityAfter', context);
    return [next, { atoms: countAtoms(next) }];
  });
  await asksFor('knowledgeAfter', stage2.adapter);

  const budgets: Record<SystemName, Budget> = {
    base: { steps: 0, targetTokens: 0 },
    sft: budgetOf(sft),
    stage1: budgetOf(stage1),
    stage2: {
      steps: stage1.steps + stage2.steps,
      targetTokens: budgetOf(stage1).targetTokens + budgetOf(stage2).targetTokens,
    },
  };
  const trains = withoutExcluded(project);
  const report: KnowtuneReport = {
    systems: options.systems
      .filter((system) => answers[system])
      .map((system) => reportSystem(system, answers[system]!, budgets[system])),
    atoms: {
      count: countAtoms(trains),
      difficult: countDifficult(trains),
      perplexity: geometricMean(trains, 'perplexity'),
      perplexityAfter: geometricMean(trains, 'perplexityAfter'),
      ...knowledgeReport(trains),
    },
    note: oneSeedNote(test.length),
  };
  told.tell({ type: 'run-finished', report });
  return {
    project,
    adapters: { sft: sft.adapter, stage1: stage1.adapter, stage2: stage2.adapter },
    logs: { sft: sft.log, stage1: stage1.log, stage2: stage2.log },
    answers,
    report,
  };

  /** Asks the test questions greedily, and checks the answers where the world knows better. */
  async function askQuestions(
    { test: questions }: KnowtuneInput,
    system: SystemName,
    adapter: Adapter | null,
    teller: PhaseTeller,
  ): Promise<AnswerRecord[]> {
    const given: AnswerRecord[] = [];
    for (let from = 0; from < questions.length; from += options.evaluationBatch) {
      signal?.throwIfAborted();
      const batch = questions.slice(from, from + options.evaluationBatch);
      const generations = await tuner.generate(
        batch.map(({ question }) => question),
        adapter,
        { maxNewTokens: options.maxNewTokens, ...(signal ? { signal } : {}) },
      );
      const records = batch.map(({ id, set, question, entity, slots, answer }, i): AnswerRecord => {
        const { text, ids, finish } = generations[i]!;
        const check = world && entity && slots ? checkAnswer(world, { entity, slots }, text) : null;
        const recall = check === null && answer ? keyWordRecall(question, answer, text) : null;
        const record = { id, set: set ?? null, question, text, tokens: ids.length, finish, check };
        return recall === null ? record : { ...record, recall };
      });
      given.push(...records);
      teller.tell({
        type: 'answers',
        system,
        answers: records,
        done: given.length,
        total: questions.length,
      });
    }
    return given;
  }
}

/** What is known of the facts, before and after, where it was asked. */
function knowledgeReport(project: Project): Partial<KnowtuneReport['atoms']> {
  const knowledge = countKnowledge(project, 'knowledge');
  const knowledgeAfter = countKnowledge(project, 'knowledgeAfter');
  const warning = warnOfUnknown(project);
  return {
    ...(knowledge ? { knowledge } : {}),
    ...(knowledgeAfter ? { knowledgeAfter } : {}),
    ...(warning ? { warning: `${warning.message} ${warning.cure}` } : {}),
  };
}

function budgetOf({ log, steps }: TrainResult): Budget {
  return { steps, targetTokens: log.reduce((sum, step) => sum + step.target_tokens, 0) };
}
