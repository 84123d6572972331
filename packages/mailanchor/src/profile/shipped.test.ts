import { readdirSync } from 'node:fs';
import type { DomainCheck, Finding, FindingCode } from '@mailanchor/smtp';
import { expect, test } from 'vitest';
import { check, host, MISMATCH, session } from '../../test/fixtures/sample-checks.ts';
import { loadProfile, PROFILE_FOLDER } from './load.ts';
import { PROFILE_NAMES } from './names.ts';
import { judgeProfile } from './profile.ts';

const VERSIONS = (['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1'] as const).map((version, i) => ({
  version,
  accepted: i < 2,
  text: 'x',
}));
const GOOD: DomainCheck = check({
  hosts: [host({ sessions: [session({ tlsVersions: VERSIONS })] })],
  beside: {
    sts: { kind: 'policy', policy: { mode: 'enforce', mx: ['mx1.example.org'], maxAge: 86400 }, id: '1' },
    tlsrpt: { kind: 'record', rua: ['mailto:reports@example.org'] },
  },
});

const found = (code: FindingCode): Finding => ({ ...MISMATCH, code });
const with1 = (code: FindingCode, verdict: DomainCheck['verdict'] = 'broken'): DomainCheck => ({
  ...GOOD,
  verdict,
  findings: [found(code)],
});

test('each name has its file, and each file a name', () => {
  expect(readdirSync(PROFILE_FOLDER).sort()).toEqual(PROFILE_NAMES.map((name) => `${name}.yaml`).sort());
});

// Loading validates, codes of findings included.
test.each(PROFILE_NAMES)(
  '%s: called so, no rule twice, nothing fails at a good destination',
  async (name) => {
    const profile = await loadProfile(name);
    expect(profile.name).toBe(name);
    const ids = profile.rules.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const rule of judgeProfile(profile, GOOD).rules) {
      const { unjudged } = profile.rules.find(({ id }) => id === rule.id)!;
      expect(rule).toMatchObject({
        outcome: unjudged === undefined ? 'pass' : 'not-judged',
        reason: unjudged ?? null,
      });
    }
  },
);

/** Whoever wrote these down had no text to compare: that must show. */
test.each(['nist-800-177', 'csa'] as const)('%s: no rule claims to be verified', async (name) => {
  expect((await loadProfile(name)).rules.filter(({ verified }) => verified)).toEqual([]);
});

test.each<[(typeof PROFILE_NAMES)[number], FindingCode, DomainCheck['verdict'], string[]]>([
  ['rfc7672', 'tlsa-mismatch', 'broken', ['3.2']],
  ['rfc7672', 'denial-broken', 'broken', ['2.2 lookup']],
  ['rfc7672', 'tlsa-usage-pkix', 'broken', ['3.1.3']],
  ['rfc7672', 'domain-unsigned', 'unprotected', []],
  ['internetnl-mail', 'tlsa-mismatch', 'broken', ['mail tls dane-valid', 'mail tls dane-rollover']],
  ['internetnl-mail', 'tlsa-no-next', 'protected', ['mail tls dane-rollover']],
  ['internetnl-mail', 'tls-old', 'protected', ['mail tls version']],
  ['internetnl-mail', 'starttls-missing', 'protected', ['mail tls starttls-exists']],
  ['ncsc-nl', 'tls-old', 'protected', ['B1-1']],
  ['internetnl-mail', 'tls-old-beside', 'protected', ['mail tls version']],
  ['ncsc-nl', 'tls-old-beside', 'protected', ['B1-1']],
  ['bsi-tr-03108', 'tls-old-beside', 'protected', ['TR-03108-03-M']],
  ['ncsc-nl', 'tlsa-mismatch', 'broken', ['own-2']],
  ['bsi-tr-03108', 'tlsa-mismatch', 'broken', ['TR-03108-05-M']],
  ['bsi-tr-03108', 'tlsrpt-absent', 'protected', ['TR-03108-10-M']],
  ['bsi-tr-03108', 'sts-absent', 'protected', ['TR-03108-07-R']],
  ['bsi-tr-03108', 'starttls-missing', 'protected', ['TR-03108-03-M']],
  ['nist-800-177', 'domain-unsigned', 'unprotected', ['own-5 DNSSEC', 'own-5 DANE']],
  ['nist-800-177', 'tls-old', 'protected', ['own-5 TLS']],
  ['csa', 'domain-unsigned', 'unprotected', ['own-1']],
])('%s: %s, %s', async (name, code, verdict, failed) => {
  const { rules } = judgeProfile(await loadProfile(name), with1(code, verdict));
  expect(rules.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id)).toEqual(failed);
});

test('versions of TLS are judged where they were found out', async () => {
  const profile = await loadProfile('ncsc-nl');
  const b11 = (tlsVersions?: typeof VERSIONS | { version: 'TLSv1'; accepted: null; text: string }[]) => {
    const sessions = [session(tlsVersions ? { tlsVersions } : {})];
    const { rules } = judgeProfile(profile, { ...GOOD, hosts: [host({ sessions })] });
    return rules.find(({ id }) => id === 'B1-1')!;
  };
  expect(b11(VERSIONS)).toMatchObject({ outcome: 'pass', reason: null });
  const unseen = { outcome: 'not-judged', reason: expect.stringContaining('not found out') };
  expect(b11()).toMatchObject(unseen);
  expect(b11([{ version: 'TLSv1', accepted: null, text: 'x' }])).toMatchObject(unseen);
});
