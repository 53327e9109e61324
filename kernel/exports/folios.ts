/**
 * The face of descriptors: pin and lock whatever a page has, and make, use and free folios.
 *
 * A descriptor crosses the border as a number, its address >> 5. For what a thread has pinned that
 * is enough. A folio's *name*, which outlives pins and passes between threads, is that number and
 * its generation: generation << 27 | number, below 2^53. It is looked at before it is believed:
 * whatever comes in, no memory is touched that is not a folio's descriptor.
 */
import { selfSlot } from '../base/env';
import { ERR_ARGUMENT, ERR_BUSY, ERR_FULL, ERR_NOT_FOUND, ERR_NOT_YOURS } from '../base/fault';
import { Desc, Order, Pfn, superblock } from '../base/layout';
import { mailbox } from '../base/mailbox';
import { loadWord, storeWord } from '../base/words';
import {
  allocFolio as folioAlloc,
  folioBytes,
  folioOf,
  freeUnpinned,
  generationIn,
  isFolioType,
  nameWith,
  numberIn,
  OWNER_WORDS,
} from '../folio/folio';
import { shrinkFolio, splitFolio } from '../folio/split';
import { lockDesc, lockOwner, tryLockDesc, unlockDesc } from '../memdesc/desc-lock';
import {
  DISOWN_TWICE,
  disown,
  flagsAt,
  GET_BUSY,
  GET_DONE,
  headerOf,
  orderOf,
  typeOf,
} from '../memdesc/header';
import {
  awaitUnfreeze,
  PIN_BUSY,
  PIN_FULL,
  PIN_GONE,
  PIN_HELD,
  PIN_STATUS,
  pin,
  pinDescriptor,
} from '../memdesc/pin';
import { hasPinned, hasRoom, setSubject, settlePins } from '../memdesc/pin-ledger';
import { outputScratch } from '../memdesc/thread-pages';
import { isRegistered, registerUserType, userTypeName } from '../memdesc/user-type';
import { isFolioObject } from '../slab/kmem-cache';
import { assertInSection } from '../thread/context';
import { OP_FOLIO, OP_LOCK, OP_PUT } from '../thread/operations';
import { renewSection } from '../thread/rcu';
import { admit, enterKernel as enter, enterReading, leaveKernel as leave } from '../thread/stop';
import { dropPin, releaseDesc } from '../zone/release';

/** Address of 64 bytes of this thread's through which names and descriptions pass. */
export function window(): u32 {
  return u32(mailbox());
}

/** Registers the type whose name, filled up with zeroes, is in the mailbox. @returns it or ERR_… */
export function registerType(descriptorBytes: u32, isMovable: bool): i32 {
  enter(OP_FOLIO);
  const type = registerUserType(window(), descriptorBytes, isMovable);
  leave();
  return type;
}

function nameOf(number: u32): f64 {
  return f64(nameWith(folioOf(number << 5).generation, number));
}

/** Address of the name of a registered type, or 0. */
export function typeNameAt(type: u32): u32 {
  return isRegistered(type) ? u32(userTypeName(type)) : 0;
}

/** @returns the name of a folio that the caller owns; or ERR_ARGUMENT, ERR_NO_MEMORY */
export function allocFolio(order: Order, type: u32): f64 {
  enterReading(OP_FOLIO);
  const folio = folioAlloc(order, type);
  const name = folio < 0 ? f64(folio) : nameOf(folio);
  leave();
  return name;
}

/** Takes the owner's reference away. @returns 0, or ERR_NOT_FOUND (freed before), ERR_BUSY, … */
export function freeFolio(name: f64): i32 {
  enterReading(OP_FOLIO);
  const desc = numberIn(u64(name)) << 5;
  const generation = generationIn(u64(name));
  const mayBe = f64(nameWith(generation, desc >> 5)) == name && isFolioObject(desc);
  let failure = mayBe ? freeUnpinned(desc, generation) : ERR_NOT_FOUND;
  if (failure == ERR_BUSY) failure = disownFolio(name);
  leave();
  return failure;
}

/** For what others have pinned, or somebody has frozen. */
function disownFolio(name: f64): i32 {
  const held = holdFolio(name);
  if (held < 0) return held;
  const isOwned = disown(held << 5) != DISOWN_TWICE;
  dropPin(held << 5);
  return isOwned ? 0 : ERR_NOT_FOUND;
}

/** Pins whatever descriptor the page has. @returns it, or ERR_NOT_FOUND, ERR_BUSY, ERR_FULL */
export function pinPage(pfn: Pfn): i32 {
  if (pfn >= superblock().pageCount) return ERR_NOT_FOUND;
  enterReading(OP_FOLIO);
  const desc = pinPatiently(pfn);
  leave();
  settlePins();
  return desc;
}

/** Every round waits for somebody's freeze, or follows a page that changed hands. */
function pinPatiently(pfn: Pfn): i32 {
  let look: u32 = 0;
  while (true) {
    const answer = pin(pfn);
    if (answer == PIN_FULL) return ERR_FULL;
    const desc = answer & ~PIN_STATUS;
    switch (answer & PIN_STATUS) {
      case PIN_HELD:
        return i32(desc >> 5);
      case PIN_GONE:
        return ERR_NOT_FOUND;
      case PIN_BUSY:
        if (!awaitUnfreeze(desc, look++)) return ERR_BUSY;
        break;
      default:
        releaseDesc(desc);
        renewSection();
    }
  }
}

