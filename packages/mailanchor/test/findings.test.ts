/**
 * Every finding beside the lab: a destination that shows it and one that must not. Checked in the process, each destination once, servers one
 * by one included.
 */
import { createResolver, parseRootHints, parseTrustAnchors } from '@mailanchor/dnssec';
import { FINDING_EXAMPLES, type Lab, type LabDestination, NOT_IN_THE_LAB, startLab } from '@mailanchor/lab';
import {
  checkDestination,
  type DomainCheck,
  FINDING_GUIDE,
  FINDINGS,
  type FindingCode,
  policyFetcher,
  ZoneInspector,
} from '@mailanchor/smtp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** A line that can be copied: a record, a command, a setting. */
const COPYABLE = /( IN |^[a-z]+ |: )/m;

/** What a host does wrong has its causes in software that the check cannot see. */
const OF_HOSTS = /^(starttls|tls-|address|host|algorithm-differs|chain)/;

let lab: Lab;
const checks = new Map<string, DomainCheck>();
const done: (() => unknown)[] = [];

beforeAll(async () => {
  lab = await startLab();
  const resolver = createResolver({
    rootHints: parseRootHints(lab.rootHints, 'lab'),
    trustAnchors: parseTrustAnchors(lab.trustAnchor, 'lab'),
    dnsPort: lab.dnsPort,
    aggressiveDenial: false,
  });
  const inspection = new ZoneInspector({ resolver, port: lab.dnsPort });
  done.push(
    () => inspection.close(),
    () => resolver.close(),
    () => lab.close(),
  );
  const fetchPolicy = policyFetcher({ ca: [lab.ca], port: lab.policyPort, privateAddresses: true });
  const wanted = lab.destinations.filter(({ slow }) => !slow);
  await Promise.all(
    wanted.map(async ({ domain }) => {
      const options = {
        resolver,
        inspection,
        fetchPolicy,
        port: lab.mailPort,
        helo: 'checker.test',
        tlsVersions: true,
        random: () => 0,
      };
      checks.set(domain, await checkDestination(domain, options));
    }),
  );
}, 60_000);
afterAll(async () => {
  for (const close of done) await close();
});

const codesAt = (domain: string): string[] => {
  const check = checks.get(domain);
  if (!check) throw new Error(`the lab has no destination ${domain} that is checked here`);
  return check.findings.map(({ code }) => code);
};

test('the table has every code, and the lab every code that it can show', () => {
  const told = [...Object.keys(FINDING_EXAMPLES), ...Object.keys(NOT_IN_THE_LAB)];
  expect(told.toSorted()).toEqual(Object.keys(FINDINGS).toSorted());
});

describe.each(Object.entries(FINDING_EXAMPLES))('%s', (code, { shownBy, notBy }) => {
  test(`is shown by ${shownBy}, with its severity and what to do`, () => {
    expect(codesAt(shownBy)).toContain(code);
    const found = checks.get(shownBy)!.findings.find((finding) => finding.code === code)!;
    expect(found.text).toMatch(/^[A-Za-z0-9_.].*[^.]\.$/);
    expect(found.effect).toMatch(/\.$/);
    const copied = found.severity === 'error' && !OF_HOSTS.test(code);
    if (copied) expect(found.fix).toMatch(COPYABLE);
  });

  test(`is not shown by ${notBy}`, () => {
    expect(codesAt(notBy)).not.toContain(code);
  });
});

test('no finding has a severity that the page does not tell', () => {
  const told = new Set(
    FINDING_GUIDE.flatMap(({ findings }) =>
      Object.entries(findings).flatMap(([code, { also = [] }]) =>
        [FINDINGS[code as FindingCode].severity, ...also].map((severity) => `${code} ${severity}`),
      ),
    ),
  );
  const seen = [...checks.values()].flatMap(({ findings }) =>
    findings.map(({ code, severity }) => `${code} ${severity}`),
  );
  expect(seen.filter((finding) => !told.has(finding))).toEqual([]);
});

