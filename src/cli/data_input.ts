/** @file What --data names: a file on disk, or a data set of the Hugging Face Hub, in memory either way. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from '../formats/data_source.ts';
import { InputError } from '../formats/input_error.ts';
import { HubClient } from '../store/hub.ts';
import { datasetSource, datasetText, downloadDataset, findDataset } from '../store/hub_dataset.ts';
import { parseDatasetId } from '../store/hub_dataset_id.ts';
import { looksLikeHubId } from '../store/hub_id.ts';
import { hubAccess, inTerminal, tellDownload } from './hub_access.ts';
import { readInput } from './open_model.ts';

const HUB = 'hub:';

/** For the help of options. */
export const DATA_HELP =
  'a file, or hub:owner/name[@revision][:configuration][/split], a data set of the Hub';

export interface DataInput {
  /** Of one data set. */
  readonly files: readonly File[];
  /** Of a data set of the Hub, which names its licence and its version. */
  readonly source: DataSource | null;
}

/**
 * Reads a file, or downloads a data set and tells what it is.
 * @throws InputError where there is none, or none that can be read
 */
export async function openData(place: string, progress: (line: string) => void): Promise<DataInput> {
  if (place.startsWith(HUB)) return hubData(place.slice(HUB.length), progress);
  try {
    return { files: [new File([new Uint8Array(await readInput(place))], place)], source: null };
  } catch (error) {
    if (!(error instanceof InputError) || !looksLikeHubId(place.split(':', 1)[0]!)) throw error;
    throw new InputError(
      place,
      error.problem,
      `${error.cure} A data set of the Hub is written ${HUB}${place}.`,
    );
  }
}

async function hubData(name: string, progress: (line: string) => void): Promise<DataInput> {
  try {
    const client = new HubClient(hubAccess(process.env), 'dataset');
    const dataset = await findDataset(client, parseDatasetId(name));
    progress(datasetText(dataset));
    const files = await downloadDataset(client, dataset, {
      delay: (ms) => sleep(ms),
      onProgress: tellDownload(progress, dataset.id),
    });
    return { files, source: datasetSource(dataset) };
  } catch (error) {
    throw inTerminal(error);
  }
}

/** SHA-256 of the bytes of all files, one after the other, in hexadecimal. */
export async function filesSha256(files: readonly File[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(new Uint8Array(await file.arrayBuffer()));
  return hash.digest('hex');
}
