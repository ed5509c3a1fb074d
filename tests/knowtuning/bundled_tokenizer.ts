/** @file The bundled model's tokenizer, which counts tokens as a server would. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Tokenizer } from '../../src/text/tokenizer.ts';

export function bundledTokenizer(): Tokenizer {
  const read = (name: string): Uint8Array =>
    readFileSync(fileURLToPath(new URL(`../../public/model/${name}`, import.meta.url)));
  return new Tokenizer(read('tokenizer.json'), read('tokenizer_config.json'), 'bundled');
}
