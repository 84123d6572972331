/** Sets of TLSA records beside what a host presents: what a change of keys will meet (rfc7671#section-8). */
import { describe, expect, test } from 'vitest';
import { certificateReport } from '../src/certificate-report.ts';
import { RETIRED_CAS, RETIRED_CAS_AS_OF, retiredCa } from '../src/retired-cas.ts';
import { makeCertificate } from './certificates.ts';
import { ee, intermediate, leaf, other, run, ta, zoneOf } from './world.ts';

const NOBODY = `3 1 1 ${'00'.repeat(32)}`;
const NEXT = `3 1 1 ${'11'.repeat(32)}`;
const STRONG = certificateReport(leaf.der).spkiSha512;
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const lasting = makeCertificate({
  cn: 'mx.example.net',
  names: ['mx.example.net'],
  notBefore: '2020-01-01T00:00:00Z',
  notAfter: '2040-01-01T00:00:00Z',
});
/** Of findings on sets; what the host and its dates are like is for others. */
const SETS = /^(tlsa-(stale|combination|full|no-next|fake|too-many)|ta-(public|selector)|record-agility)/;

/** Codes with their severities, for records of the usual host. */
async function found(records: readonly string[], options: object = {}): Promise<string[]> {
  const { check } = await run({ zone: zoneOf(...records), ...options });
  return check.findings
    .filter(({ code }) => SETS.test(code))
    .map(({ code, severity }) => `${severity} ${code}`);
}

describe('which findings a set gives', () => {
  test.each([
    ['the present key alone', [ee(leaf)], ['notice tlsa-no-next']],
    ['the present key and the CA', [ee(leaf), ta(intermediate)], []],
    ['the present and perhaps the next key', [ee(leaf), NEXT], ['notice tlsa-stale']],
    ['two that match nothing', [ee(leaf), NEXT, NOBODY], ['warning tlsa-stale']],
    ['another CA beside the present one', [ta(intermediate), ta(other)], ['notice tlsa-stale']],
    ['another CA beside a key', [ee(leaf), ta(other)], ['warning tlsa-combination-unmatched']],
    [
      'the present key in two digests',
      [ee(leaf), `3 1 2 ${STRONG}`],
      ['info record-agility-mixed', 'warning tlsa-fake-rollover'],
    ],
    ['SHA2-512 alone', [`3 1 2 ${STRONG}`], ['info record-agility-512-only', 'notice tlsa-no-next']],
    ['the CA by its certificate', [`2 0 1 ${intermediate.sha256}`], ['notice ta-selector-0']],
    [
      'a whole certificate of a CA',
      [`3 0 1 ${leaf.sha256}`],
      ['warning tlsa-full-certificate', 'notice tlsa-no-next'],
    ],
    [
      'an unusable one beside the key',
      [ee(leaf), `3 1 9 ${'00'.repeat(32)}`],
      ['warning tlsa-fake-rollover'],
    ],
    [
      'the digest of the certificate for that of the key',
      [ee(leaf), `3 1 1 ${leaf.sha256}`],
      ['warning tlsa-fake-rollover'],
    ],
    [
      'the digest of the CA as usage 3',
      [ee(leaf), `3 1 1 ${intermediate.spkiSha256}`],
      ['warning tlsa-fake-rollover'],
    ],
    ['the digest of nothing', [ee(leaf), `3 1 1 ${EMPTY}`], ['warning tlsa-fake-rollover']],
    ['twelve', [ee(leaf), ta(intermediate), ...many(10)], ['warning tlsa-stale']],
    ['thirteen', [ee(leaf), ta(intermediate), ...many(11)], ['warning tlsa-too-many', 'warning tlsa-stale']],
    [
      'a CA that issues no more',
      [ee(leaf), `2 1 1 ${RETIRED_CAS[0]!.spkiSha256}`],
      ['warning ta-public-ca-retired', 'warning tlsa-combination-unmatched'],
    ],
    ['a mismatch says that alone', [NOBODY, NEXT], []],
  ])('%s', async (_, records, expected) => {
    expect(await found(records)).toEqual(expected);
  });

  test('a certificate made to stay may be named whole', async () => {
    const servers = { '192.0.2.1': { chain: [lasting] } };
    expect(await found([`3 0 1 ${lasting.sha256}`], { servers })).toEqual(['notice tlsa-no-next']);
  });

  test('digest agility leaves a good record aside', async () => {
    const { finding, codes } = await run({ zone: zoneOf(ee(leaf), `3 1 2 ${'00'.repeat(64)}`) });
    expect(codes).toContain('tlsa-mismatch');
    expect(finding('tlsa-combination-unmatched')).toMatchObject({ severity: 'error' });
    expect(finding('tlsa-combination-unmatched').fix).toMatch(
      /^Remove:\n_25\._tcp\.mx\.example\.net\. \d+ IN TLSA 3 1 2 0{128}$/,
    );
  });

  test.each([
    [`3 1 1 ${leaf.sha256}`, /is the SHA2-256 of the server's own certificate, which is written 3 0 1\.$/],
    [`3 0 1 ${leaf.spkiSha256}`, /is the SHA2-256 of the server's own key, which is written 3 1 1\.$/],
    [
      `3 1 1 ${intermediate.spkiSha256}`,
      /is the SHA2-256 of the key of the CA .*Test Intermediate.*, which is written 2 1 1\.$/,
    ],
    [`3 1 1 ${EMPTY}`, /is the digest of nothing: the command that made it was given an empty file\.$/],
  ])('a mismatch by mistake: %s', async (record, text) => {
    const { finding } = await run({ zone: zoneOf(record) });
    expect(finding('tlsa-mismatch').text).toMatch(text);
  });
});

function many(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `3 1 1 ${(0x20 + i).toString(16).repeat(32)}`);
}

describe('the table of retired CAs', () => {
  test('keys are digests, each once; days are days; announcements are the CA own', () => {
    for (const { spkiSha256, since, source } of RETIRED_CAS) {
      expect(spkiSha256).toMatch(/^[0-9a-f]{64}$/);
      expect(new Date(`${since}T00:00:00Z`).toISOString().slice(0, 10)).toBe(since);
      expect(new URL(source).protocol).toBe('https:');
      expect(since <= RETIRED_CAS_AS_OF).toBe(true);
    }
    expect(new Set(RETIRED_CAS.map(({ spkiSha256 }) => spkiSha256)).size).toBe(RETIRED_CAS.length);
  });

  test('a day that is still to come is told as such', async () => {
    const before = Date.UTC(2024, 4, 1);
    const [first] = RETIRED_CAS;
    const { finding } = await run({
      zone: zoneOf(ee(leaf), `2 1 1 ${first!.spkiSha256}`),
      options: { clock: () => before },
    });
    expect(finding('ta-public-ca-retired').text).toContain('will issue no more from 2024-06-06 on');
  });

  test('any other key is none of them', () => {
    expect(retiredCa(leaf.spkiSha256)).toBeUndefined();
  });
});
