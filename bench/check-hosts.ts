/**
 * The part of `check.bench.ts` that runs inside the bed's namespace: probes hosts again and again with the library, some at a time, and
 * prints one line of JSON.
 *
 *     node bench/check-hosts.ts ROOT_HINTS ROOT_KEY HOSTS_FILE ROUNDS PARALLEL PROBES
 */
import { readFileSync } from 'node:fs';
import { createResolver, parseRootHints, parseTrustAnchors } from '@mailanchor/dnssec';
import { checkDestination } from '@mailanchor/smtp';

const [hints = '', anchor = '', list = '', rounds = '4', parallel = '8', probes = 'no'] =
  process.argv.slice(2);
const hosts = readFileSync(list, 'utf8').split('\n').filter(Boolean);
const resolver = createResolver({
  rootHints: parseRootHints(readFileSync(hints, 'utf8')),
  trustAnchors: parseTrustAnchors(readFileSync(anchor, 'utf8')),
});

async function probeAll(targets: readonly string[]): Promise<number> {
  let next = 0;
  let verified = 0;
  const worker = async (): Promise<void> => {
    while (next < targets.length) {
      const target = targets[next++]!;
      const { verdict } = await checkDestination(`${target}:25`, { resolver, probes: probes === 'yes' });
      if (verdict === 'protected') verified++;
    }
  };
  await Promise.all(Array.from({ length: Number(parallel) }, worker));
  return verified;
}

// As Unbound beside posttls-finger, the cache is warm.
await probeAll(hosts);
const targets = Array.from({ length: Number(rounds) }, () => hosts).flat();
const cpu = process.cpuUsage();
const began = performance.now();
const verified = await probeAll(targets);
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpu);
console.log(
  JSON.stringify({
    probes: targets.length,
    verified,
    seconds,
    cpuMs: (user + system) / 1000 / targets.length,
  }),
);
await resolver.close();
