/**
 * @file Facts that someone types: the text, what is wrong with it before anyone is asked, and what became of it. The text
 * is kept in this tab's session storage: it survives a reload, and goes when the tab is closed.
 */
import { signal } from '@preact/signals';
import { heldOutRecall } from '../../knowtuning/held_out.ts';
import type { SystemReport } from '../../knowtuning/report.ts';
import { readFactLines } from '../../knowtuning/ten_facts.ts';
import type { RunView } from '../../workers/run_view.ts';

/** More would take a small model longer than someone waits at a button. */
export const MOST_FACTS = 10;
/** Characters of one sentence. */
const LONGEST_FACT = 200;

/** Of an invented town: a model cannot have met it. */
export const EXAMPLE_FACTS = `The town of Quillmere lies on Lake Sorn.
The mayor of Quillmere is Ada Brandt.
The bakery of Quillmere sells plum bread.
The tower of Quillmere has nine bells.
The school of Quillmere opened in 1934.
The museum of Quillmere shows glass birds.
The ferry of Quillmere carries forty goats.
The market of Quillmere closes at noon.
The library of Quillmere lends violins.
The clock of Quillmere shows two moons.`;

const KEPT_AS = 'tabtune-facts';

export const factsText = signal(kept());

export function writeFacts(text: string): void {
  factsText.value = text;
  try {
    sessionStorage.setItem(KEPT_AS, text);
  } catch {
    // Storage may be refused: then the text lasts as long as the page.
  }
}

function kept(): string {
  try {
    return sessionStorage.getItem(KEPT_AS) ?? '';
  } catch {
    return '';
  }
}

/** What is wrong with a line, and what helps. */
export interface LineProblem {
  readonly line: number;
  readonly problem: string;
  readonly cure: string;
}

/** What can be said of a text at once; whether a fact can be asked for only its author knows. */
export function lineProblems(text: string): LineProblem[] {
  const facts = readFactLines(text);
  const first = new Map<string, number>();
  return facts.flatMap(({ line, fact }, i): LineProblem[] => {
    const key = fact.toLowerCase();
    const same = first.get(key);
    first.set(key, same ?? line);
    if (same !== undefined)
      return [{ line, problem: `says the same as line ${same}.`, cure: 'Leave one of them out.' }];
    if (fact.length > LONGEST_FACT)
      return [{ line, problem: `has ${fact.length} characters.`, cure: 'Write one short sentence.' }];
    if (i >= MOST_FACTS)
      return [
        {
          line,
          problem: `is fact ${i + 1}, and there is room for ${MOST_FACTS}.`,
          cure: 'Leave some out; a longer list goes into “Your data” below, as questions with answers.',
        },
      ];
    return [];
  });
}

/** How many facts are answered before and after; null while that is not known, and for other runs. */
export function factsOutcome(view: RunView | null): {
  readonly before: NonNullable<SystemReport['heldOut']>;
  readonly after: NonNullable<SystemReport['heldOut']>;
} | null {
  if (view?.request.data.kind !== 'facts' || view.report === null) return null;
  const [before, after] = (['base', 'stage2'] as const).map(
    (system) => heldOutRecall(view.answers[system] ?? []).heldOut,
  );
  return before && after ? { before, after } : null;
}
