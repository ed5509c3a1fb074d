/**
 * @file A model of the Hub as a source of bytes that are fetched when they are read: for its configuration and the
 * heads of its weights, before anything is downloaded. What comes is good for a plan, not for a model: ranges have no
 * hash to be checked against.
 */
import type { ByteSource } from '../formats/byte_source.ts';
import { InputError } from '../formats/input_error.ts';
import type { HubClient, HubFile, HubListing } from './hub.ts';
import { strange } from './hub_error.ts';
import { readAll } from './hub_fetch.ts';

/** Most bytes of one read: the head of a .gguf with a large vocabulary is under 16 MB, a tokenizer.json under 40. */
const MAX_READ_BYTES = 64 * 2 ** 20;

export function hubRangeSource(
  client: HubClient,
  listing: HubListing,
  files: readonly HubFile[],
  signal?: AbortSignal,
): ByteSource {
  const { id, commit } = listing;
  const get = (name: string): HubFile => {
    const file = files.find((f) => f.name === name);
    if (!file)
      throw new InputError(`${id}/${name}`, 'is not there.', 'Take a copy of the model with all files.');
    return file;
  };
  return {
    name: id,
    list: async () => files.map((file) => file.name),
    size: async (name) => get(name).bytes,
    async read(name, offset = 0, length) {
      const file = get(name);
      const place = `${id}/${name}`;
      const count = length ?? file.bytes - offset;
      if (offset < 0 || count < 0 || offset + count > file.bytes || count > MAX_READ_BYTES)
        throw new InputError(
          place,
          `has ${file.bytes} bytes, but ${count} from ${offset} are asked for.`,
          'Take another copy of the model.',
        );
      if (offset === 0 && count === file.bytes) return client.read(listing, file, signal);
      if (count === 0) return new Uint8Array(0);
      const range = `bytes=${offset}-${offset + count - 1}`;
      const answer = await client.open(id, commit, name, { range }, signal);
      if (answer.response.status !== 206) {
        await answer.body.return();
        throw strange(place, 'The Hub sends the whole file where a part of it was asked for.');
      }
      const bytes = await readAll(answer, place, count);
      if (bytes.length !== count) throw strange(place, `The Hub sends ${bytes.length} of ${count} bytes.`);
      return bytes;
    },
  };
}
