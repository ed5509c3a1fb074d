/** @file Batch files on disk: written in pieces that the Batch API takes, read line by line whatever their size. */
import { createReadStream } from 'node:fs';
import { appendFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BATCH_LIMITS, type BatchAnswer, parseBatchAnswer } from '../authors/openai/batch_lines.ts';
import { InputError } from '../formats/input_error.ts';

/** So much is written at once. */
const PENDING_BYTES = 1_000_000;

/**
 * Lines on their way to DIRECTORY/NAME-001.jsonl and so on. Under these names they stand once all are written, in place of
 * such files that were there.
 */
export class BatchFiles {
  readonly #paths: string[] = [];
  /** The one that is being written. */
  #path: string | null = null;
  /** Lines that are not on disk yet. */
  #pending: string[] = [];
  #pendingBytes = 0;
  #count = 0;
  #bytes = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly directory: string,
    private readonly name: string,
    private readonly limits = BATCH_LIMITS,
  ) {}

  /** Writes one line, in the order of calls. Who waits for it holds no more in memory than the disk is behind. */
  write(line: string): Promise<void> {
    this.#turn = this.#turn.then(() => this.#write(line));
    return this.#turn;
  }

  /** Ends the files, and puts them in their places. @returns their paths */
  async finish(): Promise<string[]> {
    await this.#turn;
    await this.#flush();
    await mkdir(this.directory, { recursive: true });
    for (const file of await readdir(this.directory))
      if (new RegExp(`^${this.name}-\\d+\\.jsonl$`).test(file)) await rm(join(this.directory, file));
    for (const path of this.#paths) await rename(partOf(path), path);
    return this.#paths;
  }

  async #write(line: string): Promise<void> {
    const length = Buffer.byteLength(line) + 1;
    const { limits } = this;
    if (this.#path === null || this.#count === limits.lines || this.#bytes + length > limits.bytes) {
      await this.#flush();
      await mkdir(this.directory, { recursive: true });
      const number = String(this.#paths.length + 1).padStart(3, '0');
      const path = join(this.directory, `${this.name}-${number}.jsonl`);
      await writeFile(partOf(path), '');
      this.#path = path;
      this.#paths.push(path);
      [this.#count, this.#bytes] = [0, 0];
    }
    this.#count++;
    this.#bytes += length;
    this.#pending.push(line);
    this.#pendingBytes += length;
    if (this.#pendingBytes >= PENDING_BYTES) await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#path === null) return;
    await appendFile(partOf(this.#path), this.#pending.map((line) => `${line}\n`).join(''));
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}

const partOf = (path: string): string => `${path}.part`;

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
