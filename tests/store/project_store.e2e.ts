/** @file A project in a real IndexedDB: what was reported saved is there after the tab was killed at any moment. */
import { describe, expect, it } from 'vitest';
import { useStorePage } from './store_page.ts';

const tab = useStorePage(`(async () => {
  const { ProjectStore } = await import('/src/store/project_store.ts');
  const { strictStore } = await import('/src/store/strict_store.ts');
  globalThis.projects = new ProjectStore(strictStore('test-project', 'records'));
})()`);

interface Loaded {
  readonly project: string;
  readonly header: unknown;
  readonly questions: readonly unknown[];
  readonly calls: readonly (readonly [string, unknown])[];
}

const load = () =>
  tab.page.evaluate<Loaded | null>(
    `projects.load().then(async (saved) =>
      saved && { ...saved, calls: [...(await projects.loadCalls(saved.project))] })`,
  );
const begin = (project: string, questions: number) =>
  tab.page.evaluate(`projects.begin(${JSON.stringify(project)}, { name: ${JSON.stringify(project)} },
    Array.from({ length: ${questions} }, (_, i) => ({ id: 'q' + i })), new Map([['k', 'call of ${project}']]))`);

describe('a project', () => {
  it('comes back in order, with what was changed since', async () => {
    expect(await load()).toBeNull();
    await begin('first', 12);
    await tab.page.evaluate("projects.putQuestion('first', 10, { id: 'changed' })");
    await tab.page.evaluate("projects.putCall('first', 'other', { ok: true })");
    await tab.page.close();
    await tab.open();
    const saved = (await load())!;
    expect(saved.header).toEqual({ name: 'first' });
    expect(saved.questions).toEqual(
      Array.from({ length: 12 }, (_, i) => ({ id: i === 10 ? 'changed' : `q${i}` })),
    );
    expect(saved.calls).toEqual([
      ['k', 'call of first'],
      ['other', { ok: true }],
    ]);
  });

  it('gives way to the next one wholly, and leaves nothing behind when it is removed', async () => {
    await begin('first', 5);
    await begin('second', 2);
    const saved = (await load())!;
    expect([saved.project, saved.questions.length, saved.calls]).toEqual([
      'second',
      2,
      [['k', 'call of second']],
    ]);
    const count = () =>
      tab.page.evaluate<number>(`new Promise((resolve) => { indexedDB.open('test-project').onsuccess = ({ target }) => {
        target.result.transaction('records').objectStore('records').count().onsuccess = (event) => {
          target.result.close(); resolve(event.target.result);
        }; }; })`);
    expect(await count()).toBe(4);
    await tab.page.evaluate('projects.remove()');
    expect(await load()).toBeNull();
    expect(await count()).toBe(0);
  });

  it('writes together what comes together, the last of each', async () => {
    await begin('first', 3);
    const transactions = await tab.page.evaluate<number>(`Promise.all(
      Array.from({ length: 300 }, (_, i) => projects.putQuestion('first', i % 3, { turn: i })),
    ).then(() => projects.transactions)`);
    expect(transactions).toBeLessThan(5);
    expect((await load())!.questions).toEqual([{ turn: 297 }, { turn: 298 }, { turn: 299 }]);
  });

  it('has lost nothing that was reported saved, whenever the tab is killed', async () => {
    await begin('first', 1);
    let saved = 0;
    for (let kill = 0; kill < 20; kill++) {
      // Told from within, as each write resolves, since a killed page answers nothing.
      await tab.page.exposeFunction('told', (n: number) => {
        saved = Math.max(saved, n);
      });
      const from = saved;
      void tab.page
        .evaluate(
          `(async () => { for (let n = ${from + 1}; ; n++) {
            await projects.putCall('first', 'call-' + n, n); told(n);
          } })()`,
        )
        .catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 20 + ((kill * 37) % 90)));
      await tab.page.close({ runBeforeUnload: false });
      await tab.open();
      const calls = new Set((await load())!.calls.map(([key]) => key));
      for (let n = 1; n <= saved; n++) expect(calls.has(`call-${n}`), `call ${n} of ${saved}`).toBe(true);
    }
    expect(saved).toBeGreaterThan(20);
  });
});
