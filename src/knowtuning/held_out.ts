/** @file "Does it help my data?" in words: what each system recalls of the answers that were held out. */
import type { AnswerRecord, SystemReport } from './report.ts';

/** Mean share of the key words of the answers that were held out, and how many had all; nothing where none were. */
export function heldOutRecall(answers: readonly AnswerRecord[]): Pick<SystemReport, 'heldOut'> {
  const recalls = answers.flatMap(({ recall }) => recall ?? []);
  if (recalls.length === 0) return {};
  const sum = recalls.reduce((total, recall) => total + recall, 0);
  const whole = recalls.filter((recall) => recall === 1).length;
  return { heldOut: { questions: recalls.length, recall: sum / recalls.length, whole } };
}

type Compared = Pick<SystemReport, 'system' | 'label' | 'heldOut'>;

/** Lines for people; the last system is compared with plain SFT on the same rows. */
export function heldOutLines(systems: readonly Compared[]): string[] {
  const compared = systems.flatMap(({ system, label, heldOut }) =>
    heldOut ? [{ system, label, ...heldOut }] : [],
  );
  const last = compared.at(-1);
  if (!last) return [];
  const figures = compared
    .map(({ label, recall, whole }) => `${label} ${recall.toFixed(3)} (${whole} whole)`)
    .join(', ');
  const said = `Share of the key words of the answers to ${last.questions} test questions: ${figures}.`;
  const verdict = heldOutVerdict(systems);
  return verdict === null ? [said] : [said, verdict];
}

/** Whether the last system recalls more than plain SFT does, in a sentence; null where there is nothing to compare. */
export function heldOutVerdict(systems: readonly Compared[]): string | null {
  const compared = systems.flatMap(({ system, label, heldOut }) =>
    heldOut ? [{ system, label, ...heldOut }] : [],
  );
  const last = compared.at(-1);
  const plain = compared.find(({ system }) => system === 'sft');
  if (!last || !plain || last.system === 'sft') return null;
  const more = last.recall - plain.recall;
  const verdict =
    more === 0
      ? 'as much as plain SFT on the same rows'
      : `${more > 0 ? 'more' : 'less'} than plain SFT on the same rows, by ${Math.abs(more).toFixed(3)}`;
  return `${last.label} recalls ${verdict}.`;
}
