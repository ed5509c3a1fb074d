/** @file trainer_state.json as Transformers writes it, from the trainer's log: what scripts that plot training curves read. */
import type { StepLog, TrainConfig } from '../train/tuner.ts';
import { sortedJson } from './sorted_json.ts';

/** Floats in Python, which writes 1.0 where the value is whole. */
const FLOATS: ReadonlySet<string> = new Set([
  'epoch',
  'loss',
  'grad_norm',
  'learning_rate',
  'seconds',
  'flops_per_second',
  'mfu',
  'total_flos',
  'dpo_loss',
  'sft_loss',
  'rewards/chosen',
  'rewards/rejected',
  'rewards/margins',
  'rewards/accuracies',
  'logps/chosen',
  'logps/rejected',
]);

/**
 * Text of trainer_state.json: keys sorted, indent 2, figures unrounded. A step that the optimizer skipped may hold
 * NaN or an infinity, which JSON lacks: null stands for them, and `skipped` says why. Beside Transformers' keys a row has
 * those of StepLog: `tokens`, `target_tokens`, `seconds`, `flops_per_second` and `mfu` among them.
 * @param maxSteps optimizer steps planned
 */
export function trainerState(
  log: readonly StepLog[],
  maxSteps: number,
  config: Pick<TrainConfig, 'numTrainEpochs' | 'perDeviceTrainBatchSize'>,
): string {
  const last = log.at(-1);
  return sortedJson(
    {
      best_global_step: null,
      best_metric: null,
      best_model_checkpoint: null,
      epoch: last?.epoch ?? 0,
      eval_steps: 500,
      global_step: last?.step ?? 0,
      is_hyper_param_search: false,
      is_local_process_zero: true,
      is_world_process_zero: true,
      log_history: log.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([key, value]) => [
            key,
            typeof value === 'number' && !Number.isFinite(value) ? null : value,
          ]),
        ),
      ),
      logging_steps: 1,
      max_steps: maxSteps,
      num_input_tokens_seen: log.reduce((sum, { tokens }) => sum + tokens, 0),
      num_train_epochs: Math.ceil(config.numTrainEpochs),
      save_steps: 500,
      stateful_callbacks: {},
      total_flos: 0,
      train_batch_size: config.perDeviceTrainBatchSize,
      trial_name: null,
      trial_params: null,
    },
    FLOATS,
  );
}
