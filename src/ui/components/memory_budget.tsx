/** @file How much GPU memory training may take: chosen with the model, and again where it is trained. */
import type { JSX } from 'preact';
import { change, settings } from '../state/models.ts';
import { NumberField } from './number_field.tsx';

const MIB = 2 ** 20;

export function MemoryBudget(): JSX.Element {
  const { budget } = settings.value;
  return (
    <NumberField
      label="GPU memory to use"
      hint="in MiB; 0: all it takes"
      value={budget === null ? 0 : budget / MIB}
      least={0}
      onChange={(value) => change({ budget: value === 0 ? null : value * MIB })}
    />
  );
}
