/** @file The prompts of authors that are language models, in the browser: Vite puts the files into the script. */
import { Prompts } from '../authors/prompts.ts';

const files = import.meta.glob<string>('/src/authors/prompts/*.md', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** All of src/authors/prompts/. */
export function bundledPrompts(): Prompts {
  return new Prompts(
    new Map(
      Object.entries(files).map(([path, text]) => [path.replace(/^.*\//, '').replace(/\.md$/, ''), text]),
    ),
  );
}
