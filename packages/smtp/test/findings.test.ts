import { describe, expect, it } from 'vitest';
import { FINDINGS } from '../src/finding-table.ts';
import { makeCertificate } from './certificates.ts';
import type { FindingCase } from './finding-case.ts';
import { SERVICE_CASES } from './findings-service-cases.ts';
import { HOST_CASES, HOST_QUIET } from './host-finding-cases.ts';
import { ee, intermediate, leaf, other, root, run, ta, type World, zoneOf } from './world.ts';

const OWNER = '_25._tcp.mx.example.net. 3600 IN TLSA';
const NEXT = `3 1 1 ${'00'.repeat(32)}`;
const expired = makeCertificate({
  cn: 'mx.example.net',
  names: ['mx.example.net'],
  issuer: intermediate,
  notAfter: '2026-11-01T00:00:00Z',
});
const ending = makeCertificate({
  cn: 'mx.example.net',
  names: ['mx.example.net'],
  issuer: intermediate,
  notAfter: '2026-12-01T00:00:00Z',
});

const failing = (question: string, status: 'bogus' | 'indeterminate', text: string, ede?: number) => ({
  failures: { [question]: { status, text, ...(ede === undefined ? {} : { ede }) } },
});
const insecure = (...names: string[]) => ({
  status: Object.fromEntries(names.map((n) => [n, 'insecure' as const])),
});
const TLSA = '_25._tcp.mx.example.net TLSA';
const ALIASED = `
  example.org.    300 IN MX    10 mx.example.org.
  mx.example.org. 300 IN CNAME mx.example.net.
  mx.example.net. 300 IN A     192.0.2.1`;

const only = (script: NonNullable<World['servers']>[string]) => ({ '192.0.2.1': script });

