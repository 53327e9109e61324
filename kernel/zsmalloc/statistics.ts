/**
 * Figures of zsmalloc, for people: counted from the zspages, by anybody, without a lock.
 *
 * Nothing is counted while objects come and go: whoever asks walks over the zspages. Each figure is
 * momentary. In a section, which keeps the descriptors' memory.
 */
import { Desc } from '../base/layout';
import { peekWord, pokeWord } from '../base/words';
import { nextZspage } from './iterate';
import { LISTS, poolOf } from './pool-table';
import { classCount, shapeBytes, shapeObjects, shapeOf, shapePages } from './size-class';
import { countHeld, countUsed, zspageClass, zspagePool, zspageShape } from './zspage';

/** One class: written for whoever reads it in the scratch. */
@unmanaged
export class ClassTally {
  objectBytes: u32;
  pagesPerZspage: u32;
  objectsPerZspage: u32;
  used: u32;
  /** Pages held. */
  pages: u32;
  zspages: u32;
  /** Zspages by eighths of their objects in use: 0 … 7, and 8 for full ones. */
  eighths: u32;
  eighth1: u32;
  eighth2: u32;
  eighth3: u32;
  eighth4: u32;
  eighth5: u32;
  eighth6: u32;
  eighth7: u32;
  full: u32;
  spare: u32;
}

function addTo(at: usize, amount: u32): void {
  pokeWord(at, peekWord(at) + amount);
}

/** Writes a ClassTally of each class, of one pool or of all (0), to `to`. @returns classes */
export function tallyClasses(pool: u32, to: usize): u32 {
  for (let sizeClass: u32 = 0; sizeClass < classCount(); sizeClass++) {
    const tally = changetype<ClassTally>(to + sizeClass * offsetof<ClassTally>());
    const shape = shapeOf(sizeClass);
    memory.fill(changetype<usize>(tally), 0, offsetof<ClassTally>());
    tally.objectBytes = shapeBytes(shape);
    tally.pagesPerZspage = shapePages(shape);
    tally.objectsPerZspage = shapeObjects(shape);
  }
  for (let desc = nextZspage(0); desc != 0; desc = nextZspage(desc)) {
    if (pool != 0 && zspagePool(desc) != poolOf(pool).number) continue;
    tallyZspage(to + zspageClass(desc) * offsetof<ClassTally>(), desc);
  }
  return classCount();
}

function tallyZspage(tally: usize, desc: Desc): void {
  const used = countUsed(desc);
  addTo(tally + offsetof<ClassTally>('used'), used);
  addTo(tally + offsetof<ClassTally>('pages'), countHeld(desc));
  addTo(tally + offsetof<ClassTally>('zspages'), 1);
  const list = (used * LISTS) / shapeObjects(zspageShape(desc));
  addTo(tally + offsetof<ClassTally>('eighths') + list * 4, 1);
}

/** Bytes of the objects in use. */
export function usedBytes(): f64 {
  let bytes: f64 = 0;
  for (let desc = nextZspage(0); desc != 0; desc = nextZspage(desc)) {
    bytes += f64(countUsed(desc)) * f64(shapeBytes(zspageShape(desc)));
  }
  return bytes;
}
