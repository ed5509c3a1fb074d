/** @file Operations with several kernels: which variants there are, and which a device gets. */
import type { Gpu } from '../gpu/gpu.ts';
import { ProgramBuilder } from '../gpu/program.ts';
import type { VariantNames } from '../gpu/variants.ts';
import { ATTENTION_VARIANTS, attentionVariant } from './attention.ts';
import { matmulNNVariant, matmulNTVariant, NN_VARIANTS, NT_VARIANTS } from './matmul_variants.ts';

/** What can be forced: of products, a variant of the forward or of the backward one, or of both. */
export const KERNEL_VARIANTS: VariantNames = {
  matmul: [...new Set([...NT_VARIANTS, ...NN_VARIANTS])],
  attention: ATTENTION_VARIANTS,
};

/** What runs on this device by the fixed tables or because it was forced, at sizes that decide; written into manifests. */
export function kernelVariants(gpu: Gpu): Record<string, string> {
  const program = ProgramBuilder.for(gpu);
  const nt = (rows: number, columns: number, inner: number) =>
    matmulNTVariant(program, { rows, columns, inner, bounds: [0, columns] });
  const nn = (rows: number, columns: number, inner: number) =>
    matmulNNVariant(program, { rows, columns, inner, bounds: [0] });
  return {
    adapter_class: gpu.adapterClass,
    forced:
      Object.entries(gpu.forced)
        .map(([operation, variant]) => `${operation}=${variant}`)
        .join(',') || 'none',
    matmul_nt: nt(512, 512, 512),
    matmul_nt_large: nt(1024, 2048, 512),
    matmul_nt_few_columns: nt(512, 16, 512),
    matmul_nt_few_rows: nt(1, 512, 512),
    matmul_nt_unaligned: nt(512, 511, 511),
    matmul_nn: nn(512, 512, 512),
    matmul_nn_large: nn(1024, 2048, 512),
    matmul_nn_unaligned: nn(512, 511, 511),
    attention: attentionVariant(program, 64),
  };
}
