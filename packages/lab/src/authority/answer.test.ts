import {
  base32HexEncode,
  decodeRrsig,
  type Message,
  makeQuery,
  Name,
  parseZoneFile,
  Rcode,
  type ResourceRecord,
  RRType,
  rcodeToText,
  recordToText,
  rrTypeFromText,
  rrTypeToText,
} from '@mailanchor/dns';
import { nsec3Hash } from '@mailanchor/dnssec';
import { describe, expect, test } from 'vitest';
import { Seed } from '../keys/seed.ts';
import { createSigningKey } from '../keys/signing-key.ts';
import type { DenialMethod } from '../zone/signed-zone.ts';
import { answer } from './answer.ts';
import { ServedZone } from './served-zone.ts';

const ORIGIN = Name.fromText('z.example.');
const name = (text: string): Name => Name.fromText(text, ORIGIN);

const RECORDS = parseZoneFile(
  `$TTL 3600
@ SOA ns hostmaster 1 3600 600 86400 300
@ NS ns
@ MX 10 mx
ns A 192.0.2.1
mx A 192.0.2.2
*.wild MX 10 mx
*.star CNAME mx
a.b.c TXT "below two empty non-terminals"
signed NS ns.signed
signed DS 1 13 2 ${'cd'.repeat(32)}
ns.signed A 192.0.2.3
unsigned NS ns
dname DNAME elsewhere.z.example.
x.elsewhere A 192.0.2.5
long DNAME ${'l'.repeat(60)}.${'l'.repeat(60)}.${'l'.repeat(60)}.
alias CNAME mx
dangling CNAME nothing
outside CNAME mx.other.example.
loop1 CNAME loop2
loop2 CNAME loop1
`,
  { origin: ORIGIN },
);

const csk = await createSigningKey('ecdsa-p256', 'csk', new Seed('authority'), 'z');
const NSEC3 = { kind: 'nsec3', optOut: false, iterations: 0, salt: new Uint8Array(0) } as const;
const zoneWith = (denial: DenialMethod): ServedZone =>
  new ServedZone(ORIGIN, RECORDS, { keys: [csk], denial, clock: () => 1_700_000_000_000 });
const ZONES = {
  nsec: zoneWith({ kind: 'nsec' }),
  nsec3: zoneWith(NSEC3),
  optOut: zoneWith({ ...NSEC3, optOut: true }),
  unsigned: new ServedZone(ORIGIN, RECORDS),
};

const HASHES = new Map(
  [
    ...new Set(RECORDS.map((record) => record.name.toString())),
    'b.c.z.example.',
    'c.z.example.',
    'wild.z.example.',
  ]
    .concat('star.z.example.', 'elsewhere.z.example.')
    .map((text) => [base32HexEncode(nsec3Hash(Name.fromText(text), new Uint8Array(0), 0)), text]),
);

function relative(owner: Name): string {
  const text = owner.toString();
  const full = HASHES.get(text.split('.')[0]!) ?? text;
  return full === 'z.example.' ? '@' : full.replace(/\.z\.example\.$/, '');
}

/** Owner and type of each RRset, `!` where it comes without signature. */
function section(records: readonly ResourceRecord[]): string {
  const signatures = records.filter(({ type }) => type === RRType.RRSIG);
  const sets = new Set(
    records
      .filter(({ type }) => type !== RRType.RRSIG)
      .map(({ name: owner, type }) => {
        const signed = signatures.some(
          (rrsig) => rrsig.name.equals(owner) && decodeRrsig(rrsig.rdata).typeCovered === type,
        );
        return `${relative(owner)} ${rrTypeToText(type)}${signed ? '' : '!'}`;
      }),
  );
  return [...sets].join(', ');
}

function ask(zones: readonly ServedZone[], question: string, dnssec = true): Message {
  const [owner, type] = question.split(' ');
  return answer(zones, makeQuery(name(owner!), rrTypeFromText(type!)!, { do: dnssec }));
}

function summary({ rcode, aa, answers, authorities, additionals }: Message): string {
  const parts = [answers, authorities, additionals].map(section);
  return `${rcodeToText(rcode)}${aa ? ' aa' : ''} | ${parts.join(' | ')}`.replace(/( \| )+$/, '').trimEnd();
}

