/** `check --days N`: what ends within N days is a warning, and a second verdict says what would come out then if nothing were renewed. */
import { createResolver, parseRootHints, parseTrustAnchors } from '@mailanchor/dnssec';
import { type Lab, startLab } from '@mailanchor/lab';
import { checkDestination, type DomainCheck, ZoneInspector } from '@mailanchor/smtp';
import { afterAll, beforeAll, expect, test } from 'vitest';

const DOMAINS = [
  'good-311.example',
  'good-211.example',
  'ta-ending.example',
  'signatures-ending.example',
  'expired-at-one.example',
  'unsigned.test',
  'null-mx.example',
  'no-such-domain.example',
  'renewed-key.example',
];
const DAY_MS = 86_400_000;

let lab: Lab;
let check: (domain: string, days: number) => Promise<DomainCheck>;
const done: (() => unknown)[] = [];

beforeAll(async () => {
  lab = await startLab({ only: DOMAINS });
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
  check = (domain, days) =>
    checkDestination(domain, { resolver, inspection, days, port: lab.mailPort, helo: 'checker.test' });
});
afterAll(async () => {
  for (const close of done) await close();
});

// Signatures of the lab last for 14 days, certificates for 90, those of `ta-ending` for 5.
test.each([
  ['good-311.example', 1, 'protected', 'protected', undefined],
  ['good-311.example', 13, 'protected', 'protected', undefined],
  [
    'good-311.example',
    15,
    'protected',
    'broken',
    /^the signature over DNSKEY of good-311\.example by key \d+ ends on \d{4}-/,
  ],
  ['good-211.example', 13, 'protected', 'protected', undefined],
  ['ta-ending.example', 4, 'protected', 'protected', undefined],
  [
    'ta-ending.example',
    6,
    'protected',
    'broken',
    /^the certificate of mx\.ta-ending\.example, .* counts under usage 2$/,
  ],
  ['signatures-ending.example', 1, 'protected', 'protected', undefined],
  ['signatures-ending.example', 3, 'protected', 'broken', /^the signature over /],
  // The other server has signatures that last.
  ['expired-at-one.example', 3, 'protected', 'protected', undefined],
  ['unsigned.test', 100, 'unprotected', 'unprotected', undefined],
  ['null-mx.example', 13, 'unprotected', 'unprotected', undefined],
  ['null-mx.example', 15, 'unprotected', 'broken', /^the signature over /],
  ['no-such-domain.example', 15, 'unprotected', 'unprotected', undefined],
  ['renewed-key.example', 1, 'broken', 'broken', undefined],
] as const)('%s, %i days ahead: %s now, %s then', async (domain, days, now, then, because) => {
  const { verdict, later, checkedAt } = await check(domain, days);
  expect(verdict).toBe(now);
  expect(later).toMatchObject({ days, verdict: then });
  expect(Date.parse(later!.at) - Date.parse(checkedAt)).toBe(days * DAY_MS);
  if (because) expect(later!.because).toContainEqual(expect.stringMatching(because));
  else expect(later!.because).toEqual([]);
});

test.each([
  ['good-311.example', 15, 'signature-expires'],
  ['ta-ending.example', 6, 'ta-expiry'],
])('%s, %i days ahead: %s', async (domain, days, code) => {
  const { findings } = await check(domain, days);
  expect(findings.map((finding) => finding.code)).toContain(code);
});

test('what ends after those days is no finding', async () => {
  const codes = async (domain: string, days: number) =>
    (await check(domain, days)).findings.map((finding) => finding.code);
  expect(await codes('ta-ending.example', 4)).not.toContain('ta-expiry');
  expect(await codes('signatures-ending.example', 1)).not.toContain('signature-expires');
});
