/**
 * @file A sample for an estimate of the method's cost: of a few rows everything is asked just as the whole run will ask
 * it, so that nothing of it is asked in vain.
 */
import type { Author } from '../authors/author.ts';
import type { CostEstimate } from '../authors/cost/extrapolate.ts';
import { growSample, type SampleSize } from '../authors/cost/grow_sample.ts';
import { RowMeter } from '../authors/cost/row_meter.ts';
import { type BuildInput, writeDatasets } from './build_datasets.ts';
import { type EstimateInput, estimateCost } from './cost_estimate.ts';
import { questionOfCall } from './knowledge.ts';
import { extractWhatThereIs } from './prepare.ts';
import { startProject } from './project.ts';

export interface SampleInput
  extends SampleSize,
    Omit<EstimateInput, 'sample'>,
    Pick<BuildInput, 'tuner' | 'adapter' | 'signal'> {
  /** Remembers, and says what it once took for what it remembers. */
  readonly author: Author;
  readonly onEstimate?: (estimate: CostEstimate) => void;
}

/** Asks everything of some rows, and estimates the cost of all. */
export function sampleCost(input: SampleInput): Promise<CostEstimate> {
  const { method, signal } = input;
  const meter = new RowMeter(questionOfCall);
  const author = meter.watch(input.author);
  return growSample({
    ...input,
    async ask(rows) {
      const started = startProject('sample', rows, method);
      const project = await extractWhatThereIs(started, author, signal ? { signal } : {});
      await writeDatasets(project, author, input);
    },
    estimate: (asked) => estimateCost({ ...input, sample: meter.sampled(asked) }),
  });
}
