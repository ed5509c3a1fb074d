/** @file Address, model, key and prices of an endpoint; once it is taken, what writing will cost there. */
import type { JSX, TargetedInputEvent } from 'preact';
import { useState } from 'preact/hooks';
import { OPENAI_ADDRESS } from '../../../authors/openai/address.ts';
import { formatInteger } from '../../format.ts';
import { estimate, setAuthor } from '../../state/studio.ts';
import { UsageTable } from './build_progress.tsx';

interface EndpointFormProps {
  /** Whether the worker has it. */
  readonly taken: boolean;
  readonly disabled: boolean;
}

const CONCURRENCY = 8;

export function EndpointForm({ taken, disabled }: EndpointFormProps): JSX.Element {
  const [fields, setFields] = useState({
    ...{ baseUrl: OPENAI_ADDRESS, model: '', key: '', priceIn: '', priceOut: '' },
    concurrency: String(CONCURRENCY),
  });
  const [changed, setChanged] = useState(true);
  const set = (name: keyof typeof fields) => (event: TargetedInputEvent<HTMLInputElement>) => {
    setFields({ ...fields, [name]: event.currentTarget.value });
    setChanged(true);
  };
  const take = async () => {
    const hasPrices = fields.priceIn !== '' || fields.priceOut !== '';
    const isTaken = await setAuthor({
      kind: 'openai',
      baseUrl: fields.baseUrl,
      model: fields.model,
      key: fields.key.trim() || null,
      concurrency: Math.max(1, Math.round(Number(fields.concurrency) || CONCURRENCY)),
      prices: hasPrices ? { input: Number(fields.priceIn || 0), output: Number(fields.priceOut || 0) } : null,
    });
    if (isTaken) setChanged(false);
  };
  return (
    <form
      class="endpoint"
      onSubmit={(event) => {
        event.preventDefault();
        if (!disabled) void take();
      }}
    >
      <div class="fields">
        <label class="field wide">
          <span>Address</span>
          <input type="url" value={fields.baseUrl} onInput={set('baseUrl')} spellcheck={false} required />
        </label>
        <label class="field">
          <span>Model</span>
          <input value={fields.model} onInput={set('model')} spellcheck={false} required />
        </label>
        <label class="field">
          <span>
            Key <small>stays in memory</small>
          </span>
          <input type="password" value={fields.key} onInput={set('key')} autocomplete="off" />
        </label>
        <label class="field">
          <span>
            Price in <small>per million tokens</small>
          </span>
          <input type="number" min="0" step="any" value={fields.priceIn} onInput={set('priceIn')} />
        </label>
        <label class="field">
          <span>
            Price out <small>per million tokens</small>
          </span>
          <input type="number" min="0" step="any" value={fields.priceOut} onInput={set('priceOut')} />
        </label>
        <label class="field">
          <span>Calls at once</span>
          <input type="number" min="1" step="1" value={fields.concurrency} onInput={set('concurrency')} />
        </label>
      </div>
      <p class="soft">
        Questions and answers go to this address, and to no other. The key is held by one worker of this tab
        and written nowhere; after a reload it is asked for again.
      </p>
      <div class="actions">
        <button type="submit" class="quiet" aria-disabled={disabled}>
          {taken && !changed ? 'It writes here' : 'Use this endpoint'}
        </button>
      </div>
      {taken && (estimate.value?.questions ?? 0) > 0 ? (
        <section class="estimate" aria-label="What it will cost">
          <h4>
            About{' '}
            {formatInteger(estimate.value!.total.prompt_tokens + estimate.value!.total.completion_tokens)}{' '}
            tokens for {formatInteger(estimate.value!.questions)}{' '}
            {estimate.value!.questions === 1 ? 'question' : 'questions'}
            {estimate.value!.total.cost === null ? '' : `, cost ${estimate.value!.total.cost.toFixed(2)}`}
          </h4>
          <UsageTable usage={estimate.value!} />
          <p class="soft">
            Judged by the lengths of answers and prompts alone: it may be half of what comes, or double. The
            terminal’s --estimate-sample asks of a few questions first, which comes much nearer.
          </p>
        </section>
      ) : null}
    </form>
  );
}
