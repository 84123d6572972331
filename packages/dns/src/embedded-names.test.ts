import { describe, expect, it } from 'vitest';
import { embeddedNames } from './embedded-names.ts';
import { hexDecode } from './octets.ts';

const NAME = '016100';

describe('embeddedNames', () => {
  it.each<readonly [string, number, string, readonly (readonly [number, number])[]]>([
    ['NS', 2, NAME, [[0, 3]]],
    ['MD', 3, NAME, [[0, 3]]],
    ['MF', 4, NAME, [[0, 3]]],
    ['CNAME', 5, '00', [[0, 1]]],
    [
      'SOA',
      6,
      `${NAME}00${'00'.repeat(20)}`,
      [
        [0, 3],
        [3, 1],
      ],
    ],
    ['MB', 7, NAME, [[0, 3]]],
    ['MG', 8, NAME, [[0, 3]]],
    ['MR', 9, NAME, [[0, 3]]],
    ['PTR', 12, NAME, [[0, 3]]],
    ['HINFO', 13, '01410141', []],
    [
      'MINFO',
      14,
      `${NAME}${NAME}`,
      [
        [0, 3],
        [3, 3],
      ],
    ],
    ['MX', 15, `000a${NAME}`, [[2, 3]]],
    [
      'RP',
      17,
      `${NAME}${NAME}`,
      [
        [0, 3],
        [3, 3],
      ],
    ],
    ['AFSDB', 18, `0001${NAME}`, [[2, 3]]],
    ['RT', 21, `0001${NAME}`, [[2, 3]]],
    ['SIG', 24, `${'00'.repeat(18)}${NAME}aabb`, [[18, 3]]],
    [
      'PX',
      26,
      `0001${NAME}${NAME}`,
      [
        [2, 3],
        [5, 3],
      ],
    ],
    ['NXT', 30, `${NAME}40`, [[0, 3]]],
    ['SRV', 33, `000000000000${NAME}`, [[6, 3]]],
    ['NAPTR', 35, `00000000 0141 00 0142 ${NAME}`.replaceAll(' ', ''), [[9, 3]]],
    ['KX', 36, `0001${NAME}`, [[2, 3]]],
    ['A6 with a name', 38, `40 0102030405060708 ${NAME}`.replaceAll(' ', ''), [[9, 3]]],
    ['A6 without', 38, `00${'11'.repeat(16)}`, []],
    ['A6 of a prefix only', 38, `80${NAME}`, [[1, 3]]],
    ['DNAME', 39, NAME, [[0, 3]]],
    ['RRSIG', 46, `${'00'.repeat(18)}${NAME}aabb`, [[18, 3]]],
    // rfc6840#section-5.1
    ['NSEC', 47, `${NAME}000140`, []],
    ['SVCB', 64, `0001${NAME}`, []],
    ['A', 1, 'c0000201', []],
    ['unknown', 65280, NAME, []],
    ['NS that does not fit', 2, `${NAME}00`, []],
    ['MX that does not fit', 15, '000a0161', []],
    ['RRSIG that does not fit', 46, '00', []],
  ])('%s', (_what, type, hex, expected) => {
    expect(embeddedNames(type, hexDecode(hex)).map(({ offset, length }) => [offset, length])).toEqual(
      expected,
    );
  });
});
