/** @file A training configuration under the names that Transformers and PEFT give it, for manifests and hand-over. */
import type { TrainConfig } from './tuner.ts';

/** The same configuration as --config would read it. */
export function trainConfigToJson(config: TrainConfig): Record<string, unknown> {
  return {
    learning_rate: config.learningRate,
    num_train_epochs: config.numTrainEpochs,
    max_steps: config.maxSteps > 0 ? config.maxSteps : -1,
    per_device_train_batch_size: config.perDeviceTrainBatchSize,
    gradient_accumulation_steps: config.gradientAccumulationSteps,
    lr_scheduler_type: config.lrSchedulerType,
    warmup_steps: config.warmupSteps,
    weight_decay: config.weightDecay,
    max_grad_norm: config.maxGradNorm,
    adam_beta1: config.adamBeta1,
    adam_beta2: config.adamBeta2,
    adam_epsilon: config.adamEpsilon,
    seed: config.seed,
    r: config.lora.r,
    lora_alpha: config.lora.loraAlpha,
    target_modules: config.lora.targetModules,
    use_rslora: config.lora.useRslora,
    beta: config.beta,
    pref_ftx: config.prefFtx,
    pref_ftx_norm: config.prefFtxNorm,
    label_smoothing: config.labelSmoothing,
    train_on: config.trainOn,
    max_length: config.maxLength,
  };
}
