/**
 * @file What makers publish of a few GPUs: the corners of a roofline (Williams et al. 2009). No GPU reaches both peaks,
 * so that what is made of them is a bound, not a measurement.
 */

export interface GpuProfile {
  readonly name: string;
  readonly kind: 'integrated' | 'discrete';
  /** f32 operations per second, a fused multiply-add counting two. */
  readonly flops: number;
  /** Bytes per second between the GPU and its memory. */
  readonly bandwidth: number;
  /** Seconds that a dispatch costs whatever it does. */
  readonly dispatch: number;
}

/**
 * Maczan 2026, "Characterizing WebGPU Dispatch Overhead for LLM Inference" (arXiv 2604.02344), abstract: in a row of
 * dispatches each costs 24 to 36 microseconds on Vulkan and 32 to 71 on Metal, on the CPU. The middles of both.
 */
const VULKAN = 30e-6;
const METAL = 51.5e-6;

export const GPU_PROFILES: readonly GpuProfile[] = [
  {
    name: 'Intel Iris Xe (96 EU)',
    kind: 'integrated',
    // 96 execution units of 8 lanes at 1.35 GHz, LPDDR4x-4267 on 128 bits: ark.intel.com, Core i7-1185G7.
    flops: 96 * 8 * 2 * 1.35e9,
    bandwidth: 16 * 4.267e9,
    dispatch: VULKAN,
  },
  {
    name: 'Apple M1 (8 cores)',
    kind: 'integrated',
    // "2.6 teraflops of throughput": apple.com/newsroom/2020/11/apple-unleashes-m1; LPDDR4X-4266 on 128 bits.
    flops: 2.6e12,
    bandwidth: 16 * 4.266e9,
    dispatch: METAL,
  },
  {
    name: 'Apple M4 Pro (20 cores)',
    kind: 'integrated',
    // 128 lanes a core at 1.47 GHz, which Apple does not publish: hmc-tech.com/gpu, 16-core M4 Pro. 273 GB/s:
    // apple.com/newsroom/2024/10/apple-introduces-m4-pro-and-m4-max.
    flops: 20 * 128 * 2 * 1.47e9,
    bandwidth: 273e9,
    dispatch: METAL,
  },
  {
    name: 'NVIDIA GeForce RTX 4060',
    kind: 'discrete',
    // 3,072 CUDA cores at 2.46 GHz, GDDR6 of 17 Gbit/s on 128 bits: nvidia.com/geforce/graphics-cards/40-series/rtx-4060.
    flops: 3072 * 2 * 2.46e9,
    bandwidth: 16 * 17e9,
    dispatch: VULKAN,
  },
];