describe('a signed zone', () => {
  const check = (question: string, nsec: string, nsec3: string = nsec, optOut: string = nsec3): void => {
    test(question, () => {
      expect(summary(ask([ZONES.nsec], question))).toBe(nsec);
      expect(summary(ask([ZONES.nsec3], question))).toBe(nsec3);
      expect(summary(ask([ZONES.optOut], question))).toBe(optOut);
    });
  };

  check('@ MX', 'NOERROR aa | @ MX');
  check('@ NS', 'NOERROR aa | @ NS |  | ns A');
  check('@ DNSKEY', 'NOERROR aa | @ DNSKEY');
  check('@ NSEC3PARAM', 'NOERROR aa |  | @ SOA, @ NSEC', 'NOERROR aa | @ NSEC3PARAM');
  check('mx NSEC', 'NOERROR aa | mx NSEC', 'NOERROR aa |  | @ SOA, mx NSEC3');

  // rfc4035#section-3.1.3.1, rfc5155#section-7.2.3
  check('mx TXT', 'NOERROR aa |  | @ SOA, mx NSEC', 'NOERROR aa |  | @ SOA, mx NSEC3');
  check('b.c TXT', 'NOERROR aa |  | @ SOA, alias NSEC', 'NOERROR aa |  | @ SOA, b.c NSEC3');

  // Delegations.
  check('host.signed MX', 'NOERROR |  | signed NS!, signed DS | ns.signed A!');
  check('signed DS', 'NOERROR aa | signed DS');
  check('signed NS', 'NOERROR |  | signed NS!, signed DS | ns.signed A!');
  check('ns.signed A', 'NOERROR |  | signed NS!, signed DS | ns.signed A!');

  // Aliases.
  check('alias A', 'NOERROR aa | alias CNAME, mx A');
  check('alias CNAME', 'NOERROR aa | alias CNAME');
  check(
    'alias TXT',
    'NOERROR aa | alias CNAME | @ SOA, mx NSEC',
    'NOERROR aa | alias CNAME | @ SOA, mx NSEC3',
  );
  check('outside A', 'NOERROR aa | outside CNAME');
  check('loop1 A', 'NOERROR aa | loop1 CNAME, loop2 CNAME');
  check('x.dname A', 'NOERROR aa | dname DNAME, x.dname CNAME!, x.elsewhere A');
  check('dname DNAME', 'NOERROR aa | dname DNAME');
  check(`${'l'.repeat(60)}.${'m'.repeat(60)}.long A`, 'YXDOMAIN aa | long DNAME');
});

/** Names of denial records by what they are for: the covering ones depend on hashes, so they are found, not listed. */
describe('NSEC3 proofs', () => {
  const denials = (zone: ServedZone, question: string): string[] =>
    ask([zone], question)
      .authorities.filter(({ type }) => type === RRType.NSEC3)
      .map(({ name: owner }) => owner.toString());
  const expected = (
    zone: ServedZone,
    wanted: readonly (readonly ['match' | 'cover', string])[],
  ): string[] => {
    const { chain } = zone.signing!;
    return [...new Set(wanted.map(([kind, text]) => chain[kind](name(text))!.name.toString()))];
  };
  const check = (
    title: string,
    zone: ServedZone,
    question: string,
    wanted: readonly (readonly ['match' | 'cover', string])[],
  ): void => {
    test(`${title}: ${question}`, () => expect(denials(zone, question)).toEqual(expected(zone, wanted)));
  };

  for (const zone of [ZONES.nsec3, ZONES.optOut]) {
    check('NXDOMAIN', zone, 'no.such A', [
      ['match', '@'],
      ['cover', 'such'],
      ['cover', '*'],
    ]);
    check('NXDOMAIN below a name', zone, 'no.such.mx A', [
      ['match', 'mx'],
      ['cover', 'such.mx'],
      ['cover', '*.mx'],
    ]);
    check('wildcard NODATA', zone, 'any.wild A', [
      ['match', 'wild'],
      ['cover', 'any.wild'],
      ['match', '*.wild'],
    ]);
    check('wildcard answer', zone, 'very.any.wild MX', [['cover', 'any.wild']]);
  }
  check('insecure delegation', ZONES.nsec3, 'host.unsigned A', [['match', 'unsigned']]);
  check('no DS', ZONES.nsec3, 'unsigned DS', [['match', 'unsigned']]);
  check('opt-out delegation', ZONES.optOut, 'host.unsigned A', [
    ['match', '@'],
    ['cover', 'unsigned'],
  ]);
  check('no DS under opt-out', ZONES.optOut, 'unsigned DS', [
    ['match', '@'],
    ['cover', 'unsigned'],
  ]);

  test('opt-out leaves the insecure delegation out of the chain, and says so', () => {
    expect(ZONES.nsec3.signing!.chain.match(name('unsigned'))).toBeDefined();
    expect(ZONES.optOut.signing!.chain.match(name('unsigned'))).toBeUndefined();
    expect(ZONES.optOut.signing!.chain.match(name('signed'))).toBeDefined();
    expect(ZONES.optOut.signing!.chain.rrsets.every(({ rdatas }) => rdatas[0]![1] === 1)).toBe(true);
  });
});

