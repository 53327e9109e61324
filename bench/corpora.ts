/**
 * What codecs are measured on: pages of files.
 *
 *   text   the project's own TypeScript and Markdown     wasm   its compiled kernels
 *
 * and, where the environment variable PAGELESS_DATA names a folder of outside data,
 *
 *   json   corpus/*.json, unpacked    mixed  all else in corpus/    pages  pages/*
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

export const PAGE = 4096;
/** Enough that a processor cannot learn it by heart, little enough for its second cache. */
const MOST_BYTES: number = 512 * PAGE;

const root: string = fileURLToPath(new URL('..', import.meta.url));

function filesIn(folder: string, pattern: RegExp): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => pattern.test(file))
    .sort()
    .map((file) => join(folder, file));
}

function read(file: string): Buffer {
  const bytes = readFileSync(file);
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

/** The whole pages of the files one behind the other. */
function pagesOf(files: string[]): Buffer {
  const bytes = Buffer.concat(files.map(read)).subarray(0, MOST_BYTES);
  return bytes.subarray(0, bytes.length - (bytes.length % PAGE));
}

/** The corpora that are there, by name. */
export function corpora(): Map<string, Buffer> {
  const own = ['kernel', 'src', 'test', 'bench', 'docs'];
  const data = process.env.PAGELESS_DATA;
  const outside = (folder: string, pattern: RegExp): string[] =>
    data === undefined ? [] : filesIn(join(data, folder), pattern);
  const files: Record<string, string[]> = {
    text: own.flatMap((folder) => filesIn(join(root, folder), /^(?!generated).*\.(ts|md)$/)),
    wasm: filesIn(join(root, 'build/kernel'), /\.wasm$/),
    json: outside('corpus', /\.json(\.gz)?$/),
    mixed: outside('corpus', /^(?!.*\.json(\.gz)?$)[^/]+$/),
    pages: outside('pages', /^[^/]+$/),
  };
  const found = Object.entries(files).map(([name, list]) => [name, pagesOf(list)] as const);
  return new Map(found.filter(([, bytes]) => bytes.length > 0));
}
