/** @file The ledger of GPU bytes: every buffer goes through it, with a label, a size and an owner. */

/** A range of a buffer, in bytes. */
export interface BufferSlice {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

export interface LedgerEntry {
  readonly label: string;
  readonly owner: string;
  readonly bytes: number;
}

/** Thrown when the GPU refuses an allocation; nothing allocated in the same `allocate` call survives. */
export class AllocationError extends Error {
  override readonly name = 'AllocationError';
}

/** Counts the bytes of all GPU buffers of one device and checks every allocation in error scopes. */
export class Ledger {
  readonly #entries = new Map<GPUBuffer, LedgerEntry>();
  #bytes = 0;
  #peakBytes = 0;
  #created = 0;

  constructor(readonly device: GPUDevice) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** The most bytes held at once since the last `resetPeak`. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** How many buffers were ever created: a training step must not change it. */
  get created(): number {
    return this.#created;
  }

  resetPeak(): void {
    this.#peakBytes = this.#bytes;
  }

  entries(): LedgerEntry[] {
    return [...this.#entries.values()];
  }

  /**
   * Creates buffers inside `allocations` under validation and out-of-memory scopes, and waits for the verdict: a
   * buffer above maxBufferSize is a validation error, one above the memory an out-of-memory error, and an unchecked
   * failure would train on garbage.
   * @throws AllocationError with the label of the largest buffer asked for
   */
  async allocate<T>(owner: string, allocations: (create: CreateBuffer) => T): Promise<T> {
    const made: GPUBuffer[] = [];
    let largest = { label: 'nothing', bytes: 0 };
    this.device.pushErrorScope('validation');
    this.device.pushErrorScope('out-of-memory');
    let result: T | undefined;
    let thrown: unknown;
    try {
      result = allocations((label, bytes, usage) => {
        const size = Math.max(16, Math.ceil(bytes / 16) * 16);
        if (size > largest.bytes) largest = { label, bytes: size };
        const buffer = this.device.createBuffer({ label: `${owner}/${label}`, size, usage });
        made.push(buffer);
        this.#created++;
        this.#entries.set(buffer, { label, owner, bytes: size });
        this.#bytes += size;
        this.#peakBytes = Math.max(this.#peakBytes, this.#bytes);
        return buffer;
      });
    } catch (error) {
      thrown = error;
    }
    const errors = await Promise.all([this.device.popErrorScope(), this.device.popErrorScope()]);
    const error = errors.find((e) => e !== null);
    if (thrown !== undefined || error) {
      for (const buffer of made) this.release(buffer);
      if (thrown !== undefined) throw thrown;
      throw new AllocationError(
        `The GPU could not allocate memory for ${owner} (largest: ${largest.label}, ${(largest.bytes / 1e6).toFixed(1)} MB; ` +
          `${(this.#bytes / 1e6).toFixed(1)} MB already held): ${error?.message}. Use a smaller batch, a smaller max_length or a smaller model.`,
      );
    }
    return result as T;
  }

  /** Destroys a buffer. Submitted work that uses it still completes. */
  release(buffer: GPUBuffer): void {
    const entry = this.#entries.get(buffer);
    if (!entry) return;
    this.#entries.delete(buffer);
    this.#bytes -= entry.bytes;
    buffer.destroy();
  }

  /** Destroys all buffers of an owner. */
  releaseOwner(owner: string): void {
    for (const [buffer, entry] of this.#entries) if (entry.owner === owner) this.release(buffer);
  }
}

/** Creates a buffer of at least `bytes` bytes (rounded up to 16), filled with zeros. */
export type CreateBuffer = (label: string, bytes: number, usage: GPUBufferUsageFlags) => GPUBuffer;

/** The whole of a buffer. */
export function whole(buffer: GPUBuffer): BufferSlice {
  return { buffer, offset: 0, size: buffer.size };
}

/** `count` f32 or u32 elements from element `start` of a buffer. */
export function elements(buffer: GPUBuffer, start: number, count: number): BufferSlice {
  return { buffer, offset: start * 4, size: count * 4 };
}

/** `count` f32 or u32 elements from element `start` of a slice. */
export function part(slice: BufferSlice, start: number, count: number): BufferSlice {
  return { buffer: slice.buffer, offset: slice.offset + start * 4, size: count * 4 };
}
