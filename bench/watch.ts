/**
 * Many targets watched: `mailanchor watch` over the lab for some minutes, with its processor time, its memory, how late its checks are, and the size
 * of its history.
 *
 *     npx node bench/watch.ts [TARGETS 300] [INTERVAL-SECONDS 60] [MINUTES 3]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startLab } from '@mailanchor/lab';

const PROGRAM = fileURLToPath(new URL('../packages/mailanchor/bin/mailanchor.js', import.meta.url));
/** Clock ticks a second in /proc. */
const TICKS = 100;
const [count = 300, interval = 60, minutes = 3] = process.argv.slice(2).map(Number);

const lab = await startLab({ only: ['any.wildcard-mx.example', 'silent.example'] });
const folder = mkdtempSync(join(tmpdir(), 'mailanchor-watch-'));
try {
  writeFileSync(join(folder, 'root.hints'), lab.rootHints);
  writeFileSync(join(folder, 'root.key'), lab.trustAnchor);
  const targets = [
    'silent.example',
    ...Array.from({ length: count - 1 }, (_, i) => `d${i}.wildcard-mx.example`),
  ];
  writeFileSync(
    join(folder, 'mailanchor.yaml'),
    [
      'root-hints: root.hints',
      'trust-anchor: root.key',
      `dns-port: ${lab.dnsPort}`,
      `check: { port: ${lab.mailPort} }`,
      'watch:',
      '  state: watch.sqlite',
      `  interval: ${interval}s`,
      `  targets: [${targets.join(', ')}]`,
    ].join('\n'),
  );
  const child = spawn(
    process.execPath,
    [PROGRAM, 'watch', '--json', '--config', join(folder, 'mailanchor.yaml')],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const last = new Map<string, number>();
  let checks = 0;
  let latest = 0;
  createInterface({ input: child.stderr }).on('line', (line) => {
    const { event, target } = JSON.parse(line) as { event: string; target?: string };
    if (event !== 'checked' || target === undefined) return;
    checks++;
    const now = performance.now();
    const before = last.get(target);
    // A tenth later is by intention; what takes longer than that is late.
    if (before !== undefined && target !== 'silent.example')
      latest = Math.max(latest, now - before - interval * 1100);
    last.set(target, now);
  });
  const memory: number[] = [];
  const seconds = minutes * 60;
  for (let i = 0; i < seconds; i += 10) {
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    memory.push(Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024));
  }
  const [user = 0, system = 0] = readFileSync(`/proc/${child.pid}/stat`, 'latin1')
    .split(' ')
    .slice(13, 15)
    .map(Number);
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
  const cpu = (user + system) / TICKS;
  console.log(
    `${count} targets every ${interval} s, one of them silent, for ${minutes} min: ${checks} checks`,
  );
  console.log(`processor ${cpu.toFixed(1)} s: ${((cpu / checks) * 1000).toFixed(1)} ms a check`);
  console.log(`latest check ${(latest / 1000).toFixed(1)} s after its time`);
  console.log(
    `memory ${memory[0]} MiB after 10 s, ${memory.at(-1)} MiB at the end, ${Math.max(...memory)} MiB at most`,
  );
  console.log(`history ${Math.round(statSync(join(folder, 'watch.sqlite')).size / 1024)} KiB`);
} finally {
  rmSync(folder, { recursive: true });
  await lab.close();
}
