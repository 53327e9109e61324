/**
 * The index: from a key's hash to the entry's handle. Linear hashing over chains of nodes.
 *
 * Buckets are words, 1,024 to a page; a directory of directories finds the page. The table grows by
 * one bucket at a time: bucket n is split off from bucket n − 2^L, so growth never stops anybody
 * for longer than one short chain, and needs at most two pages at once.
 *
 * node (32 bytes): next · hash · handle · hits, isMain · link · spare · expiry (64 bits)
 *   next     atomic; writers hold the store lock. A node taken out keeps its `next`, so a reader
 *            that stands on it walks on
 *   handle   atomic; overwritten by swap: who got the old handle out retires it. 0 = deleted
 *   expiry   atomic, ms since 1970, 0 = never. Written *after* the handle, read *before* it: a new
 *            expiry seen means that the new handle is seen
 *   hits     bytes that readers raise plainly, up to 3: how often the entry was read lately
 *   isMain   store lock: in which queue of eviction its record is
 *   link     links the node in limbo
 * shape word: buckets << 1 | SPLITTING. While a chain is being split a reader may miss a key that
 *   is there; so a reader that finds nothing looks again if the shape was odd or has changed.
 *
 * Readers: a section, no lock. Writers: the store lock. Nodes, handles and what they name are
 * reused only after a grace period.
 */
import { ERR_NO_MEMORY } from '../base/fault';
import { PAGE_BYTES, PAGE_SHIFT, STORE_STATE } from '../base/layout';
import {
  loadCell,
  loadWord,
  peekByte,
  peekWord,
  pokeByte,
  storeCell,
  storeWord,
  swapWord,
} from '../base/words';
import { CLASS_UNMOVABLE } from '../frames/class';
import { allocPages, freePages } from '../memdesc/pages';
import { MISC_INDEX } from '../memdesc/type';
import { CACHE_NODE, isObject } from '../slab/kmem-cache';
import { lock, unlock } from '../thread/lock';
import { beginChange } from '../thread/slot';
import { zsIsHandle } from '../zsmalloc/alloc';
import { zsIsLive, zsPlace } from '../zsmalloc/object';
import { hasKey } from './entry';

const SPLITTING: u32 = 1;
/** Hits that are counted: more would keep what was popular once. */
const MAX_HITS: u32 = 3;
/** Words in a page: buckets in a segment, segments in a directory, directories in the top page. */
const FAN_OUT: u32 = 1024;
const FAN_BITS: u32 = 10;

@unmanaged
export class StoreState {
  lock: u32;
  shape: u32;
  top: u32;
  /** Entries. Lock: store; read by anybody. */
  entries: u32;
  /** The bucket at which clearing and sweeping go on. Lock: store. */
  hand: u32;
  padding: u32;
  /** Σ valueBytes and Σ keyBytes of the entries. */
  valueBytes: u64;
  keyBytes: u64;
}

@unmanaged
export class Node {
  next: u32;
  hash: u32;
  handle: u32;
  hits: u8;
  isMain: u8;
  unused: u16;
  link: u32;
  spare: u32;
  expiry: u64;
}

export const STORE_LOCK: usize = STORE_STATE;
export const NODE_BYTES: u32 = 32;

export function storeState(): StoreState {
  return changetype<StoreState>(STORE_STATE);
}

export function nodeOf(node: u32): Node {
  return changetype<Node>(node);
}

function shapeAt(): usize {
  return STORE_STATE + offsetof<StoreState>('shape');
}

function entriesAt(): usize {
  return STORE_STATE + offsetof<StoreState>('entries');
}

/** Entries in the index: a momentary figure without the store lock. */
export function entryCount(): u32 {
  return loadWord(entriesAt());
}

function nextAt(node: u32): usize {
  return node + offsetof<Node>('next');
}

export function handleAt(node: u32): usize {
  return node + offsetof<Node>('handle');
}

