/**
 * BIND's `dig` asks a server of ours on loopback and prints what it got: for every record type its text is our text. It leaves
 * hexadecimal and base32hex in upper case, and separates with tabs; those two differences are evened out.
 */
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { promisify } from 'node:util';
import {
  cookieOf,
  decodeMessage,
  encodeExtendedError,
  encodeMessage,
  type Message,
  Name,
  parseZoneFile,
  type ResourceRecord,
  RRType,
  recordToText,
  responseTo,
  rrTypeToText,
} from '@mailanchor/dns';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as arbitrary from './arbitrary.ts';

const run = promisify(execFile);
const version = await run('dig', ['-v']).then(
  ({ stderr }) => stderr.trim(),
  () => undefined,
);
const required = process.env['MAILANCHOR_TEST_PEERS'] === 'required';
const ABSENT = 'dig is not installed';

const RECORDS = `
$ORIGIN example.com.
$TTL 300
@ A 192.0.2.1
@ AAAA 2001:db8::1:0:0:1
@ AAAA 1:0:0:2::
@ NS ns1
@ SOA ns1 host\\.master 2024010101 7200 900 1209600 300
www CNAME Example.COM.
old DNAME example.org.
@ MX 0 .
@ MX 10 mail
1 PTR a\\.b\\000\\255\\032\\@\\$\\;\\(\\)\\"\\\\
@ TXT "v=spf1 -all" "" "quote \\" backslash \\\\ semicolon ; nul \\000 high \\255"
@ SPF "v=spf1 -all"
_smtp._tcp SRV 1 2 25 mail
@ NAPTR 100 50 "s" "SIP+D2U" "!^(.*)$!sip:\\\\1@example.com!" _sip._udp
@ DS 60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118
@ DS 20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d
@ CDS 0 0 0 00
@ DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==
@ CDNSKEY 0 3 0 AA==
@ SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789
@ RRSIG TLSA 13 2 300 20300101000000 20250101000000 12345 example.com. mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==
@ NSEC host A NS MX RRSIG NSEC TLSA TYPE1234 TYPE65280
a NSEC \\000.a RRSIG NSEC
0p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG
1p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr
@ NSEC3PARAM 1 0 12 aabbccdd
b NSEC3PARAM 1 0 0 -
_25._tcp.mail TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971
x._smimecert SMIMEA 3 0 0 d2abde240d7c
x._openpgpkey OPENPGPKEY mDMEXg==
@ CSYNC 66 3 A NS AAAA
@ ZONEMD 2018031900 1 1 c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c
@ CAA 0 issue "ca.example.net; account=\\"1\\""
@ CAA 128 iodef ""
@ HTTPS 0 svc
@ HTTPS 1 . alpn="h2,h3" no-default-alpn port=8443 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1 key667="a\\000 b"
@ SVCB 16 foo mandatory=alpn,ipv4hint alpn="h2,h3-19" ipv4hint=192.0.2.1
@ SVCB 1 foo alpn="f\\\\\\\\oo\\\\,bar,h2"
@ SVCB 2 foo ech=AEX+DQBB key668
@ TYPE65280 \\# 4 0a000001
@ TYPE65281 \\# 0
`;

/** One space between fields; types with hexadecimal or base32hex in lower case. */
const HEX_TYPES = new Set(['DS', 'CDS', 'SSHFP', 'NSEC3', 'NSEC3PARAM', 'TLSA', 'SMIMEA', 'ZONEMD']);
function even(line: string): string {
  const fields = line.trim().split(/[ \t]+/);
  const [owner, ttl, rrClass, type = '', ...data] = fields;
  if (HEX_TYPES.has(type)) return [owner, ttl, rrClass, type, ...data].join(' ').toLowerCase();
  if (/^TYPE[0-9]+$/.test(type)) return fields.join(' ').toLowerCase();
  return fields.join(' ');
}

