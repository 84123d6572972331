/** The signed example zones of RFC 4035 and RFC 5155: every signature, every hash, and what the example responses prove. */
import {
  base32HexEncode,
  decodeDnskey,
  decodeRrsig,
  groupRRsets,
  Name,
  type ResourceRecord,
  RRType,
  rrTypeToText,
} from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { DEFAULT_BUDGETS, Work } from '../../src/budget.ts';
import { createResolver, type Resolution } from '../../src/index.ts';
import { keyTag } from '../../src/key-tag.ts';
import { nsec3Hash } from '../../src/nsec3.ts';
import { KeyStore } from '../../src/public-key.ts';
import { type SignedRRset, verifyRRset } from '../../src/signature.ts';
import { NO_VECTORS, readVector, vectorFolder } from '../vectors.ts';
import { TableTransport } from './server.ts';
import { exampleResponses, rfcLines, zoneRecords } from './text.ts';

type Outcome = readonly [kind: Resolution['kind'], status: Resolution['status']];

interface Example {
  readonly file: string;
  /** Epoch seconds within the signatures' dates. */
  readonly now: number;
  /** Tag of the key that serves as trust anchor. */
  readonly anchor: number;
  readonly rrsets: number;
  readonly responses: Readonly<Record<string, Outcome>>;
}

/** Referrals and the child's denial of its own DS are no answers to a resolver in forward mode; their signatures are checked. */
const EXAMPLES: readonly Example[] = [
  {
    file: 'rfc4035-vectors.txt',
    now: Date.parse('2004-04-20T00:00:00Z') / 1000,
    anchor: 9465,
    rrsets: 26,
    responses: {
      'B.1.': ['answer', 'secure'],
      'B.2.': ['nxdomain', 'secure'],
      'B.3.': ['nodata', 'secure'],
      'B.6.': ['answer', 'secure'],
      'B.7.': ['nodata', 'secure'],
    },
  },
  {
    file: 'rfc5155-vectors.txt',
    now: Date.parse('2010-01-01T00:00:00Z') / 1000,
    anchor: 12708,
    rrsets: 30,
    // Its NSEC3 records have opt-out set: what they deny by a span is not secure.
    responses: {
      'B.1.': ['nxdomain', 'insecure'],
      'B.2.': ['nodata', 'secure'],
      'B.2.1.': ['nodata', 'secure'],
      'B.4.': ['answer', 'insecure'],
      'B.5.': ['nodata', 'insecure'],
    },
  },
];

const ZONE = Name.fromText('example.');

function signedRRsets(records: readonly ResourceRecord[]): SignedRRset[] {
  const signatures = records.filter((record) => record.type === RRType.RRSIG);
  return groupRRsets(records.filter((record) => record.type !== RRType.RRSIG)).map((rrset) => ({
    ...rrset,
    signatures: signatures
      .filter(({ name, rdata }) => name.equals(rrset.name) && decodeRrsig(rdata).typeCovered === rrset.type)
      .map(({ rdata }) => rdata),
  }));
}

const folder = vectorFolder('rfc');

describe.skipIf(folder === undefined)('example zones', () => {
  if (folder === undefined) {
    test(NO_VECTORS, () => {});
    return;
  }
  describe.each(EXAMPLES)('$file', ({ file, now, anchor, rrsets, responses }) => {
    const lines = rfcLines(readVector(folder, file));
    const appendixB = lines.findIndex((line) => line.startsWith('Appendix B.'));
    const start = lines.findIndex((line) => line.startsWith('example. '));
    const zone = zoneRecords(lines.slice(start, appendixB));
    const dnskeys = zone.filter((record) => record.type === RRType.DNSKEY);
    const keys = dnskeys.map(({ rdata }) => ({ tag: keyTag(rdata), data: decodeDnskey(rdata), rdata }));
    const verify = (rrset: SignedRRset, sha1 = true) =>
      verifyRRset(rrset, ZONE, keys, {
        keys: new KeyStore(),
        policy: { sha1 },
        now,
        work: new Work(DEFAULT_BUDGETS, Number.POSITIVE_INFINITY),
      });
    const signed = signedRRsets(zone).filter((rrset) => rrset.signatures.length > 0);

    test('the zone is here whole', () => {
      expect(signed).toHaveLength(rrsets);
      expect(keys.map(({ tag }) => tag)).toContain(anchor);
    });

    test.each(signed.map((rrset) => [rrset.name.toString(), rrTypeToText(rrset.type), rrset] as const))(
      'signature over %s %s',
      async (_name, _type, rrset) => {
        expect(await verify(rrset)).toMatchObject({ kind: 'valid' });
        expect(await verify(rrset, false)).toMatchObject({ kind: 'invalid', reason: { ede: 1 } });
      },
    );

    const examples = exampleResponses(lines.slice(appendixB));
    test.each(examples.map((example) => [example.title, example] as const))(
      'signatures of %s',
      async (_title, { answer, authority }) => {
        const sets = signedRRsets([...answer, ...authority]).filter((rrset) => rrset.signatures.length > 0);
        expect(sets.length).toBeGreaterThan(0);
        for (const rrset of sets) expect(await verify(rrset)).toMatchObject({ kind: 'valid' });
      },
    );

    const judged = examples.flatMap((example) => {
      const outcome = responses[example.title.split(' ')[0]!];
      return outcome ? [[example.title, outcome, example] as const] : [];
    });
    test('the responses to judge are here', () => {
      expect(judged).toHaveLength(Object.keys(responses).length);
    });

    test.each(judged)('%s: %s', async (_title, outcome, example) => {
      const signatures = zone.filter(
        ({ type, name, rdata }) =>
          type === RRType.RRSIG && name.equals(ZONE) && decodeRrsig(rdata).typeCovered === RRType.DNSKEY,
      );
      const resolver = createResolver({
        mode: { kind: 'forward', servers: [{ address: '192.0.2.1', port: 53 }] },
        trustAnchors: dnskeys.filter(({ rdata }) => keyTag(rdata) === anchor),
        sha1: true,
        clock: () => now * 1000,
        transport: new TableTransport((name, type) => {
          if (type === RRType.DNSKEY && name.equals(ZONE)) return { answers: [...dnskeys, ...signatures] };
          if (type !== example.type || !name.equals(example.name)) return undefined;
          return { rcode: example.rcode, answers: example.answer, authorities: example.authority };
        }),
      });
      try {
        const { kind, status, reason } = await resolver.resolve(example.name, example.type);
        expect({ kind, status, reason: kind === 'failure' ? reason.text : undefined }).toEqual({
          kind: outcome[0],
          status: outcome[1],
          reason: undefined,
        });
      } finally {
        await resolver.close();
      }
    });
  });

  test('NSEC3 hashes', () => {
    const text = rfcLines(readVector(folder, 'rfc5155-vectors.txt')).join('\n');
    const hashes = [...text.matchAll(/^; H\((\S+)\)\s*(?:\n;\s*)?= (\S+)$/gm)];
    expect(hashes).toHaveLength(12);
    for (const [, name, hash] of hashes) {
      expect(base32HexEncode(nsec3Hash(Name.fromText(name!), Buffer.from('aabbccdd', 'hex'), 12))).toBe(hash);
    }
  });
});
