/** A redis-server of a test's own: on a Unix socket, in a folder that goes with it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { freePort } from './free-port.ts';

/** The version that is installed; undefined: none is. */
function redisVersion(): string | undefined {
  try {
    const text = execFileSync('redis-server', ['--version'], { encoding: 'utf8' });
    return /v=(\S+)/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

/** Why tests that need a server are left out; false: they are not. */
export const leftOut: string | false =
  redisVersion() === undefined && 'left out: redis-server is not installed';

export class RedisServer {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'pageless-redis-'));
  readonly #flags: readonly string[];
  #child: ChildProcess | undefined;
  readonly #clients: ReturnType<typeof createClient>[] = [];

  constructor(flags: readonly string[] = []) {
    this.#flags = flags;
  }

  static async start(flags: readonly string[] = []): Promise<RedisServer> {
    const server = new RedisServer(flags);
    await server.start();
    return server;
  }

  get path(): string {
    return join(this.folder, 'redis.sock');
  }

  async start(): Promise<void> {
    rmSync(this.path, { force: true });
    const flags = ['--port', '0', '--unixsocket', this.path, '--save', '', '--appendonly', 'no'];
    // A node of a cluster listens at a port besides: the same one, of all of this machine.
    const isNode = this.#flags.includes('--cluster-enabled');
    const bus = isNode ? ['--cluster-port', `${await freePort()}`] : [];
    this.#child = spawn('redis-server', [...flags, ...bus, ...this.#flags], {
      cwd: this.folder,
      stdio: 'ignore',
    });
    while (!(await this.#answers())) await sleep(5);
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = dial(this.path, () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Ends it at once, without a word to its clients. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** A client that is not ours; it ends with the server at the latest. */
  async client() {
    const client = createClient({ socket: { path: this.path, tls: false } });
    client.on('error', () => undefined);
    await client.connect();
    this.#clients.push(client as never);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) if (client.isOpen) client.destroy();
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
