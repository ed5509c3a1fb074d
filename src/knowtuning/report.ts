/** @file Before and after: what each system answered, counted in facts, as plain data and as a table for a terminal. */

import { type AnswerCheck, type FactTotals, totalChecks } from '../evaluate/facts.ts';
import { heldOutLines, heldOutRecall } from './held_out.ts';
import type { KnowledgeLevel } from './project.ts';

/** The models that a run compares. */
export const SYSTEMS = ['base', 'sft', 'stage1', 'stage2'] as const;
export type SystemName = (typeof SYSTEMS)[number];
export const SYSTEM_LABELS: Readonly<Record<SystemName, string>> = {
  base: 'Base',
  sft: 'SFT',
  stage1: 'Stage I',
  stage2: 'Stage II',
};

/** One answer of one system. */
export interface AnswerRecord {
  readonly id: string;
  readonly set: string | null;
  readonly question: string;
  readonly text: string;
  /** Generated tokens, without the closing one. */
  readonly tokens: number;
  readonly finish: 'eos' | 'length';
  /** null where there is no world, or the question does not say what it asks for. */
  readonly check: AnswerCheck | null;
  /** Share of the key words of the answer that was held out; absent where there is none, or a world checks. */
  readonly recall?: number;
}

/** What training a system took, from the base model on; the SFT that only measures difficulty is not in it. */
export interface Budget {
  readonly steps: number;
  readonly targetTokens: number;
}

export interface SystemReport {
  readonly system: SystemName;
  readonly label: string;
  readonly budget: Budget;
  readonly answers: number;
  readonly meanTokens: number;
  /** Over all questions that could be checked. */
  readonly all: FactTotals;
  /** The same for each part of the test. */
  readonly sets: Readonly<Record<string, FactTotals>>;
  /** Against answers that were held out, where there are any: mean share of their key words. */
  readonly heldOut?: { readonly questions: number; readonly recall: number; readonly whole: number };
}

export interface KnowtuneReport {
  readonly systems: readonly SystemReport[];
  /** Mean perplexity of all atoms (geometric), before under SFT and after under the last stage; null if unmeasured. */
  readonly atoms: {
    readonly count: number;
    readonly difficult: number;
    readonly perplexity: number | null;
    readonly perplexityAfter: number | null;
    /** Atoms of each class of knowledge, before and after, where they were asked for. */
    readonly knowledge?: Readonly<Record<KnowledgeLevel, number>>;
    readonly knowledgeAfter?: Readonly<Record<KnowledgeLevel, number>>;
    /** Where most of the difficult ones were unknown. */
    readonly warning?: string;
  };
  readonly note: string;
}

/** What one system's answers come to. */
export function reportSystem(
  system: SystemName,
  answers: readonly AnswerRecord[],
  budget: Budget,
): SystemReport {
  const checked = answers.filter((answer) => answer.check !== null);
  const checks = (set?: string): AnswerCheck[] =>
    checked.filter((answer) => set === undefined || answer.set === set).map((answer) => answer.check!);
  const sets = [...new Set(checked.map((answer) => answer.set).filter((set) => set !== null))];
  const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0);
  return {
    system,
    label: SYSTEM_LABELS[system],
    budget,
    answers: answers.length,
    meanTokens: answers.length ? tokens / answers.length : 0,
    all: totalChecks(checks()),
    sets: Object.fromEntries(sets.map((set) => [set, totalChecks(checks(set))])),
    ...heldOutRecall(answers),
  };
}

/** Says what a run of one seed can show. */
export function oneSeedNote(questions: number): string {
  const what = questions === 1 ? 'question' : 'questions';
  return `One seed on ${questions} ${what} proves nothing: it shows that the method runs, not whether it helps.`;
}

/** The report as a table of plain text, one row per system and part of the test, closed by the note. */
export function formatReport(report: KnowtuneReport): string {
  const header = [
    ...['system', 'set', 'questions', 'correct', 'incorrect', 'missing', 'unverifiable'],
    ...['recall', 'precision', 'order tau', 'tokens', 'steps', 'target tokens'],
  ];
  const rows = report.systems.flatMap(({ label, all, sets, meanTokens, budget }) => [
    [
      ...cells(label, 'all', all),
      ...[meanTokens.toFixed(1), String(budget.steps), String(budget.targetTokens)],
    ],
    ...Object.entries(sets).map(([set, totals]) => [...cells('', set, totals), '', '', '']),
  ]);
  const { count, difficult, perplexity, perplexityAfter } = report.atoms;
  const atoms =
    perplexity === null || perplexityAfter === null
      ? `${count} atomic facts, ${difficult} of them difficult.`
      : `${count} atomic facts, ${difficult} of them difficult; perplexity ${perplexity.toFixed(2)} under SFT, ` +
        `${perplexityAfter.toFixed(2)} after Stage II.`;
  const { knowledge, knowledgeAfter, warning } = report.atoms;
  const known = [
    ...(knowledge ? [`Under SFT, ${knowledgeText(knowledge)}`] : []),
    ...(knowledgeAfter ? [`After Stage II, ${knowledgeText(knowledgeAfter)}`] : []),
    ...(warning ? [warning] : []),
  ];
  const heldOut = heldOutLines(report.systems);
  return [...alignColumns([header, ...rows]), '', ...heldOut, atoms, ...known, report.note].join('\n');
}

/** How many facts a model knows, in one line. */
export function knowledgeText(counts: Readonly<Record<KnowledgeLevel, number>>): string {
  const { HighlyKnown, MaybeKnown, WeaklyKnown, Unknown } = counts;
  return `facts known to every prompt: ${HighlyKnown}, to some: ${MaybeKnown}, only when sampled: ${WeaklyKnown}, not at all: ${Unknown}.`;
}

function cells(system: string, set: string, totals: FactTotals): string[] {
  const share = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
  return [
    ...[system, set],
    ...[totals.questions, totals.correct, totals.incorrect, totals.missing, totals.unverifiable].map(String),
    ...[totals.recall, totals.precision, totals.orderTau].map(share),
  ];
}

/** Words to the left, figures to the right. */
function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
