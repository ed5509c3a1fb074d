/**
 * @file The caller's side of the worker that renders chat templates. A template is a program that came with a model and
 * may never end, and Jinja here knows no step limit; so none is ever rendered on a thread that anything else waits
 * for, not even after it was found to work once, since what loops may depend on the messages. All conversations of a
 * call go to the worker in one message under one time limit that grows with them; a worker that exceeds it is ended.
 */
import { InputError } from '../formats/input_error.ts';
import type {
  TemplateAnswer,
  TemplateJob,
  TemplateRequest,
  TemplateResult,
  TemplateSpec,
} from './template_jobs.ts';

/** A worker of the host that runs createTemplateServer. */
export interface TemplateWorker {
  send(request: TemplateRequest): void;
  /** Ends it at once, whatever it is doing. */
  terminate(): void;
}

/** Starts such a worker; it sends 'ready' first. `onError` is told when it dies. */
export type StartTemplateWorker = (
  onAnswer: (answer: TemplateAnswer) => void,
  onError: (problem: string) => void,
) => TemplateWorker;

export interface TemplateLimits {
  /** Milliseconds that a worker may take to start: it loads its script. */
  readonly startMs: number;
  /** Milliseconds for a call, and for each message on top: rendering one takes about 0.1 ms. */
  readonly callMs: number;
  readonly messageMs: number;
}

export const TEMPLATE_LIMITS: TemplateLimits = { startMs: 30_000, callMs: 5_000, messageMs: 10 };

export const NO_TEMPLATE = 'Use --template none or alpaca.';

export class TemplateRenderer {
  #worker: TemplateWorker | null = null;
  /** Who waits for the worker's next answer. */
  #waiting: { resolve(answer: TemplateAnswer): void; reject(error: Error): void } | null = null;
  /** Calls wait for one another: the worker does one thing at a time, and a limit is that of one call. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly start: StartTemplateWorker,
    private readonly spec: TemplateSpec,
    private readonly limits: TemplateLimits = TEMPLATE_LIMITS,
  ) {}

  /**
   * Renders all of them, each on its own merits.
   * @throws InputError where the template cannot be read, or took longer than it may
   */
  render(jobs: readonly TemplateJob[]): Promise<readonly TemplateResult[]> {
    const result = this.#last.then(() => this.#render(jobs));
    this.#last = result.catch(() => {});
    return result;
  }

  /** Ends the worker; the next call starts another. */
  close(): void {
    this.#fail('its worker was ended');
  }

  async #render(jobs: readonly TemplateJob[]): Promise<readonly TemplateResult[]> {
    if (jobs.length === 0) return [];
    if (!this.#worker) await this.#answer(() => this.#begin(), this.limits.startMs, 'to start its worker');
    const messages = jobs.reduce((n, job) => n + job.messages.length, 0);
    const answer = await this.#answer(
      () => this.#worker!.send({ spec: this.spec, jobs }),
      this.limits.callMs + messages * this.limits.messageMs,
      jobs.length === 1 ? 'to render a conversation' : `to render ${jobs.length} conversations`,
    );
    if (answer.kind === 'rendered') return answer.results;
    throw new InputError(
      'chat_template',
      `cannot be read (${answer.kind === 'unreadable' ? answer.problem : 'its worker started anew'}).`,
      NO_TEMPLATE,
    );
  }

  #begin(): void {
    const worker = this.start(
      (answer) => {
        if (this.#worker === worker) this.#waiting?.resolve(answer);
      },
      (problem) => {
        if (this.#worker === worker) this.#fail(problem);
      },
    );
    this.#worker = worker;
  }

  /** The worker's next answer, within a time limit. */
  async #answer(act: () => void, limitMs: number, toDo: string): Promise<TemplateAnswer> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise<TemplateAnswer>((resolve, reject) => {
        this.#waiting = { resolve, reject };
        timer = setTimeout(
          () => this.#fail(`it took more than ${limitMs / 1000} seconds ${toDo}; does it loop for ever`),
          limitMs,
        );
        act();
      });
    } finally {
      clearTimeout(timer);
      this.#waiting = null;
    }
  }

  /** Ends the worker, whatever it is doing, and tells whoever waits for it why. */
  #fail(problem: string): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#waiting?.reject(new InputError('chat_template', `cannot be rendered (${problem}).`, NO_TEMPLATE));
  }
}
