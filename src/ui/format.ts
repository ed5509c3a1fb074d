/** @file Numbers and states as people read them. */
import type { Preparation } from '../train/tuner.ts';

const INTEGER = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export const formatInteger = (value: number): string => INTEGER.format(value);

const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** A large count: "135M", "1.24B". */
export const formatCount = (value: number): string => COMPACT.format(value);

/** Bytes in binary units: "128 MiB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value >= 100 || unit === 0 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** What goes on before the first result, in words. */
export function formatPreparation(preparation: Preparation): string {
  return preparation.phase === 'compiling'
    ? `Compiling kernels: ${preparation.done} of ${preparation.total}`
    : 'Running the first step';
}

/** Seconds as "42 s" or "3 min 05 s". */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** A share in [0, 1] as a percentage without decimals. */
export const formatShare = (share: number): string => `${Math.round(share * 100)} %`;

/** A measured value with three significant digits. */
export function formatValue(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e6 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}
