/**
 * Hunts a mutant with the kernel's unit tests: what one thread needs by itself shows there at once.
 *
 * Scenarios are short, and ask what threads do to each other. That a full ring is spilled or an
 * unknown type refused is asked by the tests beside the kernel's files: those of the mutant's room
 * are run in a process of their own, on the schema's kernel with its choice built in: the one that
 * asserts contexts, so that a lock or a section which is left out traps.
 */
import { spawnSync } from 'node:child_process';
import { globSync, rmSync, writeFileSync } from 'node:fs';
import binaryen from 'binaryen';
import type { Catch, Hunt } from './hunt.ts';

/** Where tests look for a kernel of this name (test/support/test-kernel.ts). */
const layout = `mutant-${process.pid}`;
const built = new URL(`../../../build/kernel/${layout}.wasm`, import.meta.url);

/** By the clock: tests that are not over by then say nothing. */
const MAX_MS = 120_000;

/** A schema's kernel that needs no imports: it is one of its mutants, or with 0 none. */
function chosen(schema: Uint8Array, number: number): Uint8Array {
  const module = binaryen.readBinaryWithFeatures(schema, binaryen.Features.All);
  // As Binaryen calls the only global and the only function that are imported.
  const [mutant, reached] = ['gimport$0', 'fimport$0'];
  module.removeGlobal(mutant);
  module.addGlobal(mutant, binaryen.i32, false, module.i32.const(number));
  module.removeFunction(reached);
  module.addFunction(reached, binaryen.i32, binaryen.none, [], module.nop());
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

/** Whose tests ask for what a room does, where that is more than its own. */
const asked: Record<string, string> = {
  store: '{store,cache}',
  thread: '{thread,cache}',
  cache: '{cache,store}',
  zsmalloc: '{zsmalloc,exports}',
};

/** The first test of a room that fails on a kernel; '' if none does, undefined if not over. */
function failureIn(room: string, kernel: Uint8Array): string | undefined {
  writeFileSync(built, kernel);
  // Which would take a minute on pages that are filled when they are freed.
  const files = globSync(`kernel/${room}/!(last-page).test.ts`);
  const args = ['--test', '--test-isolation=none', '--test-reporter=tap'];
  const { status, stdout } = spawnSync(process.execPath, [...args, ...files], {
    encoding: 'utf8',
    timeout: MAX_MS,
    env: { ...process.env, PAGELESS_LAYOUT: layout },
  });
  rmSync(built);
  if (status === null) return undefined;
  return status === 0 ? '' : (/^not ok \d+ - (.*)$/m.exec(stdout)?.[1] ?? 'they do not run');
}

/** Hunts all that are in the schema. Throws when a room's tests fail without a mutant. */
export function huntWithUnits(
  hunts: readonly Hunt[],
  schema: Uint8Array,
  finish: (hunt: Hunt, result: Catch) => void,
): void {
  const sound = new Set<string>();
  for (const hunt of hunts.filter(({ number }) => number > 0)) {
    const own = hunt.file.split('/')[0]!;
    const room = asked[own] ?? own;
    if (globSync(`kernel/${room}/*.test.ts`).length === 0) continue;
    const without = sound.has(room) ? '' : failureIn(room, chosen(schema, 0));
    if (without !== '') throw new Error(`tests of ${room} fail without a mutant: ${without}`);
    sound.add(room);
    const failure = failureIn(room, chosen(schema, hunt.number));
    if (failure) finish(hunt, { verdict: 'caught', story: `test of ${room}: ${failure}` });
    else finish(hunt, { verdict: 'none', story: `tests of ${room} pass` });
  }
}
