#!/usr/bin/env node
/**
 * The command line: `pageless demo | layout | check | report | lab`.
 *
 * Results go to standard output, everything that went wrong to standard error. Status 0 when all is
 * well, 1 when something failed, 2 for misuse of the command line.
 */
import { readFileSync } from 'node:fs';
import { Argument, Command, CommanderError, Option } from 'commander';
import { PagelessError } from '../errors.ts';
import { WorkerFailure } from './crew.ts';
import { demo } from './demo.ts';
import type { DemoOptions } from './demo-report.ts';
import { checkImage, type ImageOptions, reportImage, reports } from './image-commands.ts';
import { lab } from './lab.ts';
import { layout } from './layout.ts';
import { sizeOption, UsageError, workersOption, zoneSizeOption } from './options.ts';

const DEFAULT_SIZE = 256 * 2 ** 20;

/** The command line; every command ends by setting the exit status. */
function commandLine(): Command {
  const program = new Command('pageless')
    .description('Memory that JavaScript threads share')
    .version(ownVersion())
    .configureHelp({ showGlobalOptions: false });
  addDemo(program);
  program
    .command('layout')
    .description("print the kernel's structures and the memory picture of a zone")
    .addOption(sizeOfZone('--size <size>', 'of the zone, 4MiB to 4GiB'))
    .option('--json', 'print one JSON object')
    .action((options: { size: number; json?: boolean }) => finish(layout(options)));
  program
    .command('check')
    .description('check every invariant in an arena image: ok, or the contradiction and status 1')
    .addArgument(imageArgument())
    .option('--json', 'print one JSON object')
    .action((file: string, options: ImageOptions) => finish(checkImage(file, options)));
  program
    .command('report')
    .description('print figures of an arena image')
    .argument(
      '<name and file...>',
      `${Object.keys(reports).join(', ')} (zone if left out), and a file that demo --save or ` +
        'arena.save() wrote',
    )
    .option('--json', 'print one JSON object')
    .action((names: string[], options: ImageOptions) => finish(reportImage(names, options)));
  program
    .command('lab')
    .description('measure three ways to describe pages: a word, two words, a record of 64 bytes')
    .option('--json', 'print one JSON object')
    .action(async (options: { json?: boolean }) => finish(await lab(options)));
  return program;
}

function addDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'load files into one cache from several threads, read every value back in a thread that ' +
        'did not write it, delete half, and read the rest back again',
    )
    .argument(
      '[path...]',
      'files, and folders with all files below them; without: the TypeScript, JavaScript, ' +
        'Markdown and JSON files below the current folder, except .git, dist and build',
    )
    .option('--workers <n>', 'worker threads, 1 to 64', workersOption, 2)
    .addOption(sizeOfZone('--max-size <size>', 'of the cache, 4MiB to 4GiB'))
    .option('--max-entry-size <size>', 'of a value; default: an eighth of --max-size', sizeOption)
    .addOption(
      new Option('--compression <kind>', 'of values').choices(['lz4', 'none']).default('lz4'),
    )
    .option('--save <file>', 'write an image of the arena at the end, for check and report')
    .option('--json', 'print only the report, as one JSON object')
    .action(async (paths: string[], options: DemoOptions) => finish(await demo(paths, options)));
}

function sizeOfZone(flags: string, description: string): Option {
  return new Option(flags, description).argParser(zoneSizeOption).default(DEFAULT_SIZE, '256MiB');
}

function imageArgument(): Argument {
  return new Argument('<file>', 'written by demo --save or arena.save()');
}

function ownVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function finish(status: number): void {
  process.exitCode = status;
}

/** Says what went wrong. @returns the exit status */
function explain(error: unknown): number {
  // Commander has printed its message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const isExpected =
    error instanceof PagelessError ||
    error instanceof WorkerFailure ||
    error instanceof UsageError ||
    error instanceof RangeError;
  console.error(isExpected ? `pageless: ${error.message}` : error);
  return error instanceof UsageError ? 2 : 1;
}

/** Makes commander throw where it would exit, in every command. */
function throwInsteadOfExit(command: Command): Command {
  command.exitOverride();
  for (const inner of command.commands) throwInsteadOfExit(inner);
  return command;
}

// Who reads only the first lines of the output has seen what they wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

try {
  await throwInsteadOfExit(commandLine()).parseAsync();
} catch (error) {
  finish(explain(error));
}
