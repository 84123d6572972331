/**
 * Arbitrary names, records and messages for property tests. Lengths are drawn up to their limits (`size: 'max'`): fast-check's
 * own choice would seldom be more than ten.
 */

import {
  type Edns,
  encodeA,
  encodeCaa,
  encodeCsync,
  encodeDnskey,
  encodeDs,
  encodeMx,
  encodeNaptr,
  encodeNsec,
  encodeNsec3,
  encodeNsec3param,
  encodeRrsig,
  encodeSingleName,
  encodeSoa,
  encodeSrv,
  encodeSshfp,
  encodeSvcb,
  encodeTlsa,
  encodeTxt,
  encodeZonemd,
  type Message,
  Name,
  type ResourceRecord,
  RRType,
  TypeBitmap,
} from '@mailanchor/dns';
import fc from 'fast-check';

export const u8 = fc.integer({ min: 0, max: 0xff });
export const u16 = fc.integer({ min: 0, max: 0xffff });
export const u32 = fc.integer({ min: 0, max: 0xffffffff });
export const octets = (maxLength: number, minLength = 0) =>
  fc.uint8Array({ minLength, maxLength, size: 'max' });

const word = fc.constantFrom('example', 'Example', 'com', 'COM', 'mx', '_25', '_tcp', '*', 'a', 'www');
const label: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: word.map((text) => new Uint8Array(Buffer.from(text))) },
  { weight: 2, arbitrary: octets(6, 1) },
  { weight: 1, arbitrary: octets(63, 1) },
);

/** Labels that often repeat, so that names share suffixes; any octets; up to the longest names. */
export const name: fc.Arbitrary<Name> = fc.array(label, { maxLength: 12, size: 'max' }).map((labels) => {
  const fitting: Uint8Array[] = [];
  let length = 1;
  for (const each of labels) {
    length += each.length + 1;
    if (length > 255) break;
    fitting.push(each);
  }
  return Name.fromLabels(fitting);
});

const bitmap = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 300 }), u16), { maxLength: 12 })
  .map(TypeBitmap.of);

/** Data of each type that fits the type, by way of its encoder. */
const fittingData: Readonly<Record<string, fc.Arbitrary<Uint8Array>>> = {
  A: fc.ipV4().map(encodeA),
  AAAA: octets(16, 16),
  NS: name.map(encodeSingleName),
  CNAME: name.map(encodeSingleName),
  DNAME: name.map(encodeSingleName),
  PTR: name.map(encodeSingleName),
  SOA: fc
    .record({ mname: name, rname: name, serial: u32, refresh: u32, retry: u32, expire: u32, minimum: u32 })
    .map(encodeSoa),
  MX: fc.record({ preference: u16, exchange: name }).map(encodeMx),
  TXT: fc.record({ strings: fc.array(octets(255), { minLength: 1, maxLength: 4 }) }).map(encodeTxt),
  SPF: fc.record({ strings: fc.array(octets(20), { minLength: 1, maxLength: 4 }) }).map(encodeTxt),
  SRV: fc.record({ priority: u16, weight: u16, port: u16, target: name }).map(encodeSrv),
  NAPTR: fc
    .record({
      order: u16,
      preference: u16,
      flags: octets(5),
      services: octets(20),
      regexp: octets(40),
      replacement: name,
    })
    .map(encodeNaptr),
  DS: fc.record({ keyTag: u16, algorithm: u8, digestType: u8, digest: octets(48) }).map(encodeDs),
  CDS: fc.record({ keyTag: u16, algorithm: u8, digestType: u8, digest: octets(48) }).map(encodeDs),
  DNSKEY: fc.record({ flags: u16, protocol: u8, algorithm: u8, publicKey: octets(70) }).map(encodeDnskey),
  CDNSKEY: fc.record({ flags: u16, protocol: u8, algorithm: u8, publicKey: octets(70) }).map(encodeDnskey),
  SSHFP: fc.record({ algorithm: u8, fingerprintType: u8, fingerprint: octets(32) }).map(encodeSshfp),
  RRSIG: fc
    .record({
      typeCovered: u16,
      algorithm: u8,
      labels: u8,
      originalTtl: u32,
      expiration: u32,
      inception: u32,
      keyTag: u16,
      signer: name,
      signature: octets(70),
    })
    .map(encodeRrsig),
  NSEC: fc.record({ next: name, types: bitmap }).map(encodeNsec),
  NSEC3: fc
    .record({
      hashAlgorithm: u8,
      flags: u8,
      iterations: u16,
      salt: octets(20),
      nextHashed: octets(32, 1),
      types: bitmap,
    })
    .map(encodeNsec3),
  NSEC3PARAM: fc
    .record({ hashAlgorithm: u8, flags: u8, iterations: u16, salt: octets(20) })
    .map(encodeNsec3param),
  TLSA: fc.record({ usage: u8, selector: u8, matching: u8, data: octets(64) }).map(encodeTlsa),
  SMIMEA: fc.record({ usage: u8, selector: u8, matching: u8, data: octets(64) }).map(encodeTlsa),
  OPENPGPKEY: octets(50),
  CSYNC: fc.record({ serial: u32, flags: u16, types: bitmap }).map(encodeCsync),
  ZONEMD: fc.record({ serial: u32, scheme: u8, hashAlgorithm: u8, digest: octets(48) }).map(encodeZonemd),
  CAA: fc
    .record({ flags: u8, tag: fc.constantFrom('issue', 'IODEF', 'x1'), value: octets(40) })
    .map(encodeCaa),
};

