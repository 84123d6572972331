import { encodeRrsig, Name, RRType } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { type ClockEvidence, judgeClock, type SignedSet } from './clock-check.ts';
import type { ServerClock } from './server-clocks.ts';

const HOUR = 3600;
const DAY = 86_400;
const NOW = 1_800_000_000;

const rrsig = (from: number, until: number) =>
  encodeRrsig({
    typeCovered: RRType.SOA,
    algorithm: 13,
    labels: 0,
    originalTtl: DAY,
    inception: from,
    expiration: until,
    keyTag: 1,
    signer: Name.root,
    signature: new Uint8Array(64),
  });
/** Seconds from now, of each signature over one set. */
const set = (zone: string, ...windows: [number, number][]): SignedSet => ({
  zone: Name.fromText(zone),
  signatures: windows.map(([from, until]) => rrsig(NOW + from, NOW + until)),
});
const servers = (...ahead: number[]): ServerClock[] =>
  ahead.map((seconds, i) => ({ address: `192.0.2.${i}`, ahead: seconds }));

async function judge(over: Partial<ClockEvidence>, vouched = true) {
  const asked: [string, number][] = [];
  const judged = await judgeClock({
    sets: [],
    servers: [],
    now: NOW,
    holdsAt: async (zone, seconds) => {
      asked.push([zone.toString(), seconds - NOW]);
      return vouched;
    },
    ...over,
  });
  const [finding] = judged.findings;
  return {
    seen: judged.seen,
    said: finding ? `${finding.code} ${finding.severity}` : '',
    text: finding?.text,
    asked,
  };
}

const GOOD = set('.', [-DAY, DAY]);

describe('signatures', () => {
  test.each<[string, SignedSet[], string]>([
    ['within', [GOOD], ''],
    ['within one of two', [set('.', [-9 * DAY, -DAY], [-DAY, DAY])], ''],
    ['after all of the root', [set('.', [-9 * DAY, -DAY]), set('.', [-3 * DAY, -1])], 'clock-wrong error'],
    ['before all', [set('.', [2000 * DAY, 2010 * DAY])], 'clock-wrong error'],
    ['an hour before the newest set of the root', [set('.', [HOUR, 9 * DAY]), GOOD], 'clock-wrong error'],
    ['after an old copy of one set of the root', [set('.', [-9 * DAY, -DAY]), GOOD], ''],
    [
      'before the newest of two zones',
      [GOOD, set('com.', [HOUR, DAY]), set('org.', [2 * HOUR, DAY])],
      'clock-wrong error',
    ],
    ['before a zone that somebody signs too early', [GOOD, set('example.', [HOUR, DAY])], ''],
    ['after a zone that was left to expire', [GOOD, set('example.', [-9 * DAY, -DAY])], ''],
    [
      'after two zones',
      [GOOD, set('com.', [-DAY, -HOUR]), set('org.', [-DAY, -2 * HOUR])],
      'clock-wrong error',
    ],
    ['after what is never valid together', [set('.', [-9, -8], [-5, -4])], 'check-incomplete info'],
    ['without signatures', [], 'check-incomplete info'],
  ])('a clock %s', async (_, sets, said) => {
    const { asked, ...judged } = await judge({ sets });
    expect(judged.said).toBe(said);
    // Where the trust anchor is asked, it is with a clock at which all of them hold.
    for (const [zone, then] of asked) {
      const wrong = sets.filter((one) => one.zone.toString() === zone);
      expect(wrong.length).toBeGreaterThan(0);
      expect(then).not.toBe(0);
    }
  });

  test('by how much', async () => {
    const behind = await judge({ sets: [set('com.', [HOUR, DAY]), set('org.', [3 * HOUR, 2 * DAY])] });
    expect(behind.text).toMatch(/signatures of com\., org\. are not valid yet.*at least 3 h behind\.$/);
    expect(behind.asked).toEqual([
      ['com.', 13.5 * HOUR],
      ['org.', 13.5 * HOUR],
    ]);
    const ahead = await judge({ sets: [set('.', [-9 * DAY, -4 * DAY])] });
    expect(ahead.text).toMatch(/signatures of the root are valid no more.*at least 4 days ahead\.$/);
  });

  test('the anchor does not vouch for them', async () => {
    expect((await judge({ sets: [set('.', [HOUR, DAY])] }, false)).said).toBe('check-incomplete info');
  });

  test('what would not show is said', async () => {
    const sets = [set('.', [-20 * HOUR, 9 * DAY]), set('com.', [-HOUR, 4 * DAY])];
    expect((await judge({ sets })).seen).toBe(
      'the clock (by signatures alone: less than 60 min behind or 4 days ahead would not show)',
    );
  });
});

describe("name servers' clocks", () => {
  test.each<[string, number[], string]>([
    ['the same', [0, 1, -1], ''],
    ['a little away', [200, 210, 190], ''],
    ['hours ahead', [3 * HOUR, 3 * HOUR + 2, 3 * HOUR], 'clock-wrong warning'],
    ['hours behind', [-HOUR, -HOUR, -HOUR, 0], 'clock-wrong warning'],
    ['two are not enough', [HOUR, HOUR], ''],
    ['of no agreement', [HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR], ''],
    ['half is not most', [HOUR, HOUR, HOUR, 0, 0, 0], ''],
  ])('%s', async (_, ahead, said) => {
    expect((await judge({ sets: [GOOD], servers: servers(...ahead) })).said).toBe(said);
  });

  test('by how much, and beside how many', async () => {
    const { text, seen } = await judge({ sets: [GOOD], servers: servers(HOUR * 3, HOUR * 3, HOUR * 3) });
    expect(text).toMatch(/and 3 name servers say .*: it is 3 h behind\.$/);
    expect(seen).toBe('the clock (beside those of 3 name servers)');
  });

  test('what is proven goes first', async () => {
    const { said } = await judge({ sets: [set('.', [HOUR, DAY])], servers: servers(HOUR, HOUR, HOUR) });
    expect(said).toBe('clock-wrong error');
  });
});
