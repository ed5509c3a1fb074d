/** @file A message in place: what went wrong, where, and what helps. */
import type { ComponentChildren, JSX } from 'preact';
import type { Failure } from '../../workers/failure.ts';

interface NoticeProps {
  readonly title: string;
  readonly bad?: boolean;
  readonly children?: ComponentChildren;
}

export function Notice({ title, bad = false, children }: NoticeProps): JSX.Element {
  return (
    <div class={bad ? 'notice bad' : 'notice'} role={bad ? 'alert' : undefined}>
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** A failure with its cure. */
export function FailureNotice({
  failure,
  children,
}: {
  failure: Failure;
  children?: ComponentChildren;
}): JSX.Element {
  return (
    <Notice title={`${failure.place}: ${failure.problem}`} bad>
      <p>{failure.cure}</p>
      {children}
    </Notice>
  );
}
