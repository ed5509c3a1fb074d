/** @file Who writes, on the command line: the options of the authors, and an author from them. */
import type { Author } from '../authors/author.ts';
import { createLocalAuthor } from '../authors/local.ts';
import { endpointAddress, OPENAI_ADDRESS } from '../authors/openai/address.ts';
import { createOpenAiAuthor } from '../authors/openai/openai_author.ts';
import { type Prices, type Usage, UsageMeter, type UsageReport } from '../authors/openai/usage.ts';
import { createRulesAuthor } from '../authors/rules.ts';
import type { World } from '../authors/world.ts';
import { InputError } from '../formats/input_error.ts';
import type { OpenedTuner } from '../train/open_tuner.ts';
import type { OptionSpecs, Options } from './arguments.ts';
import { tellWait } from './author_progress.ts';
import { promptsFromDisk } from './prompts.ts';

/** Where a key is read from; nothing else, so that it stands in no history and no file of results. */
export const KEY_VARIABLE = 'OPENAI_API_KEY';

/** Most tokens of a reply of the loaded model. */
const LOCAL_REPLY_TOKENS = 512;

export const AUTHOR_OPTIONS: OptionSpecs = {
  author: {
    default: 'rules',
    choices: ['rules', 'openai', 'local'],
    help: 'who writes: rules is the offline author, by the templates of a closed world where it can read a row and by rules of English elsewhere, openai any endpoint that is compatible with it, local the loaded model',
  },
  llm: { help: 'with --author openai: the name of the model at the endpoint' },
  'base-url': {
    help: `with --author openai: the endpoint, such as http://127.0.0.1:8080/v1 (default ${OPENAI_ADDRESS}, with the key in ${KEY_VARIABLE})`,
  },
  'llm-concurrency': {
    help: 'calls under way at most (default 8), with --author local answered together (default 16)',
  },
  'llm-price-in': { help: 'price of a million tokens that the endpoint reads, to count what calls cost' },
  'llm-price-out': { help: 'price of a million tokens that it writes' },
};

export type AuthorChoice =
  | { readonly kind: 'rules' }
  | { readonly kind: 'local'; readonly batch: number }
  | {
      readonly kind: 'openai';
      readonly baseUrl: string;
      readonly model: string;
      readonly key: string | null;
      readonly concurrency: number;
      readonly prices: Prices | null;
    };

const ENDPOINT_OPTIONS = ['llm', 'base-url', 'llm-price-in', 'llm-price-out'];

/**
 * @param asks whether the endpoint will be asked, so that a key may be needed
 * @throws InputError for options that do not fit together, before anything is loaded or asked
 */
export function authorChoice(
  options: Options,
  asks = true,
  environment: NodeJS.ProcessEnv = process.env,
): AuthorChoice {
  const kind = options.get('author');
  if (kind !== 'openai')
    for (const name of kind === 'local' ? ENDPOINT_OPTIONS : [...ENDPOINT_OPTIONS, 'llm-concurrency'])
      if (options.maybe(name) !== undefined)
        throw new InputError(
          `--${name}`,
          `is of no use to --author ${kind}.`,
          'Leave it out, or choose --author openai.',
        );
  const atOnce = (standard: number): number =>
    options.maybe('llm-concurrency') === undefined ? standard : options.integer('llm-concurrency', 1);
  if (kind === 'local') return { kind, batch: atOnce(16) };
  if (kind !== 'openai') return { kind: 'rules' };
  const model = options.maybe('llm');
  if (model === undefined)
    throw new InputError('--llm', 'is missing.', "Give the model's name at the endpoint: --llm NAME.");
  const baseUrl = endpointAddress(options.maybe('base-url') ?? OPENAI_ADDRESS, '--base-url');
  const key = environment[KEY_VARIABLE]?.trim() || null;
  if (asks && key === null && baseUrl === OPENAI_ADDRESS)
    throw new InputError(
      KEY_VARIABLE,
      'is not set, and this endpoint needs a key.',
      `Set the environment variable ${KEY_VARIABLE}, or name another endpoint with --base-url.`,
    );
  return { kind, baseUrl, model, key, concurrency: atOnce(8), prices: prices(options) };
}

function prices(options: Options): Prices | null {
  const [input, output] = ['llm-price-in', 'llm-price-out'].map((name) => {
    if (options.maybe(name) === undefined) return undefined;
    const value = options.number(name);
    if (value < 0) throw new InputError(`--${name}`, `is ${value}.`, 'Give a price of at least 0.');
    return value;
  });
  if (input === undefined && output === undefined) return null;
  if (input === undefined || output === undefined)
    throw new InputError(
      `--llm-price-${input === undefined ? 'in' : 'out'}`,
      'is missing.',
      'Give both prices or none.',
    );
  return { input, output };
}

export interface OpenedAuthor {
  readonly author: Author;
  /** What an endpoint has counted so far; null for other authors. */
  readonly usage: () => UsageReport | null;
}

/** The author that was chosen. */
export async function openAuthor(
  choice: AuthorChoice,
  world: World,
  seed: number,
  opened: Pick<OpenedTuner, 'tuner' | 'baseModel' | 'configSha256' | 'template'>,
  progress: (line: string) => void,
): Promise<OpenedAuthor> {
  switch (choice.kind) {
    case 'rules':
      return { author: createRulesAuthor(world, seed), usage: () => null };
    case 'local': {
      const { tuner, baseModel, configSha256, template } = opened;
      const model = { model: baseModel, configSha256, template };
      const { batch } = choice;
      const options = { ...{ tuner, model, batch }, adapter: null, maxNewTokens: LOCAL_REPLY_TOKENS };
      return { author: await createLocalAuthor(promptsFromDisk(), options), usage: () => null };
    }
    case 'openai':
      return openEndpointAuthor(choice, progress);
  }
}

/** An author at an endpoint, with what it costs. */
export async function openEndpointAuthor(
  choice: Extract<AuthorChoice, { kind: 'openai' }>,
  progress: (line: string) => void,
): Promise<OpenedAuthor> {
  const meter = new UsageMeter(choice.prices);
  const author = await createOpenAiAuthor(promptsFromDisk(), {
    ...choice,
    ...{ fetch, now: Date.now, meter, onWait: tellWait(progress) },
  });
  return { author, usage: () => meter.report() };
}

/** What an endpoint counted, as lines for the terminal. */
export function usageLines(
  { operations, total, uncounted_calls }: UsageReport,
  heading = 'asked of the endpoint in this run:',
): string[] {
  return [
    heading,
    ...usageTable(operations, total),
    ...(uncounted_calls > 0 ? [`  the endpoint did not count the tokens of ${uncounted_calls} calls`] : []),
  ];
}

/** Calls, tokens and cost by operation and in all, a line each. */
export function usageTable(operations: UsageReport['operations'], total: Usage): string[] {
  return [
    ...Object.entries(operations).map(([operation, usage]) => usageLine(operation, usage)),
    usageLine('in all', total),
  ];
}

/** What something took, as one line of a table. */
export function usageLine(name: string, { calls, prompt_tokens, completion_tokens, cost }: Usage): string {
  const money = cost === null ? '' : `, cost ${cost.toFixed(4)}`;
  return `  ${name.padEnd(16)}${calls} calls, ${prompt_tokens} tokens in, ${completion_tokens} out${money}`;
}
