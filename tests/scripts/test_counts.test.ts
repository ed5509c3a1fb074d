/** @file The sum of a test run: nothing that went wrong may be counted as passed, or not be counted. */
import { describe, expect, it } from 'vitest';
import { countResults } from '../../scripts/test.mjs';

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((test) => ({ status: test, meta: {} })),
});

describe('counts of a run', () => {
  it('add up over files', () => {
    const report = {
      testResults: [file('passed', 'passed', 'skipped'), file('failed', 'passed', 'failed', 'todo')],
    };
    expect(countResults(report, 1)).toMatchObject({ passed: 2, failed: 1, skipped: 2, note: undefined });
  });

  it('take a file that cannot be loaded for a failure', () => {
    const report = { testResults: [file('passed', 'passed'), file('failed')] };
    expect(countResults(report, 1)).toMatchObject({ passed: 1, failed: 1, note: undefined });
  });

  it('take a failed hook for a failure', () => {
    expect(countResults({ testResults: [file('failed', 'passed', 'skipped')] }, 1)).toMatchObject({
      failed: 1,
    });
  });

  it('take a crash, an error outside of tests, a time-out and an empty run for failures', () => {
    const good = { testResults: [file('passed', 'passed')] };
    expect(countResults(good, 0)).toMatchObject({ passed: 1, failed: 0 });
    expect(countResults(good, 1)).toMatchObject({ passed: 1, failed: 1 });
    expect(countResults(good, undefined)).toMatchObject({ passed: 1, failed: 1 });
    expect(countResults(undefined, 134)).toMatchObject({ passed: 0, failed: 1 });
    expect(countResults({ testResults: [] }, 0)).toMatchObject({ passed: 0, failed: 1 });
  });

  it('carry the adapter', () => {
    const report = {
      testResults: [
        { status: 'passed', assertionResults: [{ status: 'passed', meta: { adapter: 'some GPU' } }] },
      ],
    };
    expect(countResults(report, 0).adapter).toBe('some GPU');
  });
});
