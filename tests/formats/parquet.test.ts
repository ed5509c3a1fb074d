/** @file Data sets in Parquet: plain and compressed, with columns of every sort that data sets have, and damaged. */
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { MAX_DATA_BYTES } from '../../src/formats/dataset.ts';
import { readDataFiles } from '../../src/formats/dataset_files.ts';
import { PARQUET_CODECS } from '../../src/formats/parquet_codecs.ts';

const QUESTIONS = Array.from({ length: 500 }, (_, i) => `What is ${i}?`);
const ANSWERS = QUESTIONS.map((_, i) => `It is the number ${i}, as everyone knows. Ä€`);

function parquet(codec: 'UNCOMPRESSED' | 'SNAPPY' | 'GZIP' | 'BROTLI', rowGroupSize?: number): File {
  const bytes = new Uint8Array(
    parquetWriteBuffer({
      codec,
      ...(rowGroupSize === undefined ? {} : { rowGroupSize }),
      compressors: { GZIP: (bytes) => gzipSync(bytes), BROTLI: (bytes) => brotliCompressSync(bytes) },
      columnData: [
        { name: 'id', data: QUESTIONS.map((_, i) => BigInt(i)), type: 'INT64' },
        { name: 'question', data: QUESTIONS, type: 'STRING' },
        { name: 'answer', data: ANSWERS, type: 'STRING' },
      ],
    }),
  );
  return new File([bytes], 'train.parquet');
}

const lines = (name: string, ...rows: unknown[]) =>
  new File([rows.map((row) => `${JSON.stringify(row)}\n`).join('')], name);

describe('Parquet', () => {
  it.each(['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI'] as const)('is read %s', async (codec) => {
    const dataset = await readDataFiles([parquet(codec)]);
    expect(dataset.format).toBe('Question and answer');
    expect(dataset.rows).toEqual(QUESTIONS.map((prompt, i) => ({ prompt, completion: ANSWERS[i] })));
    expect(dataset.ids[3]).toEqual({ column: 'id', value: 3 });
  });

  it('has messages as columns of JSON', async () => {
    const messages = [
      { role: 'user', content: 'u' },
      { role: 'assistant', content: 'a' },
    ];
    const bytes = parquetWriteBuffer({ columnData: [{ name: 'messages', data: [messages], type: 'JSON' }] });
    const dataset = await readDataFiles([new File([bytes], 'x.parquet')]);
    expect(dataset.rows).toEqual([{ prompt: 'u', completion: 'a' }]);
  });

  it('is decompressed from all codecs that the Hub has', () => {
    for (const codec of ['GZIP', 'BROTLI', 'ZSTD', 'LZ4', 'LZ4_RAW'] as const)
      expect(PARQUET_CODECS[codec]).toBeTypeOf('function');
  });

  it('is refused where it is damaged', async () => {
    const whole = parquet('SNAPPY');
    const cut = new File([whole.slice(0, whole.size - 9)], 'x.parquet');
    await expect(readDataFiles([cut])).rejects.toThrow('x.parquet: cannot be read as Parquet');
    const bytes = new Uint8Array(await parquet('UNCOMPRESSED').arrayBuffer());
    bytes.fill(0xff, 4, 24);
    await expect(readDataFiles([new File([bytes], 'y.parquet')])).rejects.toThrow(
      'y.parquet: cannot be read',
    );
  });

  it('is read group by group, with its progress, and stops where it is told to', async () => {
    const file = parquet('SNAPPY', 100);
    const done: number[] = [];
    const dataset = await readDataFiles([file], { onProgress: (bytes) => done.push(bytes / file.size) });
    expect(done).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
    expect(dataset.lines).toEqual(QUESTIONS.map((_, i) => i + 1));
    const stop = new AbortController();
    const reading = readDataFiles([file], { signal: stop.signal, onProgress: () => stop.abort('enough') });
    await expect(reading).rejects.toBe('enough');
  });
});

describe('several files', () => {
  it('are one data set, whose lines and rows are counted through', async () => {
    const dataset = await readDataFiles([
      lines('a.jsonl', { question: 'a', answer: 'A' }, { question: 'b' }),
      parquet('SNAPPY'),
      new File(['answer,question\nC,c\n'], 'c.csv'),
      new File(['[{"question":"d","answer":"D"}]'], 'd.json'),
    ]);
    expect(dataset.rows).toHaveLength(503);
    expect(dataset.rows.at(0)).toEqual({ prompt: 'a', completion: 'A' });
    expect(dataset.rows.slice(-2)).toEqual([
      { prompt: 'c', completion: 'C' },
      { prompt: 'd', completion: 'D' },
    ]);
    expect(dataset.dropped).toMatchObject([
      { line: 2, row: 2, reason: expect.stringContaining('no answer') },
    ]);
    expect(dataset.numbers.slice(0, 2)).toEqual([1, 3]);
    expect(dataset.numbers.slice(-2)).toEqual([503, 504]);
  });

  it('are refused by the one that is no data, and where they are too large together', async () => {
    const bad = new File([Uint8Array.of(0x7b, 0xff)], 'b.jsonl');
    await expect(readDataFiles([lines('a.jsonl', { question: 'a', answer: 'A' }), bad])).rejects.toThrow(
      'b.jsonl: is not UTF-8',
    );
    const half = new File([new Uint8Array(MAX_DATA_BYTES / 2 + 1)], 'h.jsonl');
    await expect(readDataFiles([half, half])).rejects.toThrow('larger than the 256 MB');
  });
});
