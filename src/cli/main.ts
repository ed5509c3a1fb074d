/** @file The terminal's entry: finds the command, prints its result, and turns bad input into exit code 2. */
import { InputError } from '../formats/input_error.ts';
import { COMMON, parseOptions } from './arguments.ts';
import type { Command } from './command.ts';
import { auditCommand } from './commands/audit.ts';
import { bench } from './commands/bench.ts';
import { buildCommand } from './commands/build.ts';
import { doctor } from './commands/doctor.ts';
import { exportCommand } from './commands/export.ts';
import { generate } from './commands/generate.ts';
import { knowtuneCommand } from './commands/knowtune.ts';
import { logprobs } from './commands/logprobs.ts';
import { plan } from './commands/plan.ts';
import { train } from './commands/train.ts';

const COMMANDS: Readonly<Record<string, Command>> = {
  bench,
  doctor,
  logprobs,
  train,
  generate,
  build: buildCommand,
  audit: auditCommand,
  knowtune: knowtuneCommand,
  export: exportCommand,
  plan,
};

function usage(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((n) => n.length));
  return `tabtune <command> [options]\n\n${Object.entries(COMMANDS)
    .map(([name, c]) => `  ${name.padEnd(width)}  ${c.summary}`)
    .join('\n')}\n\ntabtune <command> --help shows its options.`;
}

function commandUsage(name: string, command: Command): string {
  const lines = Object.entries({ ...command.options, ...COMMON }).map(
    ([option, s]) =>
      `  --${option}${s.flag ? '' : ` ${(s.choices ?? ['…']).join('|')}`}  ${s.help}${s.default ? ` (default ${s.default})` : s.required ? ' (required)' : ''}`,
  );
  return `tabtune ${name}: ${command.summary}\n\n${lines.join('\n')}`;
}

/** Runs one command line (without node and script). Returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const [name, ...rest] = args;
    if (name === undefined || name === '--help' || name === 'help') {
      console.log(usage());
      return name === undefined ? 2 : 0;
    }
    const command = COMMANDS[name];
    if (!command)
      throw new InputError(
        `command "${name}"`,
        'does not exist.',
        `There are ${Object.keys(COMMANDS).join(', ')}.`,
      );
    const isSubject = command.subject !== undefined && rest[0] !== undefined && !rest[0].startsWith('-');
    const options = parseOptions(isSubject ? [`--${command.subject}`, ...rest] : rest, command.options);
    if (options.flag('help')) {
      console.log(commandUsage(name, command));
      return 0;
    }
    const result = await command.run(options, (line) => process.stderr.write(`${line}\n`));
    const text = options.flag('json') ? JSON.stringify(result) : command.text(result as never);
    await new Promise<void>((done) => process.stdout.write(`${text}\n`, () => done()));
    return 0;
  } catch (error) {
    if (error instanceof InputError) {
      process.stderr.write(`${error.message}\n`);
      return 2;
    }
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  }
}

// Dawn keeps threads of its own: the process ends when the command has.
process.exit(await main(process.argv.slice(2)));
