/**
 * @file What is used of jax-js, which is installed by the bench and not by the project. Arrays are owned: passing one to
 * a function gives it away, `.ref` keeps it.
 */
export interface JaxArray {
  readonly ref: JaxArray;
  readonly shape: readonly number[];
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  sum(axis?: number): JaxArray;
  mean(axis?: number, options?: { readonly keepdims: boolean }): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  data(): Promise<Float32Array>;
  /** Submits what the array waits for. */
  gpuBuffer(): Promise<GPUBuffer>;
  dispose(): void;
}

export interface Jax {
  init(device: 'webgpu'): Promise<readonly string[]>;
  defaultDevice(device: 'webgpu'): void;
  blockUntilReady(tree: unknown): Promise<unknown>;
  getWebGPUDevice(): GPUDevice;
  jit<F extends (...args: never[]) => unknown>(f: F): F;
  valueAndGrad<P, Rest extends readonly unknown[]>(
    f: (parameters: P, ...rest: Rest) => JaxArray,
  ): (parameters: P, ...rest: Rest) => [JaxArray, P];
  readonly tree: {
    ref<T>(tree: T): T;
    leaves(tree: unknown): JaxArray[];
    map<T>(f: (...leaves: JaxArray[]) => JaxArray, ...trees: T[]): T;
  };
  readonly numpy: {
    readonly int32: string;
    array(
      values: Float32Array | Int32Array,
      options: { readonly shape: readonly number[]; readonly dtype?: string },
    ): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    matrixTranspose(a: JaxArray): JaxArray;
    take(a: JaxArray, indices: JaxArray, axis: number): JaxArray;
    flip(a: JaxArray, axis: number): JaxArray;
    sqrt(a: JaxArray): JaxArray;
    square(a: JaxArray): JaxArray;
    reciprocal(a: JaxArray): JaxArray;
  };
  readonly nn: {
    silu(x: JaxArray): JaxArray;
    logsumexp(x: JaxArray, axis: number): JaxArray;
    dotProductAttention(
      q: JaxArray,
      k: JaxArray,
      v: JaxArray,
      options: { readonly isCausal: boolean },
    ): JaxArray;
  };
}
