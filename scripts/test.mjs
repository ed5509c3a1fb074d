/**
 * @file `npm test`: runs the parts of the test suite one after the other (the GPU parts would fight for two cores),
 * then prints what each took and, alone on the last line, the sum. `--only unit,node,swiftshader,chromium,firefox,e2e` runs some;
 * further arguments go to Vitest (`npm test -- --only node tests/ops/rope.test.ts`).
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { swiftShader } from './gpu_environment.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');

/**
 * Vitest's projects in the order of running, with the longest each may take and the browsers it needs. `swiftshader`
 * repeats the comparison with the reference stack on a second adapter: the one that comes with Chromium, under Dawn.
 */
const PARTS = [
  { name: 'unit', project: 'unit', minutes: 6, needs: [] },
  { name: 'node', project: 'node', minutes: 10, needs: [] },
  {
    name: 'swiftshader',
    project: 'node',
    minutes: 10,
    needs: ['CHROME_PATH'],
    files: ['tests/parity'],
    environment: () => swiftShader(process.env.CHROME_PATH),
  },
  { name: 'chromium', project: 'chromium*', minutes: 10, needs: ['CHROME_PATH'] },
  { name: 'firefox', project: 'firefox*', minutes: 10, needs: ['FIREFOX_PATH'] },
  { name: 'e2e', project: 'e2e', minutes: 15, needs: ['CHROME_PATH'] },
];

const PROGRAMS = { CHROME_PATH: 'Chrome, Chromium or Edge', FIREFOX_PATH: 'Firefox' };

function parseArguments(args) {
  let names = PARTS.map((part) => part.name);
  const rest = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--only') names = (args[++i] ?? '').split(',');
    else rest.push(args[i]);
  }
  const unknown = names.filter((name) => !PARTS.some((part) => part.name === name));
  if (unknown.length > 0) {
    console.error(`--only takes ${PARTS.map((part) => part.name).join(', ')}, not "${unknown.join(',')}".`);
    process.exit(2);
  }
  return { parts: PARTS.filter((part) => names.includes(part.name)), rest };
}

/** Runs Vitest on one project; resolves with its exit code, or undefined when it had to be ended. */
function runVitest(part, rest, report, environment) {
  const args = [
    VITEST,
    'run',
    '--project',
    part.project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  return new Promise((resolve) => {
    // A group of its own, so that a browser or a worker that hangs ends with it.
    const ownGroup = process.platform !== 'win32';
    const child = spawn(process.execPath, [...args, ...(part.files ?? []), ...rest], {
      cwd: ROOT,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: ownGroup,
    });
    let ended = false;
    const end = () => {
      ended = true;
      try {
        process.kill(ownGroup ? -child.pid : child.pid, 'SIGKILL');
      } catch {
        // It has just ended by itself.
      }
    };
    const timer = setTimeout(end, part.minutes * 60_000);
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, end);
    child.on('exit', (code) => {
      clearTimeout(timer);
      for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, end);
      resolve(ended ? undefined : (code ?? 1));
    });
  });
}

/**
 * Counts of a JSON report. A file that could not be loaded has no tests but counts as a failure, and so does a run
 * that ended badly for a reason outside of any test (an unhandled error, a crash) or that ran no test at all.
 */
export function countResults(report, exitCode) {
  const counts = { passed: 0, failed: 0, skipped: 0, adapter: undefined, note: undefined };
  for (const file of report?.testResults ?? []) {
    for (const test of file.assertionResults) {
      if (test.status === 'passed') counts.passed++;
      else if (test.status === 'failed') counts.failed++;
      else counts.skipped++;
      counts.adapter ??= test.meta?.adapter;
    }
    if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'))
      counts.failed++;
  }
  if (exitCode === undefined) counts.note = 'took too long and was ended';
  else if (counts.passed + counts.failed === 0) counts.note = 'ran no test';
  else if (exitCode !== 0 && counts.failed === 0)
    counts.note = `ended with exit code ${exitCode}, though no test failed`;
  if (counts.note !== undefined) counts.failed++;
  return counts;
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

async function main() {
  const { parts, rest } = parseArguments(process.argv.slice(2));
  const folder = mkdtempSync(join(tmpdir(), 'tabtune-test-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const total = { passed: 0, failed: 0, skipped: 0 };
  const lines = [];
  for (const part of parts) {
    const missing = part.needs.filter((variable) => !process.env[variable]);
    const environment = missing.length > 0 ? undefined : (part.environment ?? (() => ({})))();
    let counts;
    const start = performance.now();
    if (environment === undefined) {
      const note =
        missing.length > 0
          ? `not run: there is no ${missing.map((variable) => PROGRAMS[variable]).join(' and no ')} (set ${missing.join(', ')})`
          : 'not run: this Chromium brings no SwiftShader for Vulkan';
      // A person's machine may lack a browser; where the project is checked, every part must run.
      counts = process.env.CI
        ? { passed: 0, failed: 1, skipped: 0, note }
        : { passed: 0, failed: 0, skipped: 1, note };
    } else {
      console.log(`\n== ${part.name}`);
      const file = join(folder, `${part.name}.json`);
      const exitCode = await runVitest(part, rest, file, environment);
      counts = countResults(readReport(file), exitCode);
    }
    for (const key of ['passed', 'failed', 'skipped']) total[key] += counts[key];
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    const remarks = [counts.note, counts.adapter].filter(Boolean).join('; ');
    lines.push(
      `${part.name.padEnd(11)} ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped in ${seconds} s${remarks && ` (${remarks})`}`,
    );
  }
  console.log(`\n${lines.join('\n')}\n`);
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exit(total.failed > 0 ? 1 : 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
