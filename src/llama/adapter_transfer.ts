/** @file Adapters between PEFT's tensors on the CPU and the flat buffers on the GPU. */
import { InputError } from '../formats/input_error.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { LoraLayout } from './lora_layout.ts';

export interface LoraTensorData {
  readonly shape: readonly [number, number];
  readonly data: Float32Array;
}

/** Flat parameters from PEFT tensors. @throws InputError where the tensors are not those of the layout */
export function flatten(
  layout: LoraLayout,
  tensors: ReadonlyMap<string, LoraTensorData>,
): Float32Array<ArrayBuffer> {
  const flat = new Float32Array(layout.count);
  for (const { name, shape, offset } of layout.tensors) {
    const tensor = tensors.get(name);
    if (!tensor)
      throw new InputError('adapter', `has no tensor ${name}.`, 'Use an adapter made for this model.');
    if (tensor.shape[0] !== shape[0] || tensor.shape[1] !== shape[1])
      throw new InputError(
        'adapter',
        `tensor ${name} has shape [${tensor.shape.join(', ')}], but this model and rank make it [${shape.join(', ')}].`,
        'Use an adapter made for this model.',
      );
    flat.set(tensor.data, offset);
  }
  const extra = [...tensors.keys()].find((name) => !layout.tensors.some((t) => t.name === name));
  if (extra)
    throw new InputError(
      'adapter',
      `has a tensor ${extra} that this model has no place for.`,
      'Use an adapter made for this model.',
    );
  return flat;
}

/** PEFT tensors from flat values (parameters or gradients). */
export function unflatten(layout: LoraLayout, flat: Float32Array): Map<string, LoraTensorData> {
  return new Map(
    layout.tensors.map((t) => [
      t.name,
      { shape: t.shape, data: flat.slice(t.offset, t.offset + t.shape[0] * t.shape[1]) },
    ]),
  );
}

/** Reads a flat buffer back from the GPU as PEFT tensors. */
export async function downloadTensors(
  gpu: Gpu,
  layout: LoraLayout,
  buffer: GPUBuffer,
): Promise<Map<string, LoraTensorData>> {
  return unflatten(layout, new Float32Array(await gpu.readback(buffer, 0, layout.count * 4)));
}