const cases: FindingCase[] = [
  ...HOST_CASES,
  {
    code: 'domain-unsigned',
    when: 'the domain is insecure',
    world: { zone: zoneOf(ee(leaf)), table: insecure('example.org') },
    severity: 'warning',
    subject: 'example.org',
    text: /^example\.org is not signed with DNSSEC\.$/,
    fix: /DS record/,
  },
  {
    code: 'domain-unsigned',
    when: 'its alias leads out of the signed tree',
    world: {
      zone: `${zoneOf(ee(leaf))}\na.example. 300 IN CNAME example.org.`,
      table: insecure('example.org'),
      target: 'a.example',
    },
    severity: 'warning',
    subject: 'a.example',
    text: /^a\.example leads to example\.org, which is not signed/,
  },
  {
    code: 'domain-bogus',
    when: 'the MX lookup is bogus',
    world: { zone: zoneOf(), table: failing('example.org MX', 'bogus', 'signature expired 2026-11-01') },
    severity: 'error',
    subject: 'example.org',
    text: /signature expired 2026-11-01/,
    fix: 'mailanchor resolve example.org MX --explain',
  },
  {
    code: 'domain-bogus',
    when: 'the address lookup is bogus',
    world: { zone: zoneOf(), table: failing('mx.example.net *', 'bogus', 'no key') },
    severity: 'error',
    subject: 'mx.example.net',
    text: /addresses.*no key/,
  },
  {
    code: 'domain-bogus',
    when: 'the TLSA records are bogus',
    world: { zone: zoneOf(), table: failing(TLSA, 'bogus', 'signature expired', 7) },
    severity: 'error',
    subject: 'mx.example.net',
    text: /TLSA records.*signature expired/,
    fix: 'mailanchor resolve _25._tcp.mx.example.net TLSA --explain',
  },
  {
    code: 'mx-lookup-fails',
    when: 'the MX lookup fails',
    world: { zone: zoneOf(), table: failing('example.org MX', 'indeterminate', 'no answer') },
    severity: 'error',
    subject: 'example.org',
    text: /no answer/,
  },
  {
    code: 'mx-none',
    when: 'there is no MX',
    world: { zone: 'example.org. 300 IN A 192.0.2.1' },
    severity: 'notice',
    subject: 'example.org',
    text: /no MX records/,
    fix: 'example.org. 3600 IN MX 10 example.org.',
  },
  {
    code: 'mx-none',
    when: 'there is neither MX nor address',
    world: { zone: 'example.org. 300 IN TXT "x"' },
    severity: 'error',
    subject: 'example.org',
    text: /neither MX records nor an address/,
    fix: /example\.org\. 3600 IN MX 0 \.$/,
  },
  {
    code: 'mx-none',
    when: 'the domain does not exist',
    world: { zone: 'example.net. 300 IN TXT "x"' },
    severity: 'error',
    subject: 'example.org',
    text: /does not exist/,
  },
  {
    code: 'mx-null',
    when: 'null MX',
    world: { zone: 'example.org. 300 IN MX 0 .' },
    severity: 'info',
    subject: 'example.org',
    text: /takes no mail/,
  },
  {
    code: 'mx-null-mixed',
    when: 'null MX beside others',
    world: { zone: `${zoneOf(ee(leaf))}\nexample.org. 300 IN MX 0 .` },
    severity: 'warning',
    subject: 'example.org',
    text: /beside other MX records/,
  },
  {
    code: 'mx-address',
    when: 'an MX names an address',
    world: { zone: 'example.org. 300 IN MX 10 192.0.2.1.' },
    severity: 'error',
    subject: '192.0.2.1',
    text: /names the address 192\.0\.2\.1/,
  },
  {
    code: 'mx-unresolvable',
    when: 'a host has no address',
    world: { zone: 'example.org. 300 IN MX 10 gone.example.net.' },
    severity: 'error',
    subject: 'gone.example.net',
    text: /the name does not exist/,
  },
  {
    code: 'mx-unresolvable',
    when: 'the address lookup fails',
    world: { zone: zoneOf(), table: failing('mx.example.net *', 'indeterminate', 'timeout') },
    severity: 'warning',
    subject: 'mx.example.net',
    text: /timeout/,
  },
  {
    code: 'mx-unsigned-host',
    when: "the host's zone is unsigned",
    world: { zone: zoneOf(), table: insecure('example.net') },
    severity: 'warning',
    subject: 'mx.example.net',
    text: /not signed with DNSSEC, so senders/,
  },
  {
    code: 'mx-partial',
    when: 'one host without TLSA',
    world: {
      zone: `${zoneOf(ee(leaf))}\nexample.org. 300 IN MX 20 mx2.example.net.\nmx2.example.net. 300 IN A 192.0.2.2`,
      servers: { '192.0.2.1': {}, '192.0.2.2': {} },
    },
    severity: 'warning',
    subject: 'example.org',
    text: /^1 of 2 mail hosts.*mx2\.example\.net\.$/,
  },
  {
    code: 'mx-cname',
    when: 'an MX host is an alias',
    world: { zone: `${ALIASED}\n_25._tcp.mx.example.net. 300 IN TLSA ${ee(leaf)}` },
    severity: 'notice',
    subject: 'mx.example.org',
    text: /alias of mx\.example\.net; .* TLSA records of mx\.example\.net/,
    fix: /mx\.example\.net/,
  },
  {
    code: 'tlsa-lookup-fails',
    when: 'a server answers TLSA queries with SERVFAIL',
    world: { zone: zoneOf(), table: failing(TLSA, 'indeterminate', 'SERVFAIL from 192.0.2.53') },
    severity: 'error',
    subject: 'mx.example.net',
    text: /SERVFAIL from 192\.0\.2\.53/,
  },
  {
    code: 'denial-broken',
    when: 'the NSEC proof is wrong',
    world: { zone: zoneOf(), table: failing(TLSA, 'bogus', 'no proof of absence', 12) },
    severity: 'error',
    subject: 'mx.example.net',
    text: /no TLSA records does not hold/,
  },
  {
    code: 'denial-broken',
    when: 'the reason speaks of NSEC3',
    world: { zone: zoneOf(), table: failing(TLSA, 'bogus', 'NSEC3 covers nothing') },
    severity: 'error',
    subject: 'mx.example.net',
    text: /NSEC3/,
  },
  {
    code: 'tlsa-none',
    when: 'all is signed and there is no TLSA record: prints it',
    world: { zone: zoneOf() },
    severity: 'warning',
    subject: 'mx.example.net',
    text: /no TLSA records/,
    fix: `${OWNER} ${ee(leaf)}`,
  },
  {
    code: 'tlsa-none',
    when: 'nothing presented a certificate: says how to make it',
    world: { zone: zoneOf(), servers: only(null) },
    severity: 'warning',
    subject: 'mx.example.net',
    text: /no TLSA records/,
    fix: /mailanchor tlsa generate --from mx\.example\.net:25/,
  },
  {
    code: 'tlsa-mismatch',
    when: 'no record matches: prints the one that would',
    world: { zone: zoneOf(ee(other)) },
    severity: 'error',
    subject: 'mx.example.net',
    text: /^No usable TLSA record matches/,
    fix: `${OWNER} ${ee(leaf)}`,
  },
  {
    code: 'tlsa-mismatch',
    when: 'the TLSA name is an alias: the record belongs at its target',
    world: {
      zone: `${zoneOf()}\n_25._tcp.mx.example.net. 300 IN CNAME tlsa.example.com.\ntlsa.example.com. 300 IN TLSA ${ee(other)}`,
    },
    severity: 'error',
    subject: 'mx.example.net',
    text: /matches/,
    fix: `tlsa.example.com. 3600 IN TLSA ${ee(leaf)}`,
  },
  {
    code: 'tlsa-unusable',
    when: 'no record can be used',
    world: { zone: zoneOf('3 1 1 abcd') },
    severity: 'error',
    subject: 'mx.example.net',
    text: /None of the 1 TLSA records.*32 octets/,
    fix: `${OWNER} ${ee(leaf)}`,
  },
  {
    code: 'tlsa-unusable',
    when: 'some records cannot be used',
    world: { zone: zoneOf('3 1 1 abcd', ee(leaf)) },
    severity: 'warning',
    subject: 'mx.example.net',
    text: /^1 of 2 TLSA records/,
  },
  {
    code: 'tlsa-usage-pkix',
    when: 'usage 1',
    world: { zone: zoneOf(`1 1 1 ${leaf.spkiSha256}`, ee(leaf)) },
    severity: 'error',
    subject: 'mx.example.net',
    text: /1 1 1 has usage 1/,
    fix: `${OWNER} ${ee(leaf)}`,
  },
  {
    code: 'tlsa-stale',
    when: 'a second record matches nothing',
    world: { zone: zoneOf(ee(leaf), NEXT) },
    severity: 'notice',
    subject: 'mx.example.net',
    text: /3 1 1 0000000000000000\.\.\. matches nothing/,
    fix: /next key/,
  },
  {
    code: 'tlsa-no-next',
    when: 'one 3 1 1 only: prints the 2 1 1 of the CA that was sent',
    world: { zone: zoneOf(ee(leaf)) },
    severity: 'notice',
    subject: 'mx.example.net',
    text: /none for the next/,
    fix: new RegExp(`${OWNER} 2 1 1 ${intermediate.spkiSha256}$`),
  },
  {
    code: 'ta-not-sent',
    when: 'usage 2 names a CA that is not in the chain',
    world: { zone: zoneOf(ta(root)) },
    severity: 'error',
    subject: 'mx.example.net',
    text: new RegExp(`2 1 1 ${root.spkiSha256.slice(0, 16)}.*not among the 2`),
    fix: /Append/,
  },
  {
    code: 'ta-name',
    when: 'usage 2 and another name: says which names do',
    world: { zone: zoneOf(ta(intermediate)), servers: only({ chain: [other, intermediate] }) },
    severity: 'error',
    subject: 'mx.example.net',
    text: /other\.example/,
    fix: new RegExp(`mx\\.example\\.net, example\\.org.*\\n.*3 1 1 ${other.spkiSha256}$`),
  },
  {
    code: 'ta-expiry',
    when: 'usage 2 and the certificate ends soon',
    world: { zone: zoneOf(ta(intermediate)), servers: only({ chain: [ending, intermediate] }) },
    severity: 'warning',
    subject: 'mx.example.net',
    text: /2026-12-01/,
  },
  {
    code: 'certificate-expired',
    when: 'usage 3: harmless',
    world: { zone: zoneOf(ee(expired)), servers: only({ chain: [expired] }) },
    severity: 'notice',
    subject: 'mx.example.net',
    text: /expired on 2026-11-01/,
  },
  {
    code: 'certificate-expired',
    when: 'usage 2: an error',
    world: { zone: zoneOf(ta(intermediate)), servers: only({ chain: [expired, intermediate] }) },
    severity: 'error',
    subject: 'mx.example.net',
    text: /2026-11-01/,
  },
  {
    code: 'starttls-missing',
    when: 'TLSA promises TLS',
    world: { zone: zoneOf(ee(leaf)), servers: only({ ehlo: '250 x' }) },
    severity: 'error',
    subject: 'mx.example.net [192.0.2.1]',
    text: /not offer STARTTLS although/,
    fix: /smtpd_tls_security_level=may/,
  },
  {
    code: 'starttls-missing',
    when: 'there is no TLSA either',
    world: { zone: zoneOf(), servers: only({ ehlo: '250 x' }) },
    severity: 'warning',
    subject: 'mx.example.net [192.0.2.1]',
    text: /not offer STARTTLS\.$/,
  },
  {
    code: 'starttls-refused',
    when: '454',
    world: { zone: zoneOf(ee(leaf)), servers: only({ starttls: '454 4.7.0 TLS not available' }) },
    severity: 'error',
    subject: 'mx.example.net [192.0.2.1]',
    text: /454 4\.7\.0 TLS not available/,
  },
  {
    code: 'starttls-injection',
    when: 'data behind STARTTLS',
    world: { zone: zoneOf(ee(leaf)), servers: only({ inject: '250 x\r\n' }) },
    severity: 'error',
    subject: 'mx.example.net [192.0.2.1]',
    text: /CVE-2011-0411/,
  },
  {
    code: 'tls-fails',
    when: 'no TLS after STARTTLS',
    world: { zone: zoneOf(ee(leaf)), servers: only({ handshake: 'garbage' }) },
    severity: 'error',
    subject: 'mx.example.net [192.0.2.1]',
    text: /TLS handshake/,
  },
  {
    code: 'tls-old',
    when: 'TLS 1.1 only',
    world: {
      zone: zoneOf(ee(leaf)),
      servers: only({
        secureContext: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
      }),
    },
    severity: 'error',
    subject: 'mx.example.net [192.0.2.1]',
    text: /No TLS 1\.2/,
    fix: /smtpd_tls_protocols/,
  },
  {
    code: 'address-differs',
    when: 'one address has another certificate: prints its record',
    world: {
      zone: `${zoneOf(ee(leaf))}\nmx.example.net. 300 IN A 192.0.2.2`,
      servers: { '192.0.2.1': {}, '192.0.2.2': { chain: [other] } },
    },
    severity: 'error',
    subject: 'mx.example.net',
    text: /192\.0\.2\.1 verifies and 192\.0\.2\.2 does not/,
    fix: new RegExp(`${other.spkiSha256}$`),
  },
  {
    code: 'host-unreachable',
    when: 'connection refused',
    world: { zone: zoneOf(ee(leaf)), servers: only(null) },
    severity: 'warning',
    subject: 'mx.example.net [192.0.2.1]',
    text: /Connection refused/,
  },
  {
    code: 'host-unreachable',
    when: 'a banner of 10 MB',
    world: { zone: zoneOf(ee(leaf)), servers: only({ greeting: 'flood' }) },
    severity: 'warning',
    subject: 'mx.example.net [192.0.2.1]',
    text: /longer than 2048 octets/,
  },
  {
    code: 'check-incomplete',
    when: 'no route to an address',
    world: { zone: `${zoneOf(ee(leaf))}\nmx.example.net. 300 IN AAAA 2001:db8::1` },
    severity: 'info',
    subject: 'mx.example.net [2001:db8::1]',
    text: /this machine has no way there/,
  },
  {
    code: 'check-incomplete',
    when: 'no time left',
    world: {
      zone: zoneOf(ee(leaf)),
      servers: only({ greeting: 'silent' }),
      options: { timeoutMs: 150, sessionLimits: { replyMs: 60_000 } },
    },
    severity: 'info',
    subject: 'mx.example.net [192.0.2.1]',
    text: /Not checked to the end/,
    fix: /--timeout/,
  },
  ...SERVICE_CASES,
];

