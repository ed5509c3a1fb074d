/** @file A reader of safetensors for tests, written from the format's description, not with TabTune's own. */

export interface ReadTensor {
  readonly shape: number[];
  readonly data: Float32Array;
}

/** Header length as u64, header as JSON, then the tensors' bytes. Only F32 is read. */
export function readSafetensors(bytes: Uint8Array): Map<string, ReadTensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start))) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, ReadTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    if (entry.dtype !== 'F32') throw new Error(`${name} is ${entry.dtype}`);
    const [from, to] = entry.data_offsets;
    const data = new Float32Array(bytes.slice(start + from, start + to).buffer);
    if (data.length !== entry.shape.reduce((a, b) => a * b, 1)) throw new Error(`${name} has a wrong length`);
    tensors.set(name, { shape: entry.shape, data });
  }
  return tensors;
}
