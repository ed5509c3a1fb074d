/** @file Why the run that was asked for last ended or did not begin, where it was asked for. */
import type { JSX } from 'preact';
import type { RunData } from '../../workers/protocol.ts';
import { begunWith, failure } from '../state/session.ts';
import { FailureNotice } from './notice.tsx';

/** @param of what runs are begun here: of others nothing is shown */
export function RunFailure({ of }: { of: readonly RunData['kind'][] }): JSX.Element | null {
  if (failure.value === null || !of.includes(begunWith.value)) return null;
  return <FailureNotice failure={failure.value} />;
}
