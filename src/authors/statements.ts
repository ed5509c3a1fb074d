/** @file Text to facts and back: which sentences a text has, and what each of them states in a closed world. */
import { fillPattern, readPattern, type StatementPattern } from './statement_pattern.ts';
import type { World } from './world.ts';

export interface Sentence {
  /** Without white space around it. */
  readonly text: string;
  /** Offsets in the whole text, in UTF-16 code units; end is exclusive. */
  readonly start: number;
  readonly end: number;
}

/** What a sentence states, true or not. */
export interface Statement {
  readonly entity: string;
  readonly slot: string;
  readonly value: string;
  readonly pattern: StatementPattern;
  /** 'known': the world has the entity and its kind has the slot. 'kind': the entity is of another kind. */
  readonly subject: 'known' | 'kind' | 'unknown';
}

/** Splits a text where white space follows a full stop, question or exclamation mark. */
export function splitSentences(text: string): Sentence[] {
  const sentences: Sentence[] = [];
  const add = (from: number, to: number): void => {
    const piece = text.slice(from, to);
    const trimmed = piece.trim();
    if (trimmed === '') return;
    const start = from + piece.indexOf(trimmed);
    sentences.push({ text: trimmed, start, end: start + trimmed.length });
  };
  let from = 0;
  for (const match of text.matchAll(/(?<=[.!?])\s+/g)) {
    add(from, match.index);
    from = match.index + match[0].length;
  }
  add(from, text.length);
  return sentences;
}

/**
 * What a sentence states by the world's templates, or null if none of them fits. Several may: a reading about an
 * entity that the world has, with a value that the slot can take, goes before others; then the template with more
 * words of its own; then the longer entity. The truth of a reading plays no part in the choice.
 */
export function parseStatement(world: World, sentence: string): Statement | null {
  let best: Statement | null = null;
  let bestRank: readonly number[] = [];
  for (const pattern of world.patterns) {
    for (const { entity, value } of readPattern(pattern, sentence.normalize('NFC'))) {
      const kind = world.entities.get(entity)?.kind;
      const subject = kind === undefined ? 'unknown' : kind === pattern.kind ? 'known' : 'kind';
      const literals = pattern.before.length + pattern.between.length + pattern.after.length;
      const rank = [
        subject === 'known' ? 2 : subject === 'kind' ? 1 : 0,
        isInDomain(world, pattern.slot, value) ? 1 : 0,
        literals,
        entity.length,
      ];
      if (!best || isHigher(rank, bestRank)) {
        best = { entity, slot: pattern.slot, value, pattern, subject };
        bestRank = rank;
      }
    }
  }
  return best;
}

/** The sentence of a template of the slot, by index. */
export function stateFact(
  world: World,
  slot: string,
  template: number,
  entity: string,
  value: string,
): string {
  const pattern = world.patterns.find((p) => p.slot === slot && p.template === template);
  if (!pattern) throw new RangeError(`slot ${slot} has no statement ${template}`);
  return fillPattern(pattern, entity, value);
}

/** Whether some entity has this value; of a many-valued slot, whether every piece of it occurs. */
function isInDomain(world: World, slot: string, value: string): boolean {
  const domain = world.domains.get(slot) ?? [];
  if (domain.includes(value)) return true;
  if (!world.slots.get(slot)?.many) return false;
  const pieces = new Set(domain.flatMap((text) => text.split(' and ')));
  return value.split(' and ').every((piece) => pieces.has(piece));
}

function isHigher(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return a[i]! > b[i]!;
  }
  return false;
}
