/** @file Who writes in the studio: the author that was chosen, with what it costs. */
import type { Author } from '../authors/author.ts';
import { createLocalAuthor } from '../authors/local.ts';
import { endpointAddress } from '../authors/openai/address.ts';
import { createOpenAiAuthor } from '../authors/openai/openai_author.ts';
import { UsageMeter, type UsageReport } from '../authors/openai/usage.ts';
import { createRulesAuthor } from '../authors/rules.ts';
import { parseWorld } from '../authors/world.ts';
import { InputError } from '../formats/input_error.ts';
import { parseJson } from '../formats/json.ts';
import type { MethodOptions } from '../knowtuning/project.ts';
import { FetchByteSource } from './fetch_byte_source.ts';
import { borrowModel } from './model_loan.ts';
import { bundledPrompts } from './prompts.ts';
import type { StudioAuthor } from './studio_protocol.ts';

/** Rows that a lent model answers together, and tokens of a reply at most. */
const LOCAL_BATCH = 8;
const LOCAL_REPLY_TOKENS = 512;

export interface OpenedStudioAuthor {
  readonly author: Author;
  /** What an endpoint has counted so far; null for other authors. */
  readonly usage: () => UsageReport | null;
}

/** Opens an author. `base` is the page's address; `onWait` is told where an endpoint holds calls back. */
export type OpenStudioAuthor = (
  choice: StudioAuthor,
  base: string,
  method: MethodOptions,
  onWait: (milliseconds: number) => void,
) => Promise<OpenedStudioAuthor>;

/** @throws InputError for a choice that no author can be made of */
export function checkAuthor(choice: StudioAuthor): StudioAuthor {
  if (choice.kind !== 'openai') return choice;
  const model = choice.model.trim();
  if (model === '') throw new InputError('Model', 'is missing.', "Give the model's name at the endpoint.");
  const prices = [choice.prices?.input ?? 0, choice.prices?.output ?? 0];
  if (prices.some((price) => !(price >= 0)))
    throw new InputError('Price', 'is no price.', 'Give numbers of at least 0, or none.');
  return { ...choice, model, baseUrl: endpointAddress(choice.baseUrl.trim(), 'Address') };
}

export const openStudioAuthor: OpenStudioAuthor = async (choice, base, { seed }, onWait) => {
  switch (choice.kind) {
    case 'rules': {
      const source = new FetchByteSource('atlas', new URL('atlas/', base).href, ['world.json']);
      const json = parseJson(await source.read('world.json'), 'atlas/world.json');
      return { author: createRulesAuthor(parseWorld(json, 'atlas/world.json'), seed), usage: () => null };
    }
    case 'local': {
      const author = await createLocalAuthor(bundledPrompts(), {
        tuner: borrowModel(choice.port),
        adapter: null,
        model: { model: choice.model },
        batch: LOCAL_BATCH,
        maxNewTokens: LOCAL_REPLY_TOKENS,
      });
      return { author, usage: () => null };
    }
    case 'openai': {
      const meter = new UsageMeter(choice.prices);
      const author = await createOpenAiAuthor(bundledPrompts(), {
        ...choice,
        // Called as a method it would be refused: it belongs to the global object.
        fetch: (input, init) => fetch(input, init),
        now: Date.now,
        meter,
        onWait,
      });
      return { author, usage: () => meter.report() };
    }
  }
};
