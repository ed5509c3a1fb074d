/**
 * @file The checker of facts: which facts an answer states, which of them are true in the world, and which of those
 * that were asked for are missing. It reads an answer by the world's sentences; what it cannot read counts against
 * precision, so that nonsense never pays.
 */
import { parseStatement, splitSentences } from '../authors/statements.ts';
import { sameValue, valueText, type World } from '../authors/world.ts';
import { InputError } from '../formats/input_error.ts';

/** What a question asks for. */
export interface AskedFacts {
  readonly entity: string;
  readonly slots: readonly string[];
}

export type Verdict = 'correct' | 'incorrect' | 'unverifiable';

/** Why a fact is not correct: false value, another entity, a slot that its kind has not, two values at once. */
export type Fault = 'value' | 'entity' | 'kind' | 'contradiction' | 'no-fact' | 'no-template';

/** One sentence of an answer, judged. */
export interface CheckedFact {
  /** null where the sentence fits no template. */
  readonly entity: string | null;
  readonly slot: string | null;
  readonly value: string | null;
  readonly verdict: Verdict;
  /** null where the verdict is 'correct'. */
  readonly fault: Fault | null;
  /** Whether the slot was asked for, of this entity. */
  readonly asked: boolean;
  /** Whether an earlier sentence said the same; then it is not counted. */
  readonly repeated: boolean;
  readonly sentence: string;
  /** Offsets of the sentence in the answer, UTF-16 code units, end exclusive. */
  readonly start: number;
  readonly end: number;
}

/** Counts are of unique facts. */
export interface AnswerCheck {
  readonly correct: number;
  readonly incorrect: number;
  /** Asked-for slots of which the answer says nothing. */
  readonly missing: number;
  readonly unverifiable: number;
  /** Asked-for slots that are stated correctly, divided by those asked for. */
  readonly recall: number;
  /** correct / (correct + incorrect + unverifiable); 0 for an answer that states nothing. */
  readonly precision: number;
  /** Kendall's tau of the asked-for facts' order against the canonical one; null with fewer than two of them. */
  readonly orderTau: number | null;
  readonly missingSlots: readonly string[];
  readonly facts: readonly CheckedFact[];
}

/**
 * Judges an answer to a question about one entity.
 * @throws InputError if the question asks for something that the world does not know.
 */
export function checkAnswer(world: World, asked: AskedFacts, text: string): AnswerCheck {
  const truth = world.entities.get(asked.entity);
  if (!truth) {
    throw new InputError(
      `question about "${asked.entity}"`,
      `The world ${world.name} has no such entity.`,
      'Ask about one of its entities.',
    );
  }
  const slots = [...new Set(asked.slots)];
  for (const slot of slots) {
    if (!truth.facts.has(slot)) {
      throw new InputError(
        `question about "${asked.entity}"`,
        `The world ${world.name} has no "${slot}" of it.`,
        `Ask for ${[...truth.facts.keys()].join(', ')}.`,
      );
    }
  }
  if (slots.length === 0) {
    throw new InputError(`question about "${asked.entity}"`, 'It asks for nothing.', 'Name a slot.');
  }

  const facts: CheckedFact[] = [];
  for (const { text: sentence, start, end } of splitSentences(text)) {
    const place = { sentence, start, end };
    const statement = parseStatement(world, sentence);
    if (!statement) {
      const repeated = facts.some((fact) => fact.slot === null && fact.sentence === sentence);
      facts.push({
        ...{ entity: null, slot: null, value: null, asked: false, repeated },
        ...{ verdict: 'unverifiable', fault: 'no-template' },
        ...place,
      });
      continue;
    }
    const { entity, slot: slotName, value } = statement;
    const slot = world.slots.get(slotName)!;
    const known = world.entities.get(entity)?.facts.get(slotName);
    let fault: Fault | null = null;
    if (entity !== asked.entity) fault = 'entity';
    else if (statement.subject === 'kind') fault = 'kind';
    else if (!known) fault = 'no-fact';
    else if (!sameValue(slot, value, valueText(known))) fault = 'value';
    const repeated = facts.some(
      (fact) => fact.entity === entity && fact.slot === slotName && sameValue(slot, fact.value!, value),
    );
    facts.push({
      entity,
      slot: slotName,
      value,
      verdict: fault === null ? 'correct' : fault === 'no-fact' ? 'unverifiable' : 'incorrect',
      fault,
      asked: entity === asked.entity && slots.includes(slotName),
      repeated,
      ...place,
    });
  }

  const judged = failContradictions(facts);
  const unique = judged.filter((fact) => !fact.repeated);
  const count = (verdict: Verdict): number => unique.filter((fact) => fact.verdict === verdict).length;
  const [correct, incorrect, unverifiable] = [count('correct'), count('incorrect'), count('unverifiable')];
  const given = new Set(unique.filter((fact) => fact.asked).map((fact) => fact.slot!));
  const recalled = unique.filter((fact) => fact.asked && fact.verdict === 'correct').length;
  const missingSlots = slots.filter((slot) => !given.has(slot));
  const stated = correct + incorrect + unverifiable;
  return {
    correct,
    incorrect,
    missing: missingSlots.length,
    unverifiable,
    recall: recalled / slots.length,
    precision: stated === 0 ? 0 : correct / stated,
    orderTau: orderTau([...given], world.order.get(truth.kind)!),
    missingSlots,
    facts: judged,
  };
}

