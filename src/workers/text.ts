/** @file What the text worker does: reads data, keeps their rows, and shows a row as a model's tokens. */
import { knownSource } from '../formats/data_source.ts';
import type { Dataset, DroppedRow } from '../formats/dataset.ts';
import { readDataFiles } from '../formats/dataset_files.ts';
import type { Mapping } from '../formats/dataset_mapping.ts';
import { InputError } from '../formats/input_error.ts';
import { type QuestionRows, questionsOf } from '../knowtuning/question_rows.ts';
import { HubError } from '../store/hub_error.ts';
import { RowEncoder } from '../text/template.ts';
import type { StartTemplateWorker } from '../text/template_renderer.ts';
import { Tokenizer } from '../text/tokenizer.ts';
import { openModelFiles } from '../train/model_files.ts';
import { describeFailure } from './failure.ts';
import type { ModelChoice } from './model_protocol.ts';
import { openModelSource } from './model_source.ts';
import { type DataInput, HubData } from './text_hub.ts';
import type {
  DatasetView,
  RowView,
  TextAnswer,
  TextApi,
  TextEvent,
  TextRows,
  TextSourceView,
} from './text_protocol.ts';
import { rowView } from './text_row_view.ts';

/** Bytes of a file between two reports of how far it has been read. */
const REPORT_BYTES = 4 * 2 ** 20;

/** Characters of a value that are shown beside its column. */
const SAMPLE_LENGTH = 160;

interface OpenText {
  readonly tokenizer: Tokenizer;
  readonly encoder: RowEncoder;
}

async function answer<T>(work: () => T | Promise<T>): Promise<TextAnswer<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, failure: describeFailure(error) };
  }
}

function sampleText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > SAMPLE_LENGTH ? `${text.slice(0, SAMPLE_LENGTH)}…` : text;
}

export class TextWorker implements TextApi {
  #port: MessagePort | null = null;
  #base = '';
  #job = 0;
  #stop = new AbortController();
  readonly #hub: HubData;
  /** What was read last. */
  #input: DataInput | null = null;
  #dataset: Dataset | null = null;
  #text: OpenText | null = null;
  /** Number of the newest call that opens a model's text: an older one must not replace it. */
  #opening = 0;

  /** @param mirror origin of a mirror of the Hub, or null for the Hub itself */
  constructor(
    private readonly startTemplateWorker: StartTemplateWorker,
    mirror: string | null,
  ) {
    this.#hub = new HubData(mirror);
  }

  connect(port: MessagePort, base: string): void {
    this.#port = port;
    this.#base = base;
  }

