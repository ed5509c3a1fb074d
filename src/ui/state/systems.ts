/** @file What the compared systems are called on the page. */
import type { SystemName } from '../../knowtuning/report.ts';

export const SYSTEM_TITLES: Readonly<Record<SystemName, string>> = {
  base: 'Base model',
  sft: 'Plain fine-tuning',
  stage1: 'KnowTuning, Stage I',
  stage2: 'KnowTuning, Stage II',
};
