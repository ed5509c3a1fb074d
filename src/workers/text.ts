/** @file What the text worker does: reads files of data, keeps their rows, and shows a row as a model's tokens. */
import { type Dataset, DatasetReader, type DroppedRow } from '../formats/dataset.ts';
import type { Mapping } from '../formats/dataset_mapping.ts';
import { InputError } from '../formats/input_error.ts';
import { type QuestionRows, questionsOf } from '../knowtuning/question_rows.ts';
import { RowEncoder } from '../text/template.ts';
import type { StartTemplateWorker } from '../text/template_renderer.ts';
import { Tokenizer } from '../text/tokenizer.ts';
import { openModelFiles } from '../train/model_files.ts';
import { describeFailure } from './failure.ts';
import type { ModelChoice } from './model_protocol.ts';
import { openModelSource } from './model_source.ts';
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
  #dataset: Dataset | null = null;
  /** The file that it was read from. */
  #name = '';
  #text: OpenText | null = null;
  /** Number of the newest call that opens a model's text: an older one must not replace it. */
  #opening = 0;

  constructor(private readonly startTemplateWorker: StartTemplateWorker) {}

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

  readData(file: File, mapping: Mapping | null): number {
    const job = ++this.#job;
    this.#read(job, file, mapping).then(
      (dataset) => {
        if (job !== this.#job || !dataset) return;
        this.#dataset = dataset;
        this.#name = file.name;
        this.#tell({ kind: 'read', job, dataset: datasetView(file, dataset) });
      },
      (error: unknown) => {
        if (job === this.#job) this.#tell({ kind: 'failed', job, failure: describeFailure(error) });
      },
    );
    return job;
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
      return { ok: true, value: questionsOf(this.#open(), this.#name) };
    } catch (error) {
      return { ok: false, failure: describeFailure(error) };
    }
  }

  #open(): Dataset {
    if (!this.#dataset) throw new InputError('Data', 'No file has been read.', 'Choose a data file.');
    return this.#dataset;
  }

  /** Null where another file was asked for meanwhile. */
  async #read(job: number, file: File, mapping: Mapping | null): Promise<Dataset | null> {
    const reader = new DatasetReader(file.name, { mapping });
    const stream = file.stream().getReader();
    let done = 0;
    let reported = 0;
    for (let piece = await stream.read(); !piece.done; piece = await stream.read()) {
      if (job !== this.#job) {
        await stream.cancel();
        return null;
      }
      reader.push(piece.value);
      done += piece.value.length;
      if (done - reported >= REPORT_BYTES) {
        reported = done;
        this.#tell({ kind: 'reading', job, done, bytes: file.size });
      }
    }
    return reader.end();
  }

  #tell(event: TextEvent): void {
    this.#port?.postMessage(event);
  }
}

/** The GGUF file that a choice names. */
function ggufOf(choice: ModelChoice): string | undefined {
  return choice.kind !== 'bundled' && /\.gguf$/i.test(choice.variant) ? choice.variant : undefined;
}

function datasetView(file: File, dataset: Dataset): DatasetView {
  const { kind, format, mapping, columns, rows, dropped, sample } = dataset;
  return {
    name: file.name,
    bytes: file.size,
    kind,
    format,
    mapping,
    columns,
    sample: Object.fromEntries(Object.entries(sample).map(([column, value]) => [column, sampleText(value)])),
    rows: rows.length,
    dropped: dropped.length,
  };
}
