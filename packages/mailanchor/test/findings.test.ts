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
  const wanted = lab.destinations.filter(({ slow }) => !slow);
  await Promise.all(
    wanted.map(async ({ domain }) => {
      const options = { resolver, inspection, port: lab.mailPort, helo: 'checker.test', random: () => 0 };
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
