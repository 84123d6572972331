/** Whatever octets a server or a zone sends, {@link matchDane} answers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AT, extension, makeCa, makeKey, makeLeaf } from '../test/make-certificate.ts';
import { matchDane, SearchBudget, type TlsaRecord } from './index.ts';
import { MAX_SIGNATURE_CHECKS } from './limits.ts';

const HOST = 'mx1.example.org';
const root = makeCa('CN=Root', undefined, { extensions: [extension.nameConstraints(['dns:example.org'])] });
const middle = makeCa('CN=Issuer', root, { key: makeKey('ed25519'), pathLength: 0 });
const leaf = makeLeaf(HOST, middle, { extensions: [extension.keyUsage(0)] });
const chain = [leaf.der, middle.der, root.der];

const anyRecord: fc.Arbitrary<TlsaRecord> = fc.record({
  usage: fc.nat(4),
  selector: fc.nat(2),
  matching: fc.nat(3),
  data: fc.oneof(
    fc.uint8Array({ maxLength: 70 }),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.constantFrom<Uint8Array>(...chain, leaf.key.spki, middle.key.spki, root.key.spki),
  ),
});

const mutated = (der: Buffer): fc.Arbitrary<Uint8Array> =>
  fc
    .record({
      changes: fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { maxLength: 3 }),
      cut: fc.option(fc.nat(der.length), { freq: 8 }),
    })
    .map(({ changes, cut }) => {
      const copy = Buffer.from(der);
      for (const [at, octet] of changes) copy[at] = octet;
      return cut === null ? copy : copy.subarray(0, cut);
    });

/** Records of the true chain: each names a certificate or key of it. */
const honest: readonly TlsaRecord[] = [
  { usage: 2, selector: 0, matching: 0, data: root.der },
  { usage: 2, selector: 1, matching: 0, data: root.key.spki },
  { usage: 2, selector: 1, matching: 0, data: middle.key.spki },
];

describe('hostile input', () => {
  test('the honest chain matches', () => {
    const verdict = matchDane({ records: honest, chain, names: [HOST], at: AT, mode: 'smtp' });
    expect(verdict).toMatchObject({ kind: 'match', usage: 2 });
  });

  test('random mutations of a chain: an answer, within the budget', () => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { maxLength: 4 }),
        fc.tuple(...chain.map(mutated)),
        fc.constantFrom('smtp' as const, 'general' as const),
        (records, presented, mode) => {
          const budget = new SearchBudget();
          const verdict = matchDane({
            records: [...records, ...honest],
            chain: presented,
            names: [HOST],
            at: AT,
            mode,
            ca: [root.der],
            budget,
          });
          expect(['match', 'mismatch', 'unusable']).toContain(verdict.kind);
          expect(budget.signatureChecks).toBeLessThanOrEqual(MAX_SIGNATURE_CHECKS);
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('a changed leaf never matches a CA record', () => {
    fc.assert(
      fc.property(fc.nat(leaf.der.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(leaf.der);
        changed[at]! ^= flip;
        const request = { records: honest, chain: [changed, middle.der, root.der], names: [HOST], at: AT };
        expect(matchDane({ ...request, mode: 'smtp' }).kind).toBe('mismatch');
      }),
      { numRuns: 1000 },
    );
  });

  test('random octets as chain and records', () => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { maxLength: 6 }),
        fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 6 }),
        fc.array(fc.string(), { maxLength: 3 }),
        fc.constantFrom(AT, 0, -1, Number.NaN, Number.POSITIVE_INFINITY),
        (records, presented, names, at) => {
          const verdict = matchDane({ records, chain: presented, names, at, mode: 'general', ca: presented });
          expect(typeof verdict.kind).toBe('string');
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('a clock that is no number is outside all dates', () => {
    for (const at of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const verdict = matchDane({ records: honest, chain, names: [HOST], at, mode: 'smtp' });
      expect(verdict.kind).toBe('mismatch');
    }
  });

  test('thousands of records and certificates', () => {
    const records = Array.from({ length: 2000 }, (_, n) => ({
      usage: 2 + (n % 2),
      selector: n % 2,
      matching: 1,
      data: new Uint8Array(32).fill(n),
    }));
    const many = Array.from({ length: 5000 }, (_, n) => chain[n % 3]!);
    expect(matchDane({ records, chain: many, names: [HOST], at: AT, mode: 'smtp' })).toMatchObject({
      kind: 'mismatch',
      reason: 'no-match',
    });
  });
});
