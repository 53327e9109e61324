/**
 * `pageless check` and `pageless report`: what an image of an arena says.
 */
import { Arena } from '../arena/arena.ts';
import { BadImageError, CorruptionError } from '../errors.ts';
import { UsageError } from './options.ts';
import {
  describeBuddies,
  describeClasses,
  describePageTypes,
  describeSlabs,
  describeZone,
} from './report-text.ts';

export interface ImageOptions {
  json?: boolean;
}

/** Prints `ok`, or the first contradiction. @returns the exit status */
export function checkImage(file: string, options: ImageOptions): number {
  const contradiction = contradictionIn(file);
  if (options.json) {
    const { message, fault, detail } = contradiction ?? {};
    const found = contradiction ? { contradiction: message, fault, detail } : {};
    console.log(JSON.stringify({ file, ok: !contradiction, ...found }));
  } else if (contradiction) console.error(`pageless: ${file}: ${contradiction.message}`);
  else console.log('ok');
  return contradiction ? 1 : 0;
}

/** What is wrong inside the image. Throws `BadImageError` when it cannot even be read. */
function contradictionIn(file: string): Partial<CorruptionError> | undefined {
  try {
    using arena = Arena.load(file);
    arena.check();
    return undefined;
  } catch (error) {
    if (error instanceof BadImageError) throw error;
    // A zone can be so broken that the kernel traps before it can say why.
    if (error instanceof CorruptionError || error instanceof WebAssembly.RuntimeError) return error;
    throw error;
  }
}

/** What a report says: as an object, and as lines. */
type Report = (arena: Arena) => [figures: object, lines: () => string[]];

/** Reports by name, as `pageless report NAME FILE` knows them. */
export const reports: Record<string, Report> = {
  zone: (arena) => {
    const report = arena.report();
    return [report, () => describeZone([{ title: '', report }])];
  },
  buddyinfo: (arena) => {
    const info = arena.buddyInfo();
    return [info, () => describeBuddies(info)];
  },
  pagetypeinfo: (arena) => {
    const info = arena.pageTypeInfo();
    return [info, () => describePageTypes(info)];
  },
  slabinfo: (arena) => {
    const info = arena.slabInfo();
    return [info, () => describeSlabs(info)];
  },
  zsmalloc: (arena) => {
    const classes = arena.reportZsmalloc();
    return [classes, () => describeClasses(classes)];
  },
};

/** Prints a report. The name may be left out; then it is the whole zone's. */
export function reportImage(names: string[], options: ImageOptions): number {
  const [file, name = 'zone'] = names.toReversed();
  const report = Object.hasOwn(reports, name) ? reports[name] : undefined;
  if (!report || !file || names.length > 2) {
    throw new UsageError(`report takes a name (${Object.keys(reports).join(', ')}) and a file`);
  }
  using arena = Arena.load(file);
  const [figures, lines] = report(arena);
  console.log(options.json ? JSON.stringify(figures) : lines().join('\n'));
  return 0;
}
