import {
  Ede,
  encodeRrsig,
  extendedErrors,
  type Message,
  makeQuery,
  Name,
  parseRecord,
  type QueryOptions,
  Rcode,
  type ResourceRecord,
  RRClass,
  RRType,
  rrTypeToText,
} from '@mailanchor/dns';
import type { Resolution, UncheckedAnswer } from '@mailanchor/dnssec';
import { describe, expect, test } from 'vitest';
import { respond, respondUnchecked } from './response.ts';

const name = Name.fromText('Www.Example.');
const record = (text: string) => parseRecord(text, { origin: Name.root });
const rrsig = (owner: string, typeCovered: number, ttl = 300): ResourceRecord => ({
  name: Name.fromText(owner),
  type: RRType.RRSIG,
  class: RRClass.IN,
  ttl,
  rdata: encodeRrsig({
    typeCovered,
    algorithm: 13,
    labels: 2,
    originalTtl: ttl,
    expiration: 2_000_000_000,
    inception: 1_000_000_000,
    keyTag: 1,
    signer: Name.fromText('example.'),
    signature: new Uint8Array(64),
  }),
});
const a = record('www.example. 300 IN A 192.0.2.1');
const soa = record('example. 900 IN SOA ns. host. 1 2 3 4 600');
const nsec = record('example. 600 IN NSEC z.example. A RRSIG NSEC');
const ns = record('example. 300 IN NS ns.example.');
const base = { name, type: RRType.A, aliases: [], canonicalName: name, chain: [] } as const;
const answer: Resolution = {
  ...base,
  kind: 'answer',
  status: 'secure',
  rcode: 0,
  records: [a],
  answer: [a, rrsig('www.example.', RRType.A)],
  authority: [],
  ttl: 300,
};
const wildcard: Resolution = { ...answer, authority: [nsec, rrsig('example.', RRType.NSEC), ns] };
const denial: Resolution = {
  ...base,
  kind: 'nxdomain',
  status: 'secure',
  rcode: 3,
  records: [],
  answer: [],
  authority: [soa, rrsig('example.', RRType.SOA, 900), nsec, rrsig('example.', RRType.NSEC, 600), ns],
  ttl: 600,
};
const insecure: Resolution = { ...answer, status: 'insecure', answer: [a] };
const bogus: Resolution = {
  ...base,
  kind: 'failure',
  status: 'bogus',
  rcode: Rcode.SERVFAIL,
  records: [],
  answer: [],
  authority: [],
  ttl: 60,
  reason: { ede: Ede.SIGNATURE_EXPIRED, text: 'signature expired 2026-11-01' },
};
const unreachable: Resolution = {
  ...bogus,
  status: 'indeterminate',
  ttl: 0,
  reason: { ede: Ede.NO_REACHABLE_AUTHORITY, text: 'timeout' },
};
const overlong: Resolution = {
  ...unreachable,
  rcode: Rcode.YXDOMAIN,
  ttl: 60,
  overlong: [record('example. 300 IN DNAME other.'), rrsig('example.', RRType.DNAME)],
};
const unchecked: UncheckedAnswer = {
  kind: 'unchecked',
  name,
  type: RRType.A,
  rcode: 0,
  answer: answer.answer,
  authority: [ns, nsec],
  ttl: 300,
};

const ask = (options: QueryOptions = {}, type: number = RRType.A): Message =>
  makeQuery(name, type, { id: 7, rd: true, edns: false, ...options });
const types = (records: readonly ResourceRecord[]) => records.map(({ type }) => rrTypeToText(type)).join(' ');
const plain = ask();
const wantsProof = ask({ edns: true, do: true });

