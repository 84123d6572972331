/** The eight chains of rfc9102#appendix-A, asked for at a server that knows their records and nothing else. */
import {
  decodeMessage,
  decodeRrsig,
  decodeSingleName,
  encodeSingleName,
  Name,
  parseRecord,
  type ResourceRecord,
  RRType,
} from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { createResolver, type Resolution } from '../../src/index.ts';
import { NO_VECTORS, readVector, vectorFolder } from '../vectors.ts';
import { type TableAnswer, TableTransport } from './server.ts';

interface Vector {
  readonly id: string;
  readonly title: string;
  readonly rrs: readonly string[];
  readonly hex: string;
}

interface Expected {
  readonly name: string;
  readonly kind: Resolution['kind'];
  readonly status: Resolution['status'];
  readonly aliases?: readonly string[];
}

const EXPECTED: Record<string, Expected> = {
  'A.1': { name: '_443._tcp.www.example.com', kind: 'answer', status: 'secure' },
  'A.2': { name: '_25._tcp.example.com', kind: 'answer', status: 'secure' },
  'A.3': { name: '_25._tcp.example.org', kind: 'answer', status: 'secure' },
  'A.4': { name: '_443._tcp.www.example.org', kind: 'answer', status: 'secure', aliases: ['CNAME'] },
  'A.5': { name: '_443._tcp.www.example.net', kind: 'answer', status: 'secure', aliases: ['DNAME'] },
  'A.6': { name: '_25._tcp.smtp.example.com', kind: 'nxdomain', status: 'secure' },
  'A.7': { name: '_25._tcp.smtp.example.org', kind: 'nxdomain', status: 'secure' },
  'A.8': { name: '_443._tcp.www.insecure.example', kind: 'answer', status: 'insecure' },
};
const CLOCK = Date.parse('2019-06-01T00:00:00Z');
/** What the unsigned zone of A.8 holds: of no worth to the validator. */
const UNSIGNED = parseRecord('_443._tcp.www.insecure.example. 60 IN TLSA 3 1 1 00');

/** Answers as a recursive server that has only these records: aliases followed, every proof it has in the authority section. */
function answer(records: readonly ResourceRecord[], name: Name, type: number): TableAnswer | undefined {
  const at = (owner: Name, wanted: number) =>
    records.filter(
      (record) =>
        record.name.equals(owner) &&
        (record.type === wanted ||
          (record.type === RRType.RRSIG && decodeRrsig(record.rdata).typeCovered === wanted)),
    );
  if (type === RRType.DNSKEY || type === RRType.DS) {
    const answers = at(name, type);
    if (answers.length > 0) return { answers };
    if (type === RRType.DNSKEY) return undefined;
  }
  const answers: ResourceRecord[] = [];
  let target = name;
  for (;;) {
    const cname = at(target, RRType.CNAME);
    const dname = records.find((record) => record.type === RRType.DNAME && target.isBelow(record.name));
    if (cname.length > 0) {
      answers.push(...cname);
      target = decodeSingleName(cname[0]!.rdata);
    } else if (dname) {
      const next = target.replaceSuffix(dname.name, decodeSingleName(dname.rdata));
      answers.push(...at(dname.name, RRType.DNAME), {
        ...dname,
        name: target,
        type: RRType.CNAME,
        rdata: encodeSingleName(next),
      });
      target = next;
    } else break;
  }
  const final = at(target, type);
  const proofs = [RRType.NSEC, RRType.NSEC3].flatMap((proof) =>
    records.filter((record) => record.type === proof).flatMap((record) => at(record.name, proof)),
  );
  if (target.equals(UNSIGNED.name) && type === UNSIGNED.type) return { answers: [UNSIGNED] };
  if (final.length > 0) return { answers: [...answers, ...final], authorities: proofs };
  if (proofs.length === 0) return undefined;
  return { rcode: type === RRType.DS ? 0 : 3, answers, authorities: proofs };
}

/** Records of an AuthenticationChain (rfc9102#section-2.3) after the two octets of its lifetime. */
function serialised(hex: string): readonly ResourceRecord[] {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(18, 6);
  return decodeMessage(Buffer.concat([header, Buffer.from(hex.slice(4), 'hex')])).answers;
}

const folder = vectorFolder('rfc');

describe.skipIf(folder === undefined)('rule 28: RFC 9102 chains', () => {
  if (folder === undefined) {
    test(NO_VECTORS, () => {});
    return;
  }
  const { anchors, vectors } = JSON.parse(readVector(folder, 'rfc9102-vectors.json')) as {
    anchors: readonly string[];
    vectors: readonly Vector[];
  };
  const trustAnchors = anchors.map((text) => parseRecord(text));

  async function resolve(
    records: readonly ResourceRecord[],
    name: string,
    clock = CLOCK,
  ): Promise<{ resolution: Resolution; unanswered: readonly string[] }> {
    const transport = new TableTransport((asked, type) => answer(records, asked, type));
    const resolver = createResolver({
      mode: { kind: 'forward', servers: [{ address: '192.0.2.1', port: 53 }] },
      trustAnchors,
      transport,
      clock: () => clock,
    });
    try {
      const resolution = await resolver.resolve(Name.fromText(name), RRType.TLSA);
      return { resolution, unanswered: transport.unanswered };
    } finally {
      await resolver.close();
    }
  }

  test('all eight are here', () => {
    expect(vectors.map(({ id }) => id)).toEqual(Object.keys(EXPECTED));
  });

  for (const { id, title, rrs, hex } of vectors) {
    const expected = EXPECTED[id]!;
    const records = rrs.map((text) => parseRecord(text));

    test(`${id} ${title}: ${expected.status} ${expected.kind}`, async () => {
      const { resolution, unanswered } = await resolve(records, expected.name);
      expect({ reason: resolution.reason?.text, status: resolution.status, kind: resolution.kind }).toEqual({
        reason: resolution.status === 'insecure' ? resolution.reason?.text : undefined,
        status: expected.status,
        kind: expected.kind,
      });
      expect(resolution.aliases.map(({ kind }) => kind)).toEqual(expected.aliases ?? []);
      expect(unanswered).toEqual([]);
    });

    test(`${id} ${title}: bogus after its dates`, async () => {
      const { resolution } = await resolve(records, expected.name, Date.parse('2021-01-01T00:00:00Z'));
      expect([resolution.kind, resolution.status]).toEqual(['failure', 'bogus']);
    });

    // The serialised chain was signed anew: the same records with signatures of its own.
    if (hex === '') continue;
    test(`${id} ${title}: serialised`, async () => {
      const { resolution } = await resolve(serialised(hex), expected.name);
      expect([resolution.kind, resolution.status]).toEqual([expected.kind, expected.status]);
    });
  }

  // For the TLSA records a zone cut would have to be denied, which this server cannot: bogus or not found out, never insecure.
  test.each([
    ['TLSA', ['bogus', 'indeterminate']],
    ['DNSKEY', ['bogus']],
    ['DS', ['bogus']],
  ])('A.1 without the signatures over %s: %j', async (type, statuses) => {
    const records = vectors[0]!.rrs
      .filter((text) => !text.includes(` RRSIG ${type} `))
      .map((text) => parseRecord(text));
    const { resolution } = await resolve(records, EXPECTED['A.1']!.name);
    expect(resolution.kind).toBe('failure');
    expect(statuses).toContain(resolution.status);
  });
});