function expiryAt(node: u32): usize {
  return node + offsetof<Node>('expiry');
}

export function nodeHandle(node: u32): u32 {
  return loadWord(handleAt(node));
}

export function nodeExpiry(node: u32): u64 {
  return loadCell(expiryAt(node));
}

/** @returns 0, or ERR_NO_MEMORY */
export function formatIndex(): i32 {
  const top = newPage();
  if (top == 0) return ERR_NO_MEMORY;
  storeState().top = top;
  if (!ensureSegment(0)) {
    storeState().top = 0;
    freePages(top >> PAGE_SHIFT, 0, MISC_INDEX);
    return ERR_NO_MEMORY;
  }
  storeWord(shapeAt(), 1 << 1);
  return 0;
}

function newPage(): u32 {
  const pfn = allocPages(0, MISC_INDEX, CLASS_UNMOVABLE);
  if (pfn < 0) return 0;
  memory.fill(u32(pfn) << PAGE_SHIFT, 0, PAGE_BYTES);
  return u32(pfn) << PAGE_SHIFT;
}

/** Takes the page that holds `bucket`, and its directory, if they are not there yet. */
function ensureSegment(bucket: u32): bool {
  const entry = storeState().top + (bucket >> (2 * FAN_BITS)) * 4;
  if (peekWord(entry) == 0) storeWord(entry, newPage());
  if (peekWord(entry) == 0) return false;
  const segment = peekWord(entry) + ((bucket >> FAN_BITS) & (FAN_OUT - 1)) * 4;
  if (peekWord(segment) == 0) storeWord(segment, newPage());
  return peekWord(segment) != 0;
}

/** Address of a bucket's word. */
export function bucketAt(bucket: u32): usize {
  const directory = loadWord(storeState().top + (bucket >> (2 * FAN_BITS)) * 4);
  const segment = loadWord(directory + ((bucket >> FAN_BITS) & (FAN_OUT - 1)) * 4);
  return segment + (bucket & (FAN_OUT - 1)) * 4;
}

export function bucketCount(): u32 {
  return loadWord(shapeAt()) >> 1;
}

function bucketFor(hash: u32, buckets: u32): u32 {
  const mask = u32.MAX_VALUE >> clz(buckets);
  const bucket = hash & mask;
  return bucket < buckets ? bucket : bucket & (mask >> 1);
}

/** First node in a bucket, or after a node; 0 at the end. */
export function firstNode(bucket: u32): u32 {
  return loadWord(bucketAt(bucket));
}

export function nextNode(node: u32): u32 {
  return loadWord(nextAt(node));
}

/**
 * Looks a key up, in a section or with the store lock held.
 *
 * @returns the node, or 0
 * Cost: two directory loads, the chain (about one node), the key's comparison. No atomic but loads.
 */
export function findNode(hash: u32, key: usize, keyBytes: u32): u32 {
  while (true) {
    const shape = loadWord(shapeAt());
    let node = firstNode(bucketFor(hash, shape >> 1));
    while (node != 0 && !isNodeOf(node, hash, key, keyBytes)) node = nextNode(node);
    if (node != 0) return node;
    if ((shape & SPLITTING) == 0 && loadWord(shapeAt()) == shape) return 0;
    awaitSplit();
  }
}

/** Only readers come here: waits for whoever splits, then they begin again from the root. */
function awaitSplit(): void {
  beginChange();
  lock(STORE_STATE);
  unlock(STORE_STATE);
}

/** The shape of an index that is not being split at the moment; it may be the next. */
export function settledShape(): u32 {
  let shape = loadWord(shapeAt());
  while ((shape & SPLITTING) != 0) {
    awaitSplit();
    shape = loadWord(shapeAt());
  }
  return shape;
}

/** Whether the index still has the shape: then no node has changed its bucket since. */
export function hasShape(shape: u32): bool {
  return loadWord(shapeAt()) == shape;
}

