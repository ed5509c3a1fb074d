/** @file A model's weights as planned, without a GPU: for programs that are recorded to be counted. */
import { sliceOnPaper } from '../gpu/paper.ts';
import type { LlamaConfig } from './config.ts';
import type { WeightPlan } from './weight_plan.ts';
import { assemble, type LlamaWeights } from './weights.ts';

/** The plan's matrices and vectors in buffers on paper. */
export function weightsOnPaper(config: LlamaConfig, plan: WeightPlan): LlamaWeights {
  const matrices = plan.matrices.map(({ label, rows, columns, blocks }) => ({
    label,
    rows,
    columns,
    blocks: blocks.map((block) => ({
      format: block.format,
      first: block.first,
      rows: block.rows,
      data: sliceOnPaper(block.label, block.dataBytes),
      ...(block.scaleBytes > 0 ? { scales: sliceOnPaper(`${block.label}.scales`, block.scaleBytes) } : {}),
    })),
  }));
  return assemble(
    config,
    new Map(matrices.map((matrix) => [matrix.label, matrix])),
    new Map(plan.vectors.map(({ label, bytes }) => [label, sliceOnPaper(label, bytes)])),
    plan,
  );
}
