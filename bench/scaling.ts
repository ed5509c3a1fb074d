/** @file `bench scaling`: what a step costs by its number of tokens, kernel family by kernel family. */
import type { Gpu } from '../src/gpu/gpu.ts';
import { loraLayout } from '../src/llama/lora_layout.ts';
import { loadLlama } from '../src/llama/model.ts';
import type { WeightChoice } from '../src/llama/weight_plan.ts';
import { parseTrainConfig } from '../src/train/config.ts';
import { initialParameters, loraShape } from '../src/train/lora_init.ts';
import { sftStep } from '../src/train/steps.ts';
import { TrainingSession } from '../src/train/trainer.ts';
import { type Elapsed, spread, timeReplays } from './measure.ts';
import { randomWeights, STEP_MODEL } from './random_llama.ts';

const TOKENS = [128, 256, 512, 1024, 2048, 4096];
/** Between these, time per token of everything but attention should not change. */
const [SMALL, LARGE] = [512, 4096];
const ATTENTION = 'attention';
/** Seconds spent on a family of kernels at one length, after which a run more would tell little. */
const ENOUGH_SECONDS = 10;

export interface ScalingFigure {
  readonly tokens: number;
  /** Of forward and backward pass, of one family's dispatches replayed alone, medians. A family is a folder of shaders. */
  readonly families: Readonly<Record<string, Elapsed>>;
  readonly attention: Elapsed;
  /** Of everything but attention. */
  readonly other: Elapsed;
  /** FLOP that the mathematics needs, per token, of everything but attention. */
  readonly other_flop_per_token: number;
}

export interface ScalingFigures {
  readonly steps: readonly ScalingFigure[];
  /** What everything but attention takes per token at 4,096 tokens over that at 512: 1 where cost is linear. */
  readonly other_per_token_ratio: Elapsed;
}

/** One sequence of each length, all but its first token targets, LoRA of rank 8 on q and v. */
export async function benchScaling(
  gpu: Gpu,
  weights: WeightChoice,
  runs: number,
  progress: (line: string) => void,
): Promise<ScalingFigures> {
  const model = await loadLlama(gpu, STEP_MODEL, randomWeights(STEP_MODEL), { weights });
  const config = parseTrainConfig({ target_modules: ['q_proj', 'v_proj'] }, 'bench', LARGE);
  const layout = loraLayout(STEP_MODEL, loraShape(config.lora));
  const steps: ScalingFigure[] = [];
  for (const tokens of TOKENS) {
    const ids = Uint32Array.from({ length: tokens + 1 }, (_, i) => (i * 7919) % STEP_MODEL.vocabSize);
    const row = { prompt: ids.slice(0, 1), completion: ids.slice(1), trained: null };
    const step = sftStep({ epoch: 0, microBatches: [[0]] }, [row], tokens);
    const session = await TrainingSession.create(model, layout, initialParameters(layout, 1), [step], config);
    try {
      // Uploads the batch and compiles, on adapters that compile at the first dispatch.
      await session.submitGradients(step);
      await gpu.guard(gpu.device.queue.onSubmittedWorkDone().then(() => undefined));
      const program = session.program(step.batches[0]!.batch);
      const families: Record<string, Elapsed> = {};
      for (const family of new Set(program.dispatches.map((d) => familyOf(d.shader)))) {
        const part = program.only((shader) => familyOf(shader) === family);
        families[family] = median(await timeReplays(gpu, part, runs, ENOUGH_SECONDS));
      }
      const { [ATTENTION]: attention, ...others } = families;
      const other = program.only((shader) => familyOf(shader) !== ATTENTION);
      steps.push({
        tokens,
        families,
        attention: attention!,
        other: sum(Object.values(others)),
        other_flop_per_token: other.flops / tokens,
      });
    } finally {
      session.release();
    }
    progress(stepText(steps.at(-1)!));
  }
  const [small, large] = [SMALL, LARGE].map((tokens) => steps.find((s) => s.tokens === tokens)!.other);
  return {
    steps,
    other_per_token_ratio: {
      seconds: large!.seconds / LARGE / (small!.seconds / SMALL),
      processorSeconds: large!.processorSeconds / LARGE / (small!.processorSeconds / SMALL),
    },
  };
}

function median(times: readonly Elapsed[]): Elapsed {
  return {
    seconds: spread(times.map((t) => t.seconds)).median,
    processorSeconds: spread(times.map((t) => t.processorSeconds)).median,
  };
}

function sum(times: readonly Elapsed[]): Elapsed {
  return {
    seconds: times.reduce((total, t) => total + t.seconds, 0),
    processorSeconds: times.reduce((total, t) => total + t.processorSeconds, 0),
  };
}

/** "matmul/nt_tiled" is of the family matmul. */
function familyOf(shader: string): string {
  return shader.split('/')[0]!;
}

function stepText({ tokens, attention, other }: ScalingFigure): string {
  const perToken = (s: number) => `${((1e6 * s) / tokens).toFixed(0)} µs`;
  return `${String(tokens).padStart(5)} tokens: attention ${attention.seconds.toFixed(3)} s, all else ${other.seconds.toFixed(3)} s; all else per token ${perToken(other.seconds)}, of all processors ${perToken(other.processorSeconds)}`;
}

/** The figures as a terminal shows them. */
export function scalingText({ steps, other_per_token_ratio: ratio }: ScalingFigures): string {
  return [
    ...steps.map(stepText),
    `all but attention, per token, at ${LARGE} over ${SMALL} tokens: ${ratio.seconds.toFixed(3)}, by the processors' seconds ${ratio.processorSeconds.toFixed(3)}`,
  ].join('\n');
}
