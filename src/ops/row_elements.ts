/**
 * @file Kernels that go over the elements of rows: four at a time where widths allow, one elsewhere, as the aliases of
 * their source say; and how their workgroups are laid out, so that no element costs a division.
 */
import type { AdapterClass } from '../gpu/adapter.ts';
import { linearWorkgroups, MAX_WORKGROUPS } from '../gpu/program.ts';
import type { ShaderConstants } from '../gpu/shader_library.ts';

/** A kernel's `alias Value`, and how many elements that makes. */
export interface RowElements {
  readonly constants: { readonly Value: 'vec4<f32>' | 'f32' };
  readonly elements: 4 | 1;
}

/** vec4s if all widths, and all offsets within a row, are multiples of four. */
export function rowElements(...widths: readonly number[]): RowElements {
  return widths.every((n) => n % 4 === 0)
    ? { constants: { Value: 'vec4<f32>' }, elements: 4 }
    : { constants: { Value: 'f32' }, elements: 1 };
}

/** Invocations of a workgroup, which lie along a row. */
const LANES = 64;

/**
 * Workgroups for `width` invocations along each of `rows` rows. Kernels step from row to row by their number along y.
 * @param rowsEach that an invocation goes over, to share what it works out about its columns
 */
export function rowWorkgroups(rows: number, width: number, rowsEach = 1): [number, number] {
  return [Math.ceil(width / LANES), Math.min(Math.ceil(rows / rowsEach), MAX_WORKGROUPS)];
}

/**
 * For kernels that sum up rows of `width`: constants, and workgroups for `rows` rows. A workgroup shares a row on GPUs,
 * whose lanes should read side by side; on software adapters an invocation has one to itself, as barriers cost more.
 */
export function rowSums(
  adapterClass: AdapterClass,
  rows: number,
  width: number,
): RowElements & { readonly workgroups: [number, number]; readonly constants: ShaderConstants } {
  const { constants, elements } = rowElements(width);
  const lanes = adapterClass === 'gpu' ? LANES : 1;
  return {
    elements,
    constants: { ...constants, LANES: lanes, SHARE: elements === 4 ? 1 : 0.25 },
    workgroups: linearWorkgroups(rows, LANES / lanes),
  };
}
