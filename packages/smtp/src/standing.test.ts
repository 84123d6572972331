import { describe, expect, it } from 'vitest';
import { acceptsMail, hostVerdict, type Standing, standingOf } from './standing.ts';
import type {
  HostPolicy,
  HostProblem,
  HostVerdict,
  MatchReport,
  SessionOutcome,
  SessionReport,
} from './verdict.ts';

const MATCH: MatchReport = { kind: 'match', usage: 3, selector: 1, matching: 1, depth: 0, record: 0 };
const MISMATCH: MatchReport = { kind: 'mismatch', reason: 'no-match', depth: null, text: 'no' };
const UNUSABLE: MatchReport = { kind: 'unusable', records: [] };

function session(outcome: SessionOutcome, match: MatchReport | null = null): SessionReport {
  return {
    address: '192.0.2.1',
    port: 25,
    outcome,
    text: '',
    starttls: null,
    tls: null,
    chain: [],
    match,
    matchedRecords: [],
    durationMs: 0,
  };
}

const problem = (stage: HostProblem['stage'], status: HostProblem['status']): HostProblem => ({
  stage,
  status,
  ede: 0,
  text: '',
});

const ok = session('established', MATCH);

const cases: [string, HostPolicy, HostProblem | undefined, SessionReport[], Standing, HostVerdict][] = [
  ['every session matches', 'dane', undefined, [ok, ok], 'verified', 'verified'],
  [
    'one address mismatches',
    'dane',
    undefined,
    [ok, session('established', MISMATCH)],
    'mismatch',
    'mismatch',
  ],
  [
    'a mismatch counts though the session failed later',
    'dane',
    undefined,
    [session('ehlo-refused', MISMATCH)],
    'mismatch',
    'mismatch',
  ],
  ['one address is down', 'dane', undefined, [ok, session('connect-refused')], 'verified', 'verified'],
  [
    'one address has no route from here',
    'dane',
    undefined,
    [ok, session('no-route')],
    'verified',
    'verified',
  ],
  [
    'one address was not asked in time',
    'dane',
    undefined,
    [ok, session('deadline')],
    'undetermined',
    'deferred',
  ],
  [
    'rule 26: one address without STARTTLS',
    'dane',
    undefined,
    [ok, session('starttls-not-offered')],
    'refuses',
    'deferred',
  ],
  ['rule 26: STARTTLS refused', 'dane', undefined, [session('starttls-refused')], 'refuses', 'deferred'],
  ['rule 26: handshake fails', 'dane', undefined, [session('tls-failed')], 'refuses', 'deferred'],
  ['rule 26: handshake times out', 'dane', undefined, [session('tls-timeout')], 'refuses', 'deferred'],
  ['rule 25: data behind STARTTLS', 'dane', undefined, [session('injected-data')], 'refuses', 'deferred'],
  [
    'rule 26: TLS is required with unusable records too',
    'dane-unusable',
    undefined,
    [session('starttls-not-offered')],
    'refuses',
    'deferred',
  ],
  [
    'rule 15: unusable records, encrypted',
    'dane-unusable',
    undefined,
    [session('established', UNUSABLE)],
    'unusable',
    'unauthenticated',
  ],
  [
    'nothing answers',
    'dane',
    undefined,
    [session('connect-timeout'), session('closed')],
    'unreachable',
    'deferred',
  ],
  ['no route at all', 'dane', undefined, [session('no-route')], 'undetermined', 'deferred'],
  [
    'a greeting of 554 is no verdict on TLS',
    'dane',
    undefined,
    [session('greeting-refused')],
    'unreachable',
    'deferred',
  ],
  [
    'without DANE nothing that a session does matters',
    'none',
    undefined,
    [session('tls-failed')],
    'not-dane',
    'no-dane',
  ],
  ['TLSA bogus', 'unreachable', problem('tlsa', 'bogus'), [], 'bogus', 'deferred'],
  ['TLSA lookup fails', 'unreachable', problem('tlsa', 'indeterminate'), [], 'tlsa-failed', 'deferred'],
  ['addresses bogus', 'unreachable', problem('addresses', 'bogus'), [], 'bogus', 'deferred'],
  [
    'address lookup fails',
    'unreachable',
    problem('addresses', 'indeterminate'),
    [],
    'lookup-failed',
    'deferred',
  ],
  ['no address', 'unreachable', problem('no-address', 'secure'), [], 'no-address', 'deferred'],
  ['beyond our limit', 'unreachable', problem('limit', 'indeterminate'), [], 'lookup-failed', 'deferred'],
];

describe('standing of a host', () => {
  for (const [title, policy, found, sessions, standing, verdict] of cases) {
    it(`${title}: ${standing}`, () => {
      const host = { policy, sessions, ...(found ? { problem: found } : {}) };
      expect(standingOf(host, true)).toBe(standing);
      expect(hostVerdict(standing)).toBe(verdict);
    });
  }

  it('without connections nothing is verified', () => {
    expect(standingOf({ policy: 'dane', sessions: [] }, false)).toBe('unchecked');
    expect(hostVerdict('unchecked')).toBeNull();
    expect(standingOf({ policy: 'none', sessions: [] }, false)).toBe('not-dane');
  });

  it('a host with policy dane and no session at all is not verified', () => {
    expect(standingOf({ policy: 'dane', sessions: [] }, true)).toBe('undetermined');
  });

  it('accepts mail: with TLS or without, not when it is down', () => {
    expect(acceptsMail([session('starttls-not-offered')])).toBe(true);
    expect(acceptsMail([session('connect-refused'), session('established')])).toBe(true);
    expect(acceptsMail([session('connect-refused'), session('greeting-refused')])).toBe(false);
  });
});
