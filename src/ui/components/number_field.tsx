/** @file A number that the user may change, within bounds; what is no number is not taken. */
import type { JSX } from 'preact';

interface NumberFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: number;
  readonly least: number;
  readonly most?: number;
  readonly step?: number;
  readonly onChange: (value: number) => void;
}

export function NumberField({
  label,
  hint,
  value,
  least,
  most,
  step = 1,
  onChange,
}: NumberFieldProps): JSX.Element {
  return (
    <label class="field">
      <span>
        {label}
        {hint ? <small> {hint}</small> : null}
      </span>
      <input
        type="number"
        value={value}
        min={least}
        max={most}
        step={step}
        onChange={(event) => {
          const given = event.currentTarget.valueAsNumber;
          const inBounds = Number.isFinite(given) && given >= least && given <= (most ?? Infinity);
          if (inBounds) onChange(given);
          else event.currentTarget.value = String(value);
        }}
      />
    </label>
  );
}
