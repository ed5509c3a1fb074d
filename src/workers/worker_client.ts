/**
 * @file The page's end of a worker whose calls return soon and whose course is told by events. Comlink leaves a call
 * pending for ever when its worker dies, so every call is raced against its death and a time limit.
 */
import * as Comlink from 'comlink';
import { type Failure, FailureError } from './failure.ts';

/** The part of a Worker that is needed here. */
export type WorkerLike = Comlink.Endpoint & { terminate(): void };

/** What every such worker has: events go to `port` from now on; `base` is the page's address. */
export interface ConnectedApi {
  connect(port: MessagePort, base: string): void;
}

type Method = (...parameters: never[]) => unknown;
type MethodName<Api> = { [K in keyof Api]: Api[K] extends Method ? K : never }[keyof Api];
type ParametersOf<F> = F extends (...parameters: infer P) => unknown ? P : never;
type ResultOf<F> = F extends (...parameters: never[]) => infer R ? Awaited<R> : never;

export interface WorkerClientOptions<Event> {
  readonly createWorker: () => WorkerLike;
  /** Address of the page. */
  readonly base: string;
  readonly onEvent: (event: Event) => void;
  /** The worker is gone, and this client with it. Called once. */
  readonly onDeath: (failure: Failure) => void;
  /** What the worker is called in messages, and what can be done when it is gone. */
  readonly place: string;
  readonly cure: string;
  /** Time limit of a call in milliseconds. */
  readonly callTimeoutMs: number;
}

export class WorkerClient<Api extends ConnectedApi, Event> {
  readonly #worker: WorkerLike;
  readonly #api: Comlink.Remote<Api>;
  readonly #events = new MessageChannel();
  readonly #death: Promise<never>;
  #die!: (failure: Failure) => void;
  #dead: Failure | null = null;

  constructor(private readonly options: WorkerClientOptions<Event>) {
    this.#worker = options.createWorker();
    this.#death = new Promise((_, reject) => {
      this.#die = (failure) => {
        this.#dead = failure;
        this.#events.port1.close();
        this.#worker.terminate();
        reject(new FailureError(failure));
      };
    });
    this.#death.catch(() => {});
    this.#worker.addEventListener('error', (event) => {
      event.preventDefault?.();
      this.#fail(`The worker stopped: ${(event as ErrorEvent).message || 'its script could not be loaded'}.`);
    });
    this.#api = Comlink.wrap<Api>(this.#worker);
    this.#events.port1.onmessage = (message) => options.onEvent(message.data as Event);
    const port = Comlink.transfer(this.#events.port2, [this.#events.port2]);
    this.call('connect' as MethodName<Api>, ...([port, options.base] as never)).catch(() => {});
  }

  /** Calls the worker. Rejects with a FailureError where it is gone or silent for too long. */
  async call<M extends MethodName<Api>>(
    method: M,
    ...parameters: ParametersOf<Api[M]>
  ): Promise<ResultOf<Api[M]>> {
    if (this.#dead) throw new FailureError(this.#dead);
    const { callTimeoutMs } = this.options;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const failure = this.#fail(`The worker gave no answer within ${callTimeoutMs / 1000} seconds.`);
        reject(new FailureError(failure));
      }, callTimeoutMs);
    });
    const remote = this.#api[method as keyof Comlink.Remote<Api>] as unknown as (
      ...p: ParametersOf<Api[M]>
    ) => Promise<ResultOf<Api[M]>>;
    try {
      return await Promise.race([remote(...parameters), this.#death, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the worker and gives back what it held. Calls that are pending are rejected; onDeath is not called. */
  dispose(): void {
    if (!this.#dead) this.#die(this.#failure('The worker was closed.'));
  }

  #failure(problem: string): Failure {
    return { kind: 'worker', place: this.options.place, problem, cure: this.options.cure };
  }

  #fail(problem: string): Failure {
    if (this.#dead) return this.#dead;
    const failure = this.#failure(problem);
    this.#die(failure);
    this.options.onDeath(failure);
    return failure;
  }
}
