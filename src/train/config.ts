/**
 * @file Training configuration from a `--config` file. One table declares every key: its default, its check and its
 * help text; parsing, defaults and help all come from it. Names and defaults are those of Transformers' TrainingArguments
 * and PEFT's LoraConfig where the key is theirs, of LLaMA-Factory (pref_ftx) and TRL (beta, label_smoothing) otherwise.
 */
import * as v from 'valibot';
import { InputError } from '../formats/input_error.ts';
import { PROJECTIONS } from '../llama/config.ts';
import type { TrainConfig } from './tuner.ts';

interface Key {
  readonly default: unknown;
  readonly schema: v.GenericSchema<unknown, unknown>;
  /** What a value must be, for messages and help. */
  readonly expects: string;
  readonly help: string;
}

const number = (check: (n: number) => boolean) => v.pipe(v.number(), v.finite(), v.check(check));
const integer = (minimum: number, maximum = Number.MAX_SAFE_INTEGER) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(minimum), v.maxValue(maximum));
const notNegative = number((n) => n >= 0);
const targetList = v.pipe(
  v.array(v.picklist(PROJECTIONS)),
  v.minLength(1),
  v.check((names) => new Set(names).size === names.length),
);

const KEYS = {
  learning_rate: {
    default: 5e-5,
    schema: notNegative,
    expects: 'a number >= 0',
    help: 'Peak learning rate of AdamW.',
  },
  num_train_epochs: {
    default: 3,
    schema: number((n) => n > 0),
    expects: 'a number > 0',
    help: 'Passes over the data.',
  },
  max_steps: {
    default: -1,
    schema: v.pipe(
      integer(-1),
      v.check((n) => n !== 0),
    ),
    expects: 'an integer >= 1, or -1 for none',
    help: 'Optimizer steps; overrides num_train_epochs when positive.',
  },
  per_device_train_batch_size: {
    default: 8,
    schema: integer(1),
    expects: 'an integer >= 1',
    help: 'Rows (SFT) or questions (DPO) of a micro-batch.',
  },
  gradient_accumulation_steps: {
    default: 1,
    schema: integer(1),
    expects: 'an integer >= 1',
    help: 'Micro-batches of an optimizer step.',
  },
  lr_scheduler_type: {
    default: 'linear',
    schema: v.picklist(['linear', 'cosine', 'constant', 'constant_with_warmup']),
    expects: '"linear", "cosine", "constant" or "constant_with_warmup"',
    help: 'How the learning rate falls after the warm-up.',
  },
  warmup_steps: {
    default: 0,
    schema: number((n) => n >= 0 && (n < 1 || Number.isInteger(n))),
    expects: 'an integer >= 0, or a share of all steps below 1',
    help: 'Steps over which the learning rate rises from 0; below 1 it is a share of all steps, rounded up.',
  },
  weight_decay: {
    default: 0,
    schema: notNegative,
    expects: 'a number >= 0',
    help: 'Decoupled weight decay of AdamW.',
  },
  max_grad_norm: {
    default: 1,
    schema: notNegative,
    expects: 'a number >= 0',
    help: 'Gradients are scaled down to this global norm; 0 turns clipping off.',
  },
  adam_beta1: {
    default: 0.9,
    schema: number((n) => n >= 0 && n < 1),
    expects: 'a number in [0, 1)',
    help: 'Decay of the first moment.',
  },
  adam_beta2: {
    default: 0.999,
    schema: number((n) => n >= 0 && n < 1),
    expects: 'a number in [0, 1)',
    help: 'Decay of the second moment.',
  },
  adam_epsilon: {
    default: 1e-8,
    schema: number((n) => n > 0),
    expects: 'a number > 0',
    help: 'Added to the root of the second moment.',
  },
  seed: {
    default: 42,
    schema: integer(0, 2 ** 32 - 1),
    expects: 'an integer from 0 to 4294967295',
    help: 'Seed of the data order and of a fresh adapter.',
  },
  r: { default: 8, schema: integer(1), expects: 'an integer >= 1', help: 'Rank of the adapter.' },
  lora_alpha: {
    default: 8,
    schema: integer(1),
    expects: 'an integer >= 1',
    help: 'The adapter is scaled by lora_alpha / r.',
  },
  lora_dropout: {
    default: 0,
    schema: v.literal(0),
    expects: '0: dropout is not implemented',
    help: "Dropout of the adapter's input. Only 0 is implemented.",
  },
  target_modules: {
    default: ['q_proj', 'v_proj'],
    schema: v.union([v.literal('all-linear'), targetList]),
    expects: `"all-linear" or a list without repetition of ${PROJECTIONS.join(', ')}`,
    help: 'The projections that get an adapter.',
  },
  use_rslora: {
    default: false,
    schema: v.boolean(),
    expects: 'true or false',
    help: 'Scale by lora_alpha / sqrt(r) instead.',
  },
  beta: {
    default: 0.1,
    schema: number((n) => n > 0),
    expects: 'a number > 0',
    help: 'DPO: how strongly the policy is held to its reference.',
  },
  pref_ftx: {
    default: 0,
    schema: notNegative,
    expects: 'a number >= 0',
    help: "DPO: weight of the SFT loss on the better answer (the paper's gamma).",
  },
  pref_ftx_norm: {
    default: 'lf',
    schema: v.picklist(['lf', 'trl']),
    expects: '"lf" or "trl"',
    help: 'DPO: that SFT loss as the mean over pairs of per-token means (lf, LLaMA-Factory) or over all better tokens of the micro-batch (trl).',
  },
  label_smoothing: {
    default: 0,
    schema: number((n) => n >= 0 && n < 0.5),
    expects: 'a number in [0, 0.5)',
    help: 'DPO: share of pairs assumed to be the wrong way round (conservative DPO).',
  },
  train_on: {
    default: 'all',
    schema: v.picklist(['all', 'last']),
    expects: '"all" or "last"',
    help: "SFT: which of a conversation's answers are trained.",
  },
  max_length: {
    default: null,
    schema: v.nullable(integer(2)),
    expects: "an integer >= 2, at most the model's context, which is the default",
    help: 'Longest row in tokens; a longer one is refused by its line.',
  },
} as const satisfies Record<string, Key>;

