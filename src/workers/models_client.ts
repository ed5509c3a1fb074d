/**
 * @file The page's end of the model worker. Comlink leaves a call pending for ever when its worker dies, so every call
 * is raced against its death and a time limit. Requests to the Hub have limits of their own, which are shorter.
 */
import * as Comlink from 'comlink';
import { type Failure, FailureError } from './failure.ts';
import type { ModelEvent, ModelsApi } from './model_protocol.ts';
import type { WorkerLike } from './trainer_client.ts';

export interface ModelsClientOptions {
  readonly createWorker: () => WorkerLike;
  /** Address of the page. */
  readonly base: string;
  readonly onEvent: (event: ModelEvent) => void;
  /** The worker is gone, and this client with it. Called once. */
  readonly onDeath: (failure: Failure) => void;
  /** Time limit of a call in milliseconds. */
  readonly callTimeoutMs?: number;
}

/** Several requests, each of which may be silent for half a minute. */
const DEFAULT_CALL_TIMEOUT_MS = 180_000;

type Method = Exclude<keyof ModelsApi, 'connect'>;

export class ModelsClient {
  readonly #worker: WorkerLike;
  readonly #api: Comlink.Remote<ModelsApi>;
  readonly #death: Promise<never>;
  #die!: (failure: Failure) => void;
  #dead: Failure | null = null;

  constructor(private readonly options: ModelsClientOptions) {
    const events = new MessageChannel();
    this.#worker = options.createWorker();
    this.#death = new Promise((_, reject) => {
      this.#die = (failure) => {
        events.port1.close();
        this.#worker.terminate();
        reject(new FailureError(failure));
      };
    });
    this.#death.catch(() => {});
    this.#worker.addEventListener('error', (event) => {
      event.preventDefault?.();
      this.#fail(`The worker stopped: ${(event as ErrorEvent).message || 'its script could not be loaded'}.`);
    });
    this.#api = Comlink.wrap<ModelsApi>(this.#worker);
    events.port1.onmessage = (message) => options.onEvent(message.data as ModelEvent);
    void this.#api.connect(Comlink.transfer(events.port2, [events.port2]), options.base);
  }

  /** Calls the worker. Rejects with a FailureError where it is gone. */
  async call<M extends Method>(
    method: M,
    ...parameters: Parameters<ModelsApi[M]>
  ): Promise<Awaited<ReturnType<ModelsApi[M]>>> {
    const limit = this.options.callTimeoutMs ?? DEFAULT_CALL_TIMEOUT_MS;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const failure = this.#fail(`The worker gave no answer within ${limit / 1000} seconds.`);
        reject(new FailureError(failure));
      }, limit);
    });
    const remote = this.#api[method] as unknown as (
      ...p: Parameters<ModelsApi[M]>
    ) => Promise<Awaited<ReturnType<ModelsApi[M]>>>;
    try {
      return await Promise.race([remote(...parameters), this.#death, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #fail(problem: string): Failure {
    const failure: Failure = {
      kind: 'worker',
      place: 'Worker for models',
      problem,
      cure: 'What was downloaded is kept. Reload the page to go on.',
    };
    if (this.#dead) return this.#dead;
    this.#dead = failure;
    this.#die(failure);
    this.options.onDeath(failure);
    return failure;
  }
}
