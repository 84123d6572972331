/** `mailanchor resolver` as a scenario's configuration block wants it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseRecord, recordToText } from '@mailanchor/dns';
import { rootHintsOf, type ScenarioSettings } from '../../../packages/dnssec/test/rpl/settings.ts';

const PROGRAM = fileURLToPath(new URL('../../../packages/mailanchor/bin/mailanchor.js', import.meta.url));
const PORT = 5353;
const ANCHOR_TTL = 3600;

export const RESOLVER = { address: '127.0.0.1', port: PORT };

/** The command line; files that it names are written to `folder`. */
export function commandLine(settings: ScenarioSettings, folder: string): readonly string[] {
  const hints = join(folder, 'root.hints');
  const anchors = join(folder, 'anchors');
  writeFileSync(hints, rootHintsOf(settings));
  const records = settings.trustAnchors.map((text) =>
    recordToText(parseRecord(text, { defaultTtl: ANCHOR_TTL })),
  );
  writeFileSync(anchors, records.map((text) => `${text}\n`).join(''));
  return [
    ...[PROGRAM, 'resolver', '--listen', `${RESOLVER.address}:${RESOLVER.port}`],
    ...['--at', String(settings.startMs / 1000)],
    ...['--root-hints', hints],
    // Without an anchor nothing is to be proven.
    ...(records.length > 0 ? ['--trust-anchor', anchors] : ['--insecure-zone', '.']),
    ...settings.forwarders.slice(0, 1).flatMap((address) => ['--resolver', bracketed(address)]),
    ...settings.forwardZones.flatMap(({ zone, addresses }) =>
      addresses.flatMap((address) => ['--forward-zone', `${zone}=${bracketed(address)}`]),
    ),
    ...settings.insecureZones.flatMap((zone) => ['--insecure-zone', zone]),
    ...['--nsec3-iterations', String(settings.nsec3Iterations)],
    ...['--qname-minimisation', settings.qnameMinimisation],
  ];
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** Starts it and waits until it is ready. Rejects with what it says where it ends before. */
export async function startProgram(settings: ScenarioSettings, folder: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...commandLine(settings, folder)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (/: ready$/m.test(said)) resolve();
    });
    child.once('error', reject);
    child.once('close', () => reject(new Error(`the resolver does not start: ${said}`)));
  });
  return child;
}

export async function stopProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