const parameters = fc.uniqueArray(
  fc.record({
    key: fc.oneof(fc.integer({ min: 0, max: 9 }), u16),
    value: fc.oneof(octets(34), fc.constantFrom(Uint8Array.of(1, 187), Uint8Array.of(2, 104, 50))),
  }),
  { maxLength: 6, selector: ({ key }) => key },
);
const svcb = fc.record({ priority: u16, target: name, parameters }).map(encodeSvcb);

/** Types whose data is opaque to the message decoder: any octets will do. */
const opaqueTypes = [
  'A',
  'AAAA',
  'TXT',
  'DS',
  'DNSKEY',
  'NSEC3',
  'NSEC3PARAM',
  'TLSA',
  'CAA',
  'SVCB',
  'HTTPS',
  'CSYNC',
];

const fitting = fc.oneof(
  ...Object.entries(fittingData).map(([mnemonic, data]) =>
    fc.record({ type: fc.constant(RRType[mnemonic as keyof typeof RRType]), rdata: data }),
  ),
  fc.record({ type: fc.constantFrom(RRType.SVCB, RRType.HTTPS), rdata: svcb }),
);
const anyOctets = fc.record({
  type: fc.oneof(
    fc.integer({ min: 65280, max: 65534 }),
    fc.constantFrom(...opaqueTypes.map((mnemonic) => RRType[mnemonic as keyof typeof RRType])),
  ),
  rdata: octets(40),
});

export const typeAndData = fc.oneof({ weight: 5, arbitrary: fitting }, { weight: 1, arbitrary: anyOctets });

export const record: fc.Arbitrary<ResourceRecord> = fc
  .tuple(
    name,
    fc.oneof(fc.constant(1), fc.constantFrom(3, 4, 32)),
    fc.integer({ min: 0, max: 0x7fffffff }),
    typeAndData,
  )
  .map(([owner, rrClass, ttl, { type, rdata }]) => ({ name: owner, type, class: rrClass, ttl, rdata }));

const edns: fc.Arbitrary<Edns> = fc.record({
  udpPayloadSize: u16,
  version: u8,
  do: fc.boolean(),
  options: fc.array(fc.record({ code: u16, data: octets(24) }), { maxLength: 4 }),
});

const section = fc.array(record, { maxLength: 8, size: 'max' });

export const message: fc.Arbitrary<Message> = fc
  .record({
    id: u16,
    qr: fc.boolean(),
    opcode: fc.integer({ min: 0, max: 15 }),
    aa: fc.boolean(),
    tc: fc.boolean(),
    rd: fc.boolean(),
    ra: fc.boolean(),
    ad: fc.boolean(),
    cd: fc.boolean(),
    rcode: fc.integer({ min: 0, max: 4095 }),
    questions: fc.array(fc.record({ name, type: u16, class: u16 }), { maxLength: 2 }),
    answers: section,
    authorities: section,
    additionals: section,
    edns: fc.option(edns),
  })
  .map(({ edns: opt, ...rest }) =>
    opt === null ? { ...rest, rcode: rest.rcode & 15 } : { ...rest, edns: opt },
  );
