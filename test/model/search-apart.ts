/** Searches a scenario for a test, on the thread apart (engine/apart.ts). */
import { callApart } from './engine/apart.ts';
import type { Report } from './engine/index.ts';
import type { Search } from './shortened.ts';

/** What to search, as a message can say it. */
export interface Order {
  /** Of a scenario in scenarios/index.ts. */
  name: string;
  build: 'release' | 'two-word' | 'debug' | 'small';
  /** Waits end by time even where nobody is dead. */
  isPatient?: boolean;
  options: Search & { isLax?: boolean };
}

export async function searchApart(order: Order): Promise<Report> {
  const searcher = new URL('./searcher.ts', import.meta.url).href;
  return (await callApart(searcher, 'search', order)) as Report;
}
