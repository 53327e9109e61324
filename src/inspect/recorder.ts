/**
 * The recorder: what the page shows, in a file, for later or for somebody else.
 *
 * A recording is the stream of frames (wire.ts) that a watcher would have got at one look a second,
 * compressed by gzip and flushed after each look: of a program that is killed all but the last
 * second is there. It holds types of pages and figures, no values and no keys.
 */

import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { constants, createGzip, type Gzip } from 'node:zlib';
import type { ZoneFeed } from './feed.ts';
import type { Head } from './figures.ts';
import { encodeJson, HEAD } from './wire.ts';

const LOOK_MS = 1000;
/** A disk that cannot keep up is waited for by leaving looks out. */
const MAX_QUEUED_BYTES = 2 ** 24;

export class Recorder {
  readonly #feeds = new Map<number, ZoneFeed>();
  readonly #gzip: Gzip = createGzip({ level: 9 });
  readonly #file: WriteStream;
  readonly #timer: NodeJS.Timeout;
  #hasFailed = false;

  private constructor(file: WriteStream, head: Head) {
    this.#file = file;
    // A full disk ends the recording, not the program.
    file.on('error', () => this.#fail());
    this.#gzip.pipe(file);
    this.#gzip.write(encodeJson(HEAD, 0, { ...head, from: 'recording', hasKeys: false }));
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Begins a new file. Rejects with the system's error. */
  static async open(path: string, head: Head): Promise<Recorder> {
    const file = createWriteStream(path, { flags: 'w', mode: 0o600 });
    await once(file, 'open');
    return new Recorder(file, head);
  }

  add(feed: ZoneFeed): void {
    this.#feeds.set(feed.index, feed);
    this.#write(feed.opening());
  }

  drop(index: number, why: string): void {
    const feed = this.#feeds.get(index);
    if (!feed) return;
    this.#feeds.delete(index);
    this.#write([feed.gone(why)]);
  }

  /** Everything is in the file when the promise resolves. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#hasFailed) return;
    this.#look();
    this.#gzip.end();
    await Promise.race([once(this.#file, 'finish'), once(this.#file, 'close')]).catch(() => {});
  }

  #look(): void {
    if (this.#gzip.writableLength + this.#file.writableLength > MAX_QUEUED_BYTES) return;
    for (const feed of this.#feeds.values()) this.#write(feed.next());
  }

  #write(frames: Uint8Array[]): void {
    if (this.#hasFailed) return;
    this.#gzip.write(Buffer.concat(frames));
    this.#gzip.flush(constants.Z_SYNC_FLUSH);
  }

  #fail(): void {
    this.#hasFailed = true;
    clearInterval(this.#timer);
  }
}
