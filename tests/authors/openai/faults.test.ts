/**
 * @file Endpoints as they are: whatever mix of faults they have, the project is that of a healthy one, or names what it
 * lacks and why.
 */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keyedRandom } from '../../../src/authors/keyed_random.ts';
import { UsageMeter } from '../../../src/authors/openai/usage.ts';
import { InputError } from '../../../src/formats/input_error.ts';
import type { Project } from '../../../src/knowtuning/project.ts';
import { FAULTS, type Fault, type FixtureOptions, FixtureServer } from './fixture_server.ts';
import { authorOf, prepare, riverRows } from './support.ts';

const rows = riverRows(12);
const servers: FixtureServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(options: FixtureOptions = {}): Promise<FixtureServer> {
  const server = await FixtureServer.start(options);
  servers.push(server);
  return server;
}

let healthy: Project;
beforeAll(async () => {
  const server = await FixtureServer.start();
  healthy = await prepare(await authorOf(server), rows);
  await server.close();
});

describe('a healthy endpoint', () => {
  it('gives every question all that it can have', () => {
    expect(healthy.questions.flatMap(({ problems }) => problems)).toEqual([]);
    for (const { atoms, pairs, fineGrained } of healthy.questions) {
      expect(pairs).toHaveLength(atoms.length > 1 ? 3 : 1);
      expect(fineGrained).not.toBeNull();
    }
  });

  it('is asked as many calls at once as it may be, and no more', async () => {
    const server = await serve({ delayMs: 20 });
    await prepare(await authorOf(server, { concurrency: 3 }), rows);
    expect(server.most).toBe(3);
  });

  it('gets the key, and no header that describes the machine', async () => {
    const server = await serve({ key: 'sk-secret' });
    await (await authorOf(server, { key: 'sk-secret' })).answer(rows[0]!);
    expect(server.asked[0]!.authorization).toBe('Bearer sk-secret');
    expect(server.asked[0]!.headers.filter((name) => /stainless|openai/.test(name))).toEqual([]);
  });

  it('gets no key where there is none', async () => {
    const server = await serve();
    await (await authorOf(server)).answer(rows[0]!);
    expect(server.asked[0]!.authorization).toBeUndefined();
  });

  it('judges two answers', async () => {
    const author = await authorOf(await serve());
    const verdict = await author.judge(rows[0]!, 'Long and full.', 'Short.', 'completeness');
    expect(verdict).toMatchObject({ ok: true, value: 'first', problems: [] });
  });
});

/** A fault for every fifth request, but not twice for the same prompt. */
function everyFifth(fault: Fault): NonNullable<FixtureOptions['faults']> {
  const seen = new Set<string>();
  return (n, prompt) => {
    const key = JSON.stringify([prompt.operation, prompt.values]);
    if (n % 5 !== 4 || seen.has(key)) return null;
    seen.add(key);
    return fault;
  };
}

describe('an endpoint with faults that pass', () => {
  it.each(['busy', 'error', 'dropped', 'half', 'truncated', 'cut-off', 'empty', 'slow'] as const)(
    'makes the same project though every fifth request is %s',
    async (fault) => {
      const server = await serve({ faults: everyFifth(fault), slowMs: 2000 });
      const author = await authorOf(server, { maxRetries: 5, timeoutMs: 400, concurrency: 16 });
      expect(await prepare(author, rows)).toEqual(healthy);
      expect(server.asked.some((asked) => asked.fault === fault)).toBe(true);
    },
  );

  it('is asked for another reply where one cannot be read: greedily it would say the same', async () => {
    const server = await serve({ faults: (n) => (n === 0 ? 'cut-off' : null) });
    expect(await (await authorOf(server)).extract(rows[0]!)).toMatchObject({ ok: true });
    expect(server.asked.map(({ temperature }) => temperature)).toEqual([0, 0.7]);
  });

  it.each([1, 2, 3])('and with any mix of faults, or says what it lacks (seed %i)', async (seed) => {
    const random = keyedRandom('faults', seed);
    const server = await serve({
      faults: (n) => (n > 0 && random.below(4) === 0 ? random.pick(FAULTS) : null),
      slowMs: 600,
    });
    const kept: Project['authorCalls'] = {};
    const options = { timeoutMs: 300, concurrency: 16 };
    const project = await prepare(await authorOf(server, options), rows, { kept });
    let named = 0;
    for (const [i, question] of project.questions.entries()) {
      const { problems, ...made } = question;
      const { problems: _, ...expected } = healthy.questions[i]!;
      if (problems.length === 0) expect(made).toEqual(expected);
      named += problems.length;
      for (const { reason } of problems) expect(reason).toMatch(/endpoint|reply|model refuses/);
    }
    expect(named).toBeGreaterThan(0);

    // What passed is made good by running it again; what was refused for good still says so.
    const again = await prepare(await authorOf(await serve()), rows, { kept });
    const refused = again.questions.filter(({ problems }) => problems.length > 0);
    for (const { problems } of refused)
      for (const { reason } of problems) expect(reason).toContain('model refuses');
    const whole = again.questions.filter(({ problems }) => problems.length === 0);
    expect(whole).toEqual(healthy.questions.filter(({ id }) => whole.some((question) => question.id === id)));
    expect(whole.length).toBeGreaterThan(0);
  });
});