/**
 * Shown by the lab's destinations, in the program's tests: what takes zones and servers to be seen, and sets of records; `sts-expiry` beside its
 * source.
 */
const IN_THE_LAB: readonly (keyof typeof FINDINGS)[] = [
  'sts-absent',
  'sts-invalid',
  'sts-mx-mismatch',
  'sts-expiry',
  'tlsrpt-absent',
  'tlsrpt-invalid',
  'servers-disagree',
  'signature-expires',
  'nsec3-iterations',
  'algorithm-weak',
  'ds-sha1',
  'key-small',
  'dnskey-no-ds',
  'ds-no-key',
  'ttl-long',
  'ttl-short',
  'mx-backup-greylists',
  'tlsa-combination-unmatched',
  'tlsa-full-certificate',
  'tlsa-fake-rollover',
  'tlsa-too-many',
  'tlsa-shared-key',
  'ta-public-ca-retired',
  'ta-selector-0',
  'record-agility-512-only',
  'record-agility-mixed',
];

describe('findings', () => {
  for (const { code, when, world, severity, subject, text, fix } of cases) {
    it(`${code}: ${when}`, async () => {
      const { finding, codes } = await run(world);
      const found = finding(code);
      expect(found).toMatchObject({ code, severity, subject, text: expect.stringMatching(text) });
      expect(found.effect).toBeTruthy();
      if (typeof fix === 'string') expect(found.fix).toBe(fix);
      else if (fix) expect(found.fix).toMatch(fix);
      expect(codes.filter((other) => other === code)).toHaveLength(1);
    });
  }

  it('each code of the table has a case here, or a destination of the lab', () => {
    const codes = new Set([...cases.map(({ code }) => code), ...IN_THE_LAB]);
    expect([...codes].sort()).toEqual(Object.keys(FINDINGS).sort());
  });

  it('one sentence each, on one line', async () => {
    for (const { world } of cases) {
      for (const { text } of (await run(world)).check.findings)
        expect(text).toMatch(/^[A-Za-z0-9_.].*[^.]\.$/);
    }
  });
});

