import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { message as anyMessage, name as anyName, octets as anyOctets } from '../../test/arbitrary.ts';
import { DnsFormatError } from '../errors.ts';
import { Rcode } from '../iana/rcode.ts';
import { RRType } from '../iana/rr-type.ts';
import { TSIG_ALGORITHMS } from '../iana/tsig.ts';
import { makeQuery, responseTo } from '../message-build.ts';
import { decodeMessage } from '../message-decode.ts';
import { encodeMessage } from '../message-encode.ts';
import { Name } from '../name.ts';
import { hexDecode } from '../octets.ts';
import { rdataFromText } from '../presentation/rdata-text.ts';
import {
  addRecord,
  makeUpdate,
  removeRecord,
  removeRRset,
  rrsetExists,
  rrsetIs,
  rrsetIsAbsent,
} from '../update.ts';
import type { TsigKey } from './key.ts';
import { parseTsigKey } from './key-text.ts';
import { signMessage } from './sign.ts';
import { decodeTsig } from './tsig-record.ts';
import { verifyTsig } from './verify.ts';

interface Recorded {
  readonly name: string;
  readonly key: string;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly request: string;
  readonly response: string;
  readonly verdict: string;
  readonly rcode: number;
  readonly skewSeconds?: number;
}

const recorded = JSON.parse(
  readFileSync(new URL('../../test/fixtures/tsig-bind.json', import.meta.url), 'utf8'),
) as Recorded[];

describe('what BIND and nsupdate say', () => {
  test.each(recorded)('$name', ({ key: text, now, request, response, verdict, rcode, skewSeconds }) => {
    const key = parseTsigKey(text);
    const sent = hexDecode(request);
    const asked = verifyTsig(sent, decodeMessage(sent), { key, now });
    expect(asked.kind).toBe('signed');
    if (asked.kind !== 'signed') return;
    const octets = hexDecode(response);
    const message = decodeMessage(octets);
    const found = verifyTsig(octets, message, { key, requestMac: asked.tsig.mac, now });
    expect(found).toMatchObject({ kind: verdict, ...(skewSeconds && { skewSeconds }) });
    expect(message.rcode).toBe(rcode);
  });

  const owner = Name.fromText('_25._tcp.mx1.example.org');
  const zone = Name.fromText('example.org');
  const tlsa = (first: string) =>
    rdataFromText(
      RRType.TLSA,
      `3 1 1 ${first}02536c887482bc34ff54e41d2ba659bf85b341a0a20afadb5813dcfbcf286d`,
    );
  test.each([
    [
      'add where there is none',
      [rrsetIsAbsent(owner, RRType.TLSA)],
      [addRecord(owner, RRType.TLSA, 60, tlsa('8d'))],
    ],
    [
      'add where there is exactly one',
      rrsetIs(owner, RRType.TLSA, [tlsa('8d')]),
      [addRecord(owner, RRType.TLSA, 60, tlsa('aa'))],
    ],
    [
      'the RRset is another: NXRRSET',
      rrsetIs(owner, RRType.TLSA, [tlsa('8d')]),
      [removeRecord(owner, RRType.TLSA, tlsa('8d'))],
    ],
    ['remove the RRset', [rrsetExists(owner, RRType.TLSA)], [removeRRset(owner, RRType.TLSA)]],
  ])('our update is that of nsupdate: %s', (name, prerequisites, updates) => {
    const theirs = decodeMessage(hexDecode(recorded.find((each) => each.name === name)!.request));
    const ours = decodeMessage(encodeMessage(makeUpdate({ zone, prerequisites, updates, id: theirs.id })));
    expect(ours).toEqual({ ...theirs, additionals: [] });
  });
});

const key: TsigKey = {
  name: Name.fromText('mail.example'),
  algorithm: 'hmac-sha256',
  secret: new Uint8Array(32).fill(7),
};
const now = 1_800_000_000;
const request = signMessage(
  encodeMessage(makeQuery(Name.fromText('example.org'), RRType.SOA, { id: 7, edns: false })),
  key,
  {
    timeSigned: now,
  },
);
const answer = responseTo(decodeMessage(request.octets), { rcode: Rcode.NOERROR });
const plainAnswer = encodeMessage(answer);
const options = { key, requestMac: request.mac, now };

function judge(octets: Uint8Array, more: Partial<Parameters<typeof verifyTsig>[2]> = {}) {
  return verifyTsig(octets, decodeMessage(octets), { ...options, ...more });
}

function answered(more: Partial<Parameters<typeof signMessage>[2]> = {}, by: TsigKey = key) {
  return signMessage(plainAnswer, by, { timeSigned: now, requestMac: request.mac, ...more }).octets;
}

