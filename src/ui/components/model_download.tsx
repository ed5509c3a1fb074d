/** @file The download of the selected model: the button, how far it is, what went wrong. */
import type { JSX } from 'preact';
import { formatBytes, formatSeconds } from '../format.ts';
import { type Candidate, cachedOf, choiceOf } from '../state/candidates.ts';
import { cache, cancel, download, giveToken, type Job, job, trouble } from '../state/models.ts';
import { HubToken } from './hub_token.tsx';
import { CheckIcon } from './icons.tsx';
import { FailureNotice } from './notice.tsx';

export function ModelDownload({ candidate }: { candidate: Candidate }): JSX.Element {
  const failed = trouble.value?.at === candidate.key ? trouble.value : null;
  return (
    <div class="model-download">
      {/* Present from the start, so that what is written into it is read out. */}
      <p class="ready" role="status">
        {choiceOf(candidate, cache.value) && job.value?.key !== candidate.key ? (
          <>
            <CheckIcon />
            {readyText(candidate)}
          </>
        ) : null}
      </p>
      <Action candidate={candidate} />
      {failed === null ? null : (
        <>
          {candidate.facts ? <FailureNotice failure={failed.failure} /> : null}
          {failed.needsToken ? <HubToken onToken={giveToken} /> : null}
        </>
      )}
    </div>
  );
}

function Action({ candidate }: { candidate: Candidate }): JSX.Element | null {
  if (job.value?.key === candidate.key) return <Progress job={job.value} />;
  if (choiceOf(candidate, cache.value)) return null;
  const cached = cachedOf(candidate, cache.value);
  const begun = cached && cached.present > 0 ? cached : null;
  const isBusy = job.value !== null;
  return (
    <div class="field-row">
      <button type="button" onClick={() => (isBusy ? undefined : download())} aria-disabled={isBusy}>
        {begun ? 'Go on with the download' : 'Download'}
      </button>
      <p class="soft">
        {isBusy
          ? 'Another model is being downloaded.'
          : begun
            ? `${formatBytes(begun.present)} of ${formatBytes(begun.bytes)} are here.`
            : 'From huggingface.co, into this browser. It can be stopped and gone on with.'}
      </p>
    </div>
  );
}

function Progress({ job }: { job: Job }): JSX.Element {
  const { done, bytes, speed, state } = job;
  const left = speed ? (bytes - done) / speed : null;
  return (
    <div class="progress">
      <progress
        aria-label="Download"
        value={bytes > 0 ? done : undefined}
        max={bytes > 0 ? bytes : undefined}
      />
      <p class="number">
        <span>{stateText(job)}</span>
        {bytes > 0 ? (
          <span>
            {formatBytes(done)} of {formatBytes(bytes)}
            {speed ? ` · ${formatBytes(speed)}/s` : ''}
            {left === null ? '' : ` · ${formatSeconds(left)} left`}
          </span>
        ) : null}
      </p>
      <button type="button" class="quiet small" onClick={cancel} aria-disabled={state === 'stopping'}>
        {state === 'stopping' ? 'Stopping' : 'Stop'}
      </button>
    </div>
  );
}

function stateText({ state, file }: Job): string {
  switch (state) {
    case 'asking':
      return 'Asking the Hub';
    case 'other-tab':
      return 'Another tab downloads a model; this one is next';
    case 'checking':
      return `Checking what is here of ${file}`;
    case 'downloading':
      return `${file}`;
    case 'waiting':
      return 'The connection failed; trying again';
    case 'stopping':
      return 'Stopping';
  }
}

function readyText({ picked, id }: Candidate): string {
  if (picked) return 'Ready, on your disk.';
  return id === null ? 'Ready: it came with the page.' : 'Downloaded, and checked against the Hub’s hashes.';
}
