/** @file The JavaScript heap of a page's workers, by the debugger's protocol: garbage is collected first. */
import type { CDPSession, Page } from 'playwright';

interface HeapUsage {
  readonly usedSize: number;
  /** Memory of ArrayBuffers, outside of the heap proper. */
  readonly backingStorageSize?: number;
}

/** Watches all dedicated workers that a page starts after this call. */
export class WorkerHeaps {
  readonly #sessions = new Map<string, string>();
  readonly #answers = new Map<number, (result: HeapUsage) => void>();
  #id = 0;

  private constructor(private readonly cdp: CDPSession) {}

  static async attach(page: Page): Promise<WorkerHeaps> {
    const cdp = await page.context().newCDPSession(page);
    const heaps = new WorkerHeaps(cdp);
    cdp.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
      if (targetInfo.type === 'worker') heaps.#sessions.set(sessionId, targetInfo.url);
    });
    cdp.on('Target.detachedFromTarget', ({ sessionId }) => heaps.#sessions.delete(sessionId));
    cdp.on('Target.receivedMessageFromTarget', ({ message }) => {
      const { id, result } = JSON.parse(message) as { id: number; result: HeapUsage };
      heaps.#answers.get(id)?.(result);
    });
    await cdp.send('Target.setAutoAttach', {
      autoAttach: true,
      waitForDebuggerOnStart: false,
      flatten: false,
    });
    return heaps;
  }

  /** Bytes of heap and array buffers of all workers now. */
  async bytes(collect = false): Promise<number> {
    let sum = 0;
    for (const sessionId of this.#sessions.keys()) {
      if (collect) await this.#send(sessionId, 'HeapProfiler.collectGarbage');
      const { usedSize, backingStorageSize = 0 } = await this.#send(sessionId, 'Runtime.getHeapUsage');
      sum += usedSize + backingStorageSize;
    }
    return sum;
  }

  get count(): number {
    return this.#sessions.size;
  }

  #send(sessionId: string, method: string): Promise<HeapUsage> {
    const id = ++this.#id;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, resolve);
      this.cdp
        .send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method }) })
        .catch(reject);
    });
  }
}
