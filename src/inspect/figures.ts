/**
 * What is seen of a zone, as it travels in frames (wire.ts): types, for both ends.
 */
import type { Counters } from '../reports/counters.ts';
import type { BuddyInfo, PageTypeInfo } from '../reports/frames.ts';
import type { SlabInfo } from '../reports/slab.ts';
import type { PageDescription } from '../reports/zone.ts';
import type { ClassReport } from '../reports/zsmalloc.ts';

/** Whose zones these are. */
export interface Head {
  /** Of frames: raised when an older page could not read them. */
  version: typeof FRAMES_VERSION;
  /** A program that runs, an image of an arena, or a recording of a program. */
  from: 'program' | 'image' | 'recording';
  /** For people: what runs there. */
  title: string;
  pid: number;
  /** Whether keys may be asked for. */
  hasKeys: boolean;
}

/** Of the frames in wire.ts and what is in them. */
export const FRAMES_VERSION = 1;

export interface ZoneInfo {
  /** The zone's identity, 16 hexadecimal digits. */
  id: string;
  /** What the program calls it. */
  title: string;
  pages: number;
  pageBytes: number;
  /** Names of uses, by code (reports/uses.ts); holes where a code is not used. */
  names: (string | null)[];
}

/** Why a zone was given up. */
export interface Fault {
  code: number;
  reason: string;
  slot: number;
  detail: number;
}

/** One look. */
export interface Figures extends Counters {
  /** Milliseconds since 1970. */
  time: number;
  /** Bytes of the whole process. */
  rss: number;
  fault?: Fault | undefined;
  freePages: number;
  /** Free, but kept at hand by threads. */
  stockedPages: number;
  /** Attached, but for the supervisor. */
  threads: number;
  entries: number;
  keyBytes: number;
  valueBytes: number;
  /** What waits for a grace period, in the order of a `LimboReport`. */
  limbo: number[];
  /** Share of the free memory that lies in no free block of 2 MiB. */
  unusable: number;
}

export interface Tables {
  classes: ClassReport[];
  slabs: SlabInfo[];
  buddies: BuddyInfo;
  blocks: PageTypeInfo;
}

/** What is told of one page. */
export interface SeenPage extends PageDescription {
  /** The cache of a slab by name, the class of a zspage by the size of its objects. */
  groupName?: string;
}
