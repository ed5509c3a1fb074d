/** @file What the audit found, gravest first; each kind shows its rows. */
import type { JSX } from 'preact';
import type { FindingKind, Severity } from '../../../knowtuning/audit/finding.ts';
import type { StudioAudit } from '../../../workers/studio_protocol.ts';
import { formatInteger, formatShare } from '../../format.ts';
import { audit, busyWith, runAudit } from '../../state/studio.ts';
import { filter, NO_FILTER, setFilter } from '../../state/studio_rows.ts';
import { Notice } from '../notice.tsx';
import { focusReview } from './focus.ts';

const KIND_TITLES: Readonly<Record<FindingKind, string>> = {
  'empty-side': 'An answer is empty',
  'equal-sides': 'Better and worse are the same',
  'unchanged-revision': 'A fact was to be made false and was not',
  'true-revision': 'A fact was to be made false and is true',
  'identity-permutation': 'Facts were to be out of order and are not',
  'inaudible-permutation': 'Out of order, but nobody would notice',
  'not-a-permutation': 'Out of order, and not the same facts',
  'nothing-missing': 'Nothing is missing from the incomplete answer',
  'better-incomplete': 'The better answer leaves facts out',
  'better-invents': 'The better answer says more than the facts',
  length: 'Told apart by length',
  'style-giveaway': 'Told apart by style',
  'style-giveaway-set': 'Style tells the worse answers of the set',
  'duplicate-row': 'The same row twice',
  'duplicate-question': 'The same question twice',
  'duplicate-atom': 'The same fact twice',
  'duplicate-pair': 'The same pair twice',
  leak: 'Also in the test',
  'over-context': 'Longer than the model’s context',
  'unsupported-atom': 'A fact that is not in the answer',
  'mostly-unknown': 'Mostly unknown facts',
};

export const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
  error: 'Error',
  warning: 'Warning',
  note: 'Note',
};

export function findingTitle(kind: FindingKind): string {
  return KIND_TITLES[kind];
}

export function AuditPanel(): JSX.Element {
  const found = audit.value;
  return (
    <div class="sheet audit">
      <h3>Audit</h3>
      <p class="soft">
        Preferences are easily won by style. The audit looks for pairs that differ in length or wording,
        revisions that changed nothing or happen to be true, duplicates, and facts that the answer does not
        hold.
      </p>
      <div class="actions">
        <button
          type="button"
          class="quiet"
          onClick={() => void runAudit()}
          aria-disabled={busyWith.value !== null}
        >
          {found ? 'Audit again' : 'Audit the pairs'}
        </button>
      </div>
      {found ? <Found audit={found} /> : null}
    </div>
  );
}

function Found({ audit: { pairs, unmarkedPairs, counts, ofSet } }: { audit: StudioAudit }): JSX.Element {
  const show = async (kind: FindingKind) => {
    await setFilter({ ...NO_FILTER, finding: kind });
    focusReview();
  };
  return (
    <div role="status">
      <p>
        {pairs === 0
          ? 'There are no pairs yet.'
          : `${formatInteger(unmarkedPairs)} of ${formatInteger(pairs)} pairs (${formatShare(unmarkedPairs / pairs)}) have nothing against them.`}
      </p>
      <ul class="finding-counts">
        {counts.map(({ kind, severity, count }) => (
          <li key={kind}>
            <button
              type="button"
              class="link"
              aria-pressed={filter.value.finding === kind}
              onClick={() => void show(kind)}
            >
              <span class={`severity ${severity}`}>{SEVERITY_WORDS[severity]}</span>
              <span>{KIND_TITLES[kind]}</span>
              <span class="number">{formatInteger(count)}</span>
            </button>
          </li>
        ))}
      </ul>
      {ofSet.map(({ kind, aspect, message, cure }) => (
        <Notice key={`${kind} ${aspect} ${message}`} title={message}>
          <p>{cure}</p>
        </Notice>
      ))}
    </div>
  );
}
