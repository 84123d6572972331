/**
 * What attacks cost the validating resolver, beside an honest question: real cryptography, in process, the servers' answers recorded
 * beforehand, so that only the resolver's own work is counted. Honest and attacking questions take turns; each begins with nothing known.
 *
 *     npm run bench attacks                         MAILANCHOR_BENCH_ROUNDS=9: more rounds
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Resolution } from '../packages/dnssec/src/proof.ts';
import { ATTACKS, type Attack, HONEST } from '../packages/dnssec/test/signed-network/attacks/index.ts';
import { question } from '../packages/dnssec/test/signed-network/forge.ts';
import type { World } from '../packages/dnssec/test/signed-network/world.ts';
import { floodTable } from './attacks/flood.ts';
import { Replay } from './attacks/replay.ts';

const ROUNDS = Number(process.env['MAILANCHOR_BENCH_ROUNDS'] ?? 5);
const ONLY = process.env['MAILANCHOR_BENCH_ONLY'];
/** Times the honest question's CPU that an attack may cost, and milliseconds that it may hold the event loop. */
const LIMITS = { ratio: 20, holdMs: 50 };

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

interface Stage {
  readonly attack: Attack;
  readonly world: World;
  readonly replay: Replay;
}

interface Run {
  readonly resolution: Resolution;
  readonly packets: number;
  readonly verifications: number;
  readonly hashes: number;
  readonly cpuMs: number;
  readonly holdMs: number;
}

const setStage = (attack: Attack): Stage => {
  const world = attack.world();
  return { attack, world, replay: new Replay(world.network) };
};

/** One question to a resolver that knows nothing. `holds` measures turns of the event loop, at the price of spinning. */
async function ask({ attack, world, replay }: Stage, holds: boolean): Promise<Run & { keptOctets: number }> {
  const begin = world.network.now;
  const resolver = world.newResolver(replay);
  replay.rewind();
  for (const each of attack.before ?? []) await resolve(each);
  const before = resolver.stats();
  const memory = holds ? 0 : memoryInUse();

  let longest = 0;
  let turning = holds;
  let last = process.threadCpuUsage();
  const turn = () => {
    const now = process.threadCpuUsage();
    longest = Math.max(longest, now.user + now.system - last.user - last.system);
    last = now;
    if (turning) setImmediate(turn);
  };
  if (holds) setImmediate(turn);
  const cpu = process.cpuUsage();
  const resolution = await resolve(attack.ask);
  const { user, system } = process.cpuUsage(cpu);
  if (holds) turn();
  turning = false;

  const after = resolver.stats();
  const keptOctets = holds ? 0 : memoryInUse() - memory;
  await resolver.close();
  world.network.now = begin;
  return {
    resolution,
    packets: after.upstreamQueries - before.upstreamQueries,
    verifications: after.verifications - before.verifications,
    hashes: after.nsec3Hashes - before.nsec3Hashes,
    cpuMs: (user + system) / 1000,
    holdMs: longest / 1000,
    keptOctets,
  };

  function resolve(text: string): Promise<Resolution> {
    const { name, type } = question(text);
    return resolver.resolve(name, type);
  }
}

function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

export default async function bench(): Promise<void> {
  const honest = setStage(HONEST);
  // The compiler has seen everything before anything counts.
  for (let i = 0; i < 40; i++) await ask(honest, i % 2 === 0);
  const rows: string[][] = [];
  const broken: string[] = [];
  for (const attack of ATTACKS) {
    if (ONLY && !`${attack.family} ${attack.title}`.includes(ONLY)) continue;
    const stage = setStage(attack);
    for (let i = 0; i < 3; i++) await ask(stage, false);
    stage.replay.fresh = 0;
    const costs: number[] = [];
    const honestCosts: number[] = [];
    const holds: number[] = [];
    let run = await ask(stage, false);
    const kept = run.keptOctets;
    for (let i = 0; i < ROUNDS; i++) {
      honestCosts.push((await ask(honest, false)).cpuMs);
      run = await ask(stage, false);
      costs.push(run.cpuMs);
      holds.push((await ask(stage, true)).holdMs);
    }
    if (stage.replay.fresh > 0)
      console.log(`${attack.title}: ${stage.replay.fresh} questions were not recorded`);
    const ratio = median(costs) / median(honestCosts);
    const hold = median(holds);
    if (ratio > LIMITS.ratio || hold > LIMITS.holdMs) broken.push(`${attack.family}: ${attack.title}`);
    const { status, kind } = run.resolution;
    const reason = 'reason' in run.resolution ? run.resolution.reason : undefined;
    rows.push([
      `${attack.family}: ${attack.title}`,
      String(run.packets),
      String(run.verifications),
      String(run.hashes),
      median(costs).toFixed(1),
      ratio.toFixed(1),
      hold.toFixed(1),
      (kept / 1024).toFixed(0),
      `${kind} ${status}${reason ? `, EDE ${reason.ede}` : ''}`,
    ]);
  }
  const cost = await ask(honest, false);
  console.log(
    `honest question: ${cost.packets} packets, ${cost.verifications} verifications, ${cost.cpuMs.toFixed(1)} ms\n`,
  );
  console.log(
    '| attack | packets | verifications | hashes | CPU ms | times honest | longest hold ms | kept KiB | outcome |',
  );
  console.log('|---|---:|---:|---:|---:|---:|---:|---:|---|');
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
  console.log(
    broken.length === 0
      ? `\nnone above ${LIMITS.ratio} times the honest question or ${LIMITS.holdMs} ms`
      : `\nabove ${LIMITS.ratio} times the honest question or ${LIMITS.holdMs} ms:\n${broken.join('\n')}`,
  );
  if (!ONLY) await floodTable();
  if (broken.length > 0) process.exitCode = 1;
}
