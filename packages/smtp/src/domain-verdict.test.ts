import type { Status } from '@mailanchor/dnssec';
import { describe, expect, it } from 'vitest';
import { domainVerdict } from './domain-verdict.ts';
import type { Standing } from './standing.ts';
import type { DomainVerdict } from './verdict.ts';

/** `not-dane!`: a host without DANE that takes no mail. */
type Case = Standing | 'not-dane!';

const cases: [title: string, mxStatus: Status, hosts: Case[], verdict: DomainVerdict][] = [
  ['protected: the one host verifies', 'secure', ['verified'], 'protected'],
  ['protected: all verify', 'secure', ['verified', 'verified'], 'protected'],
  ['protected: one verifies, one takes no connections', 'secure', ['verified', 'unreachable'], 'protected'],
  ['protected: one without DANE that takes no connections', 'secure', ['verified', 'not-dane!'], 'protected'],
  ['protected: one verifies, one has no address', 'secure', ['verified', 'no-address'], 'protected'],
  ['broken: mismatch', 'secure', ['mismatch'], 'broken'],
  ['broken: mismatch on one of several', 'secure', ['verified', 'mismatch'], 'broken'],
  ['broken: bogus TLSA or addresses', 'secure', ['bogus'], 'broken'],
  ['broken: the TLSA lookup fails', 'secure', ['verified', 'tlsa-failed'], 'broken'],
  ['broken: no STARTTLS with TLSA', 'secure', ['refuses'], 'broken'],
  ['broken: MX bogus', 'bogus', [], 'broken'],
  ['broken: mismatch although the MX is insecure', 'insecure', ['mismatch'], 'broken'],
  ['broken comes before unknown', 'secure', ['mismatch', 'lookup-failed'], 'broken'],
  ['unprotected: no TLSA', 'secure', ['not-dane'], 'unprotected'],
  ['unprotected: insecure MX, no TLSA', 'insecure', ['not-dane', 'not-dane'], 'unprotected'],
  ['unprotected: no TLSA and no connections either', 'secure', ['not-dane!'], 'unprotected'],
  ['partial: some without DANE', 'secure', ['verified', 'not-dane'], 'partial'],
  ['partial: some without DANE, the others unreachable', 'secure', ['unreachable', 'not-dane'], 'partial'],
  ['partial: insecure MX, hosts verify', 'insecure', ['verified'], 'partial'],
  ['partial: only unusable records', 'secure', ['unusable'], 'partial'],
  ['partial: one host with unusable records', 'secure', ['verified', 'unusable'], 'partial'],
  ['partial: DNS only, some without DANE', 'secure', ['unchecked', 'not-dane'], 'partial'],
  ['unknown: MX lookup failed', 'indeterminate', [], 'unknown'],
  ['unknown: address lookup failed', 'secure', ['verified', 'lookup-failed'], 'unknown'],
  ['unknown: address lookup failed, others without DANE', 'secure', ['not-dane', 'lookup-failed'], 'unknown'],
  ['unknown: nothing answers', 'secure', ['unreachable'], 'unknown'],
  ['unknown: nothing answers, insecure MX', 'insecure', ['unreachable', 'unreachable'], 'unknown'],
  ['unknown: not asked in time', 'secure', ['verified', 'undetermined'], 'unknown'],
  ['unknown: no host has an address', 'secure', ['no-address', 'no-address'], 'unknown'],
  ['unknown: DNS only, all with DANE', 'secure', ['unchecked', 'unchecked'], 'unknown'],
];

describe('domain verdict', () => {
  for (const [title, mxStatus, hosts, verdict] of cases) {
    it(title, () => {
      const standings = hosts.map((host) =>
        host === 'not-dane!'
          ? { standing: 'not-dane' as const, accepts: false }
          : { standing: host, accepts: true },
      );
      expect(domainVerdict({ mxStatus, hosts: standings })).toBe(verdict);
    });
  }

  it('only a secure MX and verified hosts make it protected', () => {
    const standings: Standing[] = [
      'bogus',
      'tlsa-failed',
      'lookup-failed',
      'no-address',
      'not-dane',
      'unchecked',
      'mismatch',
      'refuses',
      'undetermined',
      'unreachable',
      'unusable',
    ];
    for (const mxStatus of ['secure', 'insecure', 'bogus', 'indeterminate'] as const) {
      for (const standing of standings) {
        expect(domainVerdict({ mxStatus, hosts: [{ standing, accepts: true }] })).not.toBe('protected');
      }
      if (mxStatus === 'secure') continue;
      expect(domainVerdict({ mxStatus, hosts: [{ standing: 'verified', accepts: true }] })).not.toBe(
        'protected',
      );
    }
  });
});
