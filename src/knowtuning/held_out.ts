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

/** Lines for people; the last system is compared with plain SFT on the same rows. */
export function heldOutLines(systems: readonly SystemReport[]): string[] {
  const compared = systems.flatMap(({ system, label, heldOut }) =>
    heldOut ? [{ system, label, ...heldOut }] : [],
  );
  const last = compared.at(-1);
  if (!last) return [];
  const figures = compared
    .map(({ label, recall, whole }) => `${label} ${recall.toFixed(3)} (${whole} whole)`)
    .join(', ');
  const said = `Share of the key words of the answers to ${last.questions} test questions: ${figures}.`;
  const plain = compared.find(({ system }) => system === 'sft');
  if (!plain || last.system === 'sft') return [said];
  const more = last.recall - plain.recall;
  const verdict =
    more === 0
      ? 'as much as plain SFT on the same rows'
      : `${more > 0 ? 'more' : 'less'} than plain SFT on the same rows, by ${Math.abs(more).toFixed(3)}`;
  return [said, `${last.label} recalls ${verdict}.`];
}
