/**
 * @file Buffers that exist on paper alone: a program recorded on them can be listed and counted, which needs no GPU, but
 * neither finished nor filled.
 */
import type { BufferSlice } from './ledger.ts';

/** A buffer of `bytes` bytes for dispatches to name. WebGPU refuses it wherever a buffer of a device is asked for. */
export function bufferOnPaper(label: string, bytes: number): GPUBuffer {
  return { label, size: bytes } as GPUBuffer;
}

/** The whole of a buffer on paper. */
export function sliceOnPaper(label: string, bytes: number): BufferSlice {
  return { buffer: bufferOnPaper(label, bytes), offset: 0, size: bytes };
}