const DS = /^\S+\. 3600 IN DS \d+ \d+ 2 [0-9a-f]{64}$/m;
// What is told of one case and not of another under the same code.
test.each([
  ['two-versions', 'servers-disagree', 'error', /ns1\..* has 1; ns2\..* has 2\.$/, /dig .* TLSA$/m],
  ['two-versions', 'servers-disagree', 'warning', /serial 1 at ns1\.\S* \[\S+\]; 2 at ns2\./, /dig .* SOA$/m],
  ['lame-server', 'servers-disagree', 'warning', /^ns2\..*: REFUSED instead of an answer/, /dig/],
  [
    'expired-at-one',
    'signature-expires',
    'error',
    /have expired at ns2\.\S+ \[\S+\] only: /,
    /ns2\..*other servers/,
  ],
  [
    'expired',
    'signature-expires',
    'error',
    /have expired at every server: MX of expired\.example by key \d+, /,
    /rndc sign/,
  ],
  [
    'signatures-ending',
    'signature-expires',
    'warning',
    /end in (47|48) hours unless they are renewed/,
    /rndc sign/,
  ],
  ['nsec3-iterated', 'nsec3-iterations', 'notice', /with 10 further/, /iterations 0/],
  ['nsec3-heavy', 'nsec3-iterations', 'warning', /with 100 further/, /iterations 0/],
  ['bogus-ds', 'ds-no-key', 'error', /\(with another digest\); it publishes key \d+/, DS],
  ['ds-left-over', 'ds-no-key', 'warning', /; it publishes key \d+/, /^\S+ IN DS \d+ 13 2 /m],
  ['tlsa-servfail-one', 'tlsa-lookup-fails', 'error', /^ns2\.\S+ \[\S+\] answers SERVFAIL/, /dig/],
  [
    'tlsa-servfail',
    'tlsa-lookup-fails',
    'error',
    /^ns1\.\S+ \[\S+\], ns2\.\S+ \[\S+\] answer SERVFAIL/,
    /dig/,
  ],
  ['keys-without-ds', 'domain-unsigned', 'warning', /signs with DNSSEC, but there is no DS/, DS],
  ['ds-sha1', 'ds-sha1', 'warning', /SHA-1 digests only/, DS],
  ['spare-key', 'dnskey-no-ds', 'warning', /key-signing keys without a DS record/, DS],
  ['sha1-zone', 'algorithm-weak', 'warning', /signed with RSASHA1: key \d+/, /algorithm 13/],
  ['key-small', 'key-small', 'warning', /\d+ with 1024, \d+ with 1024\.$/, /algorithm 13/],
  ['ttl-long', 'ttl-long', 'notice', /TTL of 172800 seconds/, /1800 to 3600/],
  ['ttl-short', 'ttl-short', 'notice', /TTL of 60 seconds/, /1800 to 3600/],
  [
    'ent-nxdomain',
    'denial-broken',
    'error',
    /say NXDOMAIN for _tcp\.mx\.ent-nxdomain\.example, though _\d+\._tcp\.mx/,
    /dig/,
  ],
  ['stale-records', 'tlsa-stale', 'warning', /^2 TLSA records, 3 1 1 .*, match nothing/, / IN TLSA 3 1 1 /],
  [
    'rollover',
    'tlsa-stale',
    'notice',
    /^TLSA record 3 1 1 .* matches nothing/,
    /^Keep it if it is that of the next key/,
  ],
  [
    'retired-ca',
    'ta-public-ca-retired',
    'warning',
    /Let's Encrypt R3, which issues no more since 2024-06-06/,
    / IN TLSA 3 1 1 /,
  ],
])('%s: %s, %s', (destination, code, severity, text, fix) => {
  const found = checks
    .get(`${destination}.example`)!
    .findings.filter((finding) => finding.code === code && finding.severity === severity);
  expect(found).toHaveLength(1);
  expect(found[0]!.text).toMatch(text);
  expect(found[0]!.fix).toMatch(fix);
});

test('what to do is told of everything that is wrong', () => {
  const bare = [...checks.values()].flatMap(({ findings }) =>
    findings.filter(
      ({ code, severity, fix }) => /error|warning/.test(severity) && !OF_HOSTS.test(code) && !fix,
    ),
  );
  expect(bare).toEqual([]);
});

test('every destination: verdict, hosts and findings as the lab has them', () => {
  const wanted = lab.destinations.filter(({ slow }) => !slow);
  const outcome = ({ domain, expected }: LabDestination) => ({
    domain,
    verdict: expected.verdict,
    hosts: expected.hosts.map(({ host, verdict }) => `${host} ${verdict}`),
    missing: [],
  });
  const seen = wanted.map(({ domain, expected }) => {
    const check = checks.get(domain)!;
    const codes = codesAt(domain);
    return {
      domain,
      verdict: check.verdict,
      hosts: check.hosts.map(({ host, verdict }) => `${host} ${verdict}`),
      missing: expected.findings.filter((code) => !codes.includes(code)),
    };
  });
  expect(seen).toEqual(wanted.map(outcome));
});

/** Codes that say that something is wrong with zones or servers; a good zone shows none of them. */
const OF_ZONES = [
  'servers-disagree',
  'signature-expires',
  'denial-broken',
  'tlsa-lookup-fails',
  'nsec3-iterations',
  'algorithm-weak',
  'ds-sha1',
  'key-small',
  'dnskey-no-ds',
  'ds-no-key',
  'ttl-long',
  'ttl-short',
  'domain-bogus',
  'check-incomplete',
];
test.each([
  'good-311.example',
  'good-211.example',
  'rsa.example',
  'ed25519.example',
  'nsec3.example',
  'signed.test',
  'any.wildcard-mx.example',
  'no-mx.example',
  'alias.example',
  'mail.dname.example',
  'cname-mx.example',
  'alias-to-unsigned.example',
  'unsigned.test',
  'null-mx.example',
  'no-tlsa.example',
  'partial.example',
])('%s: nothing wrong with its zones', (domain) => {
  expect(codesAt(domain).filter((code) => OF_ZONES.includes(code))).toEqual([]);
});
