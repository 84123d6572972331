import { describe, expect, it } from 'vitest';
import { DnsFormatError } from './errors.ts';
import { RRType } from './iana/rr-type.ts';
import { makeQuery, responseTo } from './message-build.ts';
import { decodeMessage } from './message-decode.ts';
import { encodeMessage } from './message-encode.ts';
import { Name } from './name.ts';
import { hexEncode } from './octets.ts';
import { parseZoneFile } from './presentation/zone-file.ts';

const name = (text: string) => Name.fromText(text);
const records = (text: string) => parseZoneFile(text, { defaultTtl: 60 });

describe('encodeMessage', () => {
  it('writes a query', () => {
    const query = makeQuery(name('example.com'), RRType.TLSA, { id: 0x1234, rd: true, cd: true, do: true });
    expect(hexEncode(encodeMessage(query))).toBe(
      '1234011000010000000000010' + '76578616d706c6503636f6d0000340001' + '00002904d0000080000000',
    );
    expect(hexEncode(encodeMessage(makeQuery(Name.root, RRType.NS, { edns: false })))).toBe(
      '0000000000010000000000000000020001',
    );
  });

  it('points owner names, and names of RFC 1035 types, at what was written before', () => {
    const query = makeQuery(name('example.com'), RRType.MX, { edns: false });
    const answers = records(
      'example.com. MX 10 mail.example.com.\nexample.com. SRV 0 0 25 mail.example.com.',
    );
    const wire = hexEncode(encodeMessage(responseTo(query, { answers })));
    const fixed = (type: string, length: string) => `${type}00010000003c${length}`;
    expect(wire.slice(24)).toBe(
      `076578616d706c6503636f6d00000f0001` +
        `c00c${fixed('000f', '0009')}000a046d61696cc00c` +
        // rfc3597#section-4: not in SRV.
        `c00c${fixed('0021', '0018')}000000000019046d61696c076578616d706c6503636f6d00`,
    );
  });

  it('compresses to the same case only', () => {
    const query = makeQuery(name('eXample.com'), RRType.A);
    const answers = records('example.com. A 192.0.2.1\nEXAMPLE.com. A 192.0.2.2\nexample.com. A 192.0.2.3');
    const message = decodeMessage(encodeMessage(responseTo(query, { answers })));
    expect(message.questions[0]?.name.toString()).toBe('eXample.com.');
    expect(message.answers.map((answer) => answer.name.toString())).toEqual([
      'example.com.',
      'EXAMPLE.com.',
      'example.com.',
    ]);
  });

  it('tells names apart whose hashes are equal', () => {
    const query = makeQuery(name('pxemg'), RRType.A);
    const answers = records('frfby. A 192.0.2.1\npxemg. A 192.0.2.1');
    const message = decodeMessage(encodeMessage(responseTo(query, { answers })));
    expect(message.answers.map((answer) => answer.name.toString())).toEqual(['frfby.', 'pxemg.']);
  });

  it('leaves off whole RRsets from the end, keeps OPT and sets TC', () => {
    const query = makeQuery(name('example.com'), RRType.A, { do: true });
    const answers = records(
      'example.com. A 192.0.2.1\nexample.com. A 192.0.2.2\nexample.com. TXT a\nexample.com. TXT b',
    );
    const response = responseTo(query, {
      answers,
      edns: { options: [{ code: 15, data: Uint8Array.of(0, 6) }] },
    });
    const full = encodeMessage(response);
    expect(decodeMessage(full)).toMatchObject({ tc: false });
    const cut = decodeMessage(encodeMessage(response, { maxOctets: full.length - 1 }));
    expect(cut).toMatchObject({ tc: true, answers: [{ type: 1 }, { type: 1 }], edns: response.edns });
    expect(encodeMessage(response, { maxOctets: full.length })).toEqual(full);
    const bare = encodeMessage({ ...response, answers: [] }).length;
    expect(decodeMessage(encodeMessage(response, { maxOctets: bare }))).toMatchObject({
      tc: true,
      answers: [],
    });
    expect(() => encodeMessage(response, { maxOctets: bare - 1 })).toThrow(DnsFormatError);
  });

  it('cuts at 65535 octets', () => {
    const query = makeQuery(name('example.com'), RRType.TXT);
    const rdata = new Uint8Array(30000).fill(0x61);
    const answers = [1, 2, 3].map((type) => ({
      name: name('a'),
      type: 65280 + type,
      class: 1,
      ttl: 0,
      rdata,
    }));
    const octets = encodeMessage(responseTo(query, { answers }));
    expect(octets.length).toBeLessThanOrEqual(65535);
    expect(decodeMessage(octets)).toMatchObject({ tc: true, answers: [{}, {}] });
  });

  it('writes names beyond the reach of pointers in full', () => {
    const rdata = new Uint8Array(20000);
    const far = {
      name: name('far.example'),
      type: RRType.A,
      class: 1,
      ttl: 0,
      rdata: Uint8Array.of(1, 2, 3, 4),
    };
    const answers = [
      { ...far, name: name('a'), type: 65280, rdata },
      far,
      far,
      { ...far, name: name('a.far.example') },
    ];
    const message = decodeMessage(encodeMessage(responseTo(makeQuery(name('q'), 1), { answers })));
    expect(message.answers.map((answer) => answer.name.toString())).toEqual(
      answers.map((answer) => answer.name.toString()),
    );
  });

  it.each<readonly [string, object]>([
    ['an extended response code without EDNS', { rcode: 16 }],
    [
      'OPT as a record',
      { additionals: [{ name: Name.root, type: 41, class: 1, ttl: 0, rdata: new Uint8Array(0) }] },
    ],
    [
      'a TTL out of range',
      { answers: [{ name: Name.root, type: 1, class: 1, ttl: 2 ** 31, rdata: new Uint8Array(0) }] },
    ],
    [
      'data too long',
      { answers: [{ name: Name.root, type: 1, class: 1, ttl: 0, rdata: new Uint8Array(65536) }] },
    ],
  ])('refuses %s', (_what, parts) => {
    const query = makeQuery(name('a'), RRType.A, { edns: false });
    expect(() => encodeMessage({ ...query, ...parts })).toThrow(DnsFormatError);
  });
});

describe('responseTo', () => {
  it('answers with EDNS only where the query has it', () => {
    const plain = responseTo(makeQuery(name('a'), 1, { edns: false, rd: true, cd: true, id: 7 }), {
      aa: true,
    });
    expect(plain).toMatchObject({ id: 7, qr: true, aa: true, rd: true, cd: true, rcode: 0 });
    expect(plain.edns).toBeUndefined();
    const extended = responseTo(makeQuery(name('a'), 1, { do: true }), { edns: { udpPayloadSize: 4096 } });
    expect(extended.edns).toEqual({ udpPayloadSize: 4096, version: 0, do: true, options: [] });
  });
});
