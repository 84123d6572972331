import { describe, expect, it } from 'vitest';
import { type Cookie, encodeCookie } from '../edns.ts';
import { hexDecode, hexEncode } from '../octets.ts';
import { createCookieJar } from './cookie-jar.ts';
import { sipHash24 } from './siphash.ts';

describe('SipHash-2-4', () => {
  const key = Uint8Array.from({ length: 16 }, (_, i) => i);
  // Of the paper's own vectors: message i is the octets 0 to i - 1.
  it.each([
    [0, '310e0edd47db6f72'],
    [1, 'fd67dc93c539f874'],
    [7, '37d1018bf50002ab'],
    [8, '6224939a79f5f593'],
    [15, 'e545be4961ca29a1'],
    [63, '724506eb4c328a95'],
  ])('of %i octets', (length, expected) => {
    const message = Uint8Array.from({ length }, (_, i) => i);
    expect(hexEncode(sipHash24(message, key))).toBe(expected);
  });
});

function cookie(text: string): Cookie {
  const octets = hexDecode(text);
  const client = octets.subarray(0, 8);
  return octets.length === 8 ? { client } : { client, server: octets.subarray(8) };
}

const SECRET = 'e5e973e5a6b2a43f48e7dc849e37bfcf';

/**
 * rfc9018#appendix-A: the secret and the one before it, time, address, cookie of the query, judgement, cookie of the answer. A.3 is
 * two, since the cookie asked with there is nearly two hours old and good for one.
 */
const VECTORS = [
  [
    [SECRET],
    '2019-06-05T10:53:05Z',
    '198.51.100.100',
    '2464c4abcf10c957',
    'absent',
    '2464c4abcf10c957010000005cf79f111f8130c3eee29480',
  ],
  [
    [SECRET],
    '2019-06-05T11:33:05Z',
    '198.51.100.100',
    '2464c4abcf10c957010000005cf79f111f8130c3eee29480',
    'good',
    '2464c4abcf10c957010000005cf7a871d4a564a1442aca77',
  ],
  [
    [SECRET],
    '2019-06-05T09:46:26Z',
    '203.0.113.203',
    'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5',
    'good',
    'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5',
  ],
  [
    [SECRET],
    '2019-06-05T11:38:20Z',
    '203.0.113.203',
    'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5',
    'bad',
    'fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e',
  ],
  [
    ['445536bcd2513298075a5d379663c962', 'dd3bdf9344b678b185a6f5cb60fca715'],
    '2019-06-05T13:39:21Z',
    '2001:db8:220:1:59de:d0f4:8769:82b8',
    '22681ab97d52c298010000005cf7c57926556bd0934c72f8',
    'good',
    '22681ab97d52c298010000005cf7c609a6bb79d16625507a',
  ],
] as const;

describe('server cookies', () => {
  it.each(VECTORS)('of RFC 9018: %j, %s, %s, %s is %s', (secrets, time, address, asked, kind, answered) => {
    const [secret, previous] = secrets;
    const jar = createCookieJar({ secret: hexDecode(previous ?? secret), clock: () => Date.parse(time) });
    if (previous !== undefined) jar.setSecret(hexDecode(secret));
    const judged = jar.judge(cookie(asked), address);
    expect(judged.kind).toBe(kind);
    expect(hexEncode(judged.option.data)).toBe(answered);
  });

  const secret = hexDecode('000102030405060708090a0b0c0d0e0f');
  const client = hexDecode('1122334455667788');
  let now = Date.parse('2026-01-01');
  const jar = createCookieJar({ secret, clock: () => now });
  const given = (address: string) => cookie(hexEncode(jar.judge({ client }, address).option.data));

  it('are kept for half an hour, renewed for another, and then are none', () => {
    const begin = now;
    const mine = given('192.0.2.1');
    for (const [minutes, kind, same] of [
      [0, 'good', true],
      [30, 'good', true],
      [31, 'good', false],
      [60, 'good', false],
      [61, 'bad', false],
      [-5, 'good', true],
      [-6, 'bad', false],
    ] as const) {
      now = begin + minutes * 60_000;
      const judged = jar.judge(mine, '192.0.2.1');
      expect([minutes, judged.kind]).toEqual([minutes, kind]);
      expect(hexEncode(judged.option.data) === hexEncode(encodeCookie(mine).data)).toBe(same);
      // What is given instead is good at once.
      expect(jar.judge(cookie(hexEncode(judged.option.data)), '192.0.2.1').kind).toBe('good');
    }
    now = begin;
  });

  it.each<readonly [string, (mine: Cookie) => Cookie, string]>([
    ['from another address', (mine) => mine, '192.0.2.2'],
    [
      'of another client cookie',
      ({ server }) => ({ client: secret.slice(0, 8), server: server! }),
      '192.0.2.1',
    ],
    ['of another version', (mine) => changed(mine, 0), '192.0.2.1'],
    ['with other reserved octets', (mine) => changed(mine, 2), '192.0.2.1'],
    ['of another time', (mine) => changed(mine, 7), '192.0.2.1'],
    ['of another hash', (mine) => changed(mine, 15), '192.0.2.1'],
    ['that is longer', ({ server }) => ({ client, server: Uint8Array.of(...server!, 0) }), '192.0.2.1'],
    ['that is shorter', ({ server }) => ({ client, server: server!.subarray(0, 8) }), '192.0.2.1'],
  ])('%s are bad', (_what, change, address) => {
    expect(jar.judge(change(given('192.0.2.1')), address).kind).toBe('bad');
  });

  it('know IPv6', () => {
    const mine = given('2001:db8::1');
    expect(jar.judge(mine, '2001:0db8::0001').kind).toBe('good');
    expect(jar.judge(mine, '2001:db8::2').kind).toBe('bad');
  });

  it('outlive one change of the secret, not two', () => {
    const rolling = createCookieJar({ clock: () => now });
    const judge = (each: Cookie) => rolling.judge(each, '192.0.2.1');
    const mine = cookie(hexEncode(judge({ client }).option.data));
    rolling.setSecret(secret);
    const judged = judge(mine);
    expect(judged.kind).toBe('good');
    expect(hexEncode(judged.option.data)).not.toBe(hexEncode(encodeCookie(mine).data));
    rolling.setSecret(hexDecode('ff'.repeat(16)));
    expect(judge(mine).kind).toBe('bad');
    expect(judge(cookie(hexEncode(judged.option.data))).kind).toBe('good');
    expect(() => rolling.setSecret(client)).toThrow(expect.objectContaining({ code: 'bad-cookie' }));
  });

  it('differ between jars without a secret', () => {
    const mine = createCookieJar({ clock: () => now }).judge({ client }, '192.0.2.1').option;
    expect(jar.judge(cookie(hexEncode(mine.data)), '192.0.2.1').kind).toBe('bad');
  });
});

function changed({ client, server }: Cookie, at: number): Cookie {
  const other = Uint8Array.from(server!);
  other[at]! ^= 1;
  return { client, server: other };
}
