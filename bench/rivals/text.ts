/** @file The comparison as lines for a terminal. */
import type { Spread } from '../measure.ts';
import type { Comparison } from './report.ts';
import type { RivalsReport } from './rivals.ts';

const span = ({ median, least, most }: Spread, digits = 2) =>
  `${median.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;

/** What is compared, against whom, and who is missing. */
function ratio(what: string, comparison: Comparison | null): string {
  if (!comparison) return `${what}: nothing to compare with`;
  const { fastest_rival, ratio, without } = comparison;
  const missing = without.length > 0 ? `; no figure of ${without.join(' and ')}` : '';
  return `${what}: ${span(ratio)} times ${fastest_rival}${missing}`;
}

export function rivalsText({ versions, products, best_product, step }: RivalsReport): string {
  const lines = [
    Object.entries(versions)
      .map((v) => v.join(' '))
      .join(', '),
  ];
  for (const { shape, engines, comparison } of products) {
    lines.push('', `product ${shape.join('x')}`);
    for (const [engine, figure] of Object.entries(engines))
      lines.push(
        `  ${engine.padEnd(8)} ${'error' in figure ? figure.error : `${span(figure.gflops)} GFLOP/s, ${figure.layout}`}`,
      );
    lines.push(`  ${ratio('rate', comparison)}`);
  }
  lines.push('', `training step of ${step.tokens} tokens`);
  for (const [engine, figure] of Object.entries(step.engines))
    lines.push(
      `  ${engine.padEnd(8)} ${'error' in figure ? figure.error : `${span(figure.tokens_per_second, 1)} tokens/s, first step after ${span(figure.first_step_seconds)} s (${span(figure.first_step_seconds_from_device)} s from the device), loss ${figure.loss.toFixed(5)}`}`,
    );
  lines.push(
    `  ${ratio('tokens per second', step.tokens_per_second)}`,
    `  ${ratio('first step sooner', step.first_step)}`,
    `  ${ratio('first step sooner, from the device', step.first_step_from_device)}`,
    `  ${ratio('less work of the processors, a step', step.step_processor_seconds)}`,
    `  ${ratio('less work of the processors, the first step', step.first_step_processor_seconds)}`,
  );
  if (step.gflops && best_product && step.share_of_best_product !== null)
    lines.push(
      `  ${step.gflops.median.toFixed(2)} GFLOP/s that the mathematics needs: ${(100 * step.share_of_best_product).toFixed(0)} % of the best product (${best_product.gflops.toFixed(2)}, ${best_product.engine}, ${best_product.shape.join('x')} ${best_product.layout})`,
    );
  return lines.join('\n');
}
