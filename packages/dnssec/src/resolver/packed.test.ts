import {
  decodeMessage,
  encodeMessage,
  makeQuery,
  Name,
  type ResourceRecord,
  RRType,
  responseTo,
} from '@mailanchor/dns';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SignedRRset } from '../signature.ts';
import { packRecords, packRRsets, unpackRecords, unpackRRsets } from './packed.ts';

const octets = fc.uint8Array({ maxLength: 1500 });
const name = fc
  .array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 4 })
  .map((labels) => Name.fromLabels(labels));
const record: fc.Arbitrary<ResourceRecord> = fc.record({
  name,
  type: fc.integer({ min: 0, max: 65535 }),
  class: fc.integer({ min: 0, max: 65535 }),
  ttl: fc.integer({ min: 0, max: 0x7fffffff }),
  rdata: octets,
});
const plain = ({ name: owner, rdata, ...rest }: ResourceRecord) => ({
  ...rest,
  owner: [...owner.wire],
  rdata: [...rdata],
});

describe('packed records', () => {
  test('come out as they went in', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 12 }), (records) => {
        expect(unpackRecords(packRecords(records)).map(plain)).toEqual(records.map(plain));
      }),
    );
  });

  test('many pieces do not disturb each other', () => {
    fc.assert(
      fc.property(fc.array(fc.array(record, { maxLength: 3 }), { maxLength: 40 }), (lists) => {
        const packed = lists.map((list) => packRecords(list));
        expect(packed.map((piece) => unpackRecords(piece).map(plain))).toEqual(
          lists.map((list) => list.map(plain)),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('TTLs are counted down, and not below zero', () => {
    const make = (ttl: number) => ({ name: Name.root, type: 1, class: 1, ttl, rdata: Uint8Array.of(1) });
    expect(unpackRecords(packRecords([make(100), make(5)]), 10).map(({ ttl }) => ttl)).toEqual([90, 0]);
  });

  test('hold on to no packet', () => {
    const owner = Name.fromText('www.example.');
    const query = makeQuery(owner, RRType.TXT);
    const answers = [{ name: owner, type: RRType.TXT, class: 1, ttl: 1, rdata: new Uint8Array(900) }];
    const message = decodeMessage(encodeMessage(responseTo(query, { answers })));
    const [unpacked] = unpackRecords(packRecords(message.answers));
    expect(unpacked!.rdata.buffer).not.toBe(message.answers[0]!.rdata.buffer);
    expect(unpacked!.rdata.buffer.byteLength).toBeLessThanOrEqual(4096);
  });
});

describe('packed RRsets', () => {
  test('come out as they went in, signatures with the RRset they came with', () => {
    const rrset: fc.Arbitrary<SignedRRset> = fc.record({
      name,
      type: fc.integer({ min: 0, max: 65535 }).filter((type) => type !== RRType.RRSIG),
      class: fc.constant(1),
      ttl: fc.integer({ min: 0, max: 0x7fffffff }),
      rdatas: fc.array(octets, { minLength: 1, maxLength: 3 }),
      signatures: fc.array(octets, { maxLength: 2 }),
    });
    const sets = fc.uniqueArray(rrset, { maxLength: 5, selector: (set) => `${set.type} ${set.name.key}` });
    const shape = ({ name: owner, rdatas, signatures, ...rest }: SignedRRset) => ({
      ...rest,
      owner: [...owner.wire],
      rdatas: rdatas.map((each) => [...each]),
      signatures: signatures.map((each) => [...each]),
    });
    fc.assert(
      fc.property(sets, (rrsets) => {
        expect(unpackRRsets(packRRsets(rrsets)).map(shape)).toEqual(rrsets.map(shape));
      }),
    );
  });
});
