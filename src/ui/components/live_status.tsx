/** @file The run at a glance: phase, progress, and five measured figures. */

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Preparation } from '../../train/tuner.ts';
import type { RunView } from '../../workers/run_view.ts';
import { formatBytes, formatInteger, formatPreparation, formatSeconds, formatShare } from '../format.ts';
import {
  etaSeconds,
  phaseProgress,
  preparationProgress,
  runningPhase,
  tokensPerSecond,
  utilisation,
} from '../state/measures.ts';

interface LiveStatusProps {
  readonly view: RunView;
  readonly memory: { readonly bytes: number; readonly peakBytes: number } | null;
  readonly preparing: Preparation | null;
  readonly onStop: () => void;
}

export function LiveStatus({ view, memory, preparing, onStop }: LiveStatusProps): JSX.Element {
  const now = useNow();
  const phase = runningPhase(view);
  const speed = tokensPerSecond(view);
  const share = utilisation(view);
  const eta = phase === null ? null : etaSeconds(phase, now);
  const label = view.status === 'stopping' ? 'Stopping after this step' : (phase?.label ?? 'Starting');
  const progress = preparing ? preparationProgress(preparing) : phaseProgress(phase);
  return (
    <div class="live sheet">
      <div class="live-head">
        <h3>{label}</h3>
        <button type="button" class="quiet small" onClick={onStop} disabled={view.status === 'stopping'}>
          Stop
        </button>
      </div>
      {preparing ? <p class="soft">{formatPreparation(preparing)}</p> : null}
      <progress
        key={progress.max === undefined ? 'open' : 'counted'}
        {...progress}
        aria-label={preparing ? formatPreparation(preparing) : label}
      />
      <dl class="figures">
        <Figure term="Training speed" value={speed === null ? '–' : formatInteger(speed)} unit="tokens/s" />
        <Figure
          term="Of its best speed"
          value={share === null ? '–' : formatShare(share)}
          unit={share === null ? '' : 'mfu'}
        />
        <Figure
          term="GPU memory"
          value={memory === null ? '–' : formatBytes(memory.bytes)}
          unit={memory === null ? '' : `peak ${formatBytes(memory.peakBytes)}`}
        />
        <Figure term="Left in this phase" value={eta === null ? '–' : formatSeconds(eta)} unit="" />
        <Figure term="Since the start" value={formatSeconds((now - view.startedAt) / 1000)} unit="" />
      </dl>
      <Announcement text={announcement(label, phase?.done ?? 0, phase?.total ?? null)} />
    </div>
  );
}

function Figure({ term, value, unit }: { term: string; value: string; unit: string }): JSX.Element {
  return (
    <div>
      <dt>{term}</dt>
      <dd class="number">
        {value} {unit ? <span class="unit">{unit}</span> : null}
      </dd>
    </div>
  );
}

function announcement(label: string, done: number, total: number | null): string {
  return total === null ? label : `${label}: ${done} of ${total}`;
}

const ANNOUNCE_MS = 10_000;

/** Tells screen readers how far things are, at most every ten seconds. */
function Announcement({ text }: { text: string }): JSX.Element {
  const [said, setSaid] = useState(text);
  const [due, setDue] = useState(false);
  useEffect(() => {
    const timer = setInterval(() => setDue(true), ANNOUNCE_MS);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    if (!due) return;
    setDue(false);
    setSaid(text);
  }, [due, text]);
  return (
    <p class="visually-hidden" role="status">
      {said}
    </p>
  );
}

/** The time, every second. */
function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
