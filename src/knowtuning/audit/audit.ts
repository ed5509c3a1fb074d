/**
 * @file The audit of a project: what in its data teaches something other than knowledge, each finding with its place
 * and its cure, and figures about the whole set.
 */
import type { World } from '../../authors/world.ts';
import type { DataSource } from '../../formats/data_source.ts';
import { warnOfUnknown } from '../mostly_unknown.ts';
import { ASPECTS, type Aspect, type Project, withoutExcluded } from '../project.ts';
import { type ContextLimit, findLongRows } from './context_limit.ts';
import { findDuplicates } from './duplicates.ts';
import { FINDING_KINDS, type Finding, type FindingKind, quote } from './finding.ts';
import { GIVEAWAY_LIMIT, type Giveaway, measureGiveaway } from './giveaway.ts';
import { findLeaks, type TestText } from './leaks.ts';
import { checkBetter, checkPair, StatedClaims } from './pair_checks.ts';
import { checkStyle, pairStyles, type Style } from './style.ts';

export interface AuditInput {
  readonly project: Project;
  /** Rows of the test, for leaks; without them there is nothing to compare with. */
  readonly test?: readonly TestText[];
  /** Where there is one, revisions are checked against it. */
  readonly world?: World | null;
  readonly context?: ContextLimit;
  /** Awaited every few questions, for whoever has something else to do meanwhile. */
  readonly pause?: () => Promise<void>;
}

/** Questions between two pauses. */
const PAUSE_EVERY = 16;

/** Better and worse answers of one aspect, by their means over pairs. */
export interface AspectStyle extends Giveaway {
  /** Words of the worse answer per word of the better one: mean over pairs, and the difference in words. */
  readonly lengthRatio: number | null;
  readonly lengthDifference: number | null;
  readonly better: Style | null;
  readonly worse: Style | null;
}

export interface Audit {
  /** Where the questions were published; null where that is not known. */
  readonly source: DataSource | null;
  readonly questions: number;
  readonly pairs: number;
  /** Pairs without an error or a warning of their own. */
  readonly unmarkedPairs: number;
  readonly counts: Readonly<Partial<Record<FindingKind, number>>>;
  readonly style: Readonly<Record<Aspect, AspectStyle>>;
  readonly findings: readonly Finding[];
}

/** Audits what will be trained on: what was left out by hand is not looked at. */
export async function auditProject(input: AuditInput): Promise<Audit> {
  const { test = [], world = null, context } = input;
  const project = withoutExcluded(input.project);
  const { questions } = project;
  const stated = new StatedClaims(questions, world);
  const findings: Finding[] = [];
  for (const [i, question] of questions.entries()) {
    if (i % PAUSE_EVERY === 0) await input.pause?.();
    findings.push(
      ...unsupported(question),
      ...checkBetter(question),
      ...question.pairs.flatMap((pair) => [
        ...checkPair(question, pair, stated),
        ...checkStyle(question.id, pair),
      ]),
    );
  }
  findings.push(
    ...findDuplicates(questions, world),
    ...findLeaks(trainTexts(project), test),
    ...(context ? await findLongRows(project, context) : []),
    ...mostlyUnknown(project),
  );
  const style = describeStyle(project);
  findings.push(...setGiveaways(style, project.method.stylePairs));
  const marked = new Set(findings.filter(({ severity }) => severity !== 'note').flatMap(pairsOf));
  const pairs = questions.flatMap(({ id, pairs: own }) => own.map(({ aspect }) => `${aspect} ${id}`));
  const counts = FINDING_KINDS.map((kind) => [kind, findings.filter((f) => f.kind === kind).length] as const);
  return {
    source: project.source ?? null,
    questions: questions.length,
    pairs: pairs.length,
    unmarkedPairs: pairs.filter((pair) => !marked.has(pair)).length,
    counts: Object.fromEntries(counts.filter(([, count]) => count > 0)),
    style,
    findings,
  };
}

