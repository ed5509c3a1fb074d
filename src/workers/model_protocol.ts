/**
 * @file What page and model worker say to each other about models: which there are, what they need, how far a download
 * is. Calls return soon; downloads are told by events.
 */
import type { StoredType } from '../formats/tensor_source.ts';
import type { LlamaConfig } from '../llama/config.ts';
import type { CachedModel, ModelProgress } from '../store/model_cache.ts';
import type { ModelKey } from '../store/model_record.ts';
import type { Failure } from './failure.ts';

/** Where a model is. Can be sent to any worker, which opens it by openModelSource of model_source.ts. */
export type ModelChoice =
  | { readonly kind: 'bundled' }
  /** In the cache, after its download. */
  | ({ readonly kind: 'hub' } & ModelKey)
  /** Files that the user picked or dropped; they are read where they lie. */
  | {
      readonly kind: 'files';
      /** Of the folder or the file. */
      readonly name: string;
      readonly variant: string;
      readonly files: readonly { readonly name: string; readonly file: File }[];
    };

export interface VariantView {
  /** "safetensors" or the name of a .gguf file. */
  readonly name: string;
  readonly bytes: number;
}

/** A model of the Hub as its list of files shows it. */
export interface HubModelView {
  readonly id: string;
  readonly revision: string;
  readonly commit: string;
  readonly gated: boolean;
  readonly variants: readonly VariantView[];
}

/** What planning memory needs to know. */
export interface ModelFacts {
  readonly config: LlamaConfig;
  /** How each tensor is stored, under Transformers' names. */
  readonly stored: ReadonlyMap<string, StoredType>;
}

/** The cache as it is now. */
export interface CacheView {
  readonly models: readonly CachedModel[];
  /** Bytes this origin uses and may use, as the browser estimates it; null where it does not say. */
  readonly room: { readonly usage: number; readonly quota: number } | null;
  /** Whether the browser promised not to evict what is stored. */
  readonly persisted: boolean;
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly failure: Failure;
      /** Whether the Hub wants a token, or another one. */
      readonly needsToken: boolean;
    };

export type ModelEvent =
  /** Another tab downloads; this one waits for it. */
  | { readonly kind: 'waiting'; readonly key: ModelKey }
  | { readonly kind: 'progress'; readonly key: ModelKey; readonly progress: ModelProgress }
  | { readonly kind: 'downloaded'; readonly key: ModelKey }
  | { readonly kind: 'cancelled'; readonly key: ModelKey }
  | {
      readonly kind: 'failed';
      readonly key: ModelKey;
      readonly failure: Failure;
      readonly needsToken: boolean;
    };

/** The worker's side. */
export interface ModelsApi {
  /** Events from now on go to this port; `base` is the page's address. */
  connect(port: MessagePort, base: string): void;
  /** The read token for gated models; it stays in the worker's memory. Null forgets it. */
  setToken(token: string | null): void;
  /** Lists a model of the Hub: "org/name[@revision]" or its address. */
  look(text: string): Promise<Answer<HubModelView>>;
  /** Configuration and stored types. Of a model that is not in the cache only the head is read, from the Hub. */
  facts(choice: ModelChoice): Promise<Answer<ModelFacts>>;
  /** What can be loaded from picked files. */
  variants(
    name: string,
    files: readonly { readonly name: string; readonly bytes: number }[],
  ): Answer<VariantView[]>;
  /** Begins or goes on with a download; false where one runs already. Its course is told by events. */
  download(key: ModelKey): boolean;
  /** Stops the download; 'cancelled' follows. What has come is kept. */
  cancel(): void;
  cache(): Promise<Answer<CacheView>>;
  remove(key: ModelKey): Promise<Answer<CacheView>>;
}
