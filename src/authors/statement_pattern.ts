/** @file A statement template as literals around two holes, and all the ways in which a sentence may fill them. */

/** A template "before FIRST between SECOND after". */
export interface StatementPattern {
  readonly slot: string;
  readonly kind: string;
  /** Index of the template in the slot's list. */
  readonly template: number;
  readonly before: string;
  readonly between: string;
  readonly after: string;
  readonly entityFirst: boolean;
}

/** A reading of a sentence, of which the world decides whether it makes sense. */
export interface Reading {
  readonly entity: string;
  readonly value: string;
}

/** The pattern of a template, or null if it could not be parsed back. */
export function compileTemplate(
  slot: string,
  kind: string,
  index: number,
  template: string,
): StatementPattern | null {
  const pieces = template.split(/(\{entity\}|\{value\})/);
  if (pieces.length !== 5 || pieces[1] === pieces[3]) return null;
  const [before, first, between, , after] = pieces as [string, string, string, string, string];
  if (between.trim() === '' || !after.endsWith('.')) return null;
  return { slot, kind, template: index, before, between, after, entityFirst: first === '{entity}' };
}

/** Fills a template. */
export function fillPattern(pattern: StatementPattern, entity: string, value: string): string {
  const [first, second] = pattern.entityFirst ? [entity, value] : [value, entity];
  return pattern.before + first + pattern.between + second + pattern.after;
}

/** Every way to read the sentence by this pattern; a literal that occurs in a name gives more than one. */
export function readPattern(pattern: StatementPattern, sentence: string): Reading[] {
  const { before, between, after } = pattern;
  if (!sentence.startsWith(before) || !sentence.endsWith(after)) return [];
  const end = sentence.length - after.length;
  const readings: Reading[] = [];
  for (
    let at = sentence.indexOf(between, before.length + 1);
    at >= 0 && at + between.length < end;
    at = sentence.indexOf(between, at + 1)
  ) {
    const first = sentence.slice(before.length, at);
    const second = sentence.slice(at + between.length, end);
    readings.push(pattern.entityFirst ? { entity: first, value: second } : { entity: second, value: first });
  }
  return readings;
}
