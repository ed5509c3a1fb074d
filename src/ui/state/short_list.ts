/**
 * @file The short list of models: what is known of each before anything is asked of the Hub. Sizes are those of the
 * models' own config.json (for SmolLM2-135M, TinyLlama, Llama 3.2 and Llama 2 also tabulated by their papers' reports);
 * the published parameter counts follow from them, which tests/ui/models.test.ts checks. Only keys that the memory plan
 * depends on are here: what a model is loaded by is always its own configuration.
 */
import type { StoredType } from '../../formats/tensor_source.ts';
import type { LlamaConfig } from '../../llama/config.ts';
import { parseLlamaConfig } from '../../llama/parse_config.ts';

export interface ListedModel {
  /** As the page calls it. */
  readonly name: string;
  /** On the Hub; null for the model that comes with the page. */
  readonly id: string | null;
  /** "safetensors" or the name of a .gguf file. */
  readonly variant: string;
  readonly note: string;
  /** Whether its owner asks who downloads it. */
  readonly gated: boolean;
  readonly config: LlamaConfig;
  /** How most of its tensors are stored. */
  readonly stored: StoredType;
}

const llama = (
  [hidden_size, intermediate_size, num_hidden_layers]: readonly [number, number, number],
  [num_attention_heads, num_key_value_heads, head_dim]: readonly [number, number, number],
  vocab_size: number,
  tie_word_embeddings: boolean,
  max_position_embeddings: number,
): LlamaConfig =>
  parseLlamaConfig(
    {
      hidden_size,
      intermediate_size,
      num_hidden_layers,
      num_attention_heads,
      num_key_value_heads,
      head_dim,
      vocab_size,
      tie_word_embeddings,
      max_position_embeddings,
    },
    'short list',
  );

const fromHub = { variant: 'safetensors', gated: false, stored: 'BF16' } as const;
const fromMeta = { variant: 'safetensors', gated: true, stored: 'BF16' } as const;

export const SHORT_LIST: readonly ListedModel[] = [
  {
    ...fromHub,
    name: 'The demo’s model',
    id: null,
    stored: 'F16',
    note: 'Comes with this page; it knows countries and chemical elements, a little.',
    config: llama([128, 384, 6], [4, 2, 32], 1024, true, 512),
  },
  {
    ...fromHub,
    name: 'SmolLM2 135M',
    id: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    note: 'The smallest that holds a conversation. Apache 2.0.',
    config: llama([576, 1536, 30], [9, 3, 64], 49152, true, 8192),
  },
  {
    ...fromHub,
    name: 'SmolLM2 360M',
    id: 'HuggingFaceTB/SmolLM2-360M-Instruct',
    note: 'For laptops. Apache 2.0.',
    config: llama([960, 2560, 32], [15, 5, 64], 49152, true, 8192),
  },
  {
    ...fromHub,
    name: 'TinyLlama 1.1B',
    id: 'TinyLlama/TinyLlama-1.1B-Chat-v1.0',
    note: 'Llama 2’s architecture and tokenizer, small. Apache 2.0.',
    config: llama([2048, 5632, 22], [32, 4, 64], 32000, false, 2048),
  },
  {
    ...fromMeta,
    name: 'Llama 3.2 1B',
    id: 'meta-llama/Llama-3.2-1B-Instruct',
    note: 'Meta asks who downloads it: a token is needed.',
    config: llama([2048, 8192, 16], [32, 8, 64], 128256, true, 131072),
  },
  {
    ...fromHub,
    name: 'SmolLM2 1.7B',
    id: 'HuggingFaceTB/SmolLM2-1.7B-Instruct',
    note: 'The largest SmolLM2. Apache 2.0.',
    config: llama([2048, 8192, 24], [32, 32, 64], 49152, true, 8192),
  },
  {
    ...fromMeta,
    name: 'Llama 3.2 3B',
    id: 'meta-llama/Llama-3.2-3B-Instruct',
    note: 'For a graphics card of its own. A token is needed.',
    config: llama([3072, 8192, 28], [24, 8, 128], 128256, true, 131072),
  },
  {
    name: 'Llama 2 7B at q4',
    id: 'TheBloke/Llama-2-7B-Chat-GGUF',
    variant: 'llama-2-7b-chat.Q4_0.gguf',
    gated: false,
    stored: 'Q4_0',
    note: 'The paper’s model, quantised to 4 bits. Llama 2 licence.',
    config: llama([4096, 11008, 32], [32, 32, 128], 32000, false, 4096),
  },
];
