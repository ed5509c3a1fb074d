/** @file The models in this browser: sizes, room, deleting, and whether the browser may throw them out. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CacheView } from '../../workers/model_protocol.ts';
import { formatBytes } from '../format.ts';
import { asking, forget, goOn, job, keepStorage, selected, showCached, trouble } from '../state/models.ts';
import { FailureNotice } from './notice.tsx';

type Cached = CacheView['models'][number];

export function CacheTable({ view }: { view: CacheView }): JSX.Element {
  const failed = trouble.value?.at === 'cache' ? trouble.value.failure : null;
  return (
    <section class="sheet cache" aria-labelledby="cache-title">
      <div class="cache-head">
        <h3 id="cache-title">Models in this browser</h3>
        <Storage view={view} />
      </div>
      {view.models.length === 0 ? (
        <p class="soft">None yet. What you download is kept here until you delete it.</p>
      ) : (
        <ul>
          {view.models.map((model) => (
            <Row key={`${model.id}@${model.commit}/${model.variant}`} model={model} />
          ))}
        </ul>
      )}
      {failed === null ? null : <FailureNotice failure={failed} />}
    </section>
  );
}

function Row({ model }: { model: Cached }): JSX.Element {
  const [isSure, setSure] = useState(false);
  const { id, commit, variant, bytes, present, whole } = model;
  const isBusy = job.value !== null || asking.value === 'cache';
  const isSelected = selected.value.id === id && selected.value.variant === variant;
  return (
    <li class="cached">
      <div>
        <p class="cached-name">{id}</p>
        <p class="soft">
          <span class="mono">{commit.slice(0, 7)}</span> · {variant}
        </p>
      </div>
      <p class="number">{whole ? formatBytes(bytes) : `${formatBytes(present)} of ${formatBytes(bytes)}`}</p>
      <div class="actions">
        {isSure ? (
          <>
            <button type="button" class="small" onClick={() => forget(model)}>
              Delete it
            </button>
            <button type="button" class="quiet small" onClick={() => setSure(false)}>
              Keep it
            </button>
          </>
        ) : (
          <>
            {whole ? (
              <button
                type="button"
                class="quiet small"
                aria-disabled={isSelected}
                aria-label={`Choose ${id}`}
                onClick={() => (isSelected ? undefined : showCached(model))}
              >
                {isSelected ? 'Chosen' : 'Choose'}
              </button>
            ) : (
              <button
                type="button"
                class="quiet small"
                aria-disabled={isBusy}
                aria-label={`Go on with the download of ${id}`}
                onClick={() => (isBusy ? undefined : goOn(model))}
              >
                Go on
              </button>
            )}
            <button
              type="button"
              class="quiet small"
              aria-disabled={isBusy}
              aria-label={`Delete ${id}`}
              onClick={() => (isBusy ? undefined : setSure(true))}
            >
              Delete
            </button>
          </>
        )}
      </div>
    </li>
  );
}

function Storage({ view: { room, persisted } }: { view: CacheView }): JSX.Element {
  const [isRefused, setRefused] = useState(false);
  return (
    <div class="storage">
      {room === null ? null : (
        <p class="number soft">
          {formatBytes(room.usage)} in use, of {formatBytes(room.quota)} that the browser allows
        </p>
      )}
      {persisted ? (
        <p class="soft">The browser has promised to keep them.</p>
      ) : (
        <p class="soft">
          {isRefused
            ? 'The browser made no promise: it may delete them when the disk is full.'
            : 'The browser may delete them when the disk is full.'}
          {isRefused ? null : (
            <>
              {' '}
              <button type="button" class="link" onClick={async () => setRefused(!(await keepStorage()))}>
                Ask it to keep them
              </button>
            </>
          )}
        </p>
      )}
    </div>
  );
}
