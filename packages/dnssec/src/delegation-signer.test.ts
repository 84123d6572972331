import {
  base32HexDecode,
  encodeNsec,
  encodeNsec3,
  Name,
  type ResourceRecord,
  RRType,
  TypeBitmap,
} from '@mailanchor/dns';
import { describe, expect } from 'vitest';
import { type Setup, secureUnless, twins } from '../test/signed-network/cases.ts';
import { type Change, movedTo, unsigned, without } from '../test/signed-network/forge.ts';
import { hashName, type Records, type SignOptions } from '../test/signed-network/sign.ts';
import type { World } from '../test/signed-network/world.ts';
import { TTL } from '../test/signed-network/zone.ts';

const name = (text: string) => Name.fromText(text);
const ROOT = Name.root;
const EXAMPLE = name('example.');
const zone = (): Setup => ({
  zones: [{ name: 'example.', text: 'www A 192.0.2.80' }],
  ask: 'www.example. A',
});

/** Strips example. of its signatures, its referral and the answer for its DS of the DS, and gives `proof` in its place. */
const stripped =
  (proof: (world: World) => readonly ResourceRecord[]): Change =>
  (world) => {
    const records = proof(world);
    world.network.mutate((message, query) => {
      const { type, name: asked } = query.questions[0]!;
      if (type === RRType.DS && asked.equals(EXAMPLE))
        return { ...message, answers: [], authorities: [...world.zone('.').of('@', 'SOA'), ...records] };
      const refers = message.authorities.some(
        (record) => record.type === RRType.NS && record.name.equals(EXAMPLE),
      );
      return refers
        ? { ...message, authorities: [...without('DS', 'NSEC', 'NSEC3')(message.authorities), ...records] }
        : undefined;
    }, '192.0.2.1');
    world.network.mutate(
      (message) => ({
        ...message,
        answers: unsigned(message.answers),
        authorities: unsigned(message.authorities),
      }),
      '192.0.2.2',
    );
  };

describe('rule 4: insecure only by proof, NSEC', () => {
  const nsec = (owner: string, next: string, types: readonly number[], sign: SignOptions = {}): Change =>
    stripped((world) => {
      const records: Records = {
        name: name(owner),
        type: RRType.NSEC,
        ttl: TTL,
        rdatas: [encodeNsec({ next: name(next), types: TypeBitmap.of(types) })],
      };
      return world.zone('.').sign(records, sign);
    });
  const { NS, SOA, DS, A, CNAME, RRSIG, NSEC, DNAME } = RRType;
  const cut = [NS, RRSIG, NSEC];

  twins(
    'rule 4: NS, no DS, no SOA: insecure',
    zone(),
    'answer secure',
    nsec('example.', 'f.', cut),
    'answer insecure',
  );
  secureUnless(
    'rule 4: nothing said of the DS',
    zone(),
    stripped(() => []),
  );
  secureUnless('rule 4: DS bit set', zone(), nsec('example.', 'f.', [...cut, DS]));
  secureUnless(
    'rule 4: SOA bit set, as at the apex of the child',
    zone(),
    nsec('example.', 'f.', [...cut, SOA]),
  );
  secureUnless('rule 4: NS bit clear', zone(), nsec('example.', 'f.', [A, RRSIG, NSEC]));
  secureUnless('rule 4: CNAME bit set', zone(), nsec('example.', 'f.', [...cut, CNAME]));
  secureUnless('rule 4: the name denied altogether', zone(), nsec('d.', 'f.', cut));
  secureUnless('rule 4: of another name', zone(), nsec('elsewhere.', 'f.', cut));
  secureUnless('rule 4: a wrong signature', zone(), nsec('example.', 'f.', cut, { spoil: true }));
  secureUnless('rule 4: in the name of the child', zone(), nsec('example.', 'f.', cut, { signer: EXAMPLE }));
  secureUnless('rule 4: expired', zone(), nsec('example.', 'f.', cut, { expiration: 1 }));
  secureUnless('rule 4: the record of the wildcard', zone(), nsec('example.', 'f.', cut, { labels: 0 }));
  secureUnless(
    'rule 4: the record of an ancestor with NS',
    zone(),
    nsec('.', 'f.', [NS, SOA, DNAME, RRSIG, NSEC]),
  );
  secureUnless(
    'rule 4: not signed',
    zone(),
    stripped((world) =>
      unsigned(
        world.zone('.').sign({
          name: EXAMPLE,
          type: NSEC,
          ttl: TTL,
          rdatas: [encodeNsec({ next: name('f.'), types: TypeBitmap.of(cut) })],
        }),
      ),
    ),
  );
  secureUnless(
    'rule 4: signed by the child',
    zone(),
    stripped((world) =>
      world.zone('example.').sign({
        name: EXAMPLE,
        type: NSEC,
        ttl: TTL,
        rdatas: [encodeNsec({ next: name('f.'), types: TypeBitmap.of(cut) })],
      }),
    ),
  );
  secureUnless(
    'rule 4: the record of a delegation beside it',
    { ...zone(), zones: [...zone().zones, { name: 'plain.', keys: [] }] },
    stripped((world) => movedTo('example.')(world.zone('.').matching(name('plain.')))),
  );
});

