/** TLS reports: events that become durable, by how many tell at a time, and a day's reports composed and sent. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsRptEvent } from '@mailanchor/smtp';
import { openTlsRptStore } from 'mailanchor';
import { ReportSender } from '../packages/mailanchor/src/tlsrpt/sender.ts';

const DAY_MS = 86_400_000;
const NOW = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2;
const EVENTS = 50_000;

/** Beside this file, not in /tmp: that may be memory, where nothing has to be waited for. */
const folder = mkdtempSync(join(import.meta.dirname, '.tlsrpt-'));

export default async function bench(): Promise<void> {
  try {
    console.log('  tellers  domains  with ids   events/s   p50 ms   p99 ms   events a commit');
    for (const [tellers, domains, ids] of [
      [1, 1, false],
      [20, 1_000, false],
      [200, 1_000, false],
      [200, 50_000, false],
      [200, 50_000, true],
      [5_000, 50_000, true],
    ] as const)
      await tell(tellers, domains, ids);
    await send(2_000);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function event(n: number, domains: number, ids: boolean): TlsRptEvent {
  const domain = `d${n % domains}.example`;
  return {
    ...(ids && { id: `session-${n}` }),
    at: NOW,
    domain,
    policy: { type: 'tlsa', domain: `mx.${domain}`, strings: [`3 1 1 ${'ab'.repeat(32)}`], mxHosts: [] },
    // One session in ten fails.
    failure:
      n % 10 === 0
        ? { resultType: 'validation-failure', reasonCode: 'dane-no-match', receivingIp: '192.0.2.25' }
        : null,
  };
}

async function tell(tellers: number, domains: number, ids: boolean): Promise<void> {
  const store = openTlsRptStore(join(folder, `${tellers}-${domains}-${ids}.sqlite`), { clock: () => NOW });
  const events = tellers === 1 ? 1_000 : EVENTS;
  const waits: number[] = [];
  let next = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: tellers }, async () => {
      while (next < events) {
        const started = performance.now();
        await store.add(event(next++, domains, ids));
        waits.push(performance.now() - started);
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  waits.sort((a, b) => a - b);
  const at = (part: number) => waits[Math.floor(waits.length * part)]!.toFixed(1).padStart(8);
  const row = [String(tellers).padStart(9), String(domains).padStart(8), (ids ? 'yes' : 'no').padStart(9)];
  const rate = String(Math.round(events / seconds)).padStart(10);
  const commit = (events / store.counts.commits).toFixed(0).padStart(17);
  console.log(`${row.join(' ')} ${rate} ${at(0.5)} ${at(0.99)} ${commit}`);
  store.close();
}

/** Lookup and delivery take no time here: what is left is ours. */
async function send(domains: number): Promise<void> {
  let now = NOW;
  const store = openTlsRptStore(join(folder, 'send.sqlite'), { clock: () => now });
  await Promise.all(Array.from({ length: domains * 10 }, (_, n) => store.add(event(n, domains, false))));
  now += DAY_MS;
  let octets = 0;
  const sender = new ReportSender({
    database: store.database,
    submitter: { organizationName: 'Bench', contactInfo: 'tlsrpt@sender.example' },
    discover: async () => ({ kind: 'record', rua: ['mailto:reports@example.org'] }),
    deliver: async ({ report }) => {
      octets += report.length;
      return { kind: 'sent', text: '' };
    },
    log: { event() {}, problem() {} },
    clock: () => now,
  });
  const began = performance.now();
  await sender.round({ windowMs: 0, settleMs: 0, signal: new AbortController().signal });
  const seconds = (performance.now() - began) / 1000;
  const each = Math.round(octets / domains);
  console.log(
    `  ${domains} reports composed and settled: ${Math.round(domains / seconds)} a second, ${each} octets each`,
  );
  store.close();
}
