/**
 * Looks at zones as long as somebody watches, and sends everybody the same frames.
 *
 * A watcher who cannot keep up is left out until it has read what was sent; then it gets the whole
 * picture anew. So nothing piles up, however slow it is.
 */
import type { ServerResponse } from 'node:http';
import type { ZoneFeed } from './feed.ts';
import type { Head } from './figures.ts';
import { encodeJson, HEAD } from './wire.ts';

const LOOK_MS = 100;
/** What may wait for a watcher: some pictures of the largest zone. */
const MAX_QUEUED_BYTES = 2 ** 23;

interface Watcher {
  /** Whether it needs the whole picture. */
  hasMissed: boolean;
}

export class Broadcast {
  readonly #head: Head;
  readonly #feeds = new Map<number, ZoneFeed>();
  readonly #watchers = new Map<ServerResponse, Watcher>();
  #timer: NodeJS.Timeout | undefined;

  constructor(head: Head) {
    this.#head = head;
  }

  add(feed: ZoneFeed): void {
    this.#feeds.set(feed.index, feed);
    this.#send(feed.opening());
  }

  /** Forgets a zone, so that its memory can go. */
  drop(index: number, why: string): void {
    const feed = this.#feeds.get(index);
    if (!feed) return;
    this.#feeds.delete(index);
    this.#send([feed.gone(why)]);
  }

  feed(index: number): ZoneFeed | undefined {
    return this.#feeds.get(index);
  }

  watch(response: ServerResponse): void {
    const watcher = { hasMissed: true };
    this.#watchers.set(response, watcher);
    response.once('close', () => this.#leave(response));
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
    this.#look();
  }

  close(): void {
    for (const response of this.#watchers.keys()) response.end();
    clearInterval(this.#timer);
  }

  #openings(): Uint8Array[] {
    return [
      encodeJson(HEAD, 0, this.#head),
      ...[...this.#feeds.values()].flatMap((feed) => feed.opening()),
    ];
  }

  #leave(response: ServerResponse): void {
    this.#watchers.delete(response);
    if (this.#watchers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    for (const feed of this.#feeds.values()) this.#send(feed.next());
    if (this.#feeds.size === 0) this.#send([]);
  }

  #send(frames: Uint8Array[]): void {
    for (const [response, watcher] of this.#watchers) this.#sendTo(response, watcher, frames);
  }

  #sendTo(response: ServerResponse, watcher: Watcher, frames: Uint8Array[]): void {
    if (response.writableLength > (watcher.hasMissed ? 0 : MAX_QUEUED_BYTES)) {
      watcher.hasMissed = true;
      return;
    }
    response.write(Buffer.concat(watcher.hasMissed ? this.#openings() : frames));
    watcher.hasMissed = false;
  }
}