describe('rule 4: insecure only by proof, NSEC3', () => {
  const { NS, SOA, DS, A, CNAME, RRSIG } = RRType;
  interface Span {
    readonly from: Uint8Array;
    readonly to: Uint8Array;
    readonly types?: readonly number[];
    readonly flags?: number;
    readonly hashAlgorithm?: number;
  }
  const hash = (text: string) => Buffer.from(hashName(name(text), new Uint8Array(0), 0));
  const beside = (octets: Buffer, by: number) => {
    const copy = Buffer.from(octets);
    copy[19] = copy[19]! + by;
    return copy;
  };
  const matching = (text: string, types: readonly number[], flags = 0): Span => ({
    from: hash(text),
    to: beside(hash(text), 1),
    types,
    flags,
  });
  const covering = (text: string, flags = 0): Span => ({
    from: beside(hash(text), -1),
    to: beside(hash(text), 1),
    flags,
  });
  const nsec3 = (spans: readonly Span[], { iterations = 0, parent = ROOT } = {}): Change =>
    stripped((world) =>
      spans.flatMap(({ from, to, types = [], flags = 0, hashAlgorithm = 1 }) => {
        const rdata = encodeNsec3({
          hashAlgorithm,
          flags,
          iterations,
          salt: new Uint8Array(0),
          nextHashed: to,
          types: TypeBitmap.of(types),
        });
        return world
          .zone('.')
          .sign({ name: parent.prepend(base32Hex(from)), type: RRType.NSEC3, ttl: TTL, rdatas: [rdata] });
      }),
    );
  const apex = matching('.', [NS, SOA, RRSIG]);
  const insecure = (title: string, change: Change) =>
    twins(title, zone(), 'answer secure', change, 'answer insecure');

  insecure('rule 4: NS, no DS, no SOA', nsec3([matching('example.', [NS])]));
  insecure('rule 4: covered by an opt-out span', nsec3([apex, covering('example.', 1)]));
  secureUnless('rule 4: covered by a span without opt-out', zone(), nsec3([apex, covering('example.')]));
  secureUnless(
    'rule 4: an opt-out span without its closest encloser',
    zone(),
    nsec3([covering('example.', 1)]),
  );
  secureUnless('rule 4: an opt-out span of another name', zone(), nsec3([apex, covering('elsewhere.', 1)]));
  secureUnless('rule 4: DS bit set', zone(), nsec3([matching('example.', [NS, DS])]));
  secureUnless('rule 4: DS bit set, and opt-out', zone(), nsec3([matching('example.', [NS, DS], 1), apex]));
  secureUnless('rule 4: SOA bit set', zone(), nsec3([matching('example.', [NS, SOA])]));
  secureUnless('rule 4: NS bit clear', zone(), nsec3([matching('example.', [A])]));
  secureUnless('rule 4: CNAME bit set', zone(), nsec3([matching('example.', [NS, CNAME])]));
  secureUnless(
    'rule 4: closest encloser is a delegation',
    zone(),
    nsec3([matching('.', [NS]), covering('example.', 1)]),
  );
  secureUnless('rule 4: unknown flags', zone(), nsec3([{ ...matching('example.', [NS]), flags: 2 }]));
  secureUnless(
    'rule 4: unknown hash algorithm',
    zone(),
    nsec3([{ ...matching('example.', [NS]), hashAlgorithm: 2 }]),
  );
  secureUnless(
    'rule 4: not below the apex',
    zone(),
    nsec3([matching('example.', [NS])], { parent: name('sub.') }),
  );
  insecure('rule 16: iterations above 50', nsec3([apex, covering('example.')], { iterations: 51 }));
  secureUnless(
    'rule 16: iterations above 500',
    zone(),
    nsec3([apex, covering('example.', 1)], { iterations: 501 }),
  );
});

function base32Hex(octets: Uint8Array): Uint8Array {
  const digits = '0123456789abcdefghijklmnopqrstuv';
  const bits = [...octets].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  const text = bits
    .match(/.{5}/g)!
    .map((group) => digits[Number.parseInt(group, 2)])
    .join('');
  expect(Buffer.from(base32HexDecode(text))).toEqual(Buffer.from(octets));
  return Buffer.from(text, 'latin1');
}