/** Pins a folio by its name. @returns its number, or ERR_NOT_FOUND, ERR_BUSY, ERR_FULL */
export function pinFolio(name: f64): i32 {
  enterReading(OP_FOLIO);
  const held = holdFolio(name);
  leave();
  settlePins();
  return held;
}

/** In a section. After each wait the name is looked at again from the start. */
function holdFolio(name: f64): i32 {
  assertInSection();
  const desc = numberIn(u64(name)) << 5;
  let look: u32 = 0;
  while (isFolioObject(desc)) {
    const got = pinDescriptor(desc);
    if (got == GET_DONE) {
      if (nameOf(desc >> 5) == name) return i32(desc >> 5);
      dropPin(desc);
    }
    if (got != GET_BUSY) return ERR_NOT_FOUND;
    if (!hasRoom()) return ERR_FULL;
    if (!awaitUnfreeze(desc, look++)) return ERR_BUSY;
  }
  return ERR_NOT_FOUND;
}

/** Drops a pin of this thread. @returns 0, or ERR_NOT_YOURS */
export function putPage(desc: Desc): i32 {
  if (!hasPinned(desc << 5)) return ERR_NOT_YOURS;
  setSubject(desc << 5);
  enterReading(OP_PUT);
  dropPin(desc << 5);
  leave();
  settlePins();
  return 0;
}

/**
 * Locks what this thread has pinned. @returns LOCK_TAKEN, LOCK_ORPHANED, ERR_BUSY, ERR_NOT_YOURS
 */
export function lockPage(desc: Desc): i32 {
  if (!hasPinned(desc << 5)) return ERR_NOT_YOURS;
  if (isLockMine(desc)) return ERR_NOT_YOURS;
  setSubject(desc << 5);
  enter(OP_LOCK);
  const taken = lockDesc(desc << 5);
  leave();
  return taken;
}

export function tryLockPage(desc: Desc): i32 {
  if (!hasPinned(desc << 5)) return ERR_NOT_YOURS;
  if (isLockMine(desc)) return ERR_BUSY;
  setSubject(desc << 5);
  enter(OP_LOCK);
  const taken = tryLockDesc(desc << 5);
  leave();
  return taken;
}

/** @returns 0, or ERR_NOT_YOURS */
export function unlockPage(desc: Desc): i32 {
  if (!hasPinned(desc << 5) || !isLockMine(desc)) return ERR_NOT_YOURS;
  enter(OP_FOLIO);
  unlockDesc(desc << 5);
  leave();
  return 0;
}

function isLockMine(desc: Desc): bool {
  return lockOwner(loadWord(flagsAt(desc << 5))) == selfSlot();
}

function mayUse(desc: Desc): bool {
  return hasPinned(desc << 5) && isFolioType(typeOf(desc << 5));
}

/**
 * Splits a folio that this thread has pinned and locked. The names of the new ones are then in the
 * thread's output scratch, if it has one.
 *
 * @returns 0 or ERR_…
 */
export function splitPage(desc: Desc, order: Order): i32 {
  if (!mayUse(desc) || !isLockMine(desc)) return ERR_NOT_YOURS;
  enter(OP_FOLIO);
  const failure = splitFolio(desc << 5, order, outputScratch());
  leave();
  return failure;
}

/** Shrinks a folio that this thread has pinned and locked. @returns 0 or ERR_… */
export function shrinkPage(desc: Desc, order: Order): i32 {
  if (!mayUse(desc) || !isLockMine(desc)) return ERR_NOT_YOURS;
  enter(OP_FOLIO);
  const failure = shrinkFolio(desc << 5, order);
  leave();
  return failure;
}

/** First page of a descriptor that this thread has pinned. */
export function firstPage(desc: Desc): i32 {
  return hasPinned(desc << 5) ? i32(headerOf(desc << 5).pfn) : ERR_NOT_YOURS;
}

export function orderOfPinned(desc: Desc): i32 {
  return hasPinned(desc << 5) ? i32(orderOf(desc << 5)) : ERR_NOT_YOURS;
}

/** The name of a folio that this thread has pinned, or ERR_NOT_YOURS. */
export function folioName(desc: Desc): f64 {
  return mayUse(desc) ? nameOf(desc) : f64(ERR_NOT_YOURS);
}

/** Number of owner words of a folio that this thread has pinned. */
export function ownerWords(desc: Desc): i32 {
  if (!mayUse(desc)) return ERR_NOT_YOURS;
  return i32((folioBytes(typeOf(desc << 5)) - OWNER_WORDS) >> 2);
}

/** An owner word, as a number from 0 to 2^32 − 1, or ERR_…. */
export function ownerWord(desc: Desc, index: u32): f64 {
  const failure = checkOwnerWord(desc, index);
  return failure != 0 ? f64(failure) : f64(loadWord((desc << 5) + OWNER_WORDS + index * 4));
}

export function setOwnerWord(desc: Desc, index: u32, value: u32): i32 {
  admit();
  const failure = checkOwnerWord(desc, index);
  if (failure == 0) storeWord((desc << 5) + OWNER_WORDS + index * 4, value);
  return failure;
}

function checkOwnerWord(desc: Desc, index: u32): i32 {
  const words = ownerWords(desc);
  if (words < 0) return words;
  return index < u32(words) ? 0 : ERR_ARGUMENT;
}