/** An entry with this hash whose record is in this queue, or 0. Store lock held. */
export function findHash(hash: u32, isMain: bool): u32 {
  let node = firstNode(bucketFor(hash, bucketCount()));
  while (node != 0 && (nodeOf(node).hash != hash || (nodeOf(node).isMain != 0) != isMain)) {
    node = nextNode(node);
  }
  return node;
}

/** Counts a hit, up to 3. In the section in which the node was found. */
export function touch(node: u32): void {
  const hits = peekByte(node + offsetof<Node>('hits'));
  if (hits < MAX_HITS) pokeByte(node + offsetof<Node>('hits'), hits + 1);
}

function isNodeOf(node: u32, hash: u32, key: usize, keyBytes: u32): bool {
  if (nodeOf(node).hash != hash) return false;
  const handle = nodeHandle(node);
  return handle != 0 && hasKey(zsPlace(handle), key, keyBytes);
}

/** Fills a node that nobody sees yet. */
export function initNode(node: u32, hash: u32, handle: u32, expiry: u64, isMain: bool): void {
  const record = nodeOf(node);
  record.hash = hash;
  record.handle = handle;
  record.hits = 0;
  record.isMain = isMain ? 1 : 0;
  record.expiry = expiry;
}

/** Publishes a node at the head of its bucket. Store lock held. */
export function insertNode(node: u32): void {
  const at = bucketAt(bucketFor(nodeOf(node).hash, bucketCount()));
  storeWord(nextAt(node), peekWord(at));
  storeWord(at, node);
  storeWord(entriesAt(), peekWord(entriesAt()) + 1);
}

/** Takes a node out of its bucket; its `next` stays. Store lock held. */
export function removeNode(node: u32): void {
  let at = bucketAt(bucketFor(nodeOf(node).hash, bucketCount()));
  while (peekWord(at) != node) at = nextAt(peekWord(at));
  storeWord(at, nextNode(node));
  storeWord(entriesAt(), peekWord(entriesAt()) - 1);
}

/** Gives a node another entry. @returns the old handle, which the caller retires */
export function replaceHandle(node: u32, handle: u32, expiry: u64): u32 {
  const old = swapWord(handleAt(node), handle);
  storeCell(expiryAt(node), expiry);
  return old;
}

/** Adds buckets until there is one for each entry, or no page for more. Store lock held. */
export function growIndex(): void {
  while (entryCount() > bucketCount() && ensureSegment(bucketCount())) splitBucket();
}

function splitBucket(): void {
  const buckets = bucketCount();
  const mask = u32.MAX_VALUE >> clz(buckets);
  const from = bucketAt(buckets & (mask >> 1));
  const to = bucketAt(buckets);
  storeWord(shapeAt(), (buckets << 1) | SPLITTING);
  let at = from;
  storeWord(to, 0);
  while (peekWord(at) != 0) {
    const node = peekWord(at);
    if ((nodeOf(node).hash & mask) != buckets) {
      at = nextAt(node);
      continue;
    }
    storeWord(at, nextNode(node));
    storeWord(nextAt(node), peekWord(to));
    storeWord(to, node);
  }
  storeWord(shapeAt(), (buckets + 1) << 1);
}

/** Compares buckets and handles. Store and slab locks held. @returns an offender, or 0 */
export function checkIndexLocked(): u32 {
  let entries: u32 = 0;
  for (let bucket: u32 = 0; bucket < bucketCount(); bucket++) {
    for (let node = firstNode(bucket); node != 0; node = nextNode(node)) {
      if (!isObject(CACHE_NODE, node)) return node;
      if (bucketFor(nodeOf(node).hash, bucketCount()) != bucket) return node;
      if (!zsIsHandle(nodeHandle(node)) || !zsIsLive(nodeHandle(node))) return node;
      entries++;
    }
  }
  return entries == storeState().entries ? 0 : u32(STORE_STATE);
}
