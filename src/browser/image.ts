/**
 * Stands for arena/image.ts in bundles for browsers, where there are no files: package.json's
 * `browser` says so to bundlers.
 */
import { UnsupportedError } from '../errors.ts';

export function saveImage(): never {
  throw new UnsupportedError('browsers have no files');
}

export function loadImage(): never {
  throw new UnsupportedError('browsers have no files');
}
