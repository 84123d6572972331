/**
 * A long list: the program over some thousand targets of the lab that share a few mail hosts, with its memory every second. Memory must
 * not grow with the list.
 *
 *     npx node bench/check-list.ts [TARGETS 10000] [PARALLEL 16]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startLab } from '@mailanchor/lab';

const PROGRAM = fileURLToPath(new URL('../packages/mailanchor/bin/mailanchor.js', import.meta.url));
const [targets = 10_000, parallel = 16] = process.argv.slice(2).map(Number);

const lab = await startLab({ only: ['any.wildcard-mx.example', 'no-tlsa.example'] });
const folder = mkdtempSync(join(tmpdir(), 'mailanchor-list-'));
try {
  writeFileSync(join(folder, 'root.hints'), lab.rootHints);
  writeFileSync(join(folder, 'root.key'), lab.trustAnchor);
  const list = Array.from({ length: targets }, (_, i) => `d${i}.wildcard-mx.example\n`).join('');
  writeFileSync(join(folder, 'list'), list);
  const results = join(folder, 'results');
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [
      ...[PROGRAM, 'check', '--file', join(folder, 'list'), '--output', results],
      ...['--parallel', String(parallel), '--port', String(lab.mailPort), '--dns-port', String(lab.dnsPort)],
      ...['--root-hints', join(folder, 'root.hints'), '--trust-anchor', join(folder, 'root.key')],
    ],
    { stdio: 'inherit' },
  );
  const memory: { seconds: number; mib: number; done: number }[] = [];
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      const mib = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
      const done = readFileSync(results, 'latin1').split('\n').length - 1;
      memory.push({ seconds: (performance.now() - began) / 1000, mib, done });
    } catch {
      // It has ended in between.
    }
  }, 1000);
  const status = await new Promise((resolve) => child.once('exit', resolve));
  clearInterval(timer);
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `${targets} targets in ${seconds.toFixed(1)} s: ${(targets / seconds).toFixed(0)} a second, exit ${status}`,
  );
  for (const { seconds: at, mib, done } of memory)
    console.log(
      `${at.toFixed(0).padStart(5)} s ${String(done).padStart(7)} done ${mib.toFixed(0).padStart(5)} MiB`,
    );
  const connections = lab.mailHost('mx.wildcard-mx.example').reduce((sum, host) => sum + host.connections, 0);
  console.log(`connections to the mail host that all share: ${connections}`);
} finally {
  rmSync(folder, { recursive: true });
  await lab.close();
}
