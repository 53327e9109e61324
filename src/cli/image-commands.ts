/**
 * `pageless check` and `pageless report`: what an image of an arena says.
 */
import { Arena } from '../arena.ts';
import { BadImageError, CorruptionError } from '../errors.ts';
import { describeZone } from './zone-text.ts';

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

export function reportImage(file: string, options: ImageOptions): number {
  using arena = Arena.load(file);
  const report = arena.report();
  const text = () => describeZone([{ title: '', report }]).join('\n');
  console.log(options.json ? JSON.stringify(report) : text());
  return 0;
}