describe('what a call took', () => {
  it('is told with its result, of all its tries, and nothing where tokens are not counted', async () => {
    const server = await serve({ faults: (n) => (n < 3 ? 'cut-off' : null) });
    const meter = new UsageMeter(null);
    const author = await authorOf(server, { meter });
    const [failed, second] = [await author.extract(rows[0]!), await author.extract(rows[1]!)];
    expect([failed.ok, failed.took?.calls, second.ok, second.took?.calls]).toEqual([false, 2, true, 2]);
    const { total } = meter.report();
    expect(failed.took!.prompt + second.took!.prompt).toBe(total.prompt_tokens);
    expect(failed.took!.completion + second.took!.completion).toBe(total.completion_tokens);
    const uncounted = await authorOf(await serve({ countTokens: null }));
    expect((await uncounted.extract(rows[0]!)).took).toBeUndefined();
  });
});

describe('an endpoint that cannot be worked with', () => {
  const ends = async (options: FixtureOptions, key: string | null = null): Promise<InputError> => {
    const author = await authorOf(await serve(options), { key, maxRetries: 0 });
    const error: unknown = await prepare(author, rows).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    return error as InputError;
  };

  it('ends the run where it refuses the key, without repeating it', async () => {
    const error = await ends({ key: 'sk-right' }, 'sk-wrong');
    expect(error.message).toContain('401');
    expect(error.message).toContain('OPENAI_API_KEY');
    expect(error.message).not.toContain('sk-wrong');
    expect(error.message).toContain('[key]');
  });

  it('ends the run where it fails again and again', async () => {
    expect((await ends({ faults: () => 'error' })).message).toContain('500');
    expect((await ends({ faults: () => 'busy' })).message).toContain('too often');
  });

  it('ends the run where there is no server', async () => {
    const server = await FixtureServer.start();
    const author = await authorOf(server, { maxRetries: 0 });
    await server.close();
    await expect(prepare(author, rows)).rejects.toThrow(
      /connection to the endpoint failed.*Check that the server/,
    );
  });
});

describe('an endpoint of fewer abilities', () => {
  it.each([
    ['no schemas', { formats: ['json_object', 'text'] }, 'json_object'],
    ['no JSON at all', { formats: ['text'] }, 'text'],
    ['no temperature', { takesTemperature: false }, 'json_schema'],
  ] as const)('is asked more simply where it takes %s, and soon at once', async (_, options, format) => {
    const server = await serve(options);
    expect(await prepare(await authorOf(server, { concurrency: 2 }), rows)).toEqual(healthy);
    expect(server.asked.slice(8).every((asked) => asked.format === format)).toBe(true);
  });
});

describe('an endpoint that limits its calls', () => {
  it('is asked more slowly before the limit is reached', async () => {
    const server = await serve({ limit: { requests: 30, windowMs: 1500 } });
    const refused = countRefused(server);
    expect(await prepare(await authorOf(server, { concurrency: 4 }), rows)).toEqual(healthy);
    expect(server.asked.length).toBeGreaterThan(60);
    expect(refused()).toBe(0);
  });

  it('is left alone for as long as it says, by all', async () => {
    const server = await serve({ faults: (n) => (n === 5 ? 'busy' : null), retryAfter: 3 });
    const waits: number[] = [];
    const onWait = (milliseconds: number) => void waits.push(milliseconds);
    expect(await prepare(await authorOf(server, { concurrency: 4, onWait }), rows)).toEqual(healthy);
    const { at } = server.asked[5]!;
    const meanwhile = server.asked.filter((asked) => asked.at > at + 100 && asked.at < at + 2900);
    expect(meanwhile).toEqual([]);
    expect(waits).toEqual([3000]);
  });

  function countRefused(server: FixtureServer): () => number {
    // A refused request is asked again: the same prompt twice.
    return () => {
      const prompts = server.asked.map(({ operation, values }) => JSON.stringify([operation, values]));
      return prompts.length - new Set(prompts).size;
    };
  }
});

describe('a run that is stopped', () => {
  it('ends at once, even in the middle of waiting', async () => {
    const server = await serve({ faults: (n) => (n > 20 ? 'busy' : null), retryAfter: 30 });
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stopped')), 300);
    const started = performance.now();
    await expect(prepare(await authorOf(server), rows, { signal: stop.signal })).rejects.toThrow('stopped');
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('the tokens', () => {
  it('are counted by operation as the endpoint counts them, and priced as the user says', async () => {
    const server = await serve({ faults: (n) => (n % 7 === 6 ? 'truncated' : null) });
    const meter = new UsageMeter({ input: 2, output: 10 });
    await prepare(await authorOf(server, { meter }), rows);
    const { operations, total, uncounted_calls } = meter.report();
    for (const [operation, { prompt, completion }] of server.tokens) {
      expect(operations[operation]).toMatchObject({ prompt_tokens: prompt, completion_tokens: completion });
    }
    expect(total.calls).toBe(server.asked.length);
    expect(total.cost).toBeCloseTo((2 * total.prompt_tokens + 10 * total.completion_tokens) / 1e6, 12);
    expect(total.prompt_tokens).toBeGreaterThan(10_000);
    expect(uncounted_calls).toBe(0);
    expect(new UsageMeter(null).report().total.cost).toBeNull();
  });
});
