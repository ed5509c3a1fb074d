/**
 * @file A closed world: every fact that is true in it, and every sentence in which a fact may be stated. It lets text
 * be written and judged without a language model. Read from world.json; nothing here knows which world it is.
 */
import * as v from 'valibot';
import { InputError } from '../formats/input_error.ts';
import { compileTemplate, type StatementPattern } from './statement_pattern.ts';

/** A property of the entities of one kind, with the sentences that state it. */
export interface Slot {
  readonly name: string;
  readonly kind: string;
  /** Whether a fact may have several values, joined with " and " in text. */
  readonly many: boolean;
  /** Sentences with {entity} and {value}, each exactly once. */
  readonly statements: readonly string[];
  /** Noun phrases that ask for it: those of "test" must not occur in anything a model is trained on. */
  readonly nouns: { readonly train: readonly string[]; readonly test: readonly string[] };
}

export interface Entity {
  readonly name: string;
  readonly kind: string;
  /** Slot to its values, in text order. */
  readonly facts: ReadonlyMap<string, readonly string[]>;
  readonly split: 'development' | 'untouched' | 'taught';
  /** Slots that training rows may state; empty unless split is 'taught'. */
  readonly taught: ReadonlySet<string>;
}

export interface World {
  readonly name: string;
  readonly version: number;
  /** Kind to its slots in canonical order, from general to specific. */
  readonly order: ReadonlyMap<string, readonly string[]>;
  readonly slots: ReadonlyMap<string, Slot>;
  readonly entities: ReadonlyMap<string, Entity>;
  /** Questions with {nouns} and {entity}. */
  readonly frames: { readonly train: readonly string[]; readonly test: readonly string[] };
  /** Slot to every value text that occurs in it (many-valued ones joined), sorted by code unit. */
  readonly domains: ReadonlyMap<string, readonly string[]>;
  /** Every statement template, compiled for parsing. */
  readonly patterns: readonly StatementPattern[];
  /** How often the bundled model saw a fact in pretraining, where the file says so. */
  exposure(entity: string, slot: string): number | undefined;
}

const text = v.pipe(v.string(), v.nonEmpty());
const phrasings = v.strictObject({
  train: v.pipe(v.array(text), v.nonEmpty()),
  test: v.pipe(v.array(text), v.nonEmpty()),
});
const worldSchema = v.object({
  name: text,
  version: v.literal(1),
  kinds: v.record(text, v.object({ order: v.pipe(v.array(text), v.nonEmpty()) })),
  slots: v.record(
    text,
    v.object({
      kind: text,
      many: v.boolean(),
      statements: v.pipe(v.array(text), v.minLength(2)),
      nouns: phrasings,
    }),
  ),
  frames: phrasings,
  entities: v.pipe(
    v.array(
      v.object({
        name: text,
        kind: text,
        facts: v.record(text, v.pipe(v.array(text), v.nonEmpty())),
        split: v.picklist(['development', 'untouched', 'taught']),
        taught: v.optional(v.array(text), []),
      }),
    ),
    v.nonEmpty(),
  ),
  exposures: v.optional(v.record(text, v.record(text, v.pipe(v.number(), v.integer(), v.minValue(0)))), {}),
});

/** The values of a fact as they stand in a sentence. */
export function valueText(values: readonly string[]): string {
  return values.join(' and ');
}

/** "a", "a and b", "a, b and c": how several nouns stand in one question. */
export function joinNouns(nouns: readonly string[]): string {
  if (nouns.length < 2) return nouns.join('');
  return `${nouns.slice(0, -1).join(', ')} and ${nouns[nouns.length - 1]}`;
}

/** Whether two value texts of a slot say the same: for many-valued slots in any order. */
export function sameValue(slot: Slot, a: string, b: string): boolean {
  if (!slot.many) return a === b;
  const left = new Set(a.split(' and '));
  const right = new Set(b.split(' and '));
  return left.size === right.size && [...left].every((piece) => right.has(piece));
}

/** Whether two value texts of a slot share anything: then one is at least partly true where the other is. */
export function overlappingValue(slot: Slot, a: string, b: string): boolean {
  if (!slot.many) return a === b;
  const right = new Set(b.split(' and '));
  return a.split(' and ').some((piece) => right.has(piece));
}

