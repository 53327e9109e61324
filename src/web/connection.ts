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
  if (given !== '') {
    sessionStorage.setItem(KEY, given);
    history.replaceState(undefined, '', location.pathname);
  }
  return sessionStorage.getItem(KEY) ?? '';
}

export class Connection {
  readonly #headers: Record<string, string>;
  #abort: AbortController | undefined;

  constructor(token: string) {
    this.#headers = { Authorization: `Bearer ${token}` };
  }

  /** Calls `visit` for each frame until the stream ends. Throws when it breaks, or is refused. */
  async stream(visit: (frame: Frame) => void): Promise<void> {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const response = await fetch('/stream', { headers: this.#headers, signal });
    if (response.status === 401) throw new RefusedError();
    if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
    const reader = response.body.getReader();
    const frames = new FrameReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
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
