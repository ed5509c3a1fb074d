/** @file What a run of the page is given to learn from: rows of the bundled world, typed facts, or a project of the user's. */
import type { Author } from '../authors/author.ts';
import { createRulesAuthor } from '../authors/rules.ts';
import { parseWorld, valueText, type World } from '../authors/world.ts';
import { InputError } from '../formats/input_error.ts';
import { parseJson } from '../formats/json.ts';
import { parseJsonRows } from '../formats/jsonl.ts';
import { chooseDemoRows } from '../knowtuning/demo.ts';
import { holdOut } from '../knowtuning/holdout.ts';
import { included, type Project, parseProject, type TrainRow } from '../knowtuning/project.ts';
import { parseTestRows, parseTrainRows, type TestRow } from '../knowtuning/rows.ts';
import { factRows, readFactLines } from '../knowtuning/ten_facts.ts';
import { FetchByteSource } from './fetch_byte_source.ts';
import type { RunData } from './protocol.ts';
import type { LeftOutFact, TestView } from './run_view.ts';

const DATA_FILES = ['world.json', 'train.jsonl', 'test.jsonl'];

export interface PreparedData {
  readonly name: string;
  readonly author: Author;
  /** Where answers can be checked against it. */
  readonly world: World | null;
  readonly train: readonly TrainRow[];
  readonly test: readonly TestRow[];
  readonly project?: Project;
}

export interface DataHost {
  /** The page's address, which the bundled world is found from. */
  readonly base: string;
  /** Told of facts that cannot be asked for, once, if there are any; the others are learned. */
  readonly onLeftOut: (facts: readonly LeftOutFact[]) => void;
}

/**
 * @param project the file of the project, where there is one
 * @throws InputError for facts that cannot be asked for, and for what is no project
 */
export async function prepareData(
  data: RunData,
  seed: number,
  { base, onLeftOut }: DataHost,
  project?: Uint8Array,
): Promise<PreparedData> {
  const source = new FetchByteSource('atlas', new URL('atlas/', base).href, DATA_FILES);
  const world = parseWorld(
    parseJson(await source.read('world.json'), 'atlas/world.json'),
    'atlas/world.json',
  );
  const author = createRulesAuthor(world, seed);
  switch (data.kind) {
    case 'demo': {
      const rows = async (file: string) =>
        parseJsonRows(await source.read(file), `atlas/${file}`).map((row) => row.value);
      const train = parseTrainRows(await rows('train.jsonl'), 'atlas/train.jsonl');
      const test = parseTestRows(await rows('test.jsonl'), 'atlas/test.jsonl', world);
      const chosen = chooseDemoRows(world, train, test, data.questions);
      return { name: 'atlas demo', author, world, ...chosen };
    }
    case 'facts':
      return { name: 'facts', author, world: null, ...(await preparedFacts(data.text, author, onLeftOut)) };
    case 'project': {
      if (!project) throw new InputError(data.name, 'did not come along.', 'Open the project again.');
      const read = parseProject(parseJson(project, data.name), data.name);
      return { name: data.name, author, world: null, ...heldOut(read, data.holdout, seed) };
    }
  }
}

async function preparedFacts(text: string, author: Author, onLeftOut: DataHost['onLeftOut']) {
  const lines = readFactLines(text);
  const leftOut: LeftOutFact[] = [];
  const facts = lines.map(({ fact }) => fact);
  try {
    return await factRows(facts, 'Facts', author, (_id, _operation, reason, index) =>
      leftOut.push({ ...lines[index]!, reason }),
    );
  } finally {
    if (leftOut.length > 0) onLeftOut(leftOut);
  }
}

/** Questions that were left out by hand are neither trained on nor asked. */
function heldOut(project: Project, share: number, seed: number) {
  const { train, held } = holdOut(included(project.questions), share, seed);
  const test = held.map(({ id, question, answer }): TestRow => ({ id, question, answer }));
  return { train, test, project: { ...project, questions: [...train] } };
}

/** A test question as the page shows it. */
export function testView(row: TestRow, world: World | null): TestView {
  const facts = world?.entities.get(row.entity ?? '')?.facts ?? new Map<string, readonly string[]>();
  return {
    id: row.id,
    question: row.question,
    entity: row.entity ?? null,
    truths: Object.fromEntries([...facts].map(([slot, values]) => [slot, valueText(values)])),
    reference: row.answer ?? null,
  };
}
