/**
 * Mixes: what pages are used for, and what it costs to describe them.
 *
 * A mix is filled into a zone of 256 MiB, one part after the other; what a part's description takes
 * beside the pages themselves is what the zone lost more than it was asked for. So slabs of
 * descriptors count in full, with their own descriptors and what is left over in them.
 */
import { KIND_BARE, KIND_FOLIO, KIND_SLAB, KIND_ZSPAGE, PAGE_BYTES } from '../generated/facts.ts';
import { compileLab, createLabMemory, type LabExports, type Layout, openLab } from './modules.ts';

export interface Part {
  name: string;
  kind: number;
  order: number;
  /** Blocks of 2^order pages that share one description. */
  chain: number;
  /** Of all pages that are in use. */
  share: number;
}

export interface Mix {
  name: string;
  parts: Part[];
}

/** Fixed: docs/design/85-lab.md says why. The largest blocks come first, so that they fit. */
export const labMix: Mix = {
  name: 'lab',
  parts: [
    { name: 'folios of order 3', kind: KIND_FOLIO, order: 3, chain: 1, share: 0.2 },
    { name: 'slabs of order 3', kind: KIND_SLAB, order: 3, chain: 1, share: 0.1 },
    { name: 'zspages of 16 pages', kind: KIND_ZSPAGE, order: 0, chain: 16, share: 0.7 },
  ],
};

/** The page map of `pageless demo node_modules` of this repository, after loading. */
export const demoMix: Mix = {
  name: 'demo',
  parts: [
    { name: 'pages without descriptor', kind: KIND_BARE, order: 0, chain: 1, share: 0.0045 },
    { name: 'slabs of one page', kind: KIND_SLAB, order: 0, chain: 1, share: 0.0034 },
    { name: 'zspages of 14 pages', kind: KIND_ZSPAGE, order: 0, chain: 14, share: 0.9921 },
  ],
};

/** Wilcox' arithmetic of December 2021: four records of 64 bytes against one descriptor. */
export const orderTwoMix: Mix = {
  name: 'order-2',
  parts: [{ name: 'folios of order 2', kind: KIND_FOLIO, order: 2, chain: 1, share: 1 }],
};

/** The worst for descriptors: each page has its own. */
export const singleMix: Mix = {
  name: 'single',
  parts: [{ name: 'folios of one page', kind: KIND_FOLIO, order: 0, chain: 1, share: 1 }],
};

export const mixes: readonly Mix[] = [labMix, demoMix, orderTwoMix, singleMix];

export interface Cost {
  name: string;
  bytes: number;
  /** Of the bytes that are described. */
  share: number;
}

/** Of the zone: the rest is for the descriptors. */
const USED = 0.95;

/** What describing a mix takes: the map, frames' bits and counters, then what each part adds. */
export function costOf(layout: Layout, mix: Mix): Cost[] {
  const lab = openLab(compileLab(layout), createLabMemory());
  const budget = Math.floor(lab.freePages() * USED);
  const filled = mix.parts.map((part) => fillPart(lab, part, Math.floor(budget * part.share)));
  const pages = filled.reduce((sum, part) => sum + part.pages, 0);
  const perPage = pages / lab.pageCount();
  const cost = (name: string, bytes: number): Cost => {
    return { name, bytes: Math.round(bytes), share: bytes / (pages * PAGE_BYTES) };
  };
  return [
    cost('map', lab.mapBytes() * perPage),
    cost('frames', lab.frameBytes() * perPage),
    ...filled.map(({ name, extraPages }) => cost(name, extraPages * PAGE_BYTES)),
  ];
}

function fillPart(lab: LabExports, { name, kind, order, chain }: Part, budget: number) {
  const before = lab.freePages();
  const pages = lab.fill(kind, order, chain, budget);
  return { name, pages, extraPages: before - lab.freePages() - pages };
}
