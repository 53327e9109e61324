/**
 * The commands, as data: `pageless demo | layout | check | report | inspect | lab`.
 */
import type { CommandSpec, OptionSpec } from './command.ts';
import { demo } from './demo.ts';
import type { DemoOptions } from './demo-report.ts';
import { checkImage, type ImageOptions, reportImage, reports } from './image-commands.ts';
import { type InspectCommandOptions, inspectCommand, portOption } from './inspect.ts';
import { type LabOptions, lab } from './lab.ts';
import { layout } from './layout.ts';
import { choiceOption, sizeOption, workersOption, zoneSizeOption } from './options.ts';

const json: OptionSpec = { help: 'print one JSON object' };

function zoneSize(help: string): OptionSpec {
  const byDefault = { value: 256 * 2 ** 20, text: '256MiB' };
  return { hint: '<size>', help, read: zoneSizeOption, byDefault };
}

const demoCommand: CommandSpec = {
  name: 'demo',
  help:
    'load files into one cache from several threads, read every value back in a thread that did ' +
    'not write it, delete half, and read the rest back again',
  takes: {
    hint: '[path...]',
    help:
      'files, and folders with all files below them; without: the TypeScript, JavaScript, ' +
      'Markdown and JSON files below the current folder, except .git, dist and build',
    least: 0,
    most: Number.POSITIVE_INFINITY,
  },
  options: {
    workers: {
      hint: '<n>',
      help: 'worker threads, 1 to 64',
      read: workersOption,
      byDefault: { value: 2 },
    },
    'max-size': zoneSize('of the cache, 4MiB to 4GiB'),
    'max-entry-size': {
      hint: '<size>',
      help: 'of a value; default: an eighth of --max-size',
      read: sizeOption,
    },
    compression: {
      hint: '<kind>',
      help: 'of values: lz4 or none',
      read: choiceOption(['lz4', 'none']),
      byDefault: { value: 'lz4' },
    },
    save: {
      hint: '<file>',
      help: 'write an image of the arena at the end, for check and report',
    },
    json: { help: 'print only the report, as one JSON object' },
  },
  run: (paths, options: DemoOptions) => demo(paths, options),
};

/** In the order in which help shows them. */
export const commands: readonly CommandSpec[] = [
  demoCommand,
  {
    name: 'layout',
    help: "print the kernel's structures and the memory picture of a zone",
    options: { size: zoneSize('of the zone, 4MiB to 4GiB'), json },
    run: (_, options: { size: number; json?: boolean }) => layout(options),
  },
  {
    name: 'check',
    help: 'check every invariant in an arena image: ok, or the contradiction and status 1',
    takes: { hint: '<file>', help: 'written by demo --save or arena.save()', least: 1, most: 1 },
    options: { json },
    run: ([file], options: ImageOptions) => checkImage(file!, options),
  },
  {
    name: 'report',
    help: 'print figures of an arena image',
    takes: {
      hint: '[name] <file>',
      help:
        `${Object.keys(reports).join(', ')} (zone if left out), and a file that demo --save or ` +
        'arena.save() wrote',
      least: 1,
      most: 2,
    },
    options: { json },
    run: (names, options: ImageOptions) => reportImage(names, options),
  },
  {
    name: 'inspect',
    help: 'show an arena image, or a recording, as a page in the browser',
    takes: {
      hint: '<file>',
      help: 'written by demo --save, arena.save(), or inspect(…, { record })',
      least: 1,
      most: 1,
    },
    options: {
      port: {
        hint: '<n>',
        help: 'of 127.0.0.1; 0: any that is free',
        read: portOption,
        byDefault: { value: 0 },
      },
      json: { help: 'print the address as one JSON object' },
    },
    run: ([file], options: InspectCommandOptions) => inspectCommand(file!, options),
  },
  {
    name: 'lab',
    help:
      'measure three ways to describe pages: a word, two words, a record of 64 bytes; and other ' +
      'ways to move pages and to allocate descriptors',
    options: {
      migration: { help: 'only the ways to move a page' },
      all: { help: 'everything; takes some minutes at most' },
      json,
    },
    run: (_, options: LabOptions) => lab(options),
  },
];