describe(`dig (${version ?? 'absent'})`, () => {
  const server = createSocket('udp4');
  let port = 0;
  /** What the next queries get. */
  let answer: (query: Message) => Message = (query) => responseTo(query);
  const queries: Message[] = [];

  beforeAll(async () => {
    server.on('message', (octets, from) => {
      const query = decodeMessage(octets);
      queries.push(query);
      server.send(encodeMessage(answer(query)), from.port, from.address);
    });
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    port = server.address().port;
  });
  afterAll(() => server.close());

  async function dig(...args: string[]): Promise<string> {
    const { stdout } = await run('dig', ['@127.0.0.1', '-p', String(port), '+norec', '+tries=1', ...args]);
    return stdout;
  }

  it('is there where peers are required', () => {
    if (required) expect(version, ABSENT).toBeDefined();
  });

  /** dig asks for each record in turn, all in one run. */
  async function printed(records: readonly ResourceRecord[]): Promise<string[]> {
    const byQuestion = new Map(records.map((record, i) => [`q${i}.`, record]));
    answer = (query) => {
      const record = byQuestion.get(query.questions[0]!.name.toString());
      return responseTo(query, { aa: true, answers: record ? [record] : [] });
    };
    // dig complains of an owner that is not the question, but prints it.
    const questions = records.flatMap((record, i) => [`q${i}.`, rrTypeToText(record.type)]);
    const text = await dig('+noall', '+answer', '+nosplit', '+noidnout', ...questions);
    return text.split('\n').filter((line) => line !== '' && !line.startsWith(';'));
  }

  it('prints every type as we do', async (context) => {
    if (version === undefined) return context.skip(ABSENT);
    const records = parseZoneFile(RECORDS);
    const lines = await printed(records);
    expect(lines.map(even)).toEqual(records.map(recordToText).map(even));
    const missing = Object.values(RRType)
      .filter(
        (type) =>
          ![RRType.OPT, RRType.TSIG, RRType.IXFR, RRType.AXFR, RRType.ANY].some((meta) => meta === type),
      )
      .filter((type) => !records.some((record) => record.type === type));
    expect(missing.map(rrTypeToText)).toEqual([]);
  });

  it('prints any octets in names and strings as we do', async (context) => {
    if (version === undefined) return context.skip(ABSENT);
    // Not NAPTR: dig refuses regular expressions that are none.
    const types = [RRType.NS, RRType.MX, RRType.SRV, RRType.TXT, RRType.CAA, RRType.SOA, RRType.TLSA];
    const record = arbitrary.record.filter(
      ({ type, rdata, class: rrClass }) =>
        rrClass === 1 && types.some((wanted) => wanted === type) && recordFits({ type, rdata }),
    );
    const records = fc.sample(record, { numRuns: 150, seed: 7 });
    expect((await printed(records)).map(even)).toEqual(records.map(recordToText).map(even));
  });

  it('reads our extended errors, and we read its query', async (context) => {
    if (version === undefined) return context.skip(ABSENT);
    queries.length = 0;
    answer = (query) =>
      responseTo(query, { rcode: 2, edns: { options: [encodeExtendedError(6, 'no good signature')] } });
    const text = await dig('+dnssec', '+cookie=0102030405060708', '+cd', 'Example.COM', 'TLSA');
    expect(text).toMatch(/status: SERVFAIL/);
    expect(text).toMatch(/EDE: 6 \(DNSSEC Bogus\): \(no good signature\)/);
    const query = queries[0]!;
    expect(query).toMatchObject({ qr: false, cd: true, rd: false, edns: { do: true, version: 0 } });
    expect(query.questions[0]).toMatchObject({ type: RRType.TLSA, class: 1 });
    expect(query.questions[0]?.name.toString()).toBe('Example.COM.');
    expect(cookieOf(query)).toEqual({ client: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) });
  });
});

/** Left out: data that does not fit its type (dig refuses the message), and TLSA without data. */
function recordFits({ type, rdata }: { type: number; rdata: Uint8Array }): boolean {
  const text = recordToText({ name: Name.root, ttl: 0, class: 1, type, rdata });
  return !text.includes(' \\# ') && (type !== RRType.TLSA || rdata.length > 3);
}
