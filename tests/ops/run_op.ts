/**
 * @file Runs operations on the GPU under test and hands back their outputs. Every buffer is longer than the operation
 * needs, and what follows is NaN: an operation that reads beyond its input computes NaN, one that writes beyond its
 * output is caught. Outputs are NaN before they are written: an element that is left out shows.
 */
import type { Gpu } from '../../src/gpu/gpu.ts';
import { STORAGE_USAGE } from '../../src/gpu/gpu.ts';
import { type BufferSlice, whole } from '../../src/gpu/ledger.ts';
import { ProgramBuilder } from '../../src/gpu/program.ts';

export type Numbers = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** Elements of NaN behind every buffer. */
const GUARD = 64;
const NAN_BITS = 0x7fc00000;

let runs = 0;

/** Content of an output that the operation must write wholly. */
export function unwritten(count: number): Float32Array<ArrayBuffer> {
  return new Float32Array(count).fill(Number.NaN);
}

/** f64 numbers as a GPU holds them. */
export function f32(values: ArrayLike<number>): Float32Array<ArrayBuffer> {
  return new Float32Array(values);
}

/**
 * Uploads `buffers`, records and runs a program on them, and returns the buffers named in `outputs` afterwards.
 * @param dispatchFlops operations of one dispatch at most, where an operation can be cut
 * @throws Error if the elements behind any output have changed
 */
export async function runOp<Name extends string, Output extends Name>(
  gpu: Gpu,
  buffers: Readonly<Record<Name, Numbers>>,
  outputs: readonly Output[],
  record: (program: ProgramBuilder, b: Readonly<Record<Name, BufferSlice>>) => void,
  dispatchFlops?: number,
): Promise<Record<Output, Float32Array<ArrayBuffer>>> {
  const names = Object.keys(buffers) as Name[];
  // Of its own: several may run at once, and the first to end gives back what it owns.
  const owner = `operation under test ${++runs}`;
  try {
    const allocated = await gpu.ledger.allocate(owner, (create) =>
      names.map((name) => create(name, 4 * (buffers[name].length + GUARD), STORAGE_USAGE)),
    );
    const slices = {} as Record<Name, BufferSlice>;
    names.forEach((name, i) => {
      const { buffer, byteOffset, length } = buffers[name];
      const content = new Uint32Array(allocated[i]!.size / 4).fill(NAN_BITS);
      content.set(new Uint32Array(buffer, byteOffset, length));
      gpu.device.queue.writeBuffer(allocated[i]!, 0, content);
      slices[name] = whole(allocated[i]!);
    });
    const builder = new ProgramBuilder(gpu.adapterClass, dispatchFlops);
    record(builder, slices);
    const program = await builder.finish(gpu, owner);
    program.submit();
    const results = {} as Record<Output, Float32Array<ArrayBuffer>>;
    for (const name of outputs) {
      const count = buffers[name].length;
      const bytes = await gpu.readback(slices[name].buffer);
      const guard = new Uint32Array(bytes, 4 * count);
      if (guard.some((bits) => bits !== NAN_BITS)) throw new Error(`${name} was written beyond its end.`);
      results[name] = new Float32Array(bytes, 0, count);
    }
    return results;
  } finally {
    gpu.ledger.releaseOwner(owner);
  }
}