describe('verifyTsig', () => {
  it('believes an answer to this request, by this key, now', () => {
    expect(judge(answered())).toMatchObject({ kind: 'signed' });
    expect(judge(answered({ timeSigned: now - 300 }))).toMatchObject({ kind: 'signed' });
  });

  test.each([
    ['without the request', answered({ requestMac: new Uint8Array(0) }), 'the MAC does not verify'],
    ['to another request', answered({ requestMac: new Uint8Array(32) }), 'the MAC does not verify'],
    ['by another secret', answered({}, { ...key, secret: new Uint8Array(32) }), 'the MAC does not verify'],
    ['by another name', answered({}, { ...key, name: Name.fromText('other') }), 'signed with the key other.'],
    ['by another algorithm', answered({}, { ...key, algorithm: 'hmac-sha512' }), 'not hmac-sha256'],
    ['too old', answered({ timeSigned: now - 301 }), 'signed 301 seconds ago'],
    ['of the future', answered({ timeSigned: now + 301 }), 'signed 301 seconds ahead'],
    ['cut short', shortened(answered(), 16), 'the MAC has 16 octets, not 32'],
    ['without MAC and without error', shortened(answered(), 32), 'the MAC has 0 octets, not 32'],
  ])('%s: bad', (_, octets, text) => {
    expect(judge(octets)).toMatchObject({ kind: 'bad', text: expect.stringContaining(text) });
  });

  it('takes an answer without TSIG for unsigned', () => {
    expect(judge(plainAnswer)).toEqual({ kind: 'unsigned' });
  });

  it('believes no clock that is not signed', () => {
    const other = Uint8Array.of(0, 0, 0, 0, 0, 1);
    const unsigned = shortened(answered({ error: 18, other }), 32);
    expect(judge(unsigned)).toEqual({ kind: 'rejected', error: 18, text: 'BADTIME' });
    expect(judge(answered({ error: 18, other }))).toMatchObject({ skewSeconds: 1 - now });
  });

  it('finds any octet that was changed', () => {
    const octets = answered();
    for (let at = 0; at < octets.length; at++) {
      const changed = octets.slice();
      changed[at]! ^= 0x01;
      let found: string;
      try {
        found = judge(changed).kind;
      } catch (error) {
        expect(error).toBeInstanceOf(DnsFormatError);
        continue;
      }
      // The id is that of the transport: the TSIG carries the one that was signed (rfc8945#section-4.3.2).
      if (at < 2) expect(found).toBe('signed');
      else expect(found, `octet ${at}`).not.toBe('signed');
    }
  });

  test.each([
    ['a record behind it', 1, '00' + '0001' + '0001' + '00000000' + '0004' + '7f000001'],
    ['OPT behind it', 1, '00' + '0029' + '04d0' + '00000000' + '0000'],
  ])('refuses a TSIG that is not the last record: %s', (_, count, record) => {
    const octets = Uint8Array.from([...answered(), ...hexDecode(record)]);
    octets[11]! += count;
    expect(() => judge(octets)).toThrow('not the last');
  });

  it('signs and verifies any message under any key', () => {
    const anyKey = fc.record({
      name: anyName.filter(({ wire }) => wire.length < 200),
      algorithm: fc.constantFrom(...TSIG_ALGORITHMS),
      secret: anyOctets(80, 1),
    });
    fc.assert(
      fc.property(anyMessage, anyKey, fc.integer({ min: 0, max: 0xffff_ffff_ffff }), (message, by, at) => {
        const plain = encodeMessage({
          ...message,
          additionals: message.additionals.filter(({ type }) => type !== RRType.TSIG),
          answers: message.answers.filter(({ type }) => type !== RRType.TSIG),
          authorities: message.authorities.filter(({ type }) => type !== RRType.TSIG),
        });
        fc.pre(plain.length < 64_000);
        const { octets, mac } = signMessage(plain, by, { timeSigned: at });
        const verdict = verifyTsig(octets, decodeMessage(octets), { key: by, now: at });
        expect(verdict).toMatchObject({ kind: 'signed', tsig: { timeSigned: at, mac, fudge: 300 } });
      }),
    );
  });

  it('reads any octets as TSIG data or refuses them', () => {
    fc.assert(
      fc.property(anyOctets(120), (rdata) => {
        try {
          decodeTsig(rdata);
        } catch (error) {
          expect(error).toBeInstanceOf(DnsFormatError);
        }
      }),
    );
  });
});

/** The MAC without its last octets: the lengths say so, the rest stands. */
function shortened(octets: Uint8Array, by: number): Uint8Array {
  const { additionals } = decodeMessage(octets);
  const { rdata } = additionals.at(-1)!;
  const start = octets.length - rdata.length;
  const macLengthAt = start + '.hmac-sha256.'.length + 8;
  const mac = (octets[macLengthAt]! << 8) | octets[macLengthAt + 1]!;
  const cut = [...octets.subarray(0, macLengthAt + 2 + mac - by), ...octets.subarray(macLengthAt + 2 + mac)];
  cut[start - 1] = rdata.length - by;
  cut[macLengthAt + 1] = mac - by;
  return Uint8Array.from(cut);
}
