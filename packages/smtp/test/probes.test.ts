/** The further connections to an address: what they offer, how many there are, and that they harm nothing. */
import { expect, test } from 'vitest';
import type { ProbeReport, SessionReport } from '../src/verdict.ts';
import { rsaLeaf, rsaStray } from './host-finding-cases.ts';
import { ee, intermediate, leaf, PATIENT, run, type World, type WorldResult, zoneOf } from './world.ts';

const ADDRESS = '192.0.2.1';
const world = (script: NonNullable<World['servers']>[string], ...tlsa: string[]): World => ({
  zone: zoneOf(...tlsa),
  servers: { [ADDRESS]: script },
  options: { probes: true, sessionLimits: PATIENT },
});
const sessionOf = ({ check }: WorldResult): SessionReport => check.hosts[0]!.sessions[0]!;
const outcomes = ({ probes = [] }: SessionReport): string[] =>
  probes.map(({ offer, outcome }) => `${offer} ${outcome}`);
const keys = ({ chain }: SessionReport | ProbeReport): string | undefined => chain[0]?.key;

test('an ECDSA certificate: RSA is asked for, two connections in all, at the same time', async () => {
  const result = await run(world({}, ee(leaf)));
  expect(outcomes(sessionOf(result))).toEqual(['rsa tls-failed']);
  expect(result.counts[ADDRESS]).toMatchObject({ connections: 2, most: 2 });
  expect(result.check.verdict).toBe('protected');
});

test('an RSA certificate: ECDSA is asked for as well, never more than two at a time', async () => {
  const result = await run(world({ chain: [rsaLeaf] }, ee(rsaLeaf)));
  expect(outcomes(sessionOf(result))).toEqual(['rsa established', 'ecdsa tls-failed']);
  expect(sessionOf(result).probes?.[0]).toMatchObject({ sameChain: true, chain: [], matchedRecords: [0] });
  expect(result.counts[ADDRESS]).toMatchObject({ connections: 3, most: 2 });
});

test.each([
  ['TLS 1.3', {}],
  ['TLS 1.2', { secureContext: { maxVersion: 'TLSv1.2' } }],
  [
    'TLS 1.2, the server prefers RSA',
    { secureContext: { maxVersion: 'TLSv1.2', honorCipherOrder: true, ciphers: 'aRSA:aECDSA' } },
  ],
] as const)('both certificates are seen: %s', async (_, more) => {
  const session = sessionOf(
    await run(world({ secondChain: [rsaLeaf, intermediate], ...more }, ee(leaf), ee(rsaLeaf))),
  );
  const seen = new Set([session, ...(session.probes ?? [])].flatMap((each) => keys(each) ?? []));
  expect(seen).toEqual(new Set(['EC P-256', 'RSA 2048']));
});

test('the certificate that has no record does not make the host fail while senders are presented the other', async () => {
  const { check } = await run(world({ secondChain: [rsaLeaf] }, ee(leaf)));
  expect(check.verdict).toBe('protected');
  expect(check.hosts[0]!.sessions[0]!.probes?.[0]).toMatchObject({
    offer: 'rsa',
    outcome: 'established',
    match: { kind: 'mismatch' },
    matchedRecords: [],
  });
});

test('one address with two servers behind it, of which one does not match: broken', async () => {
  const options = { probes: true, sessionLimits: PATIENT };
  const servers = { [ADDRESS]: { chains: [[rsaLeaf], [rsaStray]] } };
  const { check, codes } = await run({ zone: zoneOf(`3 0 1 ${rsaLeaf.sha256}`), servers, options });
  expect([check.verdict, check.hosts[0]!.verdict]).toEqual(['broken', 'mismatch']);
  expect(codes).toContain('address-differs');
  // The key is the same, and a record of the key holds for both.
  const both = await run({ zone: zoneOf(ee(rsaLeaf)), servers, options });
  expect(both.check.verdict).toBe('protected');
  expect(both.codes).not.toContain('address-differs');
});

test('STARTTLS on every other connection: broken', async () => {
  const { check, codes } = await run(world({ selective: true }, ee(leaf)));
  expect(check.verdict).toBe('broken');
  expect(codes).not.toContain('starttls-missing');
});

test('a server that takes one connection at a time: the second is done again by itself', async () => {
  const result = await run(world({ atATime: 1, chain: [rsaLeaf] }, ee(rsaLeaf)));
  expect(result.check.verdict).toBe('protected');
  expect(outcomes(sessionOf(result))).toEqual(['rsa established', 'ecdsa tls-failed']);
});

test('a server that nobody gets through to is not asked again and again', async () => {
  const result = await run(world({ greeting: '554 no mail here' }, ee(leaf)));
  expect(result.counts[ADDRESS]?.connections).toBe(2);
  expect(result.check.verdict).toBe('unknown');
});

test('no connection, no further one', async () => {
  expect(sessionOf(await run(world(null, ee(leaf)))).probes).toBeUndefined();
});

test('probes: false is one connection', async () => {
  const result = await run({ ...world({ chain: [rsaLeaf] }, ee(rsaLeaf)), options: { probes: false } });
  expect(result.counts[ADDRESS]?.connections).toBe(1);
  expect(sessionOf(result).probes).toBeUndefined();
});

test('a failed handshake: older versions are tried, and what is seen with them verifies nothing', async () => {
  const secureContext = {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
  } as const;
  const result = await run(world({ secureContext }, ee(leaf)));
  expect(outcomes(sessionOf(result))).toEqual(['rsa tls-failed', 'old-tls established']);
  expect(result.check.verdict).toBe('broken');
});
