/**
 * A zone, as JavaScript calls it: format, attach, detach, the dead, check, stop and start.
 *
 * Each export brackets its call by `enter` and `leave`, which keep the slot's inKernel cell: it
 * tells whether the thread is inside, and `leave` ends the read section. A poisoned
 * zone traps at `enter`.
 */
import { selfSlot, setCanPark } from '../base/env';
import { FAULT_TRAP, faultCode, poison } from '../base/fault';
import { MAX_SLOT, Slot } from '../base/layout';
import { compactOwner } from '../compact/state';
import {
  deaths as countDeaths,
  deathOwner as ownerOfDeath,
  deathWhat as whatOfDeath,
} from '../thread/deaths';
import { answer } from '../thread/forsaken';
import { abandonSlot, markDead as markDeadOwner } from '../thread/membership';
import { OP_ATTACH, OP_CHECK, OP_COMPACT, OP_DETACH, OP_RECOVER } from '../thread/operations';
import { asksWord } from '../thread/park';
import {
  areAllHeld,
  heldOwner,
  noteHeld,
  operationOf,
  liveOwner as ownerOfSlot,
} from '../thread/slot';
import {
  enterKernel as enter,
  hasStopped,
  leaveKernel as leave,
  startWorld,
  stopWorld,
  takeRefusal,
} from '../thread/stop';
import { succeed, supervisor, supervisorTerm as term } from '../thread/supervision';
import { checkZone } from '../zone/check';
import { leaveCompaction } from '../zone/recover-compaction';
import { adoptImage as adopt, recoverDead as recoverAll } from '../zone/recovery';
import { lend as lendView, recycleZone } from '../zone/recycle';
import { repairSelf as repairUnwound } from '../zone/unwound';
import { attachThread, detachThread, formatZone, settleThread } from '../zone/zone';

export { checkDetail } from '../zone/check';

/** Formats a zone in zeroed memory. @returns 0 or ERR_… */
export function format(idLo: u32, idHi: u32, seedLo: u32, seedHi: u32): i32 {
  return formatZone(idLo, idHi, seedLo, seedHi);
}

/** Attaches this thread, known outside as `owner` ≥ 1. @returns its slot or ERR_…: see zone.ts */
export function attach(owner: u32, mayPark: bool): i32 {
  setCanPark(mayPark);
  const slot = attachThread(owner);
  if (slot < 0) return slot;
  enter(OP_ATTACH);
  const failure = settleThread();
  if (failure != 0) return failure;
  leave();
  return slot;
}

/**
 * Makes another zone of memory that no thread uses any more. @returns 0, or, and nothing has
 * changed, ERR_BUSY, ERR_PINNED, ERR_NOT_A_ZONE: see zone/recycle.ts
 */
export function recycle(idLo: u32, idHi: u32, seedLo: u32, seedHi: u32): i32 {
  return recycleZone(idLo, idHi, seedLo, seedHi);
}

/** To be called before a view of the memory is given to somebody who may keep it. */
export function lend(): void {
  lendView();
}

/**
 * Gives back the slot and all it owns, but in a poisoned zone the slot alone; then only `attach`.
 */
export function detach(): void {
  if (faultCode() != 0) {
    if (selfSlot() != 0) abandonSlot();
    return;
  }
  enter(OP_DETACH);
  detachThread();
}

/**
 * The thread's answer to a trap that no check of the kernel's foresaw: the zone is damaged. Of a
 * zone that it is not attached to, it changes nothing.
 */
export function callFailed(): void {
  if (selfSlot() != 0) poison(FAULT_TRAP, selfSlot(), operationOf(selfSlot()));
}

/**
 * Repairs what is left of a call of this thread that was cut short.
 *
 * @param isTurnOver  nothing of this thread is under way, so neither is a loop of calls: compaction
 * @returns 0, or ERR_BUSY: see zone/unwound.ts
 */
export function repairSelf(isTurnOver: bool): i32 {
  const failure = repairUnwound();
  if (failure != 0 || !isTurnOver || selfSlot() == 0 || compactOwner() != selfSlot())
    return failure;
  enter(OP_COMPACT);
  leaveCompaction();
  leave();
  return 0;
}

/** Address of the word that is raised by who has waited long: see thread/park.ts. */
export function asksAt(): u32 {
  return u32(asksWord());
}

/**
 * Why the last call has trapped, of a zone that is sound. REFUSED: one before it was cut short, or
 * there is no slot. GAVE_UP: it has waited for long, and may not park. 0: it has not
 */
export function wasRefused(): u32 {
  return takeRefusal();
}

/** Whether this thread has a slot. */
export function isAttached(): bool {
  return selfSlot() != 0;
}

/** Records the proven death of a thread. Needs no slot. @returns slots marked */
export function markDead(owner: u32): u32 {
  return markDeadOwner(owner);
}

/** Gives back what dead threads owned. @returns how many, or ERR_BUSY: to be tried again */
export function recoverDead(): i32 {
  const recovered = recoverAll(OP_RECOVER);
  if (recovered >= 0) leave();
  return recovered;
}

/** Owner number of the live thread that has a slot; 0: nobody has, or there is no such slot. */
export function liveOwner(slot: Slot): u32 {
  return slot <= MAX_SLOT ? ownerOfSlot(slot) : 0;
}

/** Owner number of the thread that notices deaths in this zone, or 0. Needs no slot. */
export function supervisorOwner(): u32 {
  return supervisor();
}

/** How many threads have died and were recovered here, the supervisor left out. */
export function deaths(): u32 {
  return countDeaths();
}

/** Who died then: thread/deaths.ts. 0: it is not known any more. */
export function deathOwner(death: u32): u32 {
  return ownerOfDeath(death);
}

/** What it was in, and how many pages were given back. Likewise. */
export function deathWhat(death: u32): u32 {
  return whatOfDeath(death);
}

/** Says that this thread holds the lock that proves its death when it comes free. */
export function holdsLife(): void {
  if (selfSlot() != 0) noteHeld();
}

/** Owner number of the live thread that has a slot and has said so; 0: there is none. */
export function provableOwner(slot: Slot): u32 {
  return slot <= MAX_SLOT ? heldOwner(slot) : 0;
}

/** Whether every death is noticed: by a supervisor, or by a lock that each thread holds. */
export function isSupervised(): bool {
  return supervisor() != 0 || areAllHeld();
}

/** How often a supervisor was named, the first included. */
export function supervisorTerm(): u32 {
  return term();
}

/** Says to who waits long that somebody supervises. Needs no slot. */
export function answerAsks(): void {
  answer();
}

/** Names a supervisor in the place of `gone`. Needs no slot. @returns who is it now */
export function succeedSupervisor(gone: u32, owner: u32): u32 {
  return succeed(gone, owner);
}

/** @returns 0, or a FAULT_… code; `checkDetail` says where */
export function check(): u32 {
  enter(OP_CHECK);
  const fault = checkZone();
  leave();
  return fault;
}

/** Stops the world until `start`, so that the memory can be copied as an image. */
export function stop(): void {
  enter(OP_CHECK);
  stopWorld();
}

/**
 * @returns false if the world has not stood still until now: a call meanwhile found `stop` cut
 * short
 */
export function start(): bool {
  if (!hasStopped()) return false;
  startWorld();
  leave();
  return true;
}

/** Makes the memory of a loaded image usable, before `attach`. */
export function adoptImage(): void {
  adopt();
}
