/** @file The prompts of authors that are language models, from their folder on disk. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Prompts } from '../authors/prompts.ts';

/** All of src/authors/prompts/. */
export function promptsFromDisk(): Prompts {
  const root = fileURLToPath(new URL('../authors/prompts/', import.meta.url));
  const files = readdirSync(root).filter((file) => file.endsWith('.md'));
  return new Prompts(
    new Map(files.map((file) => [file.slice(0, -3), readFileSync(`${root}${file}`, 'utf8')])),
  );
}