  openTextSource(choice: ModelChoice): Promise<TextAnswer<TextSourceView>> {
    const opening = ++this.#opening;
    return answer(async () => {
      const source = await openModelSource(choice, this.#base);
      const files = await openModelFiles(source, ggufOf(choice));
      const tokenizer = new Tokenizer(files.tokenizerJson, files.tokenizerConfigJson, source.name);
      const { chatTemplate, config } = files;
      const template = (chatTemplate ?? tokenizer.chatTemplate) === null ? 'none' : 'auto';
      const encoder = await RowEncoder.open(tokenizer, template, {
        chatTemplate,
        eosTokenIds: config.eosTokenIds,
        startTemplateWorker: this.startTemplateWorker,
      });
      if (opening === this.#opening) {
        this.#text?.encoder.close();
        this.#text = { tokenizer, encoder };
      } else encoder.close();
      return { name: files.baseModel, template, contextLength: config.maxPositionEmbeddings };
    });
  }

  setToken(token: string): void {
    this.#hub.setToken(token);
  }

  readData(file: File): number {
    return this.#begin(null, async () => ({ name: file.name, files: [file], source: null }));
  }

  readHubData(name: string): number {
    return this.#begin(null, (job, signal) =>
      this.#hub.fetch(name, signal, (progress) => {
        if (job === this.#job) this.#tell({ kind: 'fetching', job, ...progress });
      }),
    );
  }

  readAgain(mapping: Mapping): number {
    const input = this.#input;
    return this.#begin(mapping, async () => {
      if (!input) throw noData();
      return input;
    });
  }

  cancel(): void {
    this.#stop.abort();
  }

  droppedRows(from: number, count: number): readonly DroppedRow[] {
    return this.#dataset?.dropped.slice(from, from + count) ?? [];
  }

  rowTokens(index: number, trainOn: 'all' | 'last'): Promise<TextAnswer<RowView>> {
    return answer(() => {
      const dataset = this.#open();
      if (!this.#text) throw new Error('No tokenizer is open.');
      if (!(index >= 0 && index < dataset.rows.length)) throw new Error(`There is no row ${index}.`);
      return rowView(dataset, index, this.#text.tokenizer, this.#text.encoder, trainOn);
    });
  }

  rows(): TextAnswer<TextRows> {
    try {
      const dataset = this.#open();
      return {
        ok: true,
        value:
          dataset.kind === 'sft'
            ? { kind: 'sft', rows: dataset.rows }
            : { kind: 'preference', rows: dataset.rows },
      };
    } catch (error) {
      return { ok: false, failure: describeFailure(error) };
    }
  }

  questions(): TextAnswer<QuestionRows> {
    try {
      const dataset = this.#open();
      const { name, source } = this.#input!;
      const questions = questionsOf(dataset, name);
      return { ok: true, value: { ...questions, known: source ?? questions.known } };
    } catch (error) {
      return { ok: false, failure: describeFailure(error) };
    }
  }

  #open(): Dataset {
    if (!this.#dataset) throw noData();
    return this.#dataset;
  }

  /** Ends the job before it, and begins another one. */
  #begin(mapping: Mapping | null, open: (job: number, signal: AbortSignal) => Promise<DataInput>): number {
    this.#stop.abort();
    this.#stop = new AbortController();
    const job = ++this.#job;
    void this.#read(job, mapping, open, this.#stop.signal).then((event) => {
      if (job === this.#job) this.#tell(event);
    });
    return job;
  }

  /** How a job ended. */
  async #read(
    job: number,
    mapping: Mapping | null,
    open: (job: number, signal: AbortSignal) => Promise<DataInput>,
    signal: AbortSignal,
  ): Promise<TextEvent> {
    try {
      const input = await open(job, signal);
      signal.throwIfAborted();
      const bytes = input.files.reduce((sum, { size }) => sum + size, 0);
      let reported = 0;
      const onProgress = (done: number) => {
        if (done - reported < REPORT_BYTES) return;
        reported = done;
        this.#tell({ kind: 'reading', job, done, bytes });
      };
      const dataset = await readDataFiles(input.files, { mapping, signal, onProgress });
      this.#input = input;
      this.#dataset = dataset;
      return { kind: 'read', job, dataset: datasetView(input, dataset) };
    } catch (error) {
      if (signal.aborted) return { kind: 'cancelled', job };
      const needsToken = error instanceof HubError && error.kind === 'token';
      return { kind: 'failed', job, failure: describeFailure(error), needsToken };
    }
  }

  #tell(event: TextEvent): void {
    this.#port?.postMessage(event);
  }
}

/** The GGUF file that a choice names. */
function ggufOf(choice: ModelChoice): string | undefined {
  return choice.kind !== 'bundled' && /\.gguf$/i.test(choice.variant) ? choice.variant : undefined;
}

const noData = () => new InputError('Data', 'No file has been read.', 'Choose a data file.');

function datasetView({ name, files, source }: DataInput, dataset: Dataset): DatasetView {
  const { kind, format, mapping, columns, rows, dropped, sample } = dataset;
  return {
    name,
    source: source ?? knownSource(columns),
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    kind,
    format,
    mapping,
    columns,
    sample: Object.fromEntries(Object.entries(sample).map(([column, value]) => [column, sampleText(value)])),
    rows: rows.length,
    dropped: dropped.length,
  };
}
