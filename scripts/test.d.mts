export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
  adapter: string | undefined;
  note: string | undefined;
}
/** @param report a JSON report of Vitest, or undefined when none was written */
export function countResults(report: unknown, exitCode: number | undefined): TestCounts;