describe('no findings where there is nothing to find', () => {
  const quiet: [string, World][] = [
    ['two records, both of what is presented', { zone: zoneOf(ee(leaf), ta(intermediate)) }],
    ['2 1 1 alone', { zone: zoneOf(ta(intermediate)) }],
    ...HOST_QUIET,
  ];
  it('a service that is an alias is no MX host', async () => {
    const zone = `${zoneOf(ee(leaf), ta(intermediate))}\nsmtp.example.org. 300 IN CNAME mx.example.net.`;
    expect((await run({ zone, target: 'smtp.example.org:25' })).codes).toEqual([]);
  });
  it('an unsigned domain that is its own host is unsigned once', async () => {
    const world = { zone: 'example.org. 300 IN A 192.0.2.1', table: insecure('example.org') };
    expect((await run(world)).codes).toEqual(['domain-unsigned', 'mx-none']);
  });
  for (const [title, world] of quiet) {
    it(title, async () => expect((await run(world)).codes).toEqual([]));
  }
  it('a domain that is broken has no other error than its cause', async () => {
    const { check } = await run({ zone: zoneOf(ee(other)) });
    expect(check.findings.filter(({ severity }) => severity === 'error').map(({ code }) => code)).toEqual([
      'tlsa-mismatch',
    ]);
  });
});

describe('a fix, once done, holds', () => {
  const broken: [string, string, World][] = [
    ['tlsa-mismatch', 'broken', { zone: zoneOf(ee(other)) }],
    ['tlsa-none', 'unprotected', { zone: zoneOf() }],
    ['tlsa-unusable', 'partial', { zone: zoneOf('3 1 1 abcd') }],
  ];
  for (const [code, before, world] of broken) {
    it(`${code}: the printed record makes the domain protected`, async () => {
      const first = await run(world);
      expect(first.check.verdict).toBe(before);
      const record = first.finding(code).fix!;
      expect((await run({ ...world, zone: `${zoneOf()}\n${record}` })).check.verdict).toBe('protected');
    });
  }
});
