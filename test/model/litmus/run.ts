/**
 * Litmus tests on real workers: `node test/model/litmus/run.ts [SHAPE…] [--rounds N] [--json]`.
 *
 * The model checker believes that atomics are sequentially consistent. This asks the platform: each
 * shape of shapes.ts runs some million times on pinned threads, once with atomic accesses and once
 * with plain ones.
 *
 *   holds             atomic; threads met in the middle, and nothing forbidden was seen
 *   BROKEN            atomic; something forbidden was seen: nothing built on this platform is safe
 *   weak as allowed   plain; the forbidden was seen, which is why racing accesses must be atomic
 *   inconclusive      nothing to be learned: not seen, and need not be
 *
 * Exits with 1 if something is BROKEN. x86 shows of the plain shapes only those where a read
 * overtakes a write (SB, R, RCU); ARM shows more.
 */
import os from 'node:os';
import { parseArgs } from 'node:util';
import { machine, table } from '../../../bench/suite.ts';
import { LitmusCrew, type LitmusResult } from './crew.ts';
import { describeOutcome, outcomesOf } from './sequential.ts';
import { parse, type Shape, shapes } from './shapes.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '2000000' },
    json: { type: 'boolean', default: false },
  },
});

function misuse(message: string): never {
  console.error(`${message}; shapes are ${shapes.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

function chosenShapes(): readonly Shape[] {
  const unknown = positionals.find((name) => shapes.every((shape) => shape.name !== name));
  if (unknown !== undefined) misuse(`No shape is called ${unknown}`);
  return shapes.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
}

function rowOf({ shape, access, rounds, seconds, ...result }: LitmusResult): string[] {
  const counts = [rounds, rounds / seconds, result.interleaved, result.forbidden];
  const cells = counts.map((count) => Math.round(count).toLocaleString('en'));
  return [shape, access, ...cells, result.verdict];
}

/** What was seen and must not be, in words. */
function complaint({ shape, outcomes }: LitmusResult): string {
  const program = parse(shapes.find(({ name }) => name === shape)!);
  const { allowed } = outcomesOf(program);
  const bad = outcomes.filter(([outcome]) => !allowed.has(outcome));
  const seen = bad.map(([outcome, count]) => `${count} x ${describeOutcome(program, outcome)}`);
  return `BROKEN ${shape}: ${program.shape.about}\n  ${seen.join('\n  ')}`;
}

function print(results: readonly LitmusResult[], isPinned: boolean): void {
  const head = ['shape', 'access', 'rounds', 'rounds/s', 'interleaved', 'forbidden', 'verdict'];
  console.log(`\n${machine()}, Node ${process.version}${isPinned ? '' : ', threads not pinned'}`);
  console.log(table([head, ...results.map(rowOf)]));
  const crowded = shapes.filter(({ threads }) => threads.length > os.cpus().length);
  const names = crowded.map(({ name }) => name).filter((it) => results.some((r) => r.shape === it));
  if (names.length > 0) {
    console.log(`${names.join(', ')}: more threads than CPUs, so not all of them ran at once`);
  }
}

async function main(): Promise<void> {
  const rounds = Number(values.rounds);
  if (!(rounds >= 1 && rounds < 2 ** 31)) misuse(`No number of rounds: ${values.rounds}`);
  const chosen = chosenShapes();
  const crew = await LitmusCrew.create(chosen);
  const results: LitmusResult[] = [];
  for (const shape of chosen) {
    for (const access of ['atomic', 'plain'] as const) {
      const result = await crew.run(shape, access, rounds);
      results.push(result);
      if (values.json) console.log(JSON.stringify(result));
    }
  }
  await crew.close();
  if (!values.json) print(results, crew.isPinned);
  const broken = results.filter(({ verdict }) => verdict === 'BROKEN');
  for (const result of broken) console.error(complaint(result));
  process.exitCode = broken.length > 0 ? 1 : 0;
}

await main();
