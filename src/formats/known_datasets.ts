/** @file Data sets that people know by name: whose they are, under which licence, and which of them the paper used. */

export interface KnownDataset {
  readonly name: string;
  /** Repositories on the Hub that hold it; empty where it is found elsewhere only. */
  readonly hubIds: readonly string[];
  readonly licence: string;
  /** Columns by which a file of it is recognised: all must be there. Empty where they would fit others too. */
  readonly columns: readonly string[];
  /** What the paper did with it, or null. */
  readonly paper: string | null;
}

export const KNOWN_DATASETS: readonly KnownDataset[] = [
  {
    name: 'Dolly',
    hubIds: ['databricks/databricks-dolly-15k'],
    licence: 'CC BY-SA 3.0',
    columns: ['instruction', 'context', 'response', 'category'],
    paper: 'trained on its questions without context, and tested',
  },
  {
    name: 'MedQuAD',
    hubIds: ['lavita/MedQuAD', 'keivalya/MedQuad-MedicalQnADataset'],
    licence: 'CC BY 4.0',
    columns: ['question_focus', 'question_type', 'question', 'answer'],
    paper: 'trained and tested: its medical domain',
  },
  {
    name: 'Natural Questions',
    hubIds: ['google-research-datasets/natural_questions', 'google-research-datasets/nq_open'],
    licence: 'CC BY-SA 3.0',
    columns: [],
    paper: 'tested only, out of the domain of training',
  },
  {
    name: 'ELI5',
    hubIds: ['eli5', 'rexarski/eli5_category'],
    licence: 'texts of Reddit, under no open licence: for your own use only',
    columns: ['q_id', 'title', 'selftext', 'answers'],
    paper: 'tested only, out of the domain of training',
  },
];

/** The data set of a Hub id, or whose columns these are; null where it is none that is known. */
export function knownDataset(hubId: string | null, columns: readonly string[]): KnownDataset | null {
  const lower = hubId?.toLowerCase();
  const present = new Set(columns);
  return (
    KNOWN_DATASETS.find(({ hubIds }) => hubIds.some((id) => id.toLowerCase() === lower)) ??
    KNOWN_DATASETS.find(({ columns: own }) => own.length > 0 && own.every((column) => present.has(column))) ??
    null
  );
}
