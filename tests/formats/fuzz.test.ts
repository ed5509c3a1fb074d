/**
 * @file Mutated headers of safetensors and GGUF files, 20,000 each: read or refused by a message, soon, and never with
 * more asked of the file than it has. A mutated file is as long as it is: lengths in it are what lies.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ByteSource } from '../../src/formats/byte_source.ts';
import { openGguf } from '../../src/formats/gguf.ts';
import { ggufLlama } from '../../src/formats/gguf_llama.ts';
import { GgufMetadata } from '../../src/formats/gguf_metadata.ts';
import { InputError } from '../../src/formats/input_error.ts';
import { openSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import { parseLlamaConfig } from '../../src/llama/parse_config.ts';
import { ggufTokenizer } from '../../src/text/gguf_tokenizer.ts';
import { type GgufParts, ggufFile } from './gguf_bytes.ts';

const RUNS = 20_000;

/** One file that refuses to be asked for what it does not have, and counts what it is asked for. */
class StrictSource implements ByteSource {
  readonly name = 'directory';
  asked = 0;
  constructor(
    private readonly file: string,
    private readonly bytes: Uint8Array,
  ) {}
  list = async () => [this.file];
  size = async () => this.bytes.length;
  async read(_file: string, offset = 0, length = this.bytes.length - offset): Promise<Uint8Array> {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0)
      throw new Error(`asked for ${length} bytes at ${offset}`);
    if (offset + length > this.bytes.length)
      throw new Error(`asked for ${offset + length} of ${this.bytes.length} bytes`);
    this.asked += length;
    return this.bytes.subarray(offset, offset + length);
  }
}

/** What is written over a place in a header: bytes, 32- or 64-bit integers at the edges of what they hold, or text. */
const EDGES = [
  0n,
  1n,
  2n,
  7n,
  8n,
  9n,
  12n,
  13n,
  31n,
  32n,
  255n,
  2n ** 16n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const patch = fc.oneof(
  fc.nat(9).map((digit) => new TextEncoder().encode(String(digit))),
  fc.nat(255).map((byte) => Uint8Array.of(byte)),
  fc.constantFrom(...EDGES).map((n) => new Uint8Array(BigUint64Array.of(n).buffer)),
  fc.constantFrom(...EDGES).map((n) => new Uint8Array(Uint32Array.of(Number(n & 0xffffffffn)).buffer)),
  fc
    .constantFrom(
      '"',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '-1',
      '1e99',
      'null',
      '0.5',
      '"a"',
      '99999999999999999999',
    )
    .map((text) => new TextEncoder().encode(text)),
);
/** A place: all are as likely, where fast-check would prefer the first. */
const place = fc.noBias(fc.nat());
const mutation = fc.record({
  edits: fc.array(fc.tuple(place, patch), { minLength: 1, maxLength: 3 }),
  /** Bytes taken out or put in at a place. */
  shift: fc.oneof(
    { weight: 5, arbitrary: fc.constant(null) },
    fc.tuple(place, fc.integer({ min: -16, max: 16 })),
  ),
  cut: fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, place),
});
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(file: Uint8Array, headerBytes: number, { edits, shift, cut }: Mutation): Uint8Array {
  let bytes = file.slice();
  for (const [at, patched] of edits) {
    const start = at % headerBytes;
    bytes.set(patched.subarray(0, bytes.length - start), start);
  }
  if (shift) {
    const at = shift[0] % headerBytes;
    const tail = bytes.subarray(shift[1] < 0 ? Math.min(at - shift[1], bytes.length) : at);
    const moved = new Uint8Array(at + Math.max(0, shift[1]) + tail.length);
    moved.set(bytes.subarray(0, at));
    moved.set(tail, at + Math.max(0, shift[1]));
    bytes = moved;
  }
  return cut === null ? bytes : bytes.slice(0, cut % (bytes.length + 1));
}

