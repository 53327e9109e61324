/**
 * Files that can be shown: images of arenas, and recordings of programs.
 *
 * An image is shown as it is: it is neither attached to nor checked, so also one that contradicts
 * itself can be looked at. A recording that ends in the middle, because its program was killed, is
 * shown up to there.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { loadImage } from '../arena/image.ts';
import { checkOptions } from '../border/arguments.ts';
import { BadImageError } from '../errors.ts';
import { FRAMES_VERSION, type Head } from './figures.ts';
import { type InspectOptions, type Inspector, startInspector, threadData } from './inspector.ts';
import { FrameReader, HEAD } from './wire.ts';

/** An hour of a large, busy zone; more would not fit in a browser's tab either. */
const MAX_RECORDING_BYTES = 2 ** 30;

/** Shows an image or a recording. Throws `BadImageError`, `InvalidArgumentError`. */
export async function inspectFile(
  file: string,
  own: Pick<InspectOptions, 'port'> = {},
): Promise<Inspector> {
  const { port } = checkOptions(own, ['port']);
  const options = { title: basename(file), ...(port === undefined ? {} : { port }) };
  if (isGzip(file)) {
    const frames = readRecording(file);
    return startInspector({ ...threadData(options, 'recording'), frames });
  }
  const { memory } = loadImage(file);
  const inspector = await startInspector(threadData(options, 'image'));
  inspector.addMemory(memory, basename(file));
  return inspector;
}

function isGzip(file: string): boolean {
  const start = Buffer.alloc(2);
  try {
    const fd = openSync(file, 'r');
    try {
      readSync(fd, start, 0, 2, 0);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new BadImageError(file, `it cannot be read: ${(error as Error).message}`);
  }
  return start[0] === 0x1f && start[1] === 0x8b;
}

/** The frames of a recording, as far as they are whole. Throws `BadImageError`. */
export function readRecording(file: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    const limits = { maxOutputLength: MAX_RECORDING_BYTES, finishFlush: constants.Z_SYNC_FLUSH };
    bytes = gunzipSync(readFileSync(file), limits);
  } catch (error) {
    throw new BadImageError(file, `as a recording it cannot be read: ${(error as Error).message}`);
  }
  try {
    const [first] = new FrameReader().push(bytes);
    if (first?.kind !== HEAD) throw new BadImageError(file, 'nor is it a recording');
    const { version } = JSON.parse(Buffer.from(first.body).toString()) as Head;
    if (version === FRAMES_VERSION) return bytes;
    const known = `and this one reads ${FRAMES_VERSION}`;
    throw new BadImageError(file, `as a recording its version is ${version}, ${known}`);
  } catch (error) {
    if (error instanceof BadImageError) throw error;
    throw new BadImageError(file, `as a recording it is damaged: ${(error as Error).message}`);
  }
}
