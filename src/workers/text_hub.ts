/** @file A data set of the Hub on its way into the text worker: found, downloaded, and how far it is. */
import type { DataSource } from '../formats/data_source.ts';
import { HubClient } from '../store/hub.ts';
import { type DatasetProgress, datasetSource, downloadDataset, findDataset } from '../store/hub_dataset.ts';
import { parseDatasetId } from '../store/hub_dataset_id.ts';
import { OFFICIAL_HUB } from '../store/hub_fetch.ts';
import type { HubDataProgress } from './text_protocol.ts';

/** Progress is told this often, in milliseconds. */
const PROGRESS_MS = 150;

/** Data in memory, before they are read. */
export interface DataInput {
  /** As people know it. */
  readonly name: string;
  readonly files: readonly File[];
  readonly source: DataSource | null;
}

/** Data sets of the Hub, with a token that is kept in memory only. */
export class HubData {
  readonly #client: HubClient;
  #token: string | null = null;

  /** @param mirror origin of a mirror of the Hub, or null for the Hub itself */
  constructor(mirror: string | null) {
    const access = {
      hubUrl: mirror ?? OFFICIAL_HUB,
      fetch: (input: string | URL | Request, init?: RequestInit) => fetch(input, init),
      token: () => this.#token,
      now: Date.now,
      unrestricted: false,
    };
    this.#client = new HubClient(access, 'dataset');
  }

  setToken(token: string): void {
    this.#token = token.trim() || null;
  }

  /** @throws InputError with what helps; the reason of `signal` */
  async fetch(
    name: string,
    signal: AbortSignal,
    onProgress: (progress: HubDataProgress) => void,
  ): Promise<DataInput> {
    onProgress({ state: 'asking', done: 0, bytes: 0 });
    const dataset = await findDataset(this.#client, parseDatasetId(name), signal);
    let told = 0;
    const tell = ({ state, allDone, allBytes }: DatasetProgress) => {
      const now = performance.now();
      if (now - told < PROGRESS_MS && state !== 'waiting') return;
      told = now;
      const shown = state === 'waiting' ? state : 'downloading';
      onProgress({ state: shown, done: allDone, bytes: allBytes });
    };
    const files = await downloadDataset(this.#client, dataset, { signal, delay, onProgress: tell });
    return { name: dataset.id, files, source: datasetSource(dataset) };
  }
}

function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
