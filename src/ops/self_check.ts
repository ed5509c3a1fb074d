/** @file Numerics of the products on the user's own device, against f64 on the CPU: `doctor` shows the verdict. */
import { type Gpu, STORAGE_USAGE } from '../gpu/gpu.ts';
import { whole } from '../gpu/ledger.ts';
import { ProgramBuilder } from '../gpu/program.ts';
import { matmulNN, matmulNT } from './matmul.ts';
import { NN_VARIANTS, NT_VARIANTS } from './matmul_variants.ts';
import { f32Matrix } from './weight_matrix.ts';

export interface SelfCheck {
  readonly kernel: string;
  readonly variant: string;
  /** Norm of the difference over norm of the f64 result. */
  readonly relativeError: number;
  readonly passed: boolean;
}

/** f32 sums of 100 products err by some 1e-7; a wrong tile or a broken driver errs by orders of magnitude more. */
const TOLERANCE = 1e-5;

/** Runs each variant of both products on an odd shape. */
export async function selfCheck(gpu: Gpu): Promise<SelfCheck[]> {
  const [rows, columns, inner] = [67, 92, 100];
  // Reproducible values in [-0.5, 0.5) without a generator: fractions of multiples of the golden ratio.
  const values = (n: number, phase: number) =>
    Float32Array.from({ length: n }, (_, i) => ((i * 0.6180339887 + phase) % 1) - 0.5);
  const checks: SelfCheck[] = [];
  const owner = 'self-check';
  try {
    for (const kernel of ['matmul_nt', 'matmul_nn'] as const) {
      const left = values(rows * inner, 0.1);
      const right = values(inner * columns, 0.7);
      const [l, r, out] = await gpu.ledger.allocate(owner, (create) => [
        create('left', left.byteLength, STORAGE_USAGE),
        create('right', right.byteLength, STORAGE_USAGE),
        create('out', rows * columns * 4, STORAGE_USAGE),
      ]);
      gpu.device.queue.writeBuffer(l!, 0, left);
      gpu.device.queue.writeBuffer(r!, 0, right);
      for (const variant of kernel === 'matmul_nt' ? NT_VARIANTS : NN_VARIANTS) {
        const program = new ProgramBuilder(gpu.adapterClass);
        const sizes = { rows, columns, inner };
        const forward = NT_VARIANTS.find((v) => v === variant);
        const backward = NN_VARIANTS.find((v) => v === variant);
        if (kernel === 'matmul_nt')
          matmulNT(program, {
            x: whole(l!),
            w: f32Matrix(whole(r!), columns, inner),
            y: whole(out!),
            ...sizes,
            ...(forward ? { variant: forward } : {}),
          });
        else
          matmulNN(program, {
            dy: whole(l!),
            w: f32Matrix(whole(r!), inner, columns),
            dx: whole(out!),
            ...sizes,
            ...(backward ? { variant: backward } : {}),
          });
        (await program.finish(gpu, owner)).submit();
        const got = new Float32Array(await gpu.readback(out!, 0, rows * columns * 4));
        let difference = 0;
        let norm = 0;
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < columns; j++) {
            let sum = 0;
            for (let k = 0; k < inner; k++)
              sum +=
                left[i * inner + k]! *
                (kernel === 'matmul_nt' ? right[j * inner + k]! : right[k * columns + j]!);
            difference += (sum - got[i * columns + j]!) ** 2;
            norm += sum ** 2;
          }
        const relativeError = Math.sqrt(difference / norm);
        checks.push({ kernel, variant, relativeError, passed: relativeError < TOLERANCE });
      }
    }
  } finally {
    gpu.ledger.releaseOwner(owner);
  }
  return checks;
}
