/** @file The client must settle every call whatever becomes of its worker, and miss no event. */
import * as Comlink from 'comlink';
import { afterEach, describe, expect, it } from 'vitest';
import { EventLog } from '../../src/workers/event_log.ts';
import type { Failure } from '../../src/workers/failure.ts';
import {
  BUNDLED_MODEL,
  type RunRequest,
  type TrainerApi,
  type TrainerEvent,
} from '../../src/workers/protocol.ts';
import { TrainerClient, type WorkerLike } from '../../src/workers/trainer_client.ts';

const REQUEST: RunRequest = {
  ...{ run: 'r', seed: 1, treeBatching: true },
  ...{ data: { kind: 'demo', questions: 2 }, model: BUNDLED_MODEL, config: {} },
};

/** The worker's end over a MessageChannel: the same messages as in a browser, with an end that can be cut. */
function createHost(api: Partial<TrainerApi>) {
  const channel = new MessageChannel();
  const listeners = new Map<string, (event: Event) => void>();
  const log = new EventLog(() => 1);
  let terminated = false;
  Comlink.expose(
    {
      connect: (port: MessagePort) => log.connect(port),
      ping: () => true as const,
      poll: (seq: number) => log.since(seq),
      ...api,
    },
    channel.port2,
  );
  const worker: WorkerLike = {
    postMessage: (message: unknown, transfer?: Transferable[]) =>
      channel.port1.postMessage(message, transfer ?? []),
    addEventListener: (type: string, listener: EventListenerOrEventListenerObject) => {
      if (type === 'error') listeners.set(type, listener as (event: Event) => void);
      else channel.port1.addEventListener(type, listener as EventListener);
    },
    removeEventListener: (type: string, listener: EventListenerOrEventListenerObject) =>
      channel.port1.removeEventListener(type, listener as EventListener),
    terminate: () => {
      terminated = true;
      channel.port1.close();
    },
  };
  channel.port1.start();
  return {
    worker,
    log,
    isTerminated: () => terminated,
    /** What a browser does when the worker's script throws. */
    crash: (message: string) =>
      listeners.get('error')?.({ message, preventDefault() {} } as unknown as ErrorEvent),
    /** What is left of a worker that was killed: nothing answers. */
    cut: () => channel.port2.close(),
  };
}

const clients: TrainerClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.dispose();
});

function connect(
  host: ReturnType<typeof createHost>,
  times: { callTimeoutMs?: number; silenceMs?: number } = {},
) {
  const events: TrainerEvent[] = [];
  const deaths: Failure[] = [];
  const client = new TrainerClient({
    createWorker: () => host.worker,
    base: 'https://example.org/',
    onEvent: (event) => events.push(event),
    onDeath: (failure) => deaths.push(failure),
    ...times,
  });
  clients.push(client);
  return { client, events, deaths };
}

const never = () => new Promise<never>(() => {});
const soon = () => new Promise((resolve) => setTimeout(resolve, 30));

describe('TrainerClient', () => {
  it('passes an answer on', async () => {
    const { client } = connect(createHost({ start: async () => ({ ok: true }) }));
    expect(await client.start(REQUEST)).toEqual({ ok: true });
  });

  it('rejects what is pending when the worker throws, and terminates it', async () => {
    const host = createHost({ start: never });
    const { client, deaths } = connect(host);
    const pending = client.start(REQUEST);
    await soon();
    host.crash('boom');
    await expect(pending).rejects.toThrow('boom');
    await expect(client.probe()).rejects.toThrow('boom');
    expect(deaths.map((d) => d.kind)).toEqual(['worker']);
    expect(host.isTerminated()).toBe(true);
  });

  it('rejects a call that gets no answer in time', async () => {
    const { client, deaths } = connect(createHost({ start: never }), { callTimeoutMs: 60 });
    await expect(client.start(REQUEST)).rejects.toThrow('no answer');
    expect(deaths).toHaveLength(1);
  });

  it('takes silence for death only if a ping gets no answer either', async () => {
    const alive = connect(createHost({}), { callTimeoutMs: 60, silenceMs: 40 });
    const host = createHost({});
    const dead = connect(host, { callTimeoutMs: 60, silenceMs: 40 });
    await soon();
    host.cut();
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(alive.deaths).toEqual([]);
    expect(dead.deaths).toHaveLength(1);
  });

  it('rejects what is pending when it is disposed, without calling it a death', async () => {
    const { client, deaths } = connect(createHost({ probe: never }));
    const pending = client.probe();
    await soon();
    client.dispose();
    await expect(pending).rejects.toThrow('closed');
    expect(deaths).toEqual([]);
  });

  it('asks again for events that were sent before it listened', async () => {
    const host = createHost({});
    host.log.emit({ kind: 'saved', run: 'r', checkpoint: 'a', bytes: 1 });
    host.log.emit({ kind: 'saved', run: 'r', checkpoint: 'b', bytes: 1 });
    const { events } = connect(host);
    await soon();
    host.log.emit({ kind: 'saved', run: 'r', checkpoint: 'c', bytes: 1 });
    host.log.emit({ kind: 'heartbeat', memory: null });
    await soon();
    await soon();
    const phases = events.flatMap((event) => (event.kind === 'saved' ? [event.checkpoint] : []));
    expect(phases).toEqual(['a', 'b', 'c']);
  });

  it('learns from a heartbeat that it has missed something', async () => {
    const host = createHost({});
    host.log.emit({ kind: 'finished', run: 'r' });
    const { events } = connect(host);
    await soon();
    host.log.emit({ kind: 'heartbeat', memory: { bytes: 1, peakBytes: 2 } });
    await soon();
    expect(events.map((event) => event.kind).sort()).toEqual(['finished', 'heartbeat']);
  });
});