describe('what is claimed to whom', () => {
  test.each<
    [
      string,
      Message,
      Resolution,
      { ad: boolean; rcode: number; answers: string; authorities: string; ttl: number },
    ]
  >([
    ['too long', plain, overlong, { ad: false, rcode: 6, answers: 'DNAME', authorities: '', ttl: 60 }],
    [
      'too long, proof',
      wantsProof,
      overlong,
      { ad: false, rcode: 6, answers: 'DNAME RRSIG', authorities: '', ttl: 60 },
    ],
    ['plain', plain, answer, { ad: false, rcode: 0, answers: 'A', authorities: '', ttl: 300 }],
    ['AD', ask({ ad: true }), answer, { ad: true, rcode: 0, answers: 'A', authorities: '', ttl: 300 }],
    [
      'EDNS without DO',
      ask({ edns: true }),
      answer,
      { ad: false, rcode: 0, answers: 'A', authorities: '', ttl: 300 },
    ],
    ['DO', wantsProof, answer, { ad: true, rcode: 0, answers: 'A RRSIG', authorities: '', ttl: 300 }],
    [
      'insecure, AD and DO',
      ask({ edns: true, do: true, ad: true }),
      insecure,
      { ad: false, rcode: 0, answers: 'A', authorities: '', ttl: 300 },
    ],
    [
      'wildcard, DO',
      wantsProof,
      wildcard,
      { ad: true, rcode: 0, answers: 'A RRSIG', authorities: 'NSEC RRSIG', ttl: 300 },
    ],
    ['wildcard, plain', plain, wildcard, { ad: false, rcode: 0, answers: 'A', authorities: '', ttl: 300 }],
    ['denial, plain', plain, denial, { ad: false, rcode: 3, answers: '', authorities: 'SOA', ttl: 600 }],
    [
      'denial, DO',
      wantsProof,
      denial,
      { ad: true, rcode: 3, answers: '', authorities: 'SOA RRSIG NSEC RRSIG', ttl: 600 },
    ],
    [
      'bogus, AD and DO',
      ask({ edns: true, do: true, ad: true }),
      bogus,
      { ad: false, rcode: 2, answers: '', authorities: '', ttl: 60 },
    ],
    ['unreachable', plain, unreachable, { ad: false, rcode: 2, answers: '', authorities: '', ttl: 1 }],
  ])('%s', (_, query, resolution, expected) => {
    const { message, ttl } = respond(query, query.questions[0]!, resolution);
    expect({
      ad: message.ad,
      rcode: message.rcode,
      answers: types(message.answers),
      authorities: types(message.authorities),
      ttl,
    }).toEqual(expected);
    expect(message).toMatchObject({ id: 7, qr: true, ra: true, rd: true, aa: false, tc: false, cd: false });
    expect(message.edns === undefined).toBe(query.edns === undefined);
    if (message.edns)
      expect(message.edns).toMatchObject({ udpPayloadSize: 1232, version: 0, do: query.edns!.do });
  });

  test.each([
    ['plain', plain, 'A', ''],
    ['DO', wantsProof, 'A RRSIG', 'NSEC'],
  ])('unchecked, %s: CD, never AD', (_, query, answers, authorities) => {
    const { message, ttl } = respondUnchecked(
      { ...query, cd: true, ad: true },
      query.questions[0]!,
      unchecked,
    );
    expect(message).toMatchObject({ ad: false, cd: true, rcode: 0 });
    expect(types(message.answers)).toBe(answers);
    expect(types(message.authorities)).toBe(authorities);
    expect(ttl).toBe(60);
  });
});

test('types of DNSSEC that are asked for by name are shown without DO', () => {
  const query = ask({}, RRType.NSEC);
  const { message } = respond(query, query.questions[0]!, { ...answer, type: RRType.NSEC, answer: [nsec] });
  expect(types(message.answers)).toBe('NSEC');
});

test('the name is spelt as the client spells it', () => {
  const { message } = respond(plain, plain.questions[0]!, answer);
  expect(message.answers[0]?.name.toString()).toBe('Www.Example.');
});

test('a TTL is never longer than the proof holds', () => {
  const { message, ttl } = respond(plain, plain.questions[0]!, { ...answer, ttl: 20 });
  expect(message.answers[0]?.ttl).toBe(20);
  expect(ttl).toBe(20);
});

test('an answer that nothing limits is kept for a moment only', () => {
  const { ttl } = respond(plain, plain.questions[0]!, { ...denial, kind: 'nodata', rcode: 0, authority: [] });
  expect(ttl).toBe(1);
});

describe('why', () => {
  const reasons = (query: Message, resolution: Resolution) =>
    extendedErrors(respond(query, query.questions[0]!, resolution).message);

  test('told to those who sent EDNS', () => {
    expect(reasons(ask({ edns: true }), bogus)).toEqual([
      { infoCode: Ede.SIGNATURE_EXPIRED, extraText: 'signature expired 2026-11-01' },
    ]);
    expect(reasons(plain, bogus)).toEqual([]);
  });

  test('an insecure answer may have its reason too', () => {
    const reason = { ede: Ede.UNSUPPORTED_DNSKEY_ALGORITHM, text: 'algorithm 5' };
    expect(reasons(wantsProof, { ...insecure, reason })).toEqual([{ infoCode: 1, extraText: 'algorithm 5' }]);
  });

  test.each(['x'.repeat(1000), '\u00e4'.repeat(1000), '\u{1f600}'.repeat(1000)])(
    'a sentence, not a page',
    (text) => {
      const [told] = reasons(wantsProof, { ...bogus, reason: { ede: 6, text } });
      expect(Buffer.byteLength(told!.extraText)).toBeLessThanOrEqual(160);
      expect(told!.extraText).toMatch(/\.\.\.$/);
      expect(told!.extraText).not.toContain('\ufffd');
    },
  );
});
