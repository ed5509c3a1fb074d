/** @file AdamW (Loshchilov & Hutter 2019) in PyTorch's formula, after clipping by the global norm. */
import { norm } from './compare.ts';
import type { Tensor } from './tensor.ts';

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** First and second moment of every parameter, and the number of steps done. */
export class AdamW {
  readonly m = new Map<string, Float64Array>();
  readonly v = new Map<string, Float64Array>();
  #t = 0;

  constructor(readonly options: AdamWOptions) {}

  /** p *= 1 - lr wd; m, v updated; p -= lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps). In place. */
  step(
    parameters: ReadonlyMap<string, Tensor>,
    gradients: ReadonlyMap<string, Tensor>,
    learningRate: number,
  ): void {
    const { beta1, beta2, epsilon, weightDecay } = this.options;
    this.#t++;
    for (const [name, { data: p }] of parameters) {
      const g = gradients.get(name)!.data;
      const m = this.m.get(name) ?? new Float64Array(p.length);
      const v = this.v.get(name) ?? new Float64Array(p.length);
      this.m.set(name, m);
      this.v.set(name, v);
      for (let i = 0; i < p.length; i++) {
        p[i]! *= 1 - learningRate * weightDecay;
        m[i] = beta1 * m[i]! + (1 - beta1) * g[i]!;
        v[i] = beta2 * v[i]! + (1 - beta2) * g[i]! ** 2;
        const denominator = Math.sqrt(v[i]!) / Math.sqrt(1 - beta2 ** this.#t) + epsilon;
        p[i]! -= ((learningRate / (1 - beta1 ** this.#t)) * m[i]!) / denominator;
      }
    }
  }
}

/** Scales all gradients by min(1, maxNorm / (norm + 1e-6)), in place; 0 turns it off. Returns the norm before. */
export function clipByGlobalNorm(gradients: ReadonlyMap<string, Tensor>, maxNorm: number): number {
  const globalNorm = norm([...gradients.values()].map((gradient) => norm(gradient.data)));
  const factor = maxNorm > 0 ? Math.min(1, maxNorm / (globalNorm + 1e-6)) : 1;
  for (const { data } of gradients.values()) for (let i = 0; i < data.length; i++) data[i]! *= factor;
  return globalNorm;
}
