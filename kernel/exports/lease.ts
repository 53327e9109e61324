/**
 * Leases, as JavaScript calls them: who computes a key's value, and who waits
 * (cache/lease-table.ts); and whose turn it is (cache/turn.ts).
 */
import { selfSlot } from '../base/env';
import * as store from '../cache/cache';
import * as condition from '../cache/condition';
import * as leases from '../cache/lease';
import * as table from '../cache/lease-table';
import * as turns from '../cache/turn';
import { OP_READ, OP_WRITE } from '../thread/operations';
import { admit, enterKernel as enter, enterReading, leaveKernel as leave } from '../thread/stop';

/** @returns a lease's number, with LEASE_TAKEN if another thread has it; or ERR_FULL, ERR_BUSY */
export function beginLease(keyBytes: u32, now: f64, deadline: f64, standsStill: bool): i32 {
  enter(OP_WRITE);
  const lease = leases.beginLease(keyBytes, now, deadline, standsStill);
  leave();
  return lease;
}

/** The grant that goes with the number that `beginLease` has returned. */
export function lastGrant(): u32 {
  return leases.lastGrant();
}

/** Address of the word that changes whenever a lease does. */
export function leaseWordAt(lease: u32): u32 {
  return u32(table.stateAt(lease));
}

/** How a grant stands: LEASE_…. */
export function leaseKind(lease: u32, grant: u32): u32 {
  return leases.leaseKind(lease, grant);
}

/**
 * Begins a value that was computed under a lease: `appendSet`, then `commitLease` or `failLease`.
 */
export function beginComputed(
  lease: u32,
  grant: u32,
  keyBytes: u32,
  valueBytes: u32,
  expiry: f64,
): void {
  enter(OP_WRITE);
  store.beginComputed(lease, grant, keyBytes, valueBytes, u64(expiry));
  leave();
}

/** Stores it. @returns 0, or ERR_UNMET: the lease was overtaken, or a tag of it was deleted */
export function commitLease(lease: u32, grant: u32): i32 {
  enter(OP_WRITE);
  const failure = leases.commitLease(lease, grant);
  leave();
  return failure;
}

/** Counts a computation without a lease. @returns the version that IF_QUIET asks for */
export function beginAlone(keyBytes: u32): u32 {
  enter(OP_WRITE);
  const version = condition.beginAlone(keyBytes);
  leave();
  return version;
}

/** The key's entry at that time, 0 = none. */
export function aloneEntry(): u32 {
  return condition.aloneEntry();
}

/** Of the next set on IF_QUIET: that entry. */
export function allowEntry(entry: u32): void {
  condition.allowEntry(entry);
}

/** Whether what was begun alone would not be stored: a guess, as things are now. */
export function isVain(keyBytes: u32, version: u32, entry: u32): bool {
  enter(OP_WRITE);
  condition.require(condition.IF_QUIET, version);
  condition.allowEntry(entry);
  const isSo = store.isVain(keyBytes);
  leave();
  return isSo;
}

/** This thread does not stand still any more, and is still one of those who wait. */
export function goOn(): void {
  admit();
  leases.goOn();
}

/** Address of the word that says whose turn it is. */
export function turnAt(): u32 {
  return u32(turns.turnAt());
}

export function takeTurn(keyBytes: u32): bool {
  enter(OP_WRITE);
  const isTaken = turns.takeTurn(keyBytes);
  leave();
  return isTaken;
}

export function isOthersTurn(seen: u32): bool {
  return turns.isOthersTurn(seen);
}

export function isOthersTurnOf(keyBytes: u32, seen: u32): bool {
  return turns.isOthersTurnOf(keyBytes, seen);
}

export function giveTurn(): void {
  enter(OP_WRITE);
  turns.giveTurn(selfSlot());
  leave();
}

export function endTurn(seen: u32): void {
  enter(OP_WRITE);
  turns.endTurn(seen);
  leave();
}

/** Tells those who wait the error that stands in the draft. */
export function failLease(lease: u32, grant: u32): void {
  enter(OP_WRITE);
  leases.failLease(lease, grant);
  leave();
}

/** Gives a lease back, with nothing: `isUnkept`, and nothing will be there. */
export function endLease(lease: u32, grant: u32, isUnkept: bool): void {
  enter(OP_WRITE);
  leases.endLease(lease, grant, isUnkept);
  leave();
}

/** Waits for a lease no more. */
export function leaveLease(lease: u32, grant: u32): void {
  enter(OP_WRITE);
  leases.leaveLease(lease, grant);
  leave();
}

/**
 * Reads what a lease has left for who waits; `getMore` goes on. @returns its length, or
 * ERR_NOT_FOUND
 */
export function readLease(lease: u32, grant: u32, keyBytes: u32): i32 {
  enterReading(OP_READ);
  const bytes = leases.readLease(lease, grant, keyBytes);
  leave();
  return bytes;
}

/**
 * The tag clock when that was begun: who came after a later deletion may know better. Infinity: it
 * has neither tags nor a space.
 */
export function leaseBorn(): f64 {
  const born = leases.leaseBorn();
  return born == u64.MAX_VALUE ? Infinity : f64(born);
}

/** Whether another thread waits for what this one computes. */
export function isAwaited(lease: u32): bool {
  return table.hasWaiters(lease);
}

/**
 * The next lease, from that number on, that is this thread's, whatever the library knows:
 * `lastGrant` goes with it. @returns with LEASE_TAKEN if it waits for it; or ERR_NOT_FOUND
 */
export function nextLease(from: u32): i32 {
  enter(OP_WRITE);
  const lease = leases.nextLease(from);
  leave();
  return lease;
}

/** Leases that somebody waits for. */
export function awaitedLeases(): u32 {
  return leases.awaitedLeases();
}

/** One more of LOADS_…. */
export function countLoad(which: u32): void {
  admit();
  table.countLoad(which);
}

export function loads(which: u32): f64 {
  return f64(table.loads(which));
}
