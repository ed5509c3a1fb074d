/**
 * @file Log-probabilities of target tokens in chunks of the vocabulary, forward and backward, without ever holding
 * [targets, vocabulary]: a chunk of logits is made by a matmul, folded into a running log-sum-exp, and thrown away;
 * the backward pass makes it anew.
 */
import type { BufferSlice } from '../gpu/ledger.ts';
import type { ProgramBuilder } from '../gpu/program.ts';
import { matmulNN, matmulNT } from './matmul.ts';
import { rowSums } from './row_elements.ts';
import { wordTraffic } from './traffic.ts';
import type { WeightMatrix } from './weight_matrix.ts';

export interface LogprobShape {
  /** M, number of targets. */
  readonly targets: number;
  readonly hidden: number;
  readonly vocabulary: number;
  /** Vocabulary entries per chunk, a multiple of 64. */
  readonly chunk: number;
}

export interface LogprobBuffers {
  /** [M, hidden] normed hidden states, one row per target */
  readonly states: BufferSlice;
  /** [vocabulary, hidden] output embedding */
  readonly head: WeightMatrix;
  /** [M] */
  readonly targetToken: BufferSlice;
  /** [M, chunk] scratch */
  readonly logits: BufferSlice;
  /** [M, 4] scratch; after `logprob` (log-sum-exp over the vocabulary, id of the target token, 0, 0) */
  readonly running: BufferSlice;
  /** [M] log-probability, natural log */
  readonly logprob: BufferSlice;
}

/** Elements of a chunk of logits at most (32 MiB): a batch of more targets takes narrower chunks. */
const LOGITS_ELEMENTS = 2 ** 23;

/** Columns of a product's tile: chunks are multiples of it. */
const TILE = 128;

/**
 * An eighth of the vocabulary, so that the scratch stays an eighth of [M, V], or a fifth where that is at most 1,024: a
 * small vocabulary's chunks would be too many small dispatches. At most 8,192.
 */
function widestChunk(vocabulary: number): number {
  const part = (n: number) => Math.ceil(vocabulary / n / TILE) * TILE;
  return Math.min(8192, Math.max(part(8), Math.min(1024, part(5))));
}

/** Vocabulary entries per chunk, for M targets. */
export function vocabularyChunk(vocabulary: number, targets: number): number {
  const fitting = Math.floor(LOGITS_ELEMENTS / targets / TILE) * TILE;
  return Math.min(widestChunk(vocabulary), Math.max(TILE, fitting));
}

/** Elements that hold a chunk of logits for up to M targets. */
export function logitsElements(vocabulary: number, targets: number): number {
  return Math.min(
    targets * Math.min(widestChunk(vocabulary), vocabulary),
    Math.max(LOGITS_ELEMENTS, TILE * targets),
  );
}

function chunks({ vocabulary, chunk }: LogprobShape): { first: number; columns: number }[] {
  const list: { first: number; columns: number }[] = [];
  for (let first = 0; first < vocabulary; first += chunk)
    list.push({ first, columns: Math.min(chunk, vocabulary - first) });
  return list;
}

/** Records running and logprob of all targets. */
export function logprob(program: ProgramBuilder, shape: LogprobShape, b: LogprobBuffers): void {
  const parts = chunks(shape);
  parts.forEach(({ first, columns }, i) => {
    matmulNT(program, {
      x: b.states,
      w: b.head,
      wFirst: first,
      y: b.logits,
      rows: shape.targets,
      columns,
      inner: shape.hidden,
    });
    const { constants, elements, workgroups } = rowSums(program.adapterClass, shape.targets, columns);
    program.dispatch({
      shader: 'logprob/update',
      constants,
      bind: {
        logits: b.logits,
        target_token: b.targetToken,
        running: b.running,
        logprob: b.logprob,
      },
      params: {
        rows: shape.targets,
        width: columns / elements,
        elements,
        first_column: first,
        is_first: i === 0 ? 1 : 0,
        is_last: i === parts.length - 1 ? 1 : 0,
      },
      workgroups,
      flops: 3 * shape.targets * columns,
      traffic: wordTraffic(shape.targets * (columns + 5), 4 * shape.targets),
    });
  });
}

/** Records dstates [M, hidden] from coefficient [M] = dL/dlogprob, after `logprob` has run. */
export function logprobBackward(
  program: ProgramBuilder,
  shape: LogprobShape,
  b: Omit<LogprobBuffers, 'targetToken' | 'logprob'> & { coefficient: BufferSlice; dstates: BufferSlice },
): void {
  chunks(shape).forEach(({ first, columns }, i) => {
    const w = { w: b.head, wFirst: first };
    matmulNT(program, {
      x: b.states,
      ...w,
      y: b.logits,
      rows: shape.targets,
      columns,
      inner: shape.hidden,
      gradient: { targets: b.running, coefficient: b.coefficient, firstToken: first },
    });
    matmulNN(program, {
      dy: b.logits,
      ...w,
      dx: b.dstates,
      rows: shape.targets,
      columns: shape.hidden,
      inner: columns,
      accumulate: i > 0,
    });
  });
}
