/** @file What a program refuses to bind, and a part of a program replayed alone. */
import { afterAll, expect, it } from 'vitest';
import { STORAGE_USAGE } from '../../src/gpu/gpu.ts';
import { part, whole } from '../../src/gpu/ledger.ts';
import { ProgramBuilder } from '../../src/gpu/program.ts';
import { swiglu } from '../../src/ops/swiglu.ts';
import { createTestGpu } from '../support/gpu.ts';

const gpu = await createTestGpu(undefined, { bindingBytes: 1024 });
afterAll(() => gpu.destroy());

it('binds no more at once than the adapter takes', async () => {
  const buffer = await gpu.ledger.allocate('test', (create) => create('big', 2048, STORAGE_USAGE));
  const shape = { rows: 1, width: 64 };
  const small = new ProgramBuilder(gpu.adapterClass);
  swiglu(small, { ...shape, gateUp: part(whole(buffer), 0, 128), act: part(whole(buffer), 256, 64) });
  await small.finish(gpu, 'test');
  const large = new ProgramBuilder(gpu.adapterClass);
  swiglu(large, { ...shape, gateUp: whole(buffer), act: whole(buffer) });
  await expect(large.finish(gpu, 'test')).rejects.toThrow(
    'Shader swiglu/forward: gate_up has 2048 bytes; a binding takes 1024 at most.',
  );
});

it('replays the dispatches of some shaders alone, and nothing that clears or copies', async () => {
  const slices = await gpu.ledger.allocate('test', (create) => ({
    gateUp: whole(create('gate up', 8, STORAGE_USAGE)),
    act: whole(create('act', 4, STORAGE_USAGE)),
    copied: whole(create('copied', 4, STORAGE_USAGE)),
  }));
  const builder = new ProgramBuilder(gpu.adapterClass);
  builder.clear(slices.gateUp);
  swiglu(builder, { rows: 1, width: 1, gateUp: slices.gateUp, act: slices.act });
  builder.copy(slices.act, slices.copied);
  const program = await builder.finish(gpu, 'test');
  gpu.device.queue.writeBuffer(slices.gateUp.buffer, 0, Float32Array.of(1, 2));
  const read = () =>
    Promise.all(
      Object.values(slices).map(async ({ buffer }) => new Float32Array(await gpu.readback(buffer, 0, 4))[0]),
    );
  program.only((shader) => shader !== 'swiglu/forward').submit();
  expect(await read()).toEqual([1, 0, 0]);
  program.only((shader) => shader === 'swiglu/forward').submit();
  const [, act, copied] = await read();
  expect(act).toBeCloseTo(2 / (1 + Math.exp(-1)), 6);
  expect(copied).toBe(0);
});
