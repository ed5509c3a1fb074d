/** @file Numbers the worker's news, holds them for whoever asks again, and sends them to the page's port. */
import type { TrainerEvent, TrainerNews } from './protocol.ts';

/** The part of a MessagePort that is needed here. */
export interface EventPort {
  postMessage(event: TrainerEvent): void;
}

export class EventLog {
  readonly #held: TrainerEvent[] = [];
  #port: EventPort | null = null;
  #seq = 0;

  constructor(private readonly now: () => number) {}

  connect(port: EventPort): void {
    this.#port = port;
  }

  /** Sends news. Heartbeats take no number of their own and are not held. */
  emit(news: TrainerNews): void {
    const beat = news.kind === 'heartbeat';
    if (!beat) this.#seq++;
    const event = { ...news, seq: this.#seq, at: this.now() };
    if (!beat) this.#held.push(event);
    this.#port?.postMessage(event);
  }

  /** Held events with a number above `seq`, in order. */
  since(seq: number): TrainerEvent[] {
    return this.#held.filter((event) => event.seq > seq);
  }

  /** Lets go of what is held: a new run starts. Numbers go on. */
  clear(): void {
    this.#held.length = 0;
  }
}
