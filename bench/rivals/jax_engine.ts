/** @file jax-js on WebGPU: products, and the training step compiled by its jit. */
import { ropeAngles } from '../../src/llama/rope_angles.ts';
import { STEP_MODEL, sequenceIds } from '../random_llama.ts';
import type { Answer, Job, StepRun } from './engine.ts';
import { requireRival } from './installation.ts';
import { type JaxAdapter, type JaxBatch, type JaxWeights, jaxLoss } from './jax_llama.ts';
import type { Jax, JaxArray } from './jax_types.ts';
import { LEARNING_RATE, startAdapter, stepWeights, weightNames } from './llama_numbers.ts';
import { installNavigator, type RivalHost } from './navigator.ts';
import { type Operands, type Product, timeProducts } from './products.ts';
import { StepClock } from './step_clock.ts';

export async function jaxJs(job: Job): Promise<Answer> {
  const weights = job.task === 'step' ? await stepWeights(weightNames()) : undefined;
  const host = await installNavigator();
  const jax = requireRival<Jax>('@jax-js/jax');
  if (!(await jax.init('webgpu')).includes('webgpu'))
    throw new Error('jax-js does not start its WebGPU backend.');
  jax.defaultDevice('webgpu');
  if (weights) return { adapter: host.adapter, step: await step(jax, weights, job, host) };
  const products = await timeProducts(job.shapes, async (given) => setUp(jax, given));
  return { adapter: host.adapter, products };
}

function setUp(jax: Jax, { shape: [rows, columns, inner], layout, a, b }: Operands): Product {
  const { numpy: np } = jax;
  const left = np.array(a, { shape: [rows, inner] });
  const right = np.array(b, { shape: layout === 'AB' ? [inner, columns] : [columns, inner] });
  let last: JaxArray | undefined;
  return {
    async run(count) {
      for (let i = 0; i < count; i++) {
        last?.dispose();
        last = np.matmul(left.ref, layout === 'AB' ? right.ref : np.matrixTranspose(right.ref));
        // Its products are lazy: asking for the buffer is the cheapest way to have one submitted.
        await last.ref.gpuBuffer();
      }
      await jax.getWebGPUDevice().queue.onSubmittedWorkDone();
    },
    read: async () => last!.ref.data(),
    release() {
      for (const array of [left, right, last]) array?.dispose();
    },
  };
}

async function step(
  jax: Jax,
  weights: ReadonlyMap<string, Float32Array<ArrayBuffer>>,
  { tokens, steps }: Job,
  host: RivalHost,
): Promise<StepRun> {
  const { tree } = jax;
  const frozen = uploadWeights(jax, weights);
  const batch = uploadBatch(jax, tokens);
  let adapter = uploadAdapter(jax);
  const lossAndGradient = jax.jit(jax.valueAndGrad(jaxLoss(jax)));
  const clock = new StepClock();
  let loss = Number.NaN;
  let firstGradient: JaxAdapter | undefined;
  for (let i = 0; i < steps; i++) {
    const [lossArray, gradient] = lossAndGradient(tree.ref(adapter), tree.ref(frozen), tree.ref(batch));
    if (i === 0) firstGradient = tree.ref(gradient);
    adapter = tree.map((p, g) => p.sub(g.mul(LEARNING_RATE)), adapter, gradient);
    // Every step is waited for: jax-js is slower when steps are left to run ahead (its issue 151).
    const [value] = await lossArray.data();
    await jax.blockUntilReady(adapter);
    clock.ended();
    if (i === 0) loss = value!;
  }
  let squares = 0;
  for (const array of tree.leaves(firstGradient!)) for (const g of await array.data()) squares += g * g;
  return {
    ...clock.figures(tokens, host.asked),
    loss,
    gradNorm: Math.sqrt(squares),
  };
}

function uploadWeights(jax: Jax, weights: ReadonlyMap<string, Float32Array<ArrayBuffer>>): JaxWeights {
  const { hiddenSize: hidden, numHiddenLayers } = STEP_MODEL;
  const vector = (name: string) => jax.numpy.array(weights.get(`${name}.weight`)!, { shape: [hidden] });
  const matrix = (name: string, inner = hidden) => {
    const values = weights.get(`${name}.weight`)!;
    return jax.numpy.array(values, { shape: [values.length / inner, inner] });
  };
  return {
    embedding: matrix('model.embed_tokens'),
    finalNorm: vector('model.norm'),
    layers: Array.from({ length: numHiddenLayers }, (_, i) => {
      const layer = `model.layers.${i}`;
      return {
        q: matrix(`${layer}.self_attn.q_proj`),
        k: matrix(`${layer}.self_attn.k_proj`),
        v: matrix(`${layer}.self_attn.v_proj`),
        o: matrix(`${layer}.self_attn.o_proj`),
        gate: matrix(`${layer}.mlp.gate_proj`),
        up: matrix(`${layer}.mlp.up_proj`),
        down: matrix(`${layer}.mlp.down_proj`, STEP_MODEL.intermediateSize),
        norm1: vector(`${layer}.input_layernorm`),
        norm2: vector(`${layer}.post_attention_layernorm`),
      };
    }),
  };
}

function uploadAdapter(jax: Jax): JaxAdapter {
  const { tensors } = startAdapter();
  const lora = (layer: number, projection: string) => {
    const matrix = (name: 'A' | 'B') => {
      const { data, shape } = tensors.get(
        `base_model.model.model.layers.${layer}.self_attn.${projection}.lora_${name}.weight`,
      )!;
      return jax.numpy.array(data, { shape });
    };
    return { a: matrix('A'), b: matrix('B') };
  };
  return Array.from({ length: STEP_MODEL.numHiddenLayers }, (_, i) => ({
    q: lora(i, 'q_proj'),
    v: lora(i, 'v_proj'),
  }));
}

function uploadBatch({ numpy: np }: Jax, tokens: number): JaxBatch {
  const half = STEP_MODEL.headDim / 2;
  const angles = ropeAngles(STEP_MODEL, tokens);
  const cos = Float32Array.from({ length: tokens * half }, (_, i) => {
    const [token, j] = [Math.floor(i / half), i % half];
    return angles[2 * half * token + j]!;
  });
  const sin = Float32Array.from({ length: 2 * tokens * half }, (_, i) => {
    const [token, j] = [Math.floor(i / (2 * half)), i % (2 * half)];
    const value = angles[2 * half * token + half + (j % half)]!;
    return j < half ? -value : value;
  });
  const ids = Int32Array.from(sequenceIds(tokens, STEP_MODEL.vocabSize));
  const integers = (values: Int32Array) => np.array(values, { shape: [tokens], dtype: np.int32 });
  return {
    ids: integers(ids.slice(0, -1)),
    targets: integers(ids.slice(1)),
    cos: np.array(cos, { shape: [tokens, 1, 1, half] }),
    sin: np.array(sin, { shape: [tokens, 1, 2, half] }),
  };
}
