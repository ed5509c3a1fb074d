/** @file The Hub from a terminal: which server, with which token, and how a download is told of. */
import { InputError } from '../formats/input_error.ts';
import type { FileProgress } from '../store/download_file.ts';
import { HubError } from '../store/hub_error.ts';
import { type HubAccess, OFFICIAL_HUB } from '../store/hub_fetch.ts';

/** Reads HF_ENDPOINT (a mirror) and HF_TOKEN. @throws InputError where HF_ENDPOINT names no server */
export function hubAccess(environment: NodeJS.ProcessEnv): HubAccess {
  return {
    hubUrl: hubUrl(environment),
    fetch,
    token: () => environment.HF_TOKEN || null,
    now: Date.now,
    unrestricted: true,
  };
}

/** The Hub or, as for Hugging Face's own tools, the mirror that HF_ENDPOINT names. */
function hubUrl(environment: NodeJS.ProcessEnv): string {
  const endpoint = environment.HF_ENDPOINT;
  if (!endpoint) return OFFICIAL_HUB;
  try {
    const url = new URL(endpoint);
    if (/^https?:$/.test(url.protocol) && url.pathname === '/') return url.origin;
  } catch {
    // Told below.
  }
  throw new InputError(
    'HF_ENDPOINT',
    `is ${endpoint}.`,
    'Let it name the origin of a mirror, such as https://hub.example.',
  );
}

/** An error that asks for a token says where the terminal takes it from. */
export function inTerminal(error: unknown): unknown {
  if (!(error instanceof HubError) || error.kind !== 'token') return error;
  return new HubError(
    'token',
    error.place,
    error.problem,
    `${error.cure} The terminal takes it from HF_TOKEN.`,
  );
}

/** How far a download is: of the file at hand, and the size of all files. */
interface Download extends FileProgress {
  readonly file: string;
  readonly bytes: number;
  readonly allBytes: number;
}

/** One line when a file begins, and one for every tenth of a large one. */
export function tellDownload(progress: (line: string) => void, id: string): (p: Download) => void {
  let last = '';
  return ({ state, file, bytes, done, allBytes }) => {
    if (state === 'checking' && done === 0) return;
    const tenth = bytes > 50e6 ? Math.floor((10 * done) / bytes) * 10 : 100;
    const line =
      state === 'waiting'
        ? `${file}: the connection failed; trying again`
        : `${id}: ${state} ${file}${tenth < 100 ? `, ${tenth} %` : ''} (${(bytes / 1e6).toFixed(1)} of ${(allBytes / 1e6).toFixed(1)} MB)`;
    if (line !== last) progress(line);
    last = line;
  };
}
