/** @file TabTune itself: the kernels that its fixed table picks, and its own training loop. */
import { dawnDevice, shadersFromDisk } from '../../src/cli/dawn.ts';
import { Gpu, STORAGE_USAGE } from '../../src/gpu/gpu.ts';
import { whole } from '../../src/gpu/ledger.ts';
import { ProgramBuilder } from '../../src/gpu/program.ts';
import { loadLlama } from '../../src/llama/model.ts';
import { matmulNN, matmulNT } from '../../src/ops/matmul.ts';
import { f32Matrix } from '../../src/ops/weight_matrix.ts';
import { parseTrainConfig } from '../../src/train/config.ts';
import { createTuner } from '../../src/train/engine.ts';
import { STEP_MODEL } from '../random_llama.ts';
import { tokenCodec } from '../step.ts';
import type { Answer, Job, StepRun } from './engine.ts';
import { LEARNING_RATE, LORA, sourceOf, startAdapter, stepWeights, weightNames } from './llama_numbers.ts';
import { type Operands, type Product, timeProducts } from './products.ts';
import { StepClock } from './step_clock.ts';

const OWNER = 'bench';

export async function tabtune(job: Job): Promise<Answer> {
  const weights = job.task === 'step' ? await stepWeights(weightNames()) : undefined;
  const asked = performance.now();
  const gpu = await Gpu.create(dawnDevice, shadersFromDisk());
  const adapter = gpu.adapter.description;
  if (weights) return { adapter, step: await step(gpu, weights, job, asked) };
  return { adapter, products: await timeProducts(job.shapes, (given) => setUp(gpu, given)) };
}

async function setUp(gpu: Gpu, { shape: [rows, columns, inner], layout, a, b }: Operands): Promise<Product> {
  const buffers = await gpu.ledger.allocate(OWNER, (create) => ({
    a: create('a', a.byteLength, STORAGE_USAGE),
    b: create('b', b.byteLength, STORAGE_USAGE),
    c: create('c', rows * columns * 4, STORAGE_USAGE),
  }));
  gpu.device.queue.writeBuffer(buffers.a, 0, a);
  gpu.device.queue.writeBuffer(buffers.b, 0, b);
  const builder = new ProgramBuilder(gpu.adapterClass);
  const [left, right, out] = [whole(buffers.a), whole(buffers.b), whole(buffers.c)];
  if (layout === 'ABt')
    matmulNT(builder, { x: left, w: f32Matrix(right, columns, inner), y: out, rows, columns, inner });
  else matmulNN(builder, { dy: left, w: f32Matrix(right, inner, columns), dx: out, rows, columns, inner });
  const program = await builder.finish(gpu, OWNER);
  return {
    async run(count) {
      for (let i = 0; i < count; i++) program.submit();
      await gpu.guard(gpu.device.queue.onSubmittedWorkDone().then(() => undefined));
    },
    read: async () => new Float32Array(await gpu.readback(buffers.c)),
    release: () => gpu.ledger.releaseOwner(OWNER),
  };
}

async function step(
  gpu: Gpu,
  weights: ReadonlyMap<string, Float32Array<ArrayBuffer>>,
  { tokens, steps }: Job,
  asked: number,
): Promise<StepRun> {
  const model = await loadLlama(gpu, STEP_MODEL, sourceOf(weights), { weights: 'f32' });
  const codec = tokenCodec(tokens, STEP_MODEL.vocabSize);
  const tuner = createTuner(model, codec, () => performance.now(), { batchTokens: tokens + 1 });
  const config = parseTrainConfig(
    {
      max_steps: steps,
      per_device_train_batch_size: 1,
      r: LORA.r,
      lora_alpha: LORA.loraAlpha,
      target_modules: LORA.targetModules,
      learning_rate: LEARNING_RATE,
      lr_scheduler_type: 'constant',
    },
    'bench',
    STEP_MODEL.maxPositionEmbeddings,
  );
  const clock = new StepClock();
  const rows = [{ prompt: 'first', completion: 'rest' }];
  const { log } = await tuner.trainSft(rows, config, startAdapter(), () => clock.ended());
  return {
    ...clock.figures(tokens, asked),
    loss: log[0]!.loss,
    gradNorm: log[0]!.grad_norm,
  };
}
