/**
 * @file `bench logprob`: log-probabilities of targets and their gradient by the width of the vocabulary's chunks, up to all
 * of it at once, which is what engines do that hold [targets, vocabulary].
 */
import { type Gpu, STORAGE_USAGE } from '../src/gpu/gpu.ts';
import { whole } from '../src/gpu/ledger.ts';
import { ProgramBuilder } from '../src/gpu/program.ts';
import { logprob, logprobBackward, vocabularyChunk } from '../src/ops/logprob.ts';
import { f32Matrix } from '../src/ops/weight_matrix.ts';
import { type Spread, secondsPerReplay, spread } from './measure.ts';

export interface LogprobFigure {
  readonly targets: number;
  readonly hidden: number;
  readonly vocabulary: number;
  /** Vocabulary entries at a time. */
  readonly chunk: number;
  /** Whether this is the width that the engine takes. */
  readonly chosen: boolean;
  readonly logits_bytes: number;
  /** Forward and backward. */
  readonly seconds: Spread;
  /** Of that, what is not the products with the head. */
  readonly own_seconds: Spread;
}

const OWNER = 'bench';

/** The shape of `bench step`. */
const [TARGETS, HIDDEN, VOCABULARY] = [128, 288, 4096];

/** Times all widths in turn, `runs` times: what else the machine does falls upon all of them. */
export async function benchLogprob(
  gpu: Gpu,
  runs: number,
  progress: (line: string) => void,
): Promise<LogprobFigure[]> {
  const chosen = vocabularyChunk(VOCABULARY, TARGETS);
  const chunks = [...new Set([64, 256, 512, chosen, 2048, VOCABULARY])];
  try {
    const slices = await gpu.ledger.allocate(OWNER, (create) => {
      const floats = (label: string, count: number) => whole(create(label, 4 * count, STORAGE_USAGE));
      return {
        states: floats('states', TARGETS * HIDDEN),
        head: floats('head', VOCABULARY * HIDDEN),
        targetToken: floats('targetToken', TARGETS),
        coefficient: floats('coefficient', TARGETS),
        logits: floats('logits', TARGETS * VOCABULARY),
        running: floats('running', 4 * TARGETS),
        logprob: floats('logprob', TARGETS),
        dstates: floats('dstates', TARGETS * HIDDEN),
      };
    });
    const buffers = { ...slices, head: f32Matrix(slices.head, VOCABULARY, HIDDEN) };
    const timed = await Promise.all(
      chunks.map(async (chunk) => {
        const shape = { targets: TARGETS, hidden: HIDDEN, vocabulary: VOCABULARY, chunk };
        const builder = new ProgramBuilder(gpu.adapterClass);
        logprob(builder, shape, buffers);
        logprobBackward(builder, shape, buffers);
        const program = await builder.finish(gpu, OWNER);
        const own = program.only((shader) => shader.startsWith('logprob/'));
        return { shape, program, own, seconds: [] as number[], ownSeconds: [] as number[] };
      }),
    );
    for (let run = 0; run < runs; run++) {
      for (const t of timed) {
        t.seconds.push((await secondsPerReplay(gpu, t.program, 1)).median);
        t.ownSeconds.push((await secondsPerReplay(gpu, t.own, 1)).median);
      }
      progress(`run ${run + 1}/${runs}`);
    }
    return timed.map(({ shape, seconds, ownSeconds }) => ({
      ...shape,
      chosen: shape.chunk === chosen,
      logits_bytes: 4 * TARGETS * shape.chunk,
      seconds: spread(seconds),
      own_seconds: spread(ownSeconds),
    }));
  } finally {
    gpu.ledger.releaseOwner(OWNER);
  }
}

/** One line a figure. */
export function logprobText(figures: readonly LogprobFigure[]): string {
  return figures
    .map(
      (f) =>
        `logprob ${f.targets} x ${f.hidden} x ${f.vocabulary}, chunks of ${String(f.chunk).padStart(4)}${f.chosen ? '*' : ' '}: ` +
        `${(1e3 * f.seconds.median).toFixed(1)} ms, ${(1e3 * f.own_seconds.median).toFixed(2)} without the products; ${(f.logits_bytes / 1e6).toFixed(2)} MB of logits`,
    )
    .join('\n');
}
