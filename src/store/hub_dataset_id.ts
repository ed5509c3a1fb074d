/** @file Names of data sets on the Hugging Face Hub: org/name[@revision][:config][/split], checked before use. */
import { InputError } from '../formats/input_error.ts';
import { DEFAULT_REVISION, type HubId, looksLikeHubId, looksLikeRevision } from './hub_id.ts';

/** Where the Hub keeps what it converts to Parquet. */
export const CONVERTED_REVISION = 'refs/convert/parquet';

/** What of a data set is wanted. */
export interface HubDatasetId extends HubId {
  /** Null: the only one, or the one that the data set calls its default. */
  readonly config: string | null;
  /** Null: "train", or the only one. */
  readonly split: string | null;
}

/** Addresses on huggingface.co as people paste them: of the data set, of its viewer, of its files. */
const ADDRESS = /^(?:https?:\/\/)?(?:www\.)?huggingface\.co\/datasets\//;
const NAME = /^([^/@:]+\/[^/@:]+)(?:@([^/:]+))?(?::([^/]+))?(?:\/([\w.-]+))?$/;

/**
 * The parts of a name, or of the address that it has on huggingface.co.
 * @throws InputError where the text is neither
 */
export function parseDatasetId(text: string): HubDatasetId {
  const given = text.trim();
  const name = ADDRESS.test(given) ? nameOf(given) : given;
  const [, id = '', revision = DEFAULT_REVISION, config = null, split = null] = NAME.exec(name) ?? [];
  if (!looksLikeHubId(id))
    throw new InputError(
      given || 'The data set',
      'is no name of a data set on the Hub.',
      'Write it as organisation/name, for instance databricks/databricks-dolly-15k; with :configuration and /split behind it where it has several.',
    );
  if (!looksLikeRevision(revision))
    throw new InputError(given, 'names no revision after its @.', 'Give a branch, a tag or a commit.');
  return { id, revision, config, split };
}

/** The name that an address stands for. */
function nameOf(address: string): string {
  const [path = ''] = address.replace(ADDRESS, '').split(/[?#]/, 1);
  const [owner, name, page, ...rest] = path.replace(/\/$/, '').split('/').map(decodeURIComponent);
  const id = `${owner}/${name}`;
  if (page === 'viewer')
    return [rest[0] === undefined ? id : `${id}:${rest[0]}`, ...rest.slice(1, 2)].join('/');
  return page === undefined || rest[0] === undefined ? id : `${id}@${rest[0]}`;
}
