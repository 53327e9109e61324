#!/usr/bin/env node
/**
 * The command line: `pageless demo | layout | check | report | inspect | lab`.
 *
 * Results go to standard output, everything that went wrong to standard error. Status 0 when all is
 * well, 1 when something failed, 2 for misuse of the command line.
 */
import { PagelessError } from '../errors.ts';
import { packageVersion } from '../generated/version.ts';
import { helpOf, helpOfAll, parse } from './command.ts';
import { commands } from './commands.ts';
import { WorkerFailure } from './crew.ts';
import { UsageError } from './options.ts';

const about = 'Memory that JavaScript threads share.';

/** Runs a command line. @returns the exit status */
async function run([name, ...args]: string[]): Promise<number> {
  if (name === undefined) return fail(helpOfAll(commands, about));
  if (name === '-V' || name === '--version') return say(packageVersion);
  if (name === '-h' || name === '--help') return say(helpOfAll(commands, about));
  if (name === 'help') return args[0] === undefined ? run(['--help']) : run([args[0], '--help']);
  const command = commands.find((one) => one.name === name);
  if (!command) {
    const names = commands.map((one) => one.name).join(', ');
    throw new UsageError(`there is no command '${name}', only ${names}`);
  }
  const { positionals, options, wantsHelp } = parse(command, args);
  return wantsHelp ? say(helpOf(command)) : command.run(positionals, options as never);
}

function say(text: string): number {
  console.log(text);
  return 0;
}

function fail(text: string): number {
  console.error(text);
  return 2;
}

/** Says what went wrong. @returns the exit status */
function explain(error: unknown): number {
  const isExpected =
    error instanceof PagelessError ||
    error instanceof WorkerFailure ||
    error instanceof UsageError ||
    error instanceof RangeError;
  console.error(isExpected ? `pageless: ${error.message}` : error);
  return error instanceof UsageError ? 2 : 1;
}

// Who reads only the first lines of the output has seen what they wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.exitCode = explain(error);
}
