/**
 * The mailbox: 64 bytes of a thread's page through which a call gets and gives more than numbers.
 *
 * Names come in, descriptions go out. Whoever calls reads it before the next call. Owner thread
 * only.
 */
import { selfPage } from './env';

const MAILBOX: u32 = 4032;
export const MAILBOX_BYTES: u32 = 64;

/** Address of this thread's. */
export function mailbox(): usize {
  return selfPage() + MAILBOX;
}
