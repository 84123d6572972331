/** The further connections to an address: what they offer, how many there are, and that they harm nothing. */
import { constants } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { SessionResult } from '../src/session.ts';
import { oldVersions, probeTlsVersions } from '../src/tls-versions.ts';
import type { ProbeReport, SessionReport } from '../src/verdict.ts';
import { ALL_VERSIONS, otherName, rsaLeaf, rsaStray } from './host-finding-cases.ts';
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

describe('the second connection greets with another name', () => {
  const ehlos = ({ commands }: WorldResult) =>
    commands[ADDRESS]!.filter((line) => line.startsWith('EHLO')).map((line) => line.slice('EHLO '.length));

  test('alike for both: nothing further is asked', async () => {
    const result = await run(otherName({}));
    expect(ehlos(result).toSorted()).toEqual(['checker.test', 'prober.test']);
    expect(result.codes).not.toContain('starttls-selective');
  });

  test('by the name: each once more, the one that was left out first', async () => {
    const result = await run(otherName({ plainTo: /prober/ }));
    expect(ehlos(result).slice(2)).toEqual(['prober.test', 'checker.test']);
    expect(sessionOf(result).starttlsByName).toEqual({
      offeredTo: 'checker.test',
      notOfferedTo: 'prober.test',
    });
    expect(result.check.verdict).toBe('broken');
  });

  test('the name of the check is left out', async () => {
    const result = await run(otherName({ plainTo: /checker/ }));
    expect(sessionOf(result).starttlsByName).toEqual({
      offeredTo: 'prober.test',
      notOfferedTo: 'checker.test',
    });
  });

  test('by chance: no name is blamed', async () => {
    const result = await run(otherName({ selective: true }));
    expect(result.codes).toContain('starttls-selective');
    expect(sessionOf(result).starttlsByName).toBeUndefined();
  });

  test('a server that refuses the other name is asked with the first one', async () => {
    const result = await run(otherName({ chain: [rsaLeaf], refuses: /prober/ }));
    expect(outcomes(sessionOf(result))[0]).not.toBe('rsa ehlo-refused');
  });
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

describe('versions of TLS', () => {
  const old = ALL_VERSIONS;
  test.each([
    ['1.2 and 1.3', {}, [true, true, false, false], 2],
    ['all', old, [true, true, true, true], 3],
    [
      '1.0 and newer without 1.1',
      { ...old, secureOptions: constants.SSL_OP_NO_TLSv1_1 },
      [true, true, false, true],
      3,
    ],
    ['1.1 and 1.2', { ...old, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.2' }, [false, true, true, false], 2],
    ['1.3 alone', { minVersion: 'TLSv1.3' }, [true, false, false, false], 2],
    ['1.2 alone', { maxVersion: 'TLSv1.2' }, [false, true, false, false], 1],
  ] as const)('%s', async (_, secureContext, expected, further) => {
    const asked = world({ secureContext }, ee(leaf));
    const result = await run({ ...asked, options: { ...asked.options, tlsVersions: true } });
    const { tlsVersions = [] } = sessionOf(result);
    expect(tlsVersions.map(({ version }) => version)).toEqual(['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1']);
    expect(tlsVersions.map(({ accepted }) => accepted)).toEqual(expected);
    // Two for the kinds of certificates.
    expect(result.counts[ADDRESS]).toMatchObject({ connections: 2 + further, most: 2 });
    expect(result.check.verdict).toBe('protected');
    expect(result.codes.includes('tls-old-beside')).toBe(expected[2] || expected[3]);
  });

  test('not asked for: no further connection, and nothing is said of them', async () => {
    const result = await run(world({ secureContext: old }, ee(leaf)));
    expect(sessionOf(result).tlsVersions).toBeUndefined();
    expect(result.codes).not.toContain('tls-old-beside');
    expect(result.counts[ADDRESS]).toMatchObject({ connections: 2 });
  });
});

describe('what a connection says of a version', () => {
  const secured: SessionResult = {
    kind: 'established',
    text: 'TLS established',
    starttls: true,
    tls: { protocol: 'TLSv1.3', cipher: '', servername: null },
    chain: [],
    capabilities: [],
    durationMs: 1,
  };
  const failed = (kind: SessionResult['kind'], errorCode?: string): SessionResult => ({
    ...secured,
    kind,
    tls: null,
    ...(errorCode && { errorCode }),
  });
  test.each<[string, SessionResult, number, boolean | null]>([
    ['refused by an alert', failed('tls-failed', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'), 1, false],
    ['the connection ends in the handshake, twice', failed('tls-failed', 'ECONNRESET'), 2, false],
    ['this machine has no such version', failed('tls-failed', 'ERR_SSL_NO_PROTOCOLS_AVAILABLE'), 2, null],
    ['turned away', failed('greeting-refused'), 2, null],
    ['no answer in the handshake', failed('tls-timeout'), 2, null],
    ['no time left', failed('deadline'), 1, null],
  ])('%s', async (_, result, times, expected) => {
    const offers: string[] = [];
    const open = async (offer: string) => {
      offers.push(offer);
      return result;
    };
    const versions = await probeTlsVersions(secured, open, open);
    expect(versions.map(({ accepted }) => accepted)).toEqual([true, expected, expected, expected]);
    expect(offers).toHaveLength(2 * times);
    expect(oldVersions(versions)).toEqual(expected === null ? null : []);
  });
});
