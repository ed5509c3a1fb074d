/** @file TensorFlow.js on WebGPU: products alone, for it has no compiled training step to compare with. */
import type { Answer, Job } from './engine.ts';
import { requireRival } from './installation.ts';
import { installNavigator } from './navigator.ts';
import { type Operands, type Product, timeProducts } from './products.ts';

interface Tensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

/** What is used of tfjs-core. */
interface TensorFlow {
  setBackend(name: 'webgpu'): Promise<boolean>;
  tensor2d(values: Float32Array, shape: readonly [number, number]): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor;
}

export async function tfjs(job: Job): Promise<Answer> {
  const host = await installNavigator();
  const tf = requireRival<TensorFlow>('@tensorflow/tfjs-core');
  requireRival('@tensorflow/tfjs-backend-webgpu');
  if (!(await tf.setBackend('webgpu'))) throw new Error('TensorFlow.js does not start its WebGPU backend.');
  const products = await timeProducts(job.shapes, async (given) => setUp(tf, given));
  return { adapter: host.adapter, products };
}

function setUp(tf: TensorFlow, { shape: [rows, columns, inner], layout, a, b }: Operands): Product {
  const left = tf.tensor2d(a, [rows, inner]);
  const right = tf.tensor2d(b, layout === 'AB' ? [inner, columns] : [columns, inner]);
  let last: Tensor | undefined;
  let values: Float32Array | undefined;
  return {
    async run(count) {
      for (let i = 0; i < count; i++) {
        last?.dispose();
        last = tf.matMul(left, right, false, layout === 'ABt');
      }
      // Its way to wait is to read: of many products, one.
      values = await last!.data();
    },
    read: async () => values!,
    release() {
      for (const tensor of [left, right, last]) tensor?.dispose();
    },
  };
}