type KeyName = keyof typeof KEYS;
type Values = { readonly [K in KeyName]: v.InferOutput<(typeof KEYS)[K]['schema']> };

/** Every key with its default, what it expects and its help text, in order. */
export const CONFIG_KEYS: readonly {
  readonly key: string;
  readonly default: unknown;
  readonly expects: string;
  readonly help: string;
}[] = (Object.entries(KEYS) as [string, Key][]).map(([key, { default: value, expects, help }]) => ({
  key,
  default: value,
  expects,
  help,
}));

/** Edits (insertions, deletions, substitutions) between two words: Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

/** The known key most like an unknown one (capped in length, since the distance takes time for long words). */
function nearestKey(unknown: string): string {
  const word = unknown.slice(0, 64).toLowerCase();
  const distance = new Map(Object.keys(KEYS).map((key) => [key, editDistance(word, key)]));
  return [...distance].reduce((best, entry) => (entry[1] < best[1] ? entry : best))[0];
}

/**
 * A checked training configuration.
 * @param json the parsed file; {} gives the defaults
 * @param place shown in messages: the file
 * @param contextLength the model's context in tokens: default and upper bound of max_length
 * @throws InputError naming the key: unknown, of a wrong type, out of range, or not implemented
 */
export function parseTrainConfig(json: unknown, place: string, contextLength: number): TrainConfig {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new InputError(place, 'is not a JSON object.', 'Write {"learning_rate": 1e-4, ...}.');
  const given = new Map<string, unknown>(Object.entries(json));
  for (const key of given.keys())
    if (!Object.hasOwn(KEYS, key))
      throw new InputError(
        `${place}: ${key}`,
        'is not a known key.',
        `Did you mean ${nearestKey(key)}? Otherwise remove it.`,
      );
  const values = Object.fromEntries(
    (Object.entries(KEYS) as [KeyName, Key][]).map(([key, { default: fallback, schema, expects }]) => {
      if (!given.has(key)) return [key, fallback];
      const parsed = v.safeParse(schema, given.get(key));
      if (!parsed.success)
        throw new InputError(
          `${place}: ${key}`,
          `${JSON.stringify(given.get(key))} is not allowed.`,
          `It must be ${expects}.`,
        );
      return [key, parsed.output];
    }),
  ) as unknown as Values;
  const maxLength = values.max_length ?? contextLength;
  if (maxLength > contextLength)
    throw new InputError(
      `${place}: max_length`,
      `${maxLength} is more than the model's context of ${contextLength} tokens.`,
      `Use at most ${contextLength}.`,
    );
  return {
    learningRate: values.learning_rate,
    numTrainEpochs: values.num_train_epochs,
    maxSteps: values.max_steps,
    perDeviceTrainBatchSize: values.per_device_train_batch_size,
    gradientAccumulationSteps: values.gradient_accumulation_steps,
    lrSchedulerType: values.lr_scheduler_type,
    warmupSteps: values.warmup_steps,
    weightDecay: values.weight_decay,
    maxGradNorm: values.max_grad_norm,
    adamBeta1: values.adam_beta1,
    adamBeta2: values.adam_beta2,
    adamEpsilon: values.adam_epsilon,
    seed: values.seed,
    lora: {
      r: values.r,
      loraAlpha: values.lora_alpha,
      targetModules: values.target_modules === 'all-linear' ? PROJECTIONS : values.target_modules,
      useRslora: values.use_rslora,
    },
    beta: values.beta,
    prefFtx: values.pref_ftx,
    prefFtxNorm: values.pref_ftx_norm,
    labelSmoothing: values.label_smoothing,
    trainOn: values.train_on,
    maxLength,
  };
}
