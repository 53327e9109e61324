/**
 * The source of src/generated/guard.ts: one wrapper for each export of the kernel.
 *
 * What is called often is written out instead of made in a loop, so that each has feedback of its
 * own and the engine compiles the export, and the few instructions around it, into whoever calls
 * it. The others share one function, which is 10 KB less in every bundle and costs a call of theirs
 * some 50 ns more; they are found by way of the prototype, so that the object stays a fast one,
 * and need no names, but for those that leave nothing to repair.
 *
 * Objects of all zones have one shape, so that code which has met several zones stays fast: hence
 * one prototype for all, whose functions find the instance by `this`, and no look for an export in
 * the instance's own object, which has a shape that no other has.
 */

/**
 * Exports that leave nothing to repair, whatever happens in them: no look after the turn for those.
 */
const quiet = new Set([
  ...['get', 'getMore', 'has', 'listKeys', 'hasObject', 'hasStore', 'zsReadObject', 'zsIsPool'],
  ...['isNear', 'nearNote'],
  ...['fault', 'faultSlot', 'faultDetail', 'checkDetail', 'start', 'callFailed', 'repairSelf'],
  ...['wasRefused', 'asksAt', 'isAttached', 'keyScratch', 'inputScratch', 'outputScratch'],
  ...['pageCount', 'firstPfn', 'zoneIdLo', 'zoneIdHi', 'pageAddress', 'entryCount'],
  ...['compress', 'decompress', 'firstPage', 'orderOfPinned', 'pageWordOf', 'markDead'],
  ...['holdsLife', 'provableOwner', 'isSupervised', 'window'],
]);

/** Called a few times in the life of a zone, or for people, or before long work. */
const rare = new Set([
  ...['formatStore', 'hasStore', 'adoptRecords', 'adoptHead', 'growIndexFor', 'adoptImage'],
  ...['clearNext', 'reclaim', 'beginPurge', 'purgeNext', 'synchronize', 'sectionAge', 'limboOf'],
  ...['openClock', 'clockOrigin', 'isOwnClock', 'raiseSlept', 'adoptClock', 'prepare', 'window'],
  ...['prepareSmall', 'takeLarge', 'giveLarge'],
  ...['beginCompaction', 'beginEvacuation', 'beginWithdrawal', 'compactStep', 'endCompaction'],
  ...['compactFigure', 'skippedPages', 'whyHeld', 'registerType', 'typeNameAt', 'describePage'],
  ...['poisonPage', 'unpoisonPage', 'cacheNameOf', 'openCache', 'slabFigure', 'cacheInUse'],
  ...['zsCreate', 'zsIsPool', 'zsCompactBegin', 'zsCompactSome', 'zsCompactPages', 'zsTally'],
  ...['zsPages', 'zsObjectBytes', 'faultSlot', 'faultDetail', 'firstPfn', 'minPages'],
  ...['zoneIdLo', 'zoneIdHi', 'countPagesOf', 'liveThreads', 'valueBytes', 'keyBytes'],
  ...['storedBytes', 'childrenOf', 'fragmentationIndex', 'freeBlocks', 'unusableFreeIndex'],
  ...['stockedPages', 'format', 'attach', 'recycle', 'detach', 'callFailed', 'repairSelf'],
  ...['wasRefused', 'isAttached', 'markDead', 'recoverDead', 'liveOwner', 'supervisorOwner'],
  ...['supervisorTerm', 'answerAsks', 'succeedSupervisor', 'check', 'checkDetail', 'stop'],
  ...['start', 'keyScratch', 'inputScratch', 'outputScratch', 'readLease', 'failLease'],
  ...['leaveLease', 'leaseKind', 'leaseBorn', 'loads', 'awaitedLeases', 'goOn', 'isVain'],
  ...['deaths', 'deathOwner', 'deathWhat', 'noteWall', 'beginAlone', 'aloneEntry', 'allowEntry'],
  ...['splitPage', 'shrinkPage', 'freePart', 'listKeys'],
  ...['isAwaited', 'nextLease', 'tagClockAt', 'isTagDeletedSince', 'isClearedSince'],
  ...['registerSpace', 'spaceCount', 'spaceRecord', 'spaceCounter', 'counter', 'entryCount'],
  ...['packedObjects', 'pageAddress', 'clearSpace', 'spaceTotal', 'sweepDead'],
  ...['lend', 'asksAt', 'holdsLife', 'provableOwner', 'isSupervised'],
  ...['expiringAt', 'turnAt', 'takeTurn', 'giveTurn', 'endTurn', 'isOthersTurn', 'isOthersTurnOf'],
  ...['pageWordOf', 'freePagesNow', 'timeSlept'],
]);

