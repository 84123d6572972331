/**
 * A list of zones: `mailanchor dnssec-status` over it, with its memory every ten seconds, and beside it one `delv` a zone, as a script of an
 * operator would have it, for the first few hundred. Servers are whatever the root hints lead to: a bed of real ones.
 *
 *     npx node bench/dnssec-status.ts LIST ROOT-HINTS TRUST-ANCHOR [PARALLEL 32] [DELV-RESOLVER]
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../packages/mailanchor/bin/mailanchor.js', import.meta.url));
/** Zones that delv is asked for. */
const DELV = 300;

const [list, hints, anchor, parallel = '32', delvResolver] = process.argv.slice(2);
if (list === undefined || hints === undefined || anchor === undefined) {
  console.error('give a list of zones, root hints and a trust anchor');
  process.exit(2);
}
const zones = readFileSync(list, 'utf8').split('\n').filter(Boolean);
const folder = mkdtempSync(join(tmpdir(), 'mailanchor-zones-'));
try {
  const results = join(folder, 'results');
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [
      ...[PROGRAM, 'dnssec-status', '-q', '--file', list, '--output', results, '--parallel', parallel],
      ...['--root-hints', hints, '--trust-anchor', anchor],
    ],
    { stdio: 'inherit' },
  );
  const memory: string[] = [];
  const seconds = () => (performance.now() - began) / 1000;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      const mib = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
      memory.push(`${seconds().toFixed(0).padStart(5)} s ${mib.toFixed(0).padStart(5)} MiB`);
    } catch {
      // It has ended in between.
    }
  }, 10_000);
  const status = await new Promise((resolve) => child.once('exit', resolve));
  clearInterval(timer);
  const took = seconds();
  const done = readFileSync(results, 'latin1').split('\n').length - 1;
  console.log(`${done} zones in ${took.toFixed(1)} s: ${(done / took).toFixed(0)} a second, exit ${status}`);
  console.log(memory.join('\n'));

  if (delvResolver !== undefined) {
    // One question of the four that dnssec-status asks of a zone, by way of a resolver that has a cache.
    const some = join(folder, 'some');
    writeFileSync(some, `${zones.slice(0, DELV).join('\n')}\n`);
    const key = /^\.\s.*\sDNSKEY\s+(\d+) (\d+) (\d+) (\S+)/m.exec(readFileSync(anchor, 'utf8'));
    if (!key) throw new Error('delv wants the trust anchor as DNSKEY');
    const keys = join(folder, 'anchors');
    writeFileSync(keys, `trust-anchors { . static-key ${key.slice(1, 4).join(' ')} "${key[4]}"; };\n`);
    const delvBegan = performance.now();
    spawnSync(
      'xargs',
      ['-P', '2', '-n', '1', 'delv', '-a', keys, '+root=.', '+nosplit', `@${delvResolver}`, '-t', 'SOA'],
      {
        input: readFileSync(some),
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    );
    const delvTook = (performance.now() - delvBegan) / 1000;
    console.log(
      `delv, SOA alone, two at a time: ${(Math.min(DELV, zones.length) / delvTook).toFixed(0)} a second`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
