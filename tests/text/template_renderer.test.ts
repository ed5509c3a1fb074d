/** @file A template that never ends, or fills the memory, is ended; whoever waited for it is told, and can go on. */
import { afterAll, expect, it } from 'vitest';
import { startTemplateThread } from '../../src/cli/template_host.ts';
import { InputError } from '../../src/formats/input_error.ts';
import { type StartTemplateWorker, TemplateRenderer } from '../../src/text/template_renderer.ts';

const LIMITS = { startMs: 20_000, callMs: 300, messageMs: 1 };
const LOOP =
  '{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}';
const job = (content: string) => ({ messages: [{ role: 'user', content }], answers: [] });

let started = 0;
const ended: (() => void)[] = [];
const countingStart: StartTemplateWorker = (...callbacks) => {
  started++;
  const worker = startTemplateThread(...callbacks);
  ended.push(() => worker.terminate());
  return worker;
};
afterAll(() => {
  for (const end of ended) end();
});
const renderer = (source: string, limits = LIMITS) =>
  new TemplateRenderer(countingStart, { source, tokens: {}, closingTokens: [] }, limits);
const texts = (results: Awaited<ReturnType<TemplateRenderer['render']>>) =>
  results.map((r) => (r.ok ? r.rendered.text : r.problem));

it('ends a template that loops on some messages only, and renders the next', async () => {
  const templates = renderer(
    `{% if messages[0].content == 'loop' %}${LOOP}{% endif %}{{ messages[0].content }}`,
  );
  expect(texts(await templates.render([job('a')]))).toEqual(['a']);
  const before = started;
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 10);
  const asked = performance.now();
  const looping = templates.render([job('b'), job('loop')]);
  const next = templates.render([job('c'), job('d')]);
  await expect(looping).rejects.toThrow(InputError);
  expect(performance.now() - asked).toBeLessThan(5000);
  // This thread went on all the while.
  expect(ticks).toBeGreaterThan(10);
  clearInterval(ticking);
  await expect(looping).rejects.toThrow(
    /more than 0\.302 seconds to render 2 conversations.*Use --template none/,
  );
  expect(texts(await next)).toEqual(['c', 'd']);
  expect(started).toBe(before + 1);
  templates.close();
});

it('survives a template that fills the memory', async () => {
  const doubling = `{% set ns = namespace(l=[1,2,3,4,5,6,7,8]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}`;
  const templates = renderer(doubling, { ...LIMITS, callMs: 60_000 });
  const outcome = await templates.render([job('a')]).then(texts, (error: unknown) => error);
  expect(String(outcome)).toMatch(/memory|Invalid array length/i);
  templates.close();
});

it('keeps each conversation to itself', async () => {
  const templates = renderer(
    "{% if messages[0].content == 'no' %}{{ raise_exception('not this') }}{% endif %}ok",
  );
  expect(texts(await templates.render([job('a'), job('no'), job('b')]))).toEqual(['ok', 'not this', 'ok']);
  expect(await templates.render([])).toEqual([]);
  templates.close();
});

it('tells whoever waits when it is closed, and says what cannot be read', async () => {
  const templates = renderer(LOOP, { ...LIMITS, callMs: 60_000 });
  const waiting = templates.render([job('a')]);
  setTimeout(() => templates.close(), 1000);
  await expect(waiting).rejects.toThrow('its worker was ended');
  await expect(renderer('{% if %}').render([job('a')])).rejects.toThrow(/cannot be read/);
});
