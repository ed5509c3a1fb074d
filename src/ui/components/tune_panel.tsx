/** @file Training of the loaded model on the user's rows: a few settings, the curve, and the adapter. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Preparation, StepLog } from '../../train/tuner.ts';
import { download } from '../download.ts';
import { formatBytes, formatInteger, formatPreparation, formatSeconds, formatValue } from '../format.ts';
import { dataset, trainingRows, trainOn } from '../state/dataset.ts';
import { preparationProgress } from '../state/measures.ts';
import { settings as modelSettings } from '../state/models.ts';
import {
  hasAdapter,
  preparing,
  problem,
  stopTask,
  type TuningView,
  task,
  tunedAdapterZip,
  tuneModel,
  tuning,
} from '../state/workbench.ts';
import { LineChart } from './line_chart.tsx';
import { MemoryBudget } from './memory_budget.tsx';
import { FailureNotice, Notice } from './notice.tsx';
import { NumberField } from './number_field.tsx';
import { TreeSwitch } from './tree_switch.tsx';

const DEFAULTS = { epochs: 3, learningRate: 2e-4, rank: 8, batch: 4, seed: 42 };

export function TunePanel(): JSX.Element {
  const data = dataset.value;
  const ready = data !== null && data.rows > 0;
  const [settings, setSettings] = useState(DEFAULTS);
  const [treeBatching, setTreeBatching] = useState(true);
  const set = (name: keyof typeof DEFAULTS) => (value: number) => setSettings({ ...settings, [name]: value });
  const train = () => {
    if (task.value !== null || !ready) return;
    const origin = { data: data.name, source: data.source };
    void tuneModel(origin, trainingRows, (method) => trainConfig(settings, method), {
      treeBatching,
      memoryBudget: modelSettings.value.budget,
    });
  };
  const training = task.value === 'train';
  return (
    <div class="sheet tune">
      <h3>Train it</h3>
      {!ready ? (
        <p class="soft">
          Open a file with questions and answers under <a href="#dataset">Your data</a>; its rows can be
          trained on here.
        </p>
      ) : (
        <p class="soft">
          {formatInteger(data.rows)} {data.rows === 1 ? 'row' : 'rows'} of {data.name}
          {data.kind === 'preference' ? ', with better and worse answers (DPO)' : ' (SFT)'}.
        </p>
      )}
      <div class="fields">
        <NumberField label="Epochs" value={settings.epochs} least={1} onChange={set('epochs')} />
        <NumberField
          label="Learning rate"
          value={settings.learningRate}
          least={0.000001}
          most={0.1}
          step={0.000001}
          onChange={set('learningRate')}
        />
        <NumberField label="Rank" value={settings.rank} least={1} most={256} onChange={set('rank')} />
        <NumberField label="Rows per step" value={settings.batch} least={1} onChange={set('batch')} />
        <NumberField label="Seed" value={settings.seed} least={0} onChange={set('seed')} />
        <MemoryBudget />
      </div>
      {data?.kind === 'preference' ? <TreeSwitch on={treeBatching} onChange={setTreeBatching} /> : null}
      <div class="actions">
        <button type="button" onClick={train} aria-disabled={task.value !== null || !ready}>
          Train
        </button>
        {training ? (
          <button type="button" class="quiet" onClick={stopTask}>
            Stop
          </button>
        ) : null}
      </div>
      {problem.value?.task === 'train' ? <FailureNotice failure={problem.value.failure} /> : null}
      {tuning.value ? <Course view={tuning.value} training={training} preparing={preparing.value} /> : null}
      {hasAdapter.value && !training ? <SaveTuned /> : null}
    </div>
  );
}

/** Keys of a `--config` file. */
function trainConfig(s: typeof DEFAULTS, method: 'sft' | 'dpo'): Record<string, unknown> {
  return {
    num_train_epochs: s.epochs,
    learning_rate: s.learningRate,
    r: s.rank,
    lora_alpha: 2 * s.rank,
    per_device_train_batch_size: s.batch,
    seed: s.seed,
    target_modules: 'all-linear',
    lr_scheduler_type: 'cosine',
    ...(method === 'dpo' ? { pref_ftx: 0.2 } : { train_on: trainOn.value }),
  };
}

interface CourseProps {
  readonly view: TuningView;
  readonly training: boolean;
  readonly preparing: Preparation | null;
}

function Course({ view, training, preparing }: CourseProps): JSX.Element {
  const { log, totalSteps, summary } = view;
  const begun = log.length > 0;
  const label = begun
    ? `Step ${log.length} of ${totalSteps}`
    : preparing
      ? formatPreparation(preparing)
      : 'Preparing the first step';
  const progress = begun
    ? { max: totalSteps, value: log.length }
    : preparing
      ? preparationProgress(preparing)
      : {};
  return (
    <>
      {training ? (
        <>
          <p role="status">{label}</p>
          <progress key={progress.max === undefined ? 'open' : 'counted'} {...progress} aria-label={label} />
        </>
      ) : null}
      {log.length > 0 ? (
        <LineChart
          title="Loss"
          caption={log[0]?.dpo_loss === undefined ? 'In nats per trained token.' : 'DPO and SFT together.'}
          xLabel="step"
          x={log.map((s) => s.step)}
          xEnd={totalSteps}
          series={[{ label: 'Loss', color: 1, dash: [], values: log.map((s: StepLog) => s.loss) }]}
        />
      ) : null}
      {log[0]?.mfu === undefined ? null : (
        <LineChart
          title="Share of the best speed"
          caption="Operations a step needs, against what this GPU’s best matrix product makes in the same time (mfu)."
          xLabel="step"
          x={log.map((s) => s.step)}
          xEnd={totalSteps}
          series={[{ label: 'mfu', color: 3, dash: [], values: log.map((s) => s.mfu ?? null) }]}
        />
      )}
      {summary ? (
        <p class="soft">
          {formatInteger(summary.steps)} steps in {formatSeconds(summary.seconds)}: loss{' '}
          {formatValue(summary.firstLoss)} to {formatValue(summary.lastLoss)},{' '}
          {formatValue(summary.tokens / summary.seconds)} tokens per second, at most{' '}
          {formatBytes(summary.peakBytes)} on the GPU
          {summary.recomputedLayers === 0 ? '' : `, with ${layers(summary.recomputedLayers)} computed twice`}.
        </p>
      ) : null}
    </>
  );
}

const layers = (count: number) => `${formatInteger(count)} ${count === 1 ? 'layer' : 'layers'}`;

function SaveTuned(): JSX.Element {
  const [failed, setFailed] = useState<string | null>(null);
  const save = async () => {
    setFailed(null);
    try {
      download(await tunedAdapterZip(), 'tabtune-adapter.zip');
    } catch (error) {
      setFailed((error as Error).message);
    }
  };
  return (
    <div class="actions">
      <button type="button" class="quiet" onClick={save}>
        Save the adapter (.zip)
      </button>
      {failed === null ? null : <Notice title={failed} bad />}
    </div>
  );
}
