/** @file Opens what a ModelChoice names, in any worker: the bundled model, one in the cache, or picked files. */
import type { ByteSource } from '../formats/byte_source.ts';
import { browserCache } from '../store/browser_cache.ts';
import { ModelCache } from '../store/model_cache.ts';
import { modelVariants, pickVariant } from '../store/model_files.ts';
import { fileOfBlob, storedSource } from '../store/stored_source.ts';
import { FetchByteSource } from './fetch_byte_source.ts';
import type { ModelChoice } from './model_protocol.ts';

/** What its card calls the bundled model, and adapters their base. */
const BUNDLED_NAME = 'atlas-1m';

const BUNDLED_FILES = [
  'config.json',
  'generation_config.json',
  'model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
];

/**
 * @param base the page's address, which the bundled model is found from
 * @param onCheck bytes hashed of a file that changed since it was checked, and its size; mostly not called at all
 * @throws InputError where the model is not in the cache, is damaged, or lacks files
 */
export async function openModelSource(
  choice: ModelChoice,
  base: string,
  onCheck?: (done: number, bytes: number) => void,
): Promise<ByteSource> {
  switch (choice.kind) {
    case 'bundled':
      return new FetchByteSource(BUNDLED_NAME, new URL('model/', base).href, BUNDLED_FILES);
    case 'hub':
      return new ModelCache(browserCache(), Date.now).open(choice, onCheck);
    case 'files': {
      const { name, variant, files } = choice;
      const named = files.map((entry) => ({ name: entry.name, bytes: entry.file.size }));
      const chosen = pickVariant(modelVariants(named, name), variant, name);
      const wanted = new Set(chosen.files.map((file) => file.name));
      const byName = new Map(files.filter((entry) => wanted.has(entry.name)).map((e) => [e.name, e.file]));
      return storedSource(name, [...byName.keys()], async (file) => {
        const found = byName.get(file);
        return found ? fileOfBlob(found, found.lastModified) : null;
      });
    }
  }
}
