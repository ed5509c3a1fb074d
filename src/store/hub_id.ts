/** @file Names on the Hugging Face Hub: org/name[@revision], checked before anything is made of them. */
import { InputError } from '../formats/input_error.ts';

/** A model repository at a revision: a branch, a tag or a commit. */
export interface HubId {
  /** org/name */
  readonly id: string;
  readonly revision: string;
}

export const DEFAULT_REVISION = 'main';

/** The Hub's own rule for repositories: word characters, dots and hyphens, no "--" and no "..", 96 at most. */
const SEGMENT = /^(?!.*(--|\.\.))[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?$/;
const REVISION = /^(?!.*\.\.)[\w][\w./-]{0,199}$/;

/** Whether a text may name a branch, a tag or a commit. */
export function looksLikeRevision(text: string): boolean {
  return REVISION.test(text);
}

/** Whether a text has the form of a Hub id, with or without a revision. */
export function looksLikeHubId(text: string): boolean {
  const [name = ''] = text.split('@', 1);
  const parts = name.split('/');
  return parts.length === 2 && parts.every((part) => SEGMENT.test(part));
}

/**
 * The parts of "org/name" or "org/name@revision"; also of a model's address on huggingface.co, as people paste it.
 * @throws InputError where the text is neither
 */
export function parseHubId(text: string): HubId {
  const pasted = text.trim().replace(/^(https?:\/\/)?(www\.)?huggingface\.co\//, '');
  const address = /^([^/@]+\/[^/@]+)\/(?:tree|blob|resolve)\/([^/]+)/.exec(pasted);
  const bare = address ? `${address[1]}@${address[2]}` : pasted.replace(/\/$/, '');
  const at = bare.indexOf('@');
  const id = at < 0 ? bare : bare.slice(0, at);
  const revision = at < 0 ? DEFAULT_REVISION : bare.slice(at + 1);
  if (!looksLikeHubId(id))
    throw new InputError(
      text.trim() || 'The model',
      'is no name of a model on the Hub.',
      'Write it as organisation/name, for instance HuggingFaceTB/SmolLM2-135M-Instruct.',
    );
  if (!looksLikeRevision(revision))
    throw new InputError(text.trim(), 'names no revision after its @.', 'Give a branch, a tag or a commit.');
  return { id, revision };
}
