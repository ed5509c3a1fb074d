/** @file Data sets in Parquet: plain and compressed, with columns of every sort that data sets have, and damaged. */
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { compressors } from 'hyparquet-compressors';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { readDataset } from '../../src/formats/dataset.ts';

const QUESTIONS = Array.from({ length: 500 }, (_, i) => `What is ${i}?`);
const ANSWERS = QUESTIONS.map((_, i) => `It is the number ${i}, as everyone knows. Ä€`);

function parquet(codec: 'UNCOMPRESSED' | 'SNAPPY' | 'GZIP' | 'BROTLI'): Uint8Array {
  return new Uint8Array(
    parquetWriteBuffer({
      codec,
      compressors: { GZIP: (bytes) => gzipSync(bytes), BROTLI: (bytes) => brotliCompressSync(bytes) },
      columnData: [
        { name: 'id', data: QUESTIONS.map((_, i) => BigInt(i)), type: 'INT64' },
        { name: 'question', data: QUESTIONS, type: 'STRING' },
        { name: 'answer', data: ANSWERS, type: 'STRING' },
      ],
    }),
  );
}

describe('Parquet', () => {
  it.each(['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI'] as const)('is read %s', async (codec) => {
    const dataset = await readDataset(parquet(codec), 'train.parquet');
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
    const dataset = await readDataset(new Uint8Array(bytes), 'x.parquet');
    expect(dataset.rows).toEqual([{ prompt: 'u', completion: 'a' }]);
  });

  it('is decompressed from all codecs that the Hub has', () => {
    for (const codec of ['SNAPPY', 'GZIP', 'BROTLI', 'ZSTD', 'LZ4', 'LZ4_RAW'] as const)
      expect(compressors[codec]).toBeTypeOf('function');
  });

  it('is refused where it is damaged', async () => {
    const whole = parquet('SNAPPY');
    await expect(readDataset(whole.slice(0, whole.length - 9), 'x.parquet')).rejects.toThrow(
      'cannot be read as Parquet',
    );
  });
});