/** The pairs that a finding is about: its own, or all that share a question's better answer. */
function pairsOf({ kind, id, aspect }: Finding): string[] {
  if (aspect !== null) return [`${aspect} ${id}`];
  return kind === 'better-incomplete' || kind === 'better-invents'
    ? ASPECTS.map((each) => `${each} ${id}`)
    : [];
}

/** Everything that training reads as question and answer. */
function trainTexts({ questions, replay }: Project) {
  return [
    ...questions.flatMap(({ id, question, answer, fineGrained }) => [
      { id, question, answer },
      ...(fineGrained ? [{ id, ...fineGrained }] : []),
    ]),
    ...replay.map(({ id, question, answer }) => ({ id, question, answer })),
  ];
}

function unsupported({ id, atoms }: Project['questions'][number]): Finding[] {
  return atoms
    .filter(({ supported }) => !supported)
    .map(({ text, unsupportedReason }) => ({
      ...{ kind: 'unsupported-atom', severity: 'note', id, aspect: null },
      message:
        `The fact ${quote(text)} is not in the answer and was left out. ${unsupportedReason ?? ''}`.trim(),
      cure: 'Nothing to be done, unless the answer does say so: then edit the fact to use its words.',
    }));
}

function mostlyUnknown(project: Project): Finding[] {
  const warning = warnOfUnknown(project);
  return warning ? [{ kind: 'mostly-unknown', severity: 'warning', id: null, aspect: null, ...warning }] : [];
}

function describeStyle({ questions }: Project): Record<Aspect, AspectStyle> {
  const giveaways = measureGiveaway(questions);
  const describe = (aspect: Aspect): AspectStyle => {
    const styles = questions
      .flatMap(({ pairs }) => pairs.filter((pair) => pair.aspect === aspect))
      .map(pairStyles)
      .filter(([a, b]) => a.words > 0 && b.words > 0);
    const mean = (value: (pair: readonly [Style, Style]) => number): number =>
      styles.reduce((sum, pair) => sum + value(pair), 0) / styles.length;
    const meanStyle = (side: 0 | 1): Style | null =>
      styles[0]
        ? (Object.fromEntries(
            (Object.keys(styles[0][side]) as (keyof Style)[]).map((key) => [
              key,
              mean((pair) => pair[side][key]),
            ]),
          ) as unknown as Style)
        : null;
    return {
      ...giveaways[aspect],
      lengthRatio: styles[0] ? mean(([a, b]) => b.words / a.words) : null,
      lengthDifference: styles[0] ? mean(([a, b]) => b.words - a.words) : null,
      better: meanStyle(0),
      worse: meanStyle(1),
    };
  };
  return Object.fromEntries(ASPECTS.map((aspect) => [aspect, describe(aspect)])) as Record<
    Aspect,
    AspectStyle
  >;
}

function setGiveaways(
  style: Readonly<Record<Aspect, AspectStyle>>,
  stylePairs: Project['method']['stylePairs'],
): Finding[] {
  const cure =
    stylePairs === 'paper'
      ? 'Join better answers as the worse ones are (--style-pairs matched).'
      : 'Have facts revised in other ways: by another name or number rather than by "not".';
  return ASPECTS.flatMap((aspect) => {
    const { wording, length, pairs } = style[aspect];
    // An incomplete answer is a shorter one: there length is what completeness looks like, and no fault of the data.
    const told = [
      ['wording', wording] as const,
      ...(aspect === 'incomplete' ? [] : [['length', length] as const]),
    ].filter(([, accuracy]) => accuracy !== null && accuracy >= GIVEAWAY_LIMIT);
    return told.map(
      ([by, accuracy]): Finding => ({
        ...{ kind: 'style-giveaway-set', severity: 'warning', id: null, aspect: null },
        message: `By ${by} alone, ${Math.round(100 * accuracy!)} % of ${pairs} ${aspect} answers are told from the better ones: a model can win without knowing anything.`,
        cure,
      }),
    );
  });
}
