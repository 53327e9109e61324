/**
 * Stands for arena/image.ts in bundles for browsers, where there are no files: package.json's
 * `browser` says so to bundlers.
 */
import { BadImageError } from '../errors.ts';

export function saveImage(file: string): never {
  throw new BadImageError(file, 'browsers have no files');
}

export function loadImage(file: string): never {
  throw new BadImageError(file, 'browsers have no files');
}