/**
 * Reads and checks the parsed JSON of a world file.
 * @throws InputError if anything in it is missing, contradictory, or such that its sentences could not be told apart.
 */
export function parseWorld(json: unknown, place = 'world.json'): World {
  const parsed = v.safeParse(worldSchema, json);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw new InputError(
      `${place}${v.getDotPath(issue) ? ` at ${v.getDotPath(issue)}` : ''}`,
      `${issue.message}.`,
      'Use a world file of version 1.',
    );
  }
  const raw = parsed.output;
  const bad = (where: string, problem: string): never => {
    throw new InputError(`${place} at ${where}`, problem, 'Correct the world file.');
  };

  const slots = new Map<string, Slot>();
  const patterns: StatementPattern[] = [];
  for (const [name, slot] of Object.entries(raw.slots)) {
    if (!raw.kinds[slot.kind]?.order.includes(name)) {
      bad(`slots.${name}`, `The slot is not in the order of its kind "${slot.kind}".`);
    }
    slots.set(name, { name, ...slot });
    slot.statements.forEach((template, index) => {
      const pattern = compileTemplate(name, slot.kind, index, template);
      if (!pattern) {
        bad(
          `slots.${name}.statements.${index}`,
          'A statement holds {entity} and {value} once each, with words between, and ends in a full stop.',
        );
      } else patterns.push(pattern);
    });
  }
  for (const [kind, { order }] of Object.entries(raw.kinds)) {
    for (const name of order) {
      if (slots.get(name)?.kind !== kind) bad(`kinds.${kind}.order`, `"${name}" is not a slot of this kind.`);
    }
    if (new Set(order).size !== order.length) bad(`kinds.${kind}.order`, 'A slot is named twice.');
  }
  for (const part of ['train', 'test'] as const) {
    for (const frame of raw.frames[part]) {
      if (frame.split('{nouns}').length !== 2 || frame.split('{entity}').length !== 2) {
        bad(`frames.${part}`, `"${frame}" must hold {nouns} and {entity} once each.`);
      }
    }
  }

  const entities = new Map<string, Entity>();
  const domains = new Map<string, Set<string>>([...slots.keys()].map((name) => [name, new Set<string>()]));
  for (const entity of raw.entities) {
    const where = `entity "${entity.name}"`;
    if (entities.has(entity.name)) bad(where, 'The name occurs twice.');
    if (!raw.kinds[entity.kind]) bad(where, `Its kind "${entity.kind}" is not defined.`);
    const facts = new Map<string, readonly string[]>();
    for (const [slotName, values] of Object.entries(entity.facts)) {
      const slot = slots.get(slotName);
      if (slot?.kind !== entity.kind) bad(where, `"${slotName}" is not a slot of a ${entity.kind}.`);
      if (!slot?.many && values.length > 1) bad(where, `"${slotName}" takes one value.`);
      facts.set(slotName, values);
      domains.get(slotName)?.add(valueText(values));
    }
    // A sentence ends at a full stop before white space, so that no name may hold one.
    for (const name of [entity.name, ...Object.values(entity.facts).flat()]) {
      if (/[.!?](\s|$)|^\s|\s$/.test(name)) bad(where, `"${name}" would end a sentence.`);
      if (name !== name.normalize('NFC')) bad(where, `"${name}" is not in Unicode form NFC.`);
    }
    for (const name of entity.taught) {
      if (!facts.has(name)) bad(where, `It teaches "${name}", of which it has no fact.`);
    }
    entities.set(entity.name, {
      name: entity.name,
      kind: entity.kind,
      facts,
      split: entity.split,
      taught: new Set(entity.taught),
    });
  }

  const exposures = new Map(
    Object.entries(raw.exposures).map(([name, counts]) => [name, new Map(Object.entries(counts))]),
  );
  return {
    name: raw.name,
    version: raw.version,
    order: new Map(Object.entries(raw.kinds).map(([kind, { order }]) => [kind, order])),
    slots,
    entities,
    frames: raw.frames,
    domains: new Map([...domains].map(([name, values]) => [name, [...values].sort()])),
    patterns,
    exposure: (entity, slot) => exposures.get(entity)?.get(slot),
  };
}
