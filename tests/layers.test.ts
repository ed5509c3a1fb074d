/** @file The layer check: holds for src/, and fails on each kind of violation. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const CHECK = fileURLToPath(new URL('../scripts/check_layers.mjs', import.meta.url));
const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Runs the check on src/, or on a tree made of `files`. */
function check(files?: Record<string, string>): { code: number | null; errors: string } {
  const args = [CHECK];
  if (files) {
    const root = mkdtempSync(join(tmpdir(), 'tabtune-layers-'));
    folders.push(root);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    args.push(root);
  }
  const run = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { code: run.status, errors: run.stderr };
}

/** What is wrong, the layer it is in, the offending source, and what the message must name. */
const VIOLATIONS = [
  ['a value from above', 'llama', `import { step } from '../train/loop.ts';`, 'train/loop.ts'],
  ['a type from above', 'ops', `import type { Config } from '../llama/config.ts';`, 'llama/config.ts'],
  ['an inline type from above', 'gpu', `let x: import('../ops/rope.ts').Rope;`, 'ops/rope.ts'],
  ['a dynamic import from above', 'train', `await import('../authors/rules.ts');`, 'authors/rules.ts'],
  ['a re-export from above', 'llama', `export * from '../train/loop.ts';`, 'train/loop.ts'],
  ['a sibling method', 'knowtuning', `import { x } from '../baselines/sft.ts';`, 'baselines/sft.ts'],
  [
    'a worker started from the method',
    'evaluate',
    `new URL('../workers/w.ts', import.meta.url);`,
    'workers/w.ts',
  ],
  ['the page in the terminal', 'cli', `import { view } from '../ui/view.ts';`, 'ui/view.ts'],
  ['the engine in a leaf', 'formats', `import { config } from '../llama/config.ts';`, 'llama/config.ts'],
  ['a store in the engine', 'train', `import { open } from '../store/run_store.ts';`, 'store/run_store.ts'],
  ['a file outside of src', 'text', `import { x } from '../../tests/x.ts';`, 'outside of src'],
  ['node in the engine', 'train', `import { readFileSync } from 'node:fs';`, 'node:fs'],
  ['node without its prefix', 'text', `import { readFileSync } from 'fs';`, 'imports fs'],
  ['the native module', 'gpu', `const { create } = await import('webgpu');`, 'webgpu'],
  ['the navigator', 'gpu', 'export const gpu = navigator.gpu;', 'navigator'],
  ['the environment', 'authors', 'export const key = process.env.KEY;', 'process'],
  ['the page', 'evaluate', 'globalThis.document.title = "";', 'document'],
  ['the database', 'knowtuning', `indexedDB.open('x');`, 'indexedDB'],
  ['an unknown layer', 'misc', 'export {};', 'misc is no layer'],
] as const;

describe('layers', () => {
  it('hold in src/', () => {
    expect(check()).toEqual({ code: 0, errors: '' });
  });

  describe('refuse', () => {
    const files = VIOLATIONS.map(([, layer, text], i) => [`${layer}/case_${i}.ts`, `${text}\n`] as const);
    const { code, errors } = check(Object.fromEntries(files));

    it('with an exit code', () => expect(code).toBe(1));

    it.each(VIOLATIONS.map((violation, i) => [...violation, i] as const))(
      '%s',
      (_what, layer, _text, named, i) => {
        const lines = errors.split('\n').filter((line) => line.startsWith(`${layer}/case_${i}.ts:`));
        expect(lines).toHaveLength(1);
        expect(lines[0]).toContain(named);
      },
    );
  });

  it('allow what points downwards, types of contracts, and names that only look like the host', () => {
    const files = {
      'ui/a.tsx': `import { x } from '../workers/b.ts';\nexport const v = <p>{document.title}</p>;\n`,
      'workers/b.ts': `import { y } from '../knowtuning/c.ts';\nnavigator.gpu;\n`,
      'knowtuning/c.ts': `import { z } from '../evaluate/d.ts';\nimport type { Store } from '../store/e.ts';\n`,
      'formats/f.ts': `import type { Adapter } from '../train/tuner.ts';\nimport { type Projection } from '../llama/config.ts';\n`,
      'llama/g.ts':
        'export function mask(window: number) { return { process: window, location: 1 }.location + window; }\n',
      'cli/h.ts': `import { readFileSync } from 'node:fs';\nprocess.exit(0);\n`,
    };
    expect(check(files)).toEqual({ code: 0, errors: '' });
  });

  it('do not hold for nothing', () => {
    expect(check({}).code).toBe(1);
  });
});
