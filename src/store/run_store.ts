/**
 * @file Runs and their checkpoints in IndexedDB. A checkpoint is written once, under a key of its own, in the same
 * transaction as the record of the run that points at it: either both are there or neither.
 */
import { delMany, get, getMany, setMany, type UseStore } from 'idb-keyval';
import { type CheckpointHeader, flaw, seal } from './checkpoint.ts';

/** How far a run has come. 'running' in storage with no tab that runs it means: interrupted. */
export type RunStatus = 'running' | 'finished' | 'stopped' | 'failed';

/** The record of a run: what was asked for, how far it came, and which checkpoints it has. */
export interface RunRecord {
  readonly run: string;
  /** What was asked for, as JSON. */
  readonly request: unknown;
  readonly status: RunStatus;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly updatedAt: number;
  /** In the order in which they were saved. */
  readonly checkpoints: readonly CheckpointHeader[];
}

/** A record with what became of its checkpoints. */
export interface LoadedRun {
  readonly record: RunRecord;
  /** Phase to data, of every checkpoint whose seal holds. */
  readonly checkpoints: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** One sentence for each checkpoint that was refused. */
  readonly damaged: readonly string[];
}

const RUNS = 'runs';
const recordKey = (run: string) => `run/${run}`;
const checkpointKey = (run: string, phase: string) => `ckpt/${run}/${phase}`;

/** How many runs stay; older ones go, once a new one is on disk. */
const KEPT_RUNS = 3;

/** Calls must not overlap for one run: the worker that trains is the only writer, under a Web Lock. */
export class RunStore {
  constructor(
    private readonly store: UseStore,
    private readonly now: () => number,
  ) {}

  /** Ids of all runs, the newest last. */
  async list(): Promise<readonly string[]> {
    return (await get<string[]>(RUNS, this.store)) ?? [];
  }

  /** Creates the record of a new run. */
  async begin(run: string, request: unknown): Promise<void> {
    const runs = await this.list();
    if (runs.includes(run)) throw new Error(`Run ${run} exists.`);
    const at = this.now();
    const record: RunRecord = {
      run,
      request,
      status: 'running',
      startedAt: at,
      updatedAt: at,
      checkpoints: [],
    };
    await setMany(
      [
        [recordKey(run), record],
        [RUNS, [...runs, run]],
      ],
      this.store,
    );
  }

  /** Saves the data of a phase, once. Resolves when it is on disk. */
  async save(run: string, phase: string, data: Uint8Array<ArrayBuffer>): Promise<CheckpointHeader> {
    const record = await this.#record(run);
    if (record.checkpoints.some((c) => c.phase === phase))
      throw new Error(`Checkpoint ${run}/${phase} exists.`);
    const sealed = await seal(run, phase, data, this.now());
    const checkpoints = [...record.checkpoints, sealed.header];
    await setMany(
      [
        [checkpointKey(run, phase), sealed],
        [recordKey(run), { ...record, updatedAt: this.now(), checkpoints } satisfies RunRecord],
      ],
      this.store,
    );
    return sealed.header;
  }

  /** Notes how a run ended, then lets go of runs that are too old. */
  async end(run: string, status: RunStatus): Promise<void> {
    const record = await this.#record(run);
    await setMany(
      [[recordKey(run), { ...record, status, updatedAt: this.now() } satisfies RunRecord]],
      this.store,
    );
    const runs = await this.list();
    for (const old of runs.slice(0, Math.max(0, runs.length - KEPT_RUNS))) await this.remove(old);
  }

  /** The record of a run with every checkpoint that is whole. Null if there is no such run. */
  async load(run: string): Promise<LoadedRun | null> {
    const record = await get<RunRecord>(recordKey(run), this.store);
    if (!record) return null;
    const values = await getMany<unknown>(
      record.checkpoints.map((c) => checkpointKey(run, c.phase)),
      this.store,
    );
    const checkpoints = new Map<string, Uint8Array<ArrayBuffer>>();
    const damaged: string[] = [];
    for (const [i, header] of record.checkpoints.entries()) {
      const why = await flaw(values[i], header);
      if (why === null) checkpoints.set(header.phase, (values[i] as { data: Uint8Array<ArrayBuffer> }).data);
      else damaged.push(`The checkpoint "${header.phase}" cannot be used: ${why}.`);
    }
    return { record, checkpoints, damaged };
  }

  /** The newest run there is, or null. */
  async latest(): Promise<LoadedRun | null> {
    const run = (await this.list()).at(-1);
    return run === undefined ? null : this.load(run);
  }

  /** Deletes a run: first from the list, so that a half-deleted run is never offered. */
  async remove(run: string): Promise<void> {
    const record = await get<RunRecord>(recordKey(run), this.store);
    await setMany([[RUNS, (await this.list()).filter((r) => r !== run)]], this.store);
    const phases = record?.checkpoints.map((c) => c.phase) ?? [];
    await delMany([recordKey(run), ...phases.map((phase) => checkpointKey(run, phase))], this.store);
  }

  async #record(run: string): Promise<RunRecord> {
    const record = await get<RunRecord>(recordKey(run), this.store);
    if (!record) throw new Error(`There is no run ${run}.`);
    return record;
  }
}
