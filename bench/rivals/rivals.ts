/** @file `bench rivals`: TabTune, jax-js and TensorFlow.js on one adapter, in turns, each in processes of its own. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { flopsPerToken } from '../../src/llama/flops.ts';
import { loraShape } from '../../src/train/lora_init.ts';
import { mapSpread, type Spread } from '../measure.ts';
import { STEP_MODEL } from '../random_llama.ts';
import { ENGINES, type EngineName, type Job, type Message, STEP_ENGINES } from './engine.ts';
import { installRivals, RIVALS } from './installation.ts';
import { LORA } from './llama_numbers.ts';
import { SHAPES } from './products.ts';
import {
  bestProduct,
  type ProductFigures,
  productFigures,
  type StepComparison,
  stepFigures,
} from './report.ts';

export interface RivalsReport {
  readonly versions: Readonly<Record<string, string>>;
  readonly products: readonly ProductFigures[];
  readonly best_product: ReturnType<typeof bestProduct>;
  readonly step: StepComparison & {
    readonly tokens: number;
    readonly steps: number;
    /** FLOP per second that the mathematics needs, forward and backward, in TabTune's step. */
    readonly gflops: Spread | null;
    readonly share_of_best_product: number | null;
  };
}

/** A process that takes longer than this hangs. */
const LONGEST_MS = 3_600_000;

/** Runs a job in a process of its own, without Mesa's cache of compiled shaders: the first step must compile. */
function runJob(job: Job): Promise<Message> {
  const child = fork(fileURLToPath(new URL('./engine_process.mjs', import.meta.url)), {
    env: { ...process.env, MESA_SHADER_CACHE_DISABLE: 'true' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
    timeout: LONGEST_MS,
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (text) => {
      output = (output + text).slice(-2000);
    });
  return new Promise((resolve) => {
    child.once('message', (message) => resolve(message as Message));
    child.once('error', (error) => resolve({ error: error.message }));
    child.once('close', (code, signal) =>
      resolve({ error: `Its process ended with ${signal ?? code}. ${output.trim()}`.trim() }),
    );
    child.send(job);
  });
}

/**
 * Takes `rounds` turns: in each, every engine computes all products, and a training step where it can, in processes of
 * its own. An engine that fails is not asked again.
 * @param adapter description of the adapter that all must run on
 * @param steps training steps of a process, the first included
 * @throws InputError where the rivals cannot be installed
 */
export async function benchRivals(
  adapter: string,
  { rounds, tokens, steps }: { readonly rounds: number; readonly tokens: number; readonly steps: number },
  progress: (line: string) => void,
): Promise<RivalsReport> {
  installRivals(progress);
  const messages = {
    products: new Map<EngineName, Message[]>(ENGINES.map((e) => [e, []])),
    step: new Map<EngineName, Message[]>(STEP_ENGINES.map((e) => [e, []])),
  };
  for (let round = 0; round < rounds; round++)
    for (const task of ['products', 'step'] as const) {
      const engines = [...messages[task].keys()];
      // Each round begins with another engine, so that none always follows the same one.
      for (let i = 0; i < engines.length; i++) {
        const engine = engines[(i + round) % engines.length]!;
        const earlier = messages[task].get(engine)!;
        if (earlier.some((m) => 'error' in m)) continue;
        const answer = await runJob({ engine, task, shapes: SHAPES, tokens, steps });
        const message =
          'error' in answer || answer.adapter === adapter
            ? answer
            : { error: `It runs on ${answer.adapter}, TabTune on ${adapter}.` };
        earlier.push(message);
        progress(`round ${round + 1}/${rounds}: ${engine}, ${task}: ${inWords(message)}`);
      }
    }
  const products = SHAPES.map((shape) => productFigures(messages.products, shape));
  const best = bestProduct(products);
  const step = stepFigures(messages.step, STEP_ENGINES);
  const { forward, backward } = flopsPerToken(STEP_MODEL, loraShape(LORA), tokens);
  const ours = step.engines.tabtune;
  const gflops =
    ours && 'loss' in ours
      ? mapSpread(ours.tokens_per_second, (t) => (t * (forward + backward)) / 1e9)
      : null;
  return {
    versions: RIVALS,
    products,
    best_product: best,
    step: {
      tokens,
      steps,
      ...step,
      gflops,
      share_of_best_product: gflops && best && gflops.median / best.gflops,
    },
  };
}

function inWords(message: Message): string {
  if ('error' in message) return message.error;
  if (message.step)
    return `${message.step.tokensPerSecond.toFixed(1)} tokens/s, first step after ${message.step.firstStepFromStart.toFixed(1)} s`;
  return (message.products ?? [])
    .map(({ shape, layout, gflops }) => `${shape.join('x')} ${layout} ${gflops.toFixed(2)}`)
    .join(', ');
}
