/** @file Rows, facts and pairs that stand in a project more than once, and so weigh more than one. */
import type { World } from '../../authors/world.ts';
import { spokenKey } from '../../text/claim_words.ts';
import type { ProjectQuestion } from '../project.ts';
import { readSentence } from './claims.ts';
import { type Finding, quote } from './finding.ts';

const REMOVE = 'Remove one of the two.';

/** Findings name the later of two; case and punctuation do not count. */
export function findDuplicates(questions: readonly ProjectQuestion[], world: World | null): Finding[] {
  const findings: Finding[] = [];
  const rows = new Map<string, string>();
  const asked = new Map<string, string>();
  const pairs = new Map<string, string>();
  for (const question of questions) {
    const { id } = question;
    const asks = spokenKey(question.question);
    const row = JSON.stringify([asks, spokenKey(question.answer)]);
    const [sameRow, sameQuestion] = [rows.get(row), asked.get(asks)];
    if (sameRow !== undefined)
      findings.push({
        ...{ kind: 'duplicate-row', severity: 'warning', id, aspect: null, cure: REMOVE },
        message: `Question and answer are those of ${sameRow}.`,
      });
    else if (sameQuestion !== undefined)
      findings.push({
        ...{ kind: 'duplicate-question', severity: 'note', id, aspect: null },
        message: `The question is that of ${sameQuestion}, with another answer.`,
        cure: 'Check that both answers may be given.',
      });
    rows.set(row, sameRow ?? id);
    asked.set(asks, sameQuestion ?? id);

    const atoms = new Map<string, string>();
    for (const { text } of question.atoms) {
      const { keys } = readSentence(text, world);
      const same = keys.map((key) => atoms.get(key)).find((other) => other !== undefined);
      if (same !== undefined)
        findings.push({
          ...{ kind: 'duplicate-atom', severity: 'warning', id, aspect: null, cure: 'Remove one of them.' },
          message: `The facts ${quote(same)} and ${quote(text)} say the same.`,
        });
      for (const key of keys) atoms.set(key, same ?? text);
    }

    for (const { aspect, better, worse } of question.pairs) {
      if (spokenKey(worse) === '' || spokenKey(better) === '') continue;
      const pair = JSON.stringify([asks, spokenKey(better), spokenKey(worse)]);
      const same = pairs.get(pair);
      if (same !== undefined)
        findings.push({
          ...{ kind: 'duplicate-pair', severity: 'warning', id, aspect, cure: REMOVE },
          message: `The pair is the same as the ${same}.`,
        });
      pairs.set(pair, same ?? `${aspect} one of ${id}`);
    }
  }
  return findings;
}