/** Runs a reader over mutations. Returns how many files it read, and how many it refused. */
async function fuzz(
  file: Uint8Array,
  headerBytes: number,
  name: string,
  read: (source: StrictSource) => Promise<void>,
) {
  let [accepted, refused, slowest] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(mutation, async (mutated) => {
      const bytes = mutate(file, headerBytes, mutated);
      const source = new StrictSource(name, bytes);
      const start = performance.now();
      try {
        await read(source);
        accepted++;
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        refused++;
      }
      slowest = Math.max(slowest, performance.now() - start);
    }),
    { numRuns: RUNS },
  );
  return { accepted, refused, slowest };
}

describe('mutated headers', () => {
  it('safetensors', async () => {
    const tensor = (n: number) => ({ shape: [n, 2], data: new Float32Array(2 * n) });
    const file = writeSafetensors(
      new Map([
        ['a.weight', tensor(3)],
        ['b', tensor(1)],
        ['c', tensor(2)],
      ]),
    );
    const header = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
    const { accepted, refused, slowest } = await fuzz(file, header, 'model.safetensors', async (source) => {
      const index = await openSafetensors(source);
      for (const tensorName of index.names()) {
        if (index.type(tensorName) === undefined) continue;
        const values = await index.readF32(tensorName);
        expect(values.length).toBe(index.shape(tensorName)!.reduce((product, n) => product * n, 1));
      }
      // No two tensors share a byte: everything is read at most once.
      expect(source.asked).toBeLessThanOrEqual(await source.size());
    });
    expect(accepted + refused).toBe(RUNS);
    expect(accepted).toBeGreaterThan(RUNS / 500);
    expect(refused).toBeGreaterThan(RUNS / 2);
    expect(slowest).toBeLessThan(2000);
  });

  it('GGUF', async () => {
    const parts: GgufParts = {
      keys: [
        ['general.architecture', ['string', 'llama']],
        ['general.alignment', ['u32', 32]],
        ['llama.context_length', ['u32', 128]],
        ['llama.embedding_length', ['u32', 8]],
        ['llama.block_count', ['u32', 1]],
        ['llama.feed_forward_length', ['u32', 8]],
        ['llama.attention.head_count', ['u32', 2]],
        ['llama.attention.layer_norm_rms_epsilon', ['f32', 1e-5]],
        ['tokenizer.ggml.model', ['string', 'llama']],
        ['tokenizer.ggml.tokens', ['strings', ['<s>', '▁', 'a', 'b', 'ab', '\ufeff']]],
        ['tokenizer.ggml.scores', ['floats', [0, -1, -2, -3, -4, -5]]],
        ['tokenizer.ggml.bos_token_id', ['u32', 0]],
        ['tokenizer.ggml.add_bos_token', ['bool', 1]],
      ],
      tensors: [
        { name: 'token_embd.weight', shape: [8, 6], type: 0, offset: 0 },
        { name: 'blk.0.attn_q.weight', shape: [32, 8], type: 8, offset: 192 },
        { name: 'output_norm.weight', shape: [8], type: 0, offset: 480 },
      ],
      dataBytes: 512,
    };
    const file = ggufFile(parts);
    const header = file.length - 512;
    const { accepted, refused, slowest } = await fuzz(file, header, 'model.gguf', async (source) => {
      const gguf = await openGguf(source, 'model.gguf');
      const { config, tensors } = await ggufLlama(source, gguf);
      parseLlamaConfig(config, 'model.gguf');
      ggufTokenizer(new GgufMetadata(gguf));
      const headerAsked = source.asked;
      expect(headerAsked).toBeLessThanOrEqual(await source.size());
      for (const name of [
        'model.embed_tokens.weight',
        'model.layers.0.self_attn.q_proj.weight',
        'model.norm.weight',
      ]) {
        const shape = tensors.shape(name);
        if (!shape) continue;
        expect((await tensors.readF32(name)).length).toBe(shape.reduce((product, n) => product * n, 1));
      }
      expect(source.asked - headerAsked).toBeLessThanOrEqual(await source.size());
    });
    expect(accepted + refused).toBe(RUNS);
    expect(accepted).toBeGreaterThan(RUNS / 500);
    expect(refused).toBeGreaterThan(RUNS / 2);
    expect(slowest).toBeLessThan(2000);
  });
});
