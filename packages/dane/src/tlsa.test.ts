import { describe, expect, test } from 'vitest';
import { makeCa, makeKey, makeLeaf } from '../test/make-certificate.ts';
import {
  type DaneMode,
  type IndexedRecord,
  strongestDigests,
  type TlsaRecord,
  usableRecords,
} from './index.ts';

const record = (parameters: string, data: Uint8Array | number = 32): TlsaRecord => {
  const [usage = 0, selector = 0, matching = 0] = parameters.split(' ').map(Number);
  return { usage, selector, matching, data: typeof data === 'number' ? new Uint8Array(data) : data };
};

describe('usable records', () => {
  const ca = makeCa('CN=CA');
  const leaf = makeLeaf('a.test', ca);
  const { spki } = makeKey();
  const offCurve = Buffer.from(spki);
  offCurve[offCurve.length - 1]! ^= 1;
  const why = (one: TlsaRecord, mode: DaneMode = 'general'): string | undefined =>
    usableRecords([one], { mode }).unusable[0]?.why;

  test.each(['0 0 1', '1 1 1', '2 0 1', '3 1 1'])('%s with 32 octets', (parameters) => {
    expect(why(record(parameters))).toBeUndefined();
  });
  const bad: readonly (readonly [TlsaRecord, DaneMode, string])[] = [
    [record('4 1 1'), 'general', 'unknown usage 4'],
    [record('255 1 1'), 'general', 'unknown usage 255'],
    [record('3 2 1'), 'general', 'unknown selector 2'],
    [record('3 255 1'), 'general', 'unknown selector 255'],
    [record('3 1 3'), 'general', 'unknown matching type 3'],
    [record('3 1 255'), 'general', 'unknown matching type 255'],
    [record('0 0 1'), 'smtp', 'usage 0 (PKIX-TA) does not apply to SMTP'],
    [record('1 1 2', 64), 'smtp', 'usage 1 (PKIX-EE) does not apply to SMTP'],
    [record('3 1 1', 0), 'smtp', 'no association data'],
    [record('3 1 0', 0), 'smtp', 'no association data'],
    [record('3 1 1', 31), 'smtp', 'a SHA2-256 digest has 32 octets, this one 31'],
    [record('3 1 1', 33), 'smtp', 'a SHA2-256 digest has 32 octets, this one 33'],
    [record('3 1 1', 20), 'smtp', 'a SHA2-256 digest has 32 octets, this one 20'],
    [record('3 1 2', 32), 'smtp', 'a SHA2-512 digest has 64 octets, this one 32'],
    [record('3 0 0', 32), 'smtp', 'the data is not a certificate'],
    [record('2 0 0', spki), 'smtp', 'the data is not a certificate'],
    [record('2 0 0', ca.der.subarray(0, -1)), 'smtp', 'the data is not a certificate'],
    [record('2 0 0', Buffer.concat([ca.der, Buffer.from([0])])), 'smtp', 'the data is not a certificate'],
    [record('2 1 0', ca.der), 'smtp', 'the data is not a public key'],
    [record('3 1 0', spki.subarray(0, -1)), 'smtp', 'the data is not a public key'],
    [record('3 1 0', Buffer.concat([spki, Buffer.from([0])])), 'smtp', 'the data is not a public key'],
    [record('3 1 0', offCurve), 'smtp', 'the public key cannot be decoded'],
  ];
  test.each(bad)('%o in mode %s', (one, mode, want) => expect(why(one, mode)).toBe(want));

  test('Full data that decodes', () => {
    expect(why(record('3 0 0', leaf.der))).toBeUndefined();
    expect(why(record('2 0 0', ca.der))).toBeUndefined();
    expect(why(record('2 1 0', spki))).toBeUndefined();
  });

  test('indices are those of the list given', () => {
    const { usable, unusable } = usableRecords([record('9 1 1'), record('3 1 1'), record('3 1 1', 1)], {
      mode: 'smtp',
    });
    expect(usable.map(({ index }) => index)).toEqual([1]);
    expect(unusable.map((one) => one.record)).toEqual([0, 2]);
  });
});

describe('digest agility', () => {
  const kept = (texts: readonly string[], order?: readonly number[]): number[] => {
    const records: IndexedRecord[] = texts.map((text, index) => ({ index, record: record(text) }));
    return strongestDigests(records, order).map(({ index }) => index);
  };
  const rows: readonly (readonly [readonly string[], readonly number[] | undefined, readonly number[]])[] = [
    [['3 1 1'], undefined, [0]],
    [['3 1 1', '3 1 2'], undefined, [1]],
    [['3 1 2', '3 1 1', '3 1 2'], undefined, [0, 2]],
    [['3 1 1', '3 1 2', '3 1 0'], undefined, [1, 2]],
    [['3 1 1', '3 0 2'], undefined, [0, 1]],
    [['3 1 1', '2 1 2'], undefined, [0, 1]],
    [['2 0 1', '2 1 2', '2 1 1'], undefined, [0, 1]],
    [['3 1 1', '3 1 2'], [1, 2], [0]],
    [['3 1 1', '3 1 2'], [1], [0]],
    [['3 1 1', '3 1 2'], [], [0, 1]],
  ];
  test.each(rows)('%j by order %j keeps %j', (texts, order, want) =>
    expect(kept(texts, order)).toEqual(want),
  );
});
