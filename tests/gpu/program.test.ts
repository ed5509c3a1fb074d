/** @file What a program refuses to bind, a part of a program replayed alone, and one that runs while it is being compiled. */
import { afterAll, describe, expect, it } from 'vitest';
import { STORAGE_USAGE } from '../../src/gpu/gpu.ts';
import { part, whole } from '../../src/gpu/ledger.ts';
import { ProgramBuilder } from '../../src/gpu/program.ts';
import { rmsNorm } from '../../src/ops/rms_norm.ts';
import { swiglu } from '../../src/ops/swiglu.ts';
import { createTestGpu, testShaders } from '../support/gpu.ts';
import { watchQueue } from './queue_watch.ts';

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
    'Shader swiglu/swiglu: gate_up has 2048 bytes; a binding takes 1024 at most.',
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
  program.only((shader) => shader !== 'swiglu/swiglu').submit();
  expect(await read()).toEqual([1, 0, 0]);
  program.only((shader) => shader === 'swiglu/swiglu').submit();
  const [, act, copied] = await read();
  expect(act).toBeCloseTo(2 / (1 + Math.exp(-1)), 6);
  expect(copied).toBe(0);
});

describe('a program whose kernels are still being compiled', () => {
  it('is submitted as they come, or not at all', async () => {
    const fresh = await createTestGpu();
    try {
      const { gateUp, act, normed } = await fresh.ledger.allocate('test', (create) => ({
        gateUp: whole(create('gate up', 8, STORAGE_USAGE)),
        act: whole(create('act', 4, STORAGE_USAGE)),
        normed: whole(create('normed', 4, STORAGE_USAGE)),
      }));
      fresh.device.queue.writeBuffer(gateUp.buffer, 0, Float32Array.of(1, 2));
      const builder = new ProgramBuilder(fresh.adapterClass);
      swiglu(builder, { rows: 1, width: 1, gateUp, act });
      rmsNorm(builder, { rows: 1, hidden: 1, eps: 0, x: act, gain: act, y: normed });
      // Compilation goes on when it is let go on.
      let compile = () => {};
      const letGo = new Promise<void>((resolve) => {
        compile = resolve;
      });
      const create = fresh.device.createComputePipelineAsync.bind(fresh.device);
      fresh.device.createComputePipelineAsync = async (descriptor) => {
        if (descriptor.label?.startsWith('rms_norm')) await letGo;
        return create(descriptor);
      };
      const submits = watchQueue(fresh.device);
      const program = await builder.finishUncompiled(fresh, 'test');
      const submitted = program.submitAsCompiled();
      await fresh.kernel('swiglu/swiglu', program.dispatches[0]!.constants).compiled;
      await fresh.readback(act.buffer);
      expect(submits.flat()).toHaveLength(1);
      expect(() => program.submit()).toThrow('Kernel rms_norm/forward is not compiled yet.');
      compile();
      await submitted;
      const read = async ({ buffer }: typeof act) => new Float32Array(await fresh.readback(buffer, 0, 4))[0];
      const silu = 2 / (1 + Math.exp(-1));
      expect(await read(act)).toBeCloseTo(silu, 5);
      // x / |x| times the gain, which is x.
      expect(await read(normed)).toBeCloseTo(silu, 5);
      program.submit();
    } finally {
      fresh.destroy();
    }
  });

  it('says which kernel does not compile', async () => {
    const shaders = new Map(await testShaders());
    shaders.set('swiglu/swiglu', shaders.get('swiglu/swiglu')!.replace('fn main', 'fn mainly'));
    const broken = await createTestGpu(undefined, undefined, shaders);
    try {
      const buffer = await broken.ledger.allocate('test', (create) => create('values', 512, STORAGE_USAGE));
      const builder = new ProgramBuilder(broken.adapterClass);
      const [gateUp, act] = [part(whole(buffer), 0, 2), part(whole(buffer), 64, 1)];
      swiglu(builder, { rows: 1, width: 1, gateUp, act });
      const program = await builder.finishUncompiled(broken, 'test');
      await expect(program.submitAsCompiled()).rejects.toThrow('Kernel swiglu/swiglu');
      await expect(program.compiled).rejects.toThrow('does not compile');
    } finally {
      broken.destroy();
    }
  });
});
