/**
 * What goes wrong with a server of Redis' kind, in words that say what to do and hold no secret.
 */
import { TierError } from '../errors.ts';
import type { Connection } from './redis-options.ts';

const NAME = 'redis';
const NETWORK = /^E[A-Z]+$/;
/** Codes of Node's TLS: DEPTH_ZERO_SELF_SIGNED_CERT, ERR_TLS_CERT_ALTNAME_INVALID and so on. */
const CERTIFICATE = /CERT|^UNABLE_TO_VERIFY/;

const CLUSTER = 'this is a node of a Redis Cluster: the tier needs one server for all of its keys';

/** Errors of the server begin with a word in capitals. */
const REPLIES: [begin: string, reason: string][] = [
  ['NOAUTH', 'the server asks for a password: give `password`, or `username` and `password`'],
  ['WRONGPASS', 'the server refuses this user name and password'],
  [
    'NOPERM',
    'this user may not do it: the tier needs GET, MGET, EXISTS, GETRANGE, SET, DEL, CLIENT and PING on its prefix',
  ],
  ['LOADING', 'the server is still loading its data'],
  ['READONLY', 'this server is a replica and takes no writes'],
  ['CLUSTERDOWN', CLUSTER],
  ['CROSSSLOT', CLUSTER],
  ['MOVED', CLUSTER],
  ['OOM', 'the server has no room: it needs more `maxmemory`, or a policy that evicts'],
  ['WRONGTYPE', 'somebody else has a value under a key of this prefix: choose another `keyPrefix`'],
];

/** A `TierError` for whatever the client or the server has said. */
export function redisError(error: unknown, connection: Connection): TierError {
  if (error instanceof TierError) return error;
  return new TierError(NAME, redact(reasonOf(error), connection));
}

function reasonOf(error: unknown): string {
  const { code, message, name } = error as { code?: unknown; message?: unknown; name?: unknown };
  if (typeof code === 'string' && NETWORK.test(code)) {
    return `the server cannot be reached (${code})`;
  }
  if (typeof code === 'string' && CERTIFICATE.test(code)) {
    return `the server's certificate is not trusted (${code}): give \`socket: { tls: true, ca }\``;
  }
  const text = typeof message === 'string' ? message : '';
  const known = REPLIES.find(([begin]) => text.startsWith(begin));
  if (known) return known[1];
  if (text.startsWith('ERR Client sent AUTH'))
    return 'the server has no password and was given one';
  return text === '' ? String(name ?? 'failed') : text.slice(0, 200);
}

function redact(text: string, { url, username, password }: Connection): string {
  const parsed = url === undefined ? undefined : new URL(url);
  const secrets = [
    password,
    username,
    parsed && decodeURIComponent(parsed.password),
    parsed?.password,
    parsed?.username,
    parsed?.host,
    url,
  ];
  return secrets
    .filter((secret) => secret !== undefined && secret !== '')
    .reduce<string>((rest, secret) => rest.replaceAll(secret!, '…'), text);
}

/** Whether the server has no room: it still answers. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('OOM');
}
