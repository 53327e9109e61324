/** Options of `redisTier`, checked; what is shown of them in errors holds no secret. */
import { checkInteger, checkObject, checkOptions } from '../border/arguments.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { TierPolicy } from './interface.ts';
import { POLICY_OPTIONS, readPolicy } from './policy.ts';

export interface RedisTierOptions extends TierPolicy {
  /**
   * Before every key: the name of the program, and of the format of its values. Letters, digits and
   * `_ . / : -`. All who use the same one share their values.
   */
  keyPrefix: string;
  /**
   * `redis://[user[:password]@]host[:port][/database]`, or `rediss://` for TLS. What it says is not
   * said beside it.
   */
  url?: string | undefined;
  /** `{ path }` of a Unix socket, or `{ host, port, tls, … }`, as node-redis takes it. */
  socket?: object | undefined;
  username?: string | undefined;
  password?: string | undefined;
  database?: number | undefined;
  /**
   * Milliseconds that the server keeps what never expires here, and what an earlier epoch has left:
   * default seven days.
   */
  maxAgeMs?: number | undefined;
}

/** What the client is made with. */
export interface Connection {
  readonly url?: string | undefined;
  readonly socket: object;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly database?: number | undefined;
}

export interface ReadRedisOptions {
  readonly keyPrefix: string;
  readonly maxAgeMs: number;
  readonly connection: Connection;
  readonly policy: TierPolicy;
}

const OPTIONS = ['keyPrefix', 'url', 'socket', 'username', 'password', 'database', 'maxAgeMs'];
const PREFIX = /^[\w./:-]{1,100}$/;
const WEEK_MS: number = 7 * 24 * 3600 * 1000;

/** Throws `InvalidArgumentError`. */
export function readRedisOptions(options: RedisTierOptions): ReadRedisOptions {
  const { keyPrefix, url, socket, username, password, database, maxAgeMs, ...policy } =
    checkOptions(options, [...OPTIONS, ...POLICY_OPTIONS]);
  readPolicy(policy);
  const expected = '1 to 100 letters, digits and _ . / : -';
  if (typeof keyPrefix !== 'string' || !PREFIX.test(keyPrefix)) {
    throw new InvalidArgumentError('keyPrefix', expected, keyPrefix);
  }
  checkUrl(url);
  for (const [name, text] of Object.entries({ username, password })) {
    // Not shown: it may be the secret, in a wrapping.
    if (text === undefined || typeof text === 'string') continue;
    throw new InvalidArgumentError(name, 'a text, or left out', 'something else');
  }
  if (socket !== undefined) checkObject('socket', socket, '{ path } or { host, port }');
  if (database !== undefined) checkInteger('database', database, 0, 2 ** 31 - 1);
  if (url !== undefined) checkBeside(url, { ...socket, username, password, database });
  return {
    keyPrefix,
    maxAgeMs: checkInteger('maxAgeMs', maxAgeMs ?? WEEK_MS, 1, Number.MAX_SAFE_INTEGER),
    connection: { url, socket: { ...socket }, username, password, database },
    policy,
  };
}

function checkUrl(url: unknown): void {
  if (url === undefined) return;
  const expected = 'a URL like redis://user:password@host:6379, or rediss:// for TLS';
  const isUrl = typeof url === 'string' && /^rediss?:\/\/./.test(url) && URL.canParse(url);
  if (isUrl) return;
  // What was seen may hold a password.
  throw new InvalidArgumentError('url', expected, typeof url === 'string' ? 'another text' : url);
}

/** Throws if an option says what the URL says as well: one of the two would be ignored. */
function checkBeside(url: string, options: Record<string, unknown>): void {
  const { protocol, username, password, pathname } = new URL(url);
  const database = pathname.length > 1;
  const said = { host: true, port: true, path: true, username, password, database };
  for (const [name, isSaid] of Object.entries(said)) {
    if (!isSaid || options[name] === undefined) continue;
    throw new InvalidArgumentError(name, 'left out beside a url that says it', 'something');
  }
  const { tls } = options;
  if (tls === undefined || tls === (protocol === 'rediss:')) return;
  throw new InvalidArgumentError('socket.tls', 'as the url says by rediss or redis', tls);
}