describe('NSEC proofs', () => {
  const check = (question: string, expected: string): void => {
    test(question, () => expect(summary(ask([ZONES.nsec], question))).toBe(expected));
  };
  check('no.such A', 'NXDOMAIN aa |  | @ SOA, *.star NSEC, @ NSEC');
  check('dangling A', 'NXDOMAIN aa | dangling CNAME | @ SOA, mx NSEC, @ NSEC');
  check('any.wild MX', 'NOERROR aa | any.wild MX | *.wild NSEC');
  check('any.wild A', 'NOERROR aa |  | @ SOA, *.wild NSEC');
  check('any.star A', 'NOERROR aa | any.star CNAME, mx A | *.star NSEC');
  check('any.star TXT', 'NOERROR aa | any.star CNAME | @ SOA, mx NSEC, *.star NSEC');
  check('unsigned DS', 'NOERROR aa |  | @ SOA, unsigned NSEC');
  check('host.unsigned A', 'NOERROR |  | unsigned NS!, unsigned NSEC | ns A');
});

test('a wildcard keeps its labels in the signature', () => {
  const { answers } = ask([ZONES.nsec], 'very.any.wild MX');
  const rrsig = answers.find(({ type }) => type === RRType.RRSIG)!;
  expect(rrsig.name.toString()).toBe('very.any.wild.z.example.');
  expect(decodeRrsig(rrsig.rdata).labels).toBe(3);
});

test('without DO there is no DNSSEC data, unless it is asked for', () => {
  expect(summary(ask([ZONES.nsec], 'no.such A', false))).toBe('NXDOMAIN aa |  | @ SOA!');
  expect(summary(ask([ZONES.nsec], 'host.signed A', false))).toBe('NOERROR |  | signed NS! | ns.signed A!');
  expect(summary(ask([ZONES.nsec], '@ DNSKEY', false))).toBe('NOERROR aa | @ DNSKEY!');
});

test('an unsigned zone proves nothing', () => {
  expect(summary(ask([ZONES.unsigned], 'no.such A'))).toBe('NXDOMAIN aa |  | @ SOA!');
  expect(summary(ask([ZONES.unsigned], 'host.unsigned A'))).toBe('NOERROR |  | unsigned NS! | ns A!');
});

test('DS comes from the parent where both are served, from the child where the parent is not', () => {
  const child = new ServedZone(
    name('signed'),
    parseZoneFile('@ SOA ns h 1 1 1 1 300\n@ NS ns', { origin: name('signed') }),
  );
  expect(summary(ask([child, ZONES.nsec], 'signed DS'))).toBe('NOERROR aa | signed DS');
  expect(summary(ask([child], 'signed DS'))).toBe('NOERROR aa |  | signed SOA!');
  expect(summary(ask([child, ZONES.nsec], 'signed NS'))).toBe('NOERROR aa | signed NS!');
});

describe('queries that are none', () => {
  const query = makeQuery(name('@'), RRType.MX);
  const check = (title: string, sent: Message, rcode: number): void => {
    test(title, () => expect(answer([ZONES.nsec], sent)).toMatchObject({ rcode, aa: false, answers: [] }));
  };
  check('another zone', makeQuery(Name.fromText('other.example.'), RRType.MX), Rcode.REFUSED);
  check('another class', makeQuery(name('@'), RRType.MX, { class: 3 }), Rcode.REFUSED);
  check('another opcode', { ...query, opcode: 5 }, Rcode.NOTIMP);
  check('no question', { ...query, questions: [] }, Rcode.FORMERR);
  check('EDNS version 1', { ...query, edns: { ...query.edns!, version: 1 } }, Rcode.BADVERS);
});

test('a wrong denial is one of the zone that proves something else; a missing one is none', () => {
  const zone = zoneWith({ kind: 'nsec' });
  zone.denialFault = { kind: 'wrong', below: name('such') };
  expect(summary(ask([zone], 'no.such A'))).toBe('NXDOMAIN aa |  | @ SOA, alias NSEC');
  expect(summary(ask([zone], 'mx TXT'))).toBe('NOERROR aa |  | @ SOA, mx NSEC');
  zone.denialFault = { kind: 'missing' };
  expect(summary(ask([zone], 'mx TXT'))).toBe('NOERROR aa |  | @ SOA');
});

test('publish replaces the records and signs anew with the same keys', () => {
  const zone = zoneWith({ kind: 'nsec' });
  const before = ask([zone], '@ DNSKEY').answers[0]!;
  zone.publish(RECORDS.filter(({ type }) => type !== RRType.MX));
  expect(summary(ask([zone], '@ MX'))).toBe('NOERROR aa |  | @ SOA, @ NSEC');
  expect(recordToText(ask([zone], '@ DNSKEY').answers[0]!)).toBe(recordToText(before));
  expect(() => zone.publish([])).toThrow('needs one SOA');
  expect(summary(ask([zone], 'mx A'))).toBe('NOERROR aa | mx A');
});
