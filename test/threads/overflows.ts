/**
 * Overflows of the stack in the midst of calls, ten thousand for each way to compile and to run.
 *
 *   node test/threads/overflows.ts [overflows] [node…]     0 poisoned, and which errors there were
 *
 * overflow-program.mjs does it, under each Node that is named, else under this one.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface OverflowFigures {
  /** Calls that ended in a RangeError of the engine. */
  overflows: number;
  poisoned: number;
  /** Other errors, by code. */
  errors: Record<string, number>;
}

/** How WebAssembly is compiled: by the first compiler, by the second, by one after the other. */
export const tiers: Record<string, string[]> = {
  'Liftoff only': ['--liftoff-only'],
  'TurboFan only': ['--no-liftoff'],
  tiering: [],
};

const program = fileURLToPath(new URL('./overflow-program.mjs', import.meta.url));

export async function overflow(
  node: string,
  tier: string,
  where: 'main' | 'worker',
  overflows: number,
): Promise<OverflowFigures> {
  const args = [...(tiers[tier] ?? []), program, where, String(overflows)];
  const { stdout } = await promisify(execFile)(node, args, { timeout: 900_000 });
  return JSON.parse(stdout);
}

if (process.argv[1] === import.meta.filename) {
  const [overflows = '10000', ...nodes] = process.argv.slice(2);
  let poisoned = 0;
  for (const node of nodes.length > 0 ? nodes : [process.execPath]) {
    for (const tier of Object.keys(tiers)) {
      for (const where of ['main', 'worker'] as const) {
        const figures = await overflow(node, tier, where, Number(overflows));
        console.log(node, tier, where, JSON.stringify(figures));
        poisoned += figures.poisoned;
      }
    }
  }
  process.exit(poisoned === 0 ? 0 : 1);
}