/** A slot of an entity that is given two values is right in neither. */
function failContradictions(facts: readonly CheckedFact[]): CheckedFact[] {
  return facts.map((fact) => {
    if (fact.slot === null || fact.fault === 'entity' || fact.fault === 'kind') return fact;
    const values = facts.filter(
      (other) => !other.repeated && other.entity === fact.entity && other.slot === fact.slot,
    );
    return values.length > 1 ? { ...fact, verdict: 'incorrect', fault: 'contradiction' } : fact;
  });
}

/**
 * Kendall's tau between the order in which slots are first given and their canonical order: concordant pairs minus
 * discordant ones, divided by all pairs. null with fewer than two slots.
 */
export function orderTau(given: readonly string[], canonical: readonly string[]): number | null {
  const rank = given.map((slot) => canonical.indexOf(slot));
  let pairs = 0;
  let score = 0;
  for (let i = 0; i < rank.length; i++) {
    for (let j = i + 1; j < rank.length; j++) {
      pairs++;
      score += rank[i]! < rank[j]! ? 1 : -1;
    }
  }
  return pairs === 0 ? null : score / pairs;
}

/** Sums of counts and means of shares over questions. */
export interface FactTotals {
  readonly questions: number;
  readonly correct: number;
  readonly incorrect: number;
  readonly missing: number;
  readonly unverifiable: number;
  /** Means over questions; null without questions. */
  readonly recall: number | null;
  readonly precision: number | null;
  /** Mean over the questions that have one (`orderTauQuestions`), null if none has. */
  readonly orderTau: number | null;
  readonly orderTauQuestions: number;
}

/** Adds up checks of answers. */
export function totalChecks(checks: readonly AnswerCheck[]): FactTotals {
  const sum = (value: (check: AnswerCheck) => number): number =>
    checks.reduce((total, check) => total + value(check), 0);
  const taus = checks.map((check) => check.orderTau).filter((tau) => tau !== null);
  return {
    questions: checks.length,
    correct: sum((check) => check.correct),
    incorrect: sum((check) => check.incorrect),
    missing: sum((check) => check.missing),
    unverifiable: sum((check) => check.unverifiable),
    recall: checks.length ? sum((check) => check.recall) / checks.length : null,
    precision: checks.length ? sum((check) => check.precision) / checks.length : null,
    orderTau: taus.length ? taus.reduce((a, b) => a + b, 0) / taus.length : null,
    orderTauQuestions: taus.length,
  };
}
