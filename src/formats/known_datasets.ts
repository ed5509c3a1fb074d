/** @file Data sets that people know by name: whose they are, under which licence, and which of them the paper used. */

export interface KnownDataset {
  readonly name: string;
  readonly licence: string;
  /** Columns by which a file of it is recognised: all must be there. */
  readonly columns: readonly string[];
  /** What the paper did with it, or null. */
  readonly paper: string | null;
}

export const KNOWN_DATASETS: readonly KnownDataset[] = [
  {
    name: 'Dolly',
    licence: 'CC BY-SA 3.0',
    columns: ['instruction', 'context', 'response', 'category'],
    paper: 'trained on its questions without context, and tested',
  },
  {
    name: 'MedQuAD',
    licence: 'CC BY 4.0',
    columns: ['question_focus', 'question_type', 'question', 'answer'],
    paper: 'trained and tested: its medical domain',
  },
  {
    name: 'ELI5',
    licence: 'texts of Reddit, under no open licence: for your own use only',
    columns: ['q_id', 'title', 'selftext', 'answers'],
    paper: 'tested only, out of the domain of training',
  },
];

/** The data set whose columns these are; null where it is none that is known. */
export function knownDataset(columns: readonly string[]): KnownDataset | null {
  const present = new Set(columns);
  return KNOWN_DATASETS.find(({ columns: own }) => own.every((column) => present.has(column))) ?? null;
}