function typedNames(parameters: number): string {
  return Array.from('abcdefgh'.slice(0, parameters), (it) => `${it}: number`).join(', ');
}

function wrapper(name: string, parameters: number): string {
  const args = Array.from('abcdefgh'.slice(0, parameters)).join(', ');
  const typed = typedNames(parameters);
  const look = quiet.has(name) ? '' : '      if (!watch.isDue) watch.look();\n';
  return `    ${name}(${typed}) {
${look}      try {
        return ${name}(${args});
      } catch (x) {
        return watch.mend(x, ${name}, [${args}]);
      }
    },
`;
}

/** Names as code, in lines that are not too long. */
function listed(names: string[]): string {
  return names.map((name) => `  '${name}',\n`).join('');
}

/** Likes beside likes: a bundle that is compressed is shorter by some hundred bytes. */
function rank([name, parameters]: [name: string, parameters: number]): number {
  return 2 * parameters + (quiet.has(name) ? 1 : 0);
}

/** Throws if a name above is no export's. */
function checkNames(exported: [name: string, parameters: number][]): void {
  const known = new Set(exported.map(([name]) => name));
  const unknown = [...quiet, ...rare].filter((name) => !known.has(name));
  if (unknown.length > 0) throw new Error(`the kernel does not export ${unknown.join(', ')}`);
}

/** @param exported  names of the exports, and how many numbers each takes */
export function guardSource(exported: [name: string, parameters: number][]): string {
  checkNames(exported);
  const often = exported.filter(([name]) => !rare.has(name)).sort((a, b) => rank(a) - rank(b));
  const wrappers = often.map(([name, parameters]) => wrapper(name, parameters)).join('');
  const names = often.map(([name]) => `    ${name},\n`).join('');
  const others = exported.map(([name]) => name).filter((name) => rare.has(name));
  return `/** The kernel's exports, each with its guard: generated by scripts/guard-source.ts. */
import type { KernelExports } from './kernel-exports.ts';

/** Called rarely, and they leave nothing to repair. */
const quiet: (keyof KernelExports)[] = [
${listed(others.filter((name) => quiet.has(name)))}];

/** Looks at this thread after its turn, and at what an export has thrown. */
interface Watch {
  readonly isDue: boolean;
  look(): void;
  /** Throws, or makes the call again. */
  mend(exception: unknown, call: (...args: never[]) => unknown, args: number[]): unknown;
}

interface Guarded {
  raw: KernelExports;
  watch: Watch;
}

function guard(name: keyof KernelExports) {
  const isQuiet = quiet.includes(name);
  return function (this: Guarded, ...args: number[]) {
    const { raw, watch } = this;
    const call = raw[name] as (...args: number[]) => number;
    if (!isQuiet && !watch.isDue) watch.look();
    try {
      return call(...args);
    } catch (exception) {
      return watch.mend(exception, call, args);
    }
  };
}

/** Every export, guarded. Made of the first instance: all are of one module. */
let rarely: object | undefined;

export function guardExports(raw: KernelExports, watch: Watch): KernelExports {
  const all = Object.keys(raw) as (keyof KernelExports)[];
  rarely ??= Object.fromEntries(all.map((name) => [name, guard(name)]));
  const {
${names}  } = raw;
  return {
    // Of which those that are called often are written out below.
    __proto__: rarely,
    raw,
    watch,
${wrappers}  } as unknown as KernelExports;
}
`;
}
