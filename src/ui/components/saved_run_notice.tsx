/** @file The offer of a run that is in storage: finished, stopped, or cut off. */
import type { JSX } from 'preact';
import type { SavedRun } from '../../workers/saved_run.ts';
import { Notice } from './notice.tsx';
import { focusHeading } from './section.tsx';

const WHEN = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

export function SavedRunNotice({ saved, onOpen }: { saved: SavedRun; onOpen: () => void }): JSX.Element {
  const open = () => {
    onOpen();
    focusHeading(saved.status === 'finished' ? 'compare' : 'train');
  };
  return (
    <Notice title={title(saved)}>
      <p>{detail(saved)}</p>
      {saved.damaged.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {saved.view === null ? null : (
        <div class="actions">
          <button type="button" class="quiet small" onClick={open}>
            {saved.status === 'finished' ? 'Open the finished run' : 'Open what was saved'}
          </button>
        </div>
      )}
    </Notice>
  );
}

function title({ status, updatedAt }: SavedRun): string {
  const when = WHEN.format(updatedAt);
  switch (status) {
    case 'finished':
      return `A finished run of ${when} is saved in this browser.`;
    case 'stopped':
      return `A run was stopped on ${when}.`;
    case 'failed':
      return `A run failed on ${when}.`;
    case 'running':
      return `A run was interrupted; its last sign of life is of ${when}.`;
  }
}

function detail({ status, view, hasAdapter }: SavedRun): string {
  if (view === null) return 'It had not saved anything yet.';
  const done = view.phases.filter((phase) => phase.status === 'done').map((phase) => phase.label);
  if (status === 'finished')
    return hasAdapter
      ? 'Its comparison, its charts and its adapter are all there.'
      : 'Its comparison and its charts are there.';
  return `It got as far as “${done.at(-1) ?? 'the start'}”. What was made until then is there.`;
}
