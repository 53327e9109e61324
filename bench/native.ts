/**
 * A native peer: a C program that is asked by lines, as a crew of workers is asked by messages.
 *
 * The first line that it prints says where its `malloc` comes from; after that it answers each line
 * of its input with one line of figures.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { compileNative } from './artifact.ts';

export class NativePeer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(file: string) {
    this.#child = spawn(file, { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /**
   * Compiles bench/native/NAME.c with one library, or none, and starts it.
   *
   * @returns undefined where a compiler or the library is missing
   */
  static async open(name: string, library?: string): Promise<NativePeer | undefined> {
    const libraries = library === undefined ? [] : [library];
    let peer: NativePeer;
    let origin: string;
    try {
      peer = new NativePeer(compileNative(name, libraries));
      origin = await peer.#line();
    } catch {
      return undefined;
    }
    if (origin.includes(library ?? '')) return peer;
    peer.close();
    throw new Error(`${name}: malloc is that of ${origin}, not of ${library}`);
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.#child.spawnfile} ended`);
    return value;
  }

  async ask(line: string): Promise<number[]> {
    this.#child.stdin!.write(`${line}\n`);
    return (await this.#line()).trim().split(/\s+/).map(Number);
  }

  close(): void {
    this.#child.stdin!.end();
  }
}
