import { describe, expect, test } from 'vitest';
import { EXPIRATION, INCEPTION } from '../test/signed-network/sign.ts';
import { World, type WorldOptions } from '../test/signed-network/world.ts';

const DAY = 86_400;
const YEAR = 365 * DAY;
const at = (seconds: number, options: WorldOptions = {}) =>
  new World([{ name: 'example.', text: 'www A 192.0.2.80' }], options, seconds).ask('www.example.');
const expired = /^signature over DNSKEY of \. expired 2026-02-01/;
const early = /^signature over DNSKEY of \. is not valid before 2026-01-01/;

describe('rule 27: an absurd clock is named', () => {
  test.each<[string, number, number, RegExp]>([
    [
      'the epoch',
      0,
      8,
      /^this machine's clock says 1970-01-01, which cannot be right: signature over DNSKEY of \. is not/,
    ],
    [
      '2019',
      Date.UTC(2019, 11, 31) / 1000,
      8,
      /^this machine's clock says 2019-12-31, which cannot be right: /,
    ],
    [
      'years ahead',
      EXPIRATION + 2 * YEAR,
      7,
      /^this machine's clock says 2028-02-01, which cannot be right: .* expired 2026-02-01/,
    ],
    [
      'years behind',
      INCEPTION - 2 * YEAR,
      8,
      /^this machine's clock says 2024-01-02, which cannot be right: /,
    ],
    ['a day late: the zone may have missed its time', EXPIRATION + DAY, 7, expired],
    ['half a year late', EXPIRATION + YEAR / 2, 7, expired],
    ['a day early', INCEPTION - DAY, 8, early],
  ])('rule 27: %s', async (_, now, ede, text) => {
    const resolution = await at(now);
    expect(resolution).toMatchObject({ status: 'bogus', reason: { ede } });
    expect(resolution.reason?.text).toMatch(text);
  });

  test('a zone below that let its signatures expire years ago is no matter of the clock', async () => {
    const old = { inception: INCEPTION - 9 * YEAR, expiration: INCEPTION - 8 * YEAR };
    const world = new World([{ name: 'example.', text: 'www A 192.0.2.80', sign: old }]);
    const { reason } = await world.ask('www.example.');
    expect(reason?.text).toMatch(/^signature over DNSKEY of example\. expired 20/);
  });
});

describe('rule 27: skew as a setting', () => {
  test.each([
    [EXPIRATION, 0, 'secure'],
    [EXPIRATION + 1, 0, 'bogus'],
    [EXPIRATION + 300, 300, 'secure'],
    [EXPIRATION + 301, 300, 'bogus'],
    [INCEPTION, 0, 'secure'],
    [INCEPTION - 1, 0, 'bogus'],
    [INCEPTION - 300, 300, 'secure'],
    [INCEPTION - 301, 300, 'bogus'],
  ])('at %d with %d seconds: %s', async (now, clockSkewSeconds, status) => {
    expect((await at(now, { clockSkewSeconds })).status).toBe(status);
  });

  test('what holds by skew alone is not kept', async () => {
    const world = new World(
      [{ name: 'example.', text: 'www A 192.0.2.80' }],
      { clockSkewSeconds: 300 },
      EXPIRATION + 10,
    );
    expect(await world.ask('www.example.')).toMatchObject({ status: 'secure', ttl: 0 });
    world.pass(291);
    expect((await world.ask('www.example.')).status).toBe('bogus');
  });
});
