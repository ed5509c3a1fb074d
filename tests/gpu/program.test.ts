/** @file What a program refuses to bind. */
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
