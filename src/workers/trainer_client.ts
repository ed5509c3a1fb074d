/**
 * @file The page's end of the trainer worker. Comlink leaves a call pending for ever when its worker dies, so every
 * call here is short, has a time limit, and is rejected by the worker's death; a missed heartbeat is how death shows.
 */
import * as Comlink from 'comlink';
import { type Failure, FailureError } from './failure.ts';
import type { TrainerApi, TrainerEvent } from './protocol.ts';
import { HEARTBEAT_MS, type ProbeResult, type RunRequest, type StartResult } from './protocol.ts';

/** The part of a Worker that is needed here. */
export type WorkerLike = Comlink.Endpoint & { terminate(): void };

export interface TrainerClientOptions {
  readonly createWorker: () => WorkerLike;
  /** Address of the page, which the worker finds model and data from. */
  readonly base: string;
  /** Every event once and in order of its number; heartbeats in between. */
  readonly onEvent: (event: TrainerEvent) => void;
  /** The worker is gone, and this client with it: make a new one. Called once. */
  readonly onDeath: (failure: Failure) => void;
  /** Time limit of a call in milliseconds. Asking for an adapter may start the browser's GPU process. */
  readonly callTimeoutMs?: number;
  /** Silence after which the worker is asked whether it lives. */
  readonly silenceMs?: number;
}

const DEFAULT_CALL_TIMEOUT_MS = 30_000;
const DEFAULT_SILENCE_MS = 20_000;

export class TrainerClient {
  readonly #worker: WorkerLike;
  readonly #api: Comlink.Remote<TrainerApi>;
  readonly #events = new MessageChannel();
  readonly #death: Promise<never>;
  readonly #watch: ReturnType<typeof setInterval>;
  readonly #callTimeoutMs: number;
  #die!: (failure: Failure) => void;
  #dead: Failure | null = null;
  #lastSign = Date.now();
  #seq = 0;
  #asking = false;
  #filling = false;

  constructor(private readonly options: TrainerClientOptions) {
    this.#callTimeoutMs = options.callTimeoutMs ?? DEFAULT_CALL_TIMEOUT_MS;
    this.#death = new Promise((_, reject) => {
      this.#die = (failure) => {
        if (this.#dead) return;
        this.#dead = failure;
        clearInterval(this.#watch);
        this.#events.port1.close();
        this.#worker.terminate();
        reject(new FailureError(failure));
      };
    });
    this.#death.catch(() => {});
    this.#worker = options.createWorker();
    this.#worker.addEventListener('error', (event) => {
      event.preventDefault?.();
      this.#fail(`The worker stopped: ${(event as ErrorEvent).message || 'its script could not be loaded'}.`);
    });
    this.#api = Comlink.wrap<TrainerApi>(this.#worker);
    this.#events.port1.onmessage = (message) => this.#receive(message.data as TrainerEvent);
    const silence = options.silenceMs ?? DEFAULT_SILENCE_MS;
    this.#watch = setInterval(() => this.#checkPulse(silence), Math.min(silence / 2, 5 * HEARTBEAT_MS));
    const port = Comlink.transfer(this.#events.port2, [this.#events.port2]);
    this.#call((api) => api.connect(port, options.base)).catch(() => {});
  }

  /** What the worker can say of the GPU and of other tabs. */
  probe(): Promise<ProbeResult> {
    return this.#call<ProbeResult>((api) => api.probe());
  }

  /** Begins a run; resolves as soon as the worker took or refused it. The project is copied. */
  start(request: RunRequest, project?: Uint8Array<ArrayBuffer>): Promise<StartResult> {
    return this.#call<StartResult>((api) => api.start(request, project));
  }

  /** Asks the worker to stop the run at its next step. */
  stop(): Promise<void> {
    return this.#call((api) => api.stop());
  }

  /** Ends the worker. Calls that are pending are rejected; onDeath is not called. */
  dispose(): void {
    this.#die({
      kind: 'worker',
      place: 'Worker',
      problem: 'The worker was closed.',
      cure: 'Reload the page.',
    });
  }

  /** A call that settles whatever becomes of the worker. */
  async #call<T>(method: (api: Comlink.Remote<TrainerApi>) => PromiseLike<T>): Promise<T> {
    if (this.#dead) throw new FailureError(this.#dead);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#fail(`The worker gave no answer within ${this.#callTimeoutMs / 1000} seconds.`);
        reject(new FailureError(this.#dead!));
      }, this.#callTimeoutMs);
    });
    try {
      return await Promise.race([method(this.#api), this.#death, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(event: TrainerEvent): void {
    this.#lastSign = Date.now();
    if (event.kind === 'heartbeat') {
      // It carries the last number sent: a higher one than was seen here means that something was missed.
      if (event.seq > this.#seq) void this.#fillGap();
      this.options.onEvent(event);
    } else if (event.seq === this.#seq + 1) {
      this.#seq = event.seq;
      this.options.onEvent(event);
    } else if (event.seq > this.#seq) void this.#fillGap();
  }

  async #fillGap(): Promise<void> {
    if (this.#filling) return;
    this.#filling = true;
    try {
      const missed = await this.#call((api) => api.poll(this.#seq));
      for (const event of missed)
        if (event.seq > this.#seq) {
          this.#seq = event.seq;
          this.options.onEvent(event);
        }
    } catch {
      // The call failed because the worker died, which onDeath tells.
    } finally {
      this.#filling = false;
    }
  }

  /** After a sleep of the computer timers fire before messages arrive: silence alone proves nothing, so ask. */
  #checkPulse(silence: number): void {
    if (this.#asking || Date.now() - this.#lastSign < silence) return;
    this.#asking = true;
    this.#call((api) => api.ping())
      .then(() => {
        this.#lastSign = Date.now();
      })
      .catch(() => {})
      .finally(() => {
        this.#asking = false;
      });
  }

  #fail(problem: string): void {
    if (this.#dead) return;
    const failure: Failure = {
      kind: 'worker',
      place: 'Worker',
      problem,
      cure: 'What was saved is kept. Reload the page to go on.',
    };
    this.#die(failure);
    this.options.onDeath(failure);
  }
}
