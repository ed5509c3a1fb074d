/**
 * @file `npm run parity`: runs TabTune on the golden models and compares with torch, transformers, peft and trl, on the
 * GPU that with_gpu.mjs finds. Python is $PYTHON, or one with pinned packages under .cache that is made on first use.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WORK = join(ROOT, '.cache', 'parity');
const SCRIPT = join(ROOT, 'tools', 'reference', 'parity.py');

class Failure extends Error {}

/** Runs a program with its output on this terminal's stderr. @throws Failure where it fails */
function run(program, args, problem) {
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (error || status !== 0) throw new Failure(`${problem}${error ? ` (${error.message})` : ''}`);
}

/** A Python with the packages of tools/reference/requirements.txt. @throws Failure that says how to get one */
function findPython() {
  if (process.env.PYTHON) return process.env.PYTHON;
  const venv = join(ROOT, '.cache', 'parity-venv');
  const python = join(
    venv,
    ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
  );
  const complete = join(venv, 'complete');
  if (existsSync(complete)) return python;
  const cure =
    'Set PYTHON to a Python 3.11 or later that has the packages of tools/reference/requirements.txt.';
  rmSync(venv, { recursive: true, force: true });
  process.stderr.write('Installing torch, transformers, peft and trl under .cache/parity-venv (once)\n');
  run('python3', ['-m', 'venv', venv], `python3 makes no virtual environment. ${cure}`);
  const requirements = join(ROOT, 'tools', 'reference', 'requirements.txt');
  run(
    python,
    ['-m', 'pip', 'install', '--quiet', '--requirement', requirements],
    `pip installs not everything. ${cure}`,
  );
  writeFileSync(complete, '');
  return python;
}

/** Runs one TabTune command; resolves to what it prints. @throws Failure with its messages where it fails */
function tabtune(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'bin', 'tabtune.mjs'), ...args], { cwd: ROOT });
    let printed = '';
    let messages = '';
    child.stdout.on('data', (chunk) => {
      printed += chunk;
    });
    child.stderr.on('data', (chunk) => {
      messages += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(printed);
      else reject(new Failure(`tabtune ${args.join(' ')}\nexited with ${code}:\n${messages}`));
    });
  });
}

async function main() {
  const python = findPython();
  // Everything is read from disk; a model's name must not send anyone to a hub.
  process.env.HF_HUB_OFFLINE = '1';
  process.env.TRANSFORMERS_VERBOSITY ??= 'error';
  run(python, [SCRIPT, 'prepare', WORK], 'The commands for TabTune could not be prepared.');
  const jobs = JSON.parse(readFileSync(join(WORK, 'jobs.json'), 'utf8'));
  for (const [at, { name, args }] of jobs.entries()) {
    process.stderr.write(`${at + 1}/${jobs.length} ${name}\n`);
    const file = join(WORK, `${name}.json`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, await tabtune(args));
  }
  const { status } = spawnSync(python, [SCRIPT, 'compare', WORK], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const secondStatus = compareWithLlamaCpp(jobs);
  process.exitCode = status || secondStatus;
}

/** SmolLM2's texts against llama.cpp, where they were among the jobs. Returns the exit code. */
function compareWithLlamaCpp(jobs) {
  const texts = jobs.find(({ name }) => name === 'smollm2/native/texts');
  if (!texts) return 0;
  const model = texts.args[texts.args.indexOf('--model') + 1];
  const script = join(ROOT, 'scripts', 'llama_cpp.mjs');
  const args = [script, model, join(WORK, `${texts.name}.json`)];
  return spawnSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 2] }).status ?? 1;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
