/**
 * Knot signs a zone of its own below the lab and publishes CDS and CDNSKEY: the first DS, a key rollover and the way back to unsigned, as
 * `dnssec-status` sees them at its server.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Name, parseZoneFile, RRType } from '@mailanchor/dns';
import { createResolver, parseRootHints, parseTrustAnchors } from '@mailanchor/dnssec';
import { type Lab, startLab } from '@mailanchor/lab';
import { ZoneInspector } from '@mailanchor/smtp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lookAt } from '../src/dnssec-status/look-at.ts';
import type { ZoneStatus } from '../src/dnssec-status/zone-status.ts';

const absent =
  spawnSync('knotd', ['--version']).status === 0 ? undefined : 'not installed: knotd (Debian package knot)';
if (absent !== undefined && process.env['MAILANCHOR_TEST_PEERS'] === 'required')
  throw new Error(`MAILANCHOR_TEST_PEERS=required, but ${absent}`);
const ADDRESS = '127.53.0.99';
const ZONE = 'knot.example';

let folder: string;
let lab: Lab;
let knot: ChildProcess | undefined;

const config = (publish: string): string => `server:
    listen: ${ADDRESS}@${lab.dnsPort}
    rundir: ${folder}/run
    automatic-acl: off
log:
  - target: stderr
    any: info
database:
    storage: ${folder}/db
policy:
  - id: lab
    algorithm: ecdsap256sha256
    cds-cdnskey-publish: ${publish}
    ksk-lifetime: 0
zone:
  - domain: ${ZONE}
    file: ${folder}/zone
    dnssec-signing: on
    dnssec-policy: lab
    zonefile-load: difference-no-serial
    journal-content: all
`;

beforeAll(async () => {
  if (absent !== undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'mailanchor-knot-'));
  for (const name of ['run', 'db']) mkdirSync(join(folder, name));
  lab = await startLab({ only: [] });
  writeFileSync(
    join(folder, 'zone'),
    `${ZONE}. 60 SOA ns.${ZONE}. h.${ZONE}. 1 3600 600 86400 60\n${ZONE}. 60 NS ns.${ZONE}.\nns.${ZONE}. 60 A ${ADDRESS}\n`,
  );
  writeFileSync(join(folder, 'knot.conf'), config('always'));
  delegate([]);
  knot = spawn('knotd', ['-c', join(folder, 'knot.conf')], { stdio: ['ignore', 'pipe', 'pipe'] });
  await said(/DNSSEC, successfully signed/);
}, 20_000);

afterAll(async () => {
  if (absent !== undefined) return;
  if (knot?.exitCode === null) {
    const exited = new Promise((resolve) => knot!.once('exit', resolve));
    knot.kill();
    await exited;
  }
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
});

let log = '';
/** Waits for a line of Knot's log after what was waited for before. */
function said(pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (chunk?: Buffer) => {
      log += chunk?.toString() ?? '';
      const match = pattern.exec(log);
      if (!match) return;
      log = log.slice(match.index + match[0].length);
      for (const stream of [knot!.stdout!, knot!.stderr!]) stream.off('data', look);
      resolve();
    };
    for (const stream of [knot!.stdout!, knot!.stderr!]) stream.on('data', look);
    knot!.once('exit', () => reject(new Error(`knotd ended: ${log}`)));
    look();
  });
}

/** The delegation as the parent has it, with these DS records. */
function delegate(ds: readonly string[]): void {
  const parent = lab.zone('example');
  const rest = parent.zone.records.filter(
    ({ name, type }) => !name.isAtOrBelow(Name.fromText(ZONE)) && type !== RRType.DNSKEY,
  );
  const text = [`${ZONE}. 60 NS ns.${ZONE}.`, `ns.${ZONE}. 60 A ${ADDRESS}`, ...ds].join('\n');
  parent.publish([...rest, ...parseZoneFile(text, { origin: Name.fromText('example'), source: 'test' })]);
}

async function look(): Promise<ZoneStatus> {
  const resolver = createResolver({
    rootHints: parseRootHints(lab.rootHints, 'lab'),
    trustAnchors: parseTrustAnchors(lab.trustAnchor, 'lab'),
    dnsPort: lab.dnsPort,
  });
  const inspector = new ZoneInspector({ resolver, port: lab.dnsPort });
  try {
    return await lookAt(Name.fromText(ZONE), {
      resolver,
      inspector,
      clock: Date.now,
      timeoutMs: 5000,
      signal: new AbortController().signal,
      days: 3,
      digestTypes: [2],
    });
  } finally {
    await inspector.close();
    resolver.close();
  }
}

async function reload(publish: string): Promise<void> {
  writeFileSync(join(folder, 'knot.conf'), config(publish));
  const control = ['-c', join(folder, 'knot.conf'), '-s', join(folder, 'run', 'knot.sock')];
  for (const command of [['reload'], ['zone-sign', ZONE]]) {
    expect(spawnSync('knotc', [...control, ...command], { timeout: 10_000 }).status).toBe(0);
  }
  await said(/zone-sign|DNSSEC, signing zone/);
  await said(/successfully signed/);
}

test.skipIf(absent !== undefined)(
  `from the first DS to none again${absent === undefined ? '' : `: ${absent}`}`,
  async () => {
    const island = await look();
    expect(island).toMatchObject({ state: 'no-ds', remarks: [{ code: 'cds-bootstrap' }] });
    expect(island.registrar!.ds).toEqual(island.cds.map((line) => line.replace(' CDS ', ' DS ')));

    delegate(island.registrar!.ds);
    expect(await look()).toMatchObject({ state: 'secure', remarks: [] });

    await reload('delete-dnssec');
    const leaving = await look();
    expect(leaving).toMatchObject({ state: 'ds-removal-pending', cds: [`${ZONE}. 3600 IN CDS 0 0 0 00`] });
    expect(leaving.registrar!.remove).toEqual(island.registrar!.ds);
  },
);
