/** The npm package `dns-packet` reads what we write and writes what we read, for the types it knows. */
import {
  decodeMessage,
  encodeMessage,
  extendedErrors,
  hexDecode,
  makeQuery,
  Name,
  parseRecord,
  RRType,
  recordToText,
  responseTo,
  rrTypeToText,
} from '@mailanchor/dns';
import dnsPacket from 'dns-packet';
import { describe, expect, it } from 'vitest';

const buffer = (hex: string) => Buffer.from(hexDecode(hex));

/** A record's text, and its data as dns-packet has it. */
const RECORDS: readonly (readonly [string, unknown])[] = [
  ['example.com. 300 IN A 192.0.2.1', '192.0.2.1'],
  ['example.com. 300 IN AAAA 2001:db8::1', '2001:db8::1'],
  ['example.com. 300 IN NS ns1.example.com.', 'ns1.example.com'],
  ['www.example.com. 0 IN CNAME example.com.', 'example.com'],
  ['old.example.com. 300 IN DNAME example.com.', 'example.com'],
  ['1.2.0.192.in-addr.arpa. 300 IN PTR example.com.', 'example.com'],
  [
    'example.com. 300 IN SOA ns1.example.com. host.example.com. 4294967295 1 2 3 2147483647',
    {
      mname: 'ns1.example.com',
      rname: 'host.example.com',
      serial: 4294967295,
      refresh: 1,
      retry: 2,
      expire: 3,
      minimum: 2147483647,
    },
  ],
  ['example.com. 2147483647 IN MX 10 mail.example.com.', { preference: 10, exchange: 'mail.example.com' }],
  ['example.com. 300 IN MX 0 .', { preference: 0, exchange: '.' }],
  ['example.com. 300 IN TXT "v=spf1 -all" "b"', [Buffer.from('v=spf1 -all'), Buffer.from('b')]],
  [
    '_smtp._tcp.example.com. 300 IN SRV 1 2 25 mail.example.com.',
    { priority: 1, weight: 2, port: 25, target: 'mail.example.com' },
  ],
  [
    'example.com. 300 IN NAPTR 100 50 "s" "SIP+D2U" "" _sip._udp.example.com.',
    {
      order: 100,
      preference: 50,
      flags: 's',
      services: 'SIP+D2U',
      regexp: '',
      replacement: '_sip._udp.example.com',
    },
  ],
  [
    'example.com. 300 IN DS 60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118',
    {
      keyTag: 60485,
      algorithm: 5,
      digestType: 1,
      digest: buffer('2bb183af5f22588179a53b0a98631fad1a292118'),
    },
  ],
  ['example.com. 300 IN DNSKEY 257 3 13 AAECAw==', { flags: 257, algorithm: 13, key: buffer('00010203') }],
  [
    'example.com. 300 IN SSHFP 4 1 2bb183af5f22588179a53b0a98631fad1a292118',
    { algorithm: 4, hash: 1, fingerprint: '2BB183AF5F22588179A53B0A98631FAD1A292118' },
  ],
  [
    'example.com. 300 IN RRSIG A 8 2 300 20300101000000 20250101000000 12345 example.com. AAEC',
    {
      typeCovered: 'A',
      algorithm: 8,
      labels: 2,
      originalTTL: 300,
      expiration: 1893456000,
      inception: 1735689600,
      keyTag: 12345,
      signersName: 'example.com',
      signature: buffer('000102'),
    },
  ],
  [
    'example.com. 300 IN NSEC host.example.com. A MX RRSIG NSEC CAA',
    { nextDomain: 'host.example.com', rrtypes: ['A', 'MX', 'RRSIG', 'NSEC', 'CAA'] },
  ],
  [
    '0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example.com. 300 IN NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG',
    {
      algorithm: 1,
      flags: 1,
      iterations: 12,
      salt: buffer('aabbccdd'),
      nextDomain: buffer('174eb2409fe28bcb4887a1836f957f0a8425e27b'),
      rrtypes: ['A', 'RRSIG'],
    },
  ],
  [
    '_25._tcp.mail.example.com. 300 IN TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b9',
    { usage: 3, selector: 1, matchingType: 1, certificate: buffer('d2abde240d7cd3ee6b4b28c54df034b9') },
  ],
  [
    'example.com. 300 IN CAA 128 issue "ca.example.net"',
    { flags: 128, tag: 'issue', value: 'ca.example.net', issuerCritical: true },
  ],
];

const parts = (text: string) => {
  const record = parseRecord(text);
  const name = record.name.toString().slice(0, -1);
  return { record, name, type: rrTypeToText(record.type) };
};

describe('dns-packet', () => {
  it.each(RECORDS)('reads our %s', (text, data) => {
    const { record, name, type } = parts(text);
    const query = makeQuery(record.name, record.type, { edns: false });
    // Twice, so that the second is compressed in full.
    const octets = encodeMessage(responseTo(query, { answers: [record, record] }));
    const { answers = [], questions } = dnsPacket.decode(Buffer.from(octets));
    expect(questions).toMatchObject([{ name, type }]);
    for (const answer of answers)
      expect(answer).toMatchObject({ name, type, ttl: record.ttl, class: 'IN', data });
    expect(answers.length).toBe(2);
  });

  it.each(RECORDS)('writes for us %s', (text, data) => {
    const { record, name, type } = parts(text);
    const answer = { name, type, class: 'IN', ttl: record.ttl, data };
    const octets = dnsPacket.encode({
      type: 'response',
      questions: [{ name, type }],
      answers: [answer, answer],
    });
    const message = decodeMessage(octets);
    expect(message.answers.map(recordToText)).toEqual([text, text]);
    expect(message.questions[0]?.name.equals(record.name)).toBe(true);
  });

  it('agrees on header and EDNS', () => {
    const query = makeQuery(Name.fromText('example.com'), RRType.MX, {
      id: 4711,
      rd: true,
      cd: true,
      do: true,
    });
    const response = responseTo(query, { rcode: 3, ra: true, aa: true, ad: true });
    const packet = dnsPacket.decode(Buffer.from(encodeMessage(response)));
    expect(packet).toMatchObject({
      id: 4711,
      type: 'response',
      rcode: 'NXDOMAIN',
      flag_aa: true,
      flag_rd: true,
      flag_ra: true,
      flag_ad: true,
      flag_cd: true,
      additionals: [{ type: 'OPT', udpPayloadSize: 1232, flag_do: true, ednsVersion: 0 }],
    });
    const octets = dnsPacket.encode({
      type: 'response',
      id: 4711,
      flags: 0x0410,
      additionals: [
        {
          name: '.',
          type: 'OPT',
          ...{ udpPayloadSize: 4096, extendedRcode: 1, flags: 0x8000 },
          ...{ options: [{ code: 15, data: Buffer.from('\0\x06bogus', 'latin1') }] },
        },
      ],
    });
    const message = decodeMessage(octets);
    expect(message).toMatchObject({ id: 4711, qr: true, aa: true, cd: true, rcode: 16 });
    expect(message.edns).toMatchObject({ udpPayloadSize: 4096, do: true });
    expect(extendedErrors(message)).toEqual([{ infoCode: 6, extraText: 'bogus' }]);
  });
});
