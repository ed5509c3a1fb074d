/** @file Models to choose from, as the page draws them: on the short list, found on the Hub, in the cache, or on the user's disk. */
import type { StoredType } from '../../formats/tensor_source.ts';
import type { LlamaConfig } from '../../llama/config.ts';
import { parameterCount } from '../../llama/weight_plan.ts';
import type {
  CacheView,
  HubModelView,
  ModelChoice,
  ModelFacts,
  VariantView,
} from '../../workers/model_protocol.ts';
import type { PickedFiles } from './picked_files.ts';
import type { ListedModel } from './short_list.ts';

/** A model that was found: on the short list, on the Hub, in the cache, or on the user's disk. */
export interface Candidate {
  /** What makes it this one in lists. */
  readonly key: string;
  readonly name: string;
  readonly note: string;
  readonly gated: boolean;
  /** Id on the Hub; null for the bundled model and for picked files. */
  readonly id: string | null;
  /** Null until the Hub was asked; the commit of its revision then. */
  readonly commit: string | null;
  readonly revision: string;
  readonly variant: string;
  /** All there are, where that is known. */
  readonly variants: readonly VariantView[];
  readonly picked: PickedFiles | null;
  /** Bytes to download or read; an estimate where `commit` is null. */
  readonly bytes: number;
  readonly facts: { readonly config: LlamaConfig; readonly stored: (tensor: string) => StoredType } | null;
}

/** Of the formats on the short list, ggml's blocks of 32 with an f16 scale included. */
const BYTES_PER_WEIGHT: Readonly<Record<StoredType, number>> = {
  F32: 4,
  F16: 2,
  BF16: 2,
  Q8_0: 34 / 32,
  Q4_0: 18 / 32,
  Q4_1: 20 / 32,
  Q4_K: 144 / 256,
  Q6_K: 210 / 256,
};

/** How a candidate is opened, where it can be opened now. */
export function choiceOf(candidate: Candidate, view: CacheView | null): ModelChoice | null {
  const { id, picked, variant } = candidate;
  if (picked) return { kind: 'files', name: picked.name, variant, files: picked.files };
  if (id === null) return { kind: 'bundled' };
  const found = cachedOf(candidate, view);
  return found?.whole ? { kind: 'hub', id, commit: found.commit, variant } : null;
}

/** The copy of a candidate in the cache, whole or begun. Before the Hub was asked, any commit will do. */
export function cachedOf({ id, commit, variant }: Candidate, view: CacheView | null) {
  const found = view?.models.filter(
    (m) => m.id === id && m.variant === variant && (commit === null || m.commit === commit),
  );
  return found?.find((m) => m.whole) ?? found?.[0];
}

/** A model of the short list, before anything is asked. */
export function listed(model: ListedModel): Candidate {
  const { name, id, variant, note, gated, config, stored } = model;
  return {
    key: id ?? 'bundled',
    name,
    note,
    gated,
    id,
    commit: null,
    revision: 'main',
    variant,
    variants: [],
    picked: null,
    bytes: Math.round(parameterCount(config) * BYTES_PER_WEIGHT[stored]),
    facts: { config, stored: () => stored },
  };
}

/** What the Hub lists. @param known the same model as it was known before, whose name and choice of files stay */
export function fromHub(view: HubModelView, known: Candidate | null): Candidate {
  const wanted = view.variants.find((v) => v.name === known?.variant) ?? view.variants[0]!;
  const at = view.revision === 'main' ? '' : `@${view.revision}`;
  return {
    key: `${view.id}${at}`,
    name: known?.name ?? `${view.id.split('/')[1]}${at}`,
    note: known?.note ?? (view.gated ? 'Its owner asks who downloads it: a token is needed.' : ''),
    gated: view.gated,
    id: view.id,
    commit: view.commit,
    revision: view.revision,
    variant: wanted.name,
    variants: view.variants,
    picked: null,
    bytes: wanted.bytes,
    facts: known?.variant === wanted.name ? known.facts : null,
  };
}

/** Files that were picked, before their head is read. */
export function fromFiles(
  picked: PickedFiles,
  variants: readonly [VariantView, ...VariantView[]],
): Candidate {
  const [first] = variants;
  return {
    key: `files/${picked.name}`,
    name: picked.name,
    note: 'On your disk; read from there whenever it is opened.',
    gated: false,
    id: null,
    commit: null,
    revision: '',
    variant: first.name,
    variants,
    picked,
    bytes: first.bytes,
    facts: null,
  };
}
/** What a model's own head says, as a plan takes it. */
export const planned = ({ config, stored }: ModelFacts) => ({
  config,
  stored: (tensor: string): StoredType => stored.get(tensor) ?? 'F32',
});
