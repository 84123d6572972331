import { encodeA, encodeRrsig, Name, type ResourceRecord, RRType } from '@mailanchor/dns';
import { describe, expect, test, vi } from 'vitest';
import { collectRRsets, recordsOf } from './rrsets.ts';

const name = (text: string) => Name.fromText(text);
const a = (owner: string, address: string, ttl = 60, rrClass = 1): ResourceRecord => ({
  name: name(owner),
  type: RRType.A,
  class: rrClass,
  ttl,
  rdata: encodeA(address),
});
const rrsig = (owner: string, typeCovered: number, tag = 1): ResourceRecord => ({
  name: name(owner),
  type: RRType.RRSIG,
  class: 1,
  ttl: 60,
  rdata: encodeRrsig({
    typeCovered,
    algorithm: 15,
    labels: 1,
    originalTtl: 60,
    expiration: 2,
    inception: 1,
    keyTag: tag,
    signer: Name.root,
    signature: new Uint8Array(64),
  }),
});

describe('collectRRsets', () => {
  const only = (records: readonly ResourceRecord[], elsewhere: readonly ResourceRecord[] = []) =>
    collectRRsets(records, elsewhere).get(name('a.'), RRType.A);

  test('by name and type, names in any case, duplicates once, the smallest TTL', () => {
    const set = only([
      a('a.', '192.0.2.1', 60),
      a('A.', '192.0.2.2', 30),
      a('a.', '192.0.2.1', 90),
      a('b.', '192.0.2.3', 1),
    ]);
    expect(set).toMatchObject({
      ttl: 30,
      rdatas: [encodeA('192.0.2.1'), encodeA('192.0.2.2')],
      signatures: [],
    });
  });
  test('signatures belong to what they cover, wherever they are', () => {
    expect(
      only([rrsig('a.', RRType.A), a('a.', '192.0.2.1'), rrsig('a.', RRType.TXT), rrsig('b.', RRType.A)])!
        .signatures,
    ).toHaveLength(1);
    expect(only([a('a.', '192.0.2.1')], [rrsig('a.', RRType.A), a('a.', '192.0.2.2')])).toMatchObject({
      rdatas: [encodeA('192.0.2.1')],
      signatures: [{}],
    });
  });
  test('four thousand records of one name are not compared in pairs', () => {
    const records = Array.from({ length: 4000 }, (_, i) => a('a.', `10.0.${i >> 8}.${i & 255}`));
    const compare = vi.spyOn(Buffer, 'compare');
    const set = only([...records, ...records]);
    const comparisons = compare.mock.calls.length;
    compare.mockRestore();
    expect(set!.rdatas).toEqual(records.map(({ rdata }) => rdata));
    expect(Object.keys(set!).sort()).toEqual(['class', 'name', 'rdatas', 'signatures', 'ttl', 'type']);
    expect(comparisons).toBeLessThan(200);
  });
  test('a signature alone is no RRset, nor is another class', () => {
    expect(collectRRsets([rrsig('a.', RRType.A), a('a.', '192.0.2.1', 60, 3)]).values()).toEqual([]);
  });
  test('signatures without end are cut off', () => {
    const many = Array.from({ length: 100 }, (_, i) => rrsig('a.', RRType.A, i));
    expect(only([a('a.', '192.0.2.1'), ...many])!.signatures).toHaveLength(32);
  });
  test('a signature too short to cover anything', () => {
    expect(
      only([a('a.', '192.0.2.1'), { ...rrsig('a.', RRType.A), rdata: Uint8Array.of(0, 1) }])!.signatures,
    ).toEqual([]);
  });
  test('recordsOf: back again, with another TTL', () => {
    const { records, signatures } = recordsOf(only([a('a.', '192.0.2.1'), rrsig('a.', RRType.A)])!, 7);
    expect(records).toEqual([a('a.', '192.0.2.1', 7)]);
    expect(signatures).toEqual([{ ...rrsig('a.', RRType.A), ttl: 7 }]);
  });
});
