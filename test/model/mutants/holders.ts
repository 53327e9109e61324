/**
 * Into which functions of the kernel that ships one of a schema is compiled.
 *
 * The memory rules (races.ts, lifetimes.ts) name functions as they are after inlining. In a schema
 * less is inlined: a function that has a mutant asks which one it is, and a copy is called. So an
 * instruction of a schema stands in *several* functions: its own, and each into which the shipped
 * kernel has compiled that. A rule that allows an access in one of them allows it there: that is
 * laxer than the rules are, so it may hide a mutant, and accuses none.
 */
import binaryen from 'binaryen';
import type { Site } from '../engine/index.ts';
import { exprClass, rewrite } from '../engine/ir-walk.ts';

/** Whom each function calls. */
function callsOf(bytes: Uint8Array): Map<string, Set<string>> {
  const module = binaryen.readBinaryWithFeatures(bytes, binaryen.Features.All);
  const calls = new Map<string, Set<string>>();
  for (let i = 0; i < module.getNumFunctions(); i++) {
    const { name, module: from, body } = binaryen.getFunctionInfo(module.getFunctionByIndex(i));
    const targets = new Set<string>();
    calls.set(name, targets);
    if (from) continue;
    rewrite(body, (expr, kind) => {
      if (kind === 'Call') targets.add(exprClass('Call').getTarget!(expr));
      return expr;
    });
  }
  module.dispose();
  return calls;
}

/** Names by function. A caller holds what it calls, unless it calls that where it ships too. */
export function holdersOf(schema: Uint8Array, shipped: Uint8Array): Map<string, Set<string>> {
  const calls = callsOf(schema);
  const shippedCalls = callsOf(shipped);
  const holders = new Map([...calls.keys()].map((name) => [name, new Set([name])]));
  let hasGrown = true;
  while (hasGrown) {
    hasGrown = false;
    for (const [caller, targets] of calls) {
      for (const target of targets) {
        const known = holders.get(target)!;
        for (const holder of holders.get(caller)!) {
          if (known.has(holder) || shippedCalls.get(holder)?.has(target)) continue;
          known.add(holder);
          hasGrown = true;
        }
      }
    }
  }
  return holders;
}

/** The sites of a schema, each with the names of all its functions, one a line. */
export function placed(sites: readonly Site[], holders: Map<string, Set<string>>): Site[] {
  const names = new Map([...holders].map(([name, all]) => [name, [...all].join('\n')]));
  return sites.map((site) => ({ ...site, functionName: names.get(site.functionName)! }));
}
