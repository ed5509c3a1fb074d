/** @file Batch files on disk: written in pieces that the Batch API takes, read line by line whatever their size. */
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BATCH_LIMITS, type BatchAnswer, parseBatchAnswer } from '../authors/openai/batch_lines.ts';
import { InputError } from '../formats/input_error.ts';

/**
 * Writes lines to DIRECTORY/NAME-001.jsonl and so on, in place of such files that are there.
 * @returns the files' paths
 */
export async function writeBatchFiles(
  directory: string,
  name: string,
  lines: Iterable<string>,
  limits = BATCH_LIMITS,
): Promise<string[]> {
  await mkdir(directory, { recursive: true });
  for (const file of await readdir(directory))
    if (new RegExp(`^${name}-\\d+\\.jsonl$`).test(file)) await rm(join(directory, file));
  const paths: string[] = [];
  let file: ReturnType<typeof createWriteStream> | null = null;
  let [count, bytes] = [0, 0];
  const end = async () => {
    if (!file) return;
    file.end();
    await once(file, 'finish');
  };
  for (const line of lines) {
    const length = Buffer.byteLength(line) + 1;
    if (!file || count === limits.lines || bytes + length > limits.bytes) {
      await end();
      const path = join(directory, `${name}-${String(paths.length + 1).padStart(3, '0')}.jsonl`);
      paths.push(path);
      file = createWriteStream(path);
      [count, bytes] = [0, 0];
    }
    count++;
    bytes += length;
    if (!file.write(`${line}\n`)) await once(file, 'drain');
  }
  await end();
  return paths;
}

/**
 * Answers of batches by key. Of several to one call the last that succeeded counts.
 * @param list files, or directories of .jsonl files, with commas between them
 * @throws InputError for a file that cannot be read, and naming the line that is no answer
 */
export async function readBatchFiles(list: string): Promise<Map<string, BatchAnswer>> {
  const answers = new Map<string, BatchAnswer>();
  for (const path of await filesOf(list)) {
    let number = 0;
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: 1000 })) {
      number++;
      if (line.trim() === '') continue;
      const answer = parseBatchAnswer(line, `${path}:${number}`);
      const known = answers.get(answer.key);
      if (!known || known.reply.kind === 'failed' || answer.reply.kind !== 'failed')
        answers.set(answer.key, answer);
    }
  }
  return answers;
}

async function filesOf(list: string): Promise<string[]> {
  const files: string[] = [];
  for (const path of list.split(',').map((part) => part.trim())) {
    const found = await stat(path).catch(() => null);
    if (!found)
      throw new InputError(
        `--batch-in ${path}`,
        'cannot be read.',
        'Give files or directories, with commas between them.',
      );
    if (!found.isDirectory()) files.push(path);
    else
      for (const name of (await readdir(path)).sort())
        if (name.endsWith('.jsonl')) files.push(join(path, name));
  }
  if (files.length === 0)
    throw new InputError('--batch-in', 'names no file.', 'Give the output files of a batch.');
  return files;
}
