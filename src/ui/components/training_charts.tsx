/** @file The charts of a run: every value is a field of a step's log, under the name trainer_state.json gives it. */
import type { JSX } from 'preact';
import type { StepLog } from '../../train/tuner.ts';
import type { TrainingView } from '../../workers/run_view.ts';
import { type ChartSeries, LineChart } from './line_chart.tsx';

const NO_STEPS: readonly StepLog[] = [];

export function TrainingCharts({ trainings }: { trainings: readonly TrainingView[] }): JSX.Element {
  const training = (phase: TrainingView['phase']) => trainings.find((t) => t.phase === phase);
  const log = (phase: TrainingView['phase']) => training(phase)?.log ?? NO_STEPS;
  const end = (...phases: TrainingView['phase'][]) =>
    Math.max(...phases.map((p) => training(p)?.totalSteps ?? 0));
  const sft = log('train-sft');
  const stage1 = log('train-stage1');
  const stage2 = log('train-stage2');
  const longer = sft.length > stage1.length ? sft : stage1;
  return (
    <div class="charts">
      <LineChart
        title="Fine-tuning loss"
        caption="Both start from the base model. Stage I also learns the questions about difficult facts."
        xLabel="step"
        x={longer.map((s) => s.step)}
        xEnd={end('train-sft', 'train-stage1')}
        series={[
          line('Plain fine-tuning', 2, [7, 4], sft, 'loss', longer.length),
          line('Stage I', 1, [], stage1, 'loss', longer.length),
        ]}
      />
      {stage2.length > 0 ? (
        <>
          <LineChart
            title="Preference loss"
            caption="Stage II starts where it cannot tell better from worse, at ln 2, and falls as it learns to."
            xLabel="step"
            x={stage2.map((s) => s.step)}
            xEnd={end('train-stage2')}
            series={[line('DPO loss', 1, [], stage2, 'dpo_loss', stage2.length)]}
            reference={{ value: Math.LN2, label: 'ln 2' }}
          />
          <LineChart
            title="Rewards"
            caption="How much likelier than before an answer has become. The margin between better and worse should grow."
            xLabel="step"
            x={stage2.map((s) => s.step)}
            xEnd={end('train-stage2')}
            series={[
              line('Margin', 1, [], stage2, 'rewards/margins', stage2.length),
              line('Better answers', 3, [7, 4], stage2, 'rewards/chosen', stage2.length),
              line('Worse answers', 2, [2, 4], stage2, 'rewards/rejected', stage2.length),
            ]}
            reference={{ value: 0, label: '' }}
          />
        </>
      ) : null}
      <UtilisationChart logs={[sft, stage1, stage2]} end={end('train-sft', 'train-stage1', 'train-stage2')} />
    </div>
  );
}

interface UtilisationProps {
  /** Of SFT, Stage I and Stage II. */
  readonly logs: readonly [readonly StepLog[], readonly StepLog[], readonly StepLog[]];
  readonly end: number;
}

/** Share of the adapter's best matmul rate. Runs that were saved before it was measured have none. */
function UtilisationChart({ logs, end }: UtilisationProps): JSX.Element | null {
  const [sft, stage1, stage2] = logs;
  const longest = logs.reduce((a, b) => (b.length > a.length ? b : a));
  if (longest[0]?.mfu === undefined) return null;
  return (
    <LineChart
      title="Share of the best speed"
      caption="Operations a step needs, against what this GPU’s best matrix product makes in the same time (mfu)."
      xLabel="step"
      x={longest.map((s) => s.step)}
      xEnd={end}
      series={[
        line('Plain fine-tuning', 2, [7, 4], sft, 'mfu', longest.length),
        line('Stage I', 1, [], stage1, 'mfu', longest.length),
        ...(stage2.length > 0 ? [line('Stage II', 3, [2, 4], stage2, 'mfu', longest.length)] : []),
      ]}
    />
  );
}

function line(
  label: string,
  color: ChartSeries['color'],
  dash: readonly number[],
  log: readonly StepLog[],
  field: 'loss' | 'mfu' | 'dpo_loss' | 'rewards/margins' | 'rewards/chosen' | 'rewards/rejected',
  length: number,
): ChartSeries {
  return { label, color, dash, values: Array.from({ length }, (_, i) => log[i]?.[field] ?? null) };
}
