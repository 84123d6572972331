/**
 * A sending Postfix that takes its TLS policies from us, with opportunistic TLS as its own default: what it does with good and bad destinations
 * is then our word. Beside it one with its own `dane` level. Its resolver is ours; receivers are Postfix and the lab.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REQUIRED, whyNoPeers } from '../../../test/peers/peers.ts';
import type { PostfixSender } from '../../../test/peers/postfix-sender.ts';
import {
  DECISIONS,
  inShort,
  PAGE,
  postfixTable,
  type Row,
  readRendered,
} from '../../../test/peers/postfix-table.ts';
import { PostfixWorlds } from '../../../test/peers/postfix-worlds.ts';
import { unbuilt } from './program.ts';

const absent = whyNoPeers() ?? unbuilt;
if (absent !== undefined && REQUIRED) throw new Error(`MAILANCHOR_TEST_PEERS=required, but ${absent}`);

const SETTINGS = `smtp_tls_security_level = may
smtp_dns_support_level = dnssec
`;
const chance = DECISIONS.filter(({ always }) => !always).flatMap(({ domains }) => domains);
const decided = DECISIONS.filter(({ always }) => always).flatMap(({ domains }) => domains);

describe.skipIf(absent)(`Postfix with our policies${absent ? ` (skipped: ${absent})` : ''}`, () => {
  let worlds: PostfixWorlds;
  let sender: PostfixSender;

  beforeAll(async () => {
    worlds = await PostfixWorlds.raise();
    sender = await worlds.sender('lab', SETTINGS + worlds.maps('lab'));
  }, 120_000);
  afterAll(() => worlds?.lower());

  const told = async (domains: readonly string[], local: string, from = sender) => {
    await from.send(domains, local);
    const found = await from.deliveries(domains, local);
    return found.map(({ status, tls }) => (tls === 'Verified' && status === 'sent' ? 'verified' : status));
  };

  describe('every destination', () => {
    let rows: readonly Row[];
    beforeAll(async () => {
      rows = await postfixTable(worlds);
    }, 90_000);

    test('as Postfix does by itself, but where it is decided otherwise', () => {
      expect(rows.length).toBeGreaterThan(100);
      const differing = rows.filter(({ ours, native }) => ours.verdict !== native.verdict);
      const domains = differing.map(({ domain }) => domain).filter((domain) => !chance.includes(domain));
      expect(domains.sort()).toEqual([...decided].sort());
    });

    test('as the page has it', () => {
      const certain = (lines: readonly (readonly string[])[]) =>
        lines.filter(([domain]) => !chance.includes(domain!));
      expect(certain(inShort(rows))).toEqual(certain(readRendered(readFileSync(PAGE, 'utf8'))));
    });

    test('what cannot be proven waits, and the log has our reason', () => {
      const waiting = rows.filter(({ policy }) => policy === 'TEMP');
      expect(waiting.length).toBeGreaterThan(4);
      for (const { domain, ours } of waiting)
        expect(ours.why).toMatch(
          new RegExp(`; ${domain}: the TLSA records of \\S+ cannot be (?:trusted|looked up): `),
        );
    });
  });

  test('over a unix socket from a chroot, and by tcp_table', { timeout: 60_000 }, async () => {
    await worlds.policies.get('lab')!.stop();
    const maps = 'smtp_tls_policy_maps = socketmap:unix:/policy:policy\n';
    const chrooted = await worlds.sender('lab', SETTINGS + maps, { chroot: true });
    const socket = join(chrooted.queue, 'policy');
    await worlds.startPolicy('lab', '--listen', `unix:${socket}`, '--tcp-table', '127.0.0.1:8472');
    const table = await worlds.sender('lab', `${SETTINGS}smtp_tls_policy_maps = tcp:127.0.0.1:8472\n`);
    const domains = [
      'sts-only.example',
      'sts-only-name.example',
      'good-311.example',
      'tlsa-servfail.example',
    ];
    for (const one of [chrooted, table])
      expect(await told(domains, 'over', one)).toEqual(['verified', 'deferred', 'verified', 'deferred']);
  });

  test('killed, mail waits; started again, it goes out', { timeout: 60_000 }, async () => {
    const domains = ['sts-only.example', 'good-311.example'];
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await worlds.policies.get('lab')!.stop(signal);
      expect(await told(domains, signal)).toEqual(['deferred', 'deferred']);
      await worlds.startPolicy('lab');
      const before = sender.lines().length;
      await sender.flush();
      const sent = await sender.deliveries(domains, signal, 20_000, before);
      expect(sent.map(({ status, tls }) => `${status} ${tls}`)).toEqual(['sent Verified', 'sent Verified']);
    }
  });

  test('an MTA-STS policy holds when its host is gone, over kill -9 too', { timeout: 60_000 }, async () => {
    const domains = ['sts-only.example', 'sts-only-untrusted.example'];
    for (const domain of domains) await worlds.servePolicy(domain, { fault: 'closed' });
    await worlds.policies.get('lab')!.stop('SIGKILL');
    rmSync(join(worlds.state, 'lab/policy-cache'), { force: true });
    const service = await worlds.startPolicy('lab');
    expect(service.lines.join('\n')).toMatch(/ MTA-STS policies of the last run still hold/);
    expect(await told(domains, 'kept')).toEqual(['verified', 'deferred']);
    // Who has never been asked is gone: as if it had none.
    rmSync(join(worlds.state, 'lab'), { recursive: true, force: true });
    await service.stop('SIGKILL');
    rmSync(join(worlds.state, 'lab'), { recursive: true, force: true });
    await worlds.startPolicy('lab');
    expect(await told(['sts-only-untrusted.example'], 'forgotten')).toEqual(['sent']);
  });
});
