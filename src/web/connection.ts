/**
 * The connection to the local server: the secret, the stream of frames, single questions.
 *
 * The secret comes in the address's fragment, which is dropped from it at once; the tab keeps it,
 * so that the page can be loaded again.
 */
import { type Frame, FrameReader } from '../inspect/wire.ts';

const KEY = 'pageless-token';

/** The secret; empty if there is none. */
export function takeToken(): string {
  const given = location.hash.slice(1);
  try {
    if (given === '') return sessionStorage.getItem(KEY) ?? '';
    sessionStorage.setItem(KEY, given);
    history.replaceState(undefined, '', location.pathname);
  } catch {
    // A browser that keeps nothing for pages: then the address does.
  }
  return given;
}

export class Connection {
  readonly #headers: Record<string, string>;
  #abort: AbortController | undefined;

  constructor(token: string) {
    this.#headers = { Authorization: `Bearer ${token}` };
  }

  /**
   * Ends the stream that there is, and calls `visit` for each frame of another one until it ends.
   * Throws when it breaks, or is refused. @returns false: it was stopped
   */
  async stream(visit: (frame: Frame) => void): Promise<boolean> {
    this.stop();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      await this.#read(visit, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return !signal.aborted;
  }

  async #read(visit: (frame: Frame) => void, signal: AbortSignal): Promise<void> {
    const response = await fetch('/stream', { headers: this.#headers, signal });
    if (response.status === 401) throw new RefusedError();
    if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
    const reader = response.body.getReader();
    const frames = new FrameReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      for (const frame of frames.push(value)) visit(frame);
    }
  }

  /** Ends the stream. */
  stop(): void {
    this.#abort?.abort();
  }

  /** The answer to a question; undefined if there is none. */
  async ask(path: string): Promise<unknown> {
    try {
      const response = await fetch(path, { headers: this.#headers });
      return response.ok ? await response.json() : undefined;
    } catch {
      return undefined;
    }
  }
}

/** The secret is missing, or belongs to another run of the program. */
export class RefusedError extends Error {}
