/** `connectMx` with every destination of the lab, good and broken: real name servers, real mail hosts. */

import { RRType } from '@mailanchor/dns';
import {
  createResolver,
  parseRootHints,
  parseTrustAnchors,
  type ValidatingResolver,
} from '@mailanchor/dnssec';
import { createLabNetwork, type Lab, recordsOf, startLab, toPem } from '@mailanchor/lab';
import { connectMx, type MxConnection, policyFetcher, StsCache } from '@mailanchor/smtp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** What comes out where it is not a session authenticated by DANE with the first host. */
const OTHERS: Readonly<Record<string, string>> = {
  'renewed-key.example': 'deferred: mismatch',
  'wrong-name.example': 'deferred: mismatch',
  'expired-certificate-ta.example': 'deferred: mismatch',
  'ta-not-sent.example': 'deferred: mismatch',
  'rsa-named-only.example': 'deferred: mismatch',
  'no-starttls.example': 'deferred: starttls',
  'starttls-refused.example': 'deferred: starttls',
  'injected-data.example': 'deferred: starttls',
  'old-tls.example': 'deferred: tls-failed',
  'too-large-chain.example': 'deferred: tls-failed',
  'no-handshake.example': 'deferred: tls-failed',
  'slow-handshake.example': 'deferred: tls-failed',
  'expired.example': 'deferred: bogus',
  'expired-tlsa.example': 'deferred: bogus',
  'forged-mx.example': 'deferred: bogus',
  'bogus-ds.example': 'deferred: bogus',
  'broken-denial.example': 'deferred: bogus',
  'tlsa-servfail.example': 'deferred: lookup-failed',
  'unreachable.example': 'deferred: unreachable',
  'closing-after-starttls.example': 'deferred: rejected',
  'closing-at-starttls.example': 'deferred: rejected',
  'greeting-refused.example': 'deferred: rejected',
  'ehlo-flood.example': 'deferred: protocol-error',
  'banner-flood.example': 'deferred: protocol-error',
  'endless-line.example': 'deferred: protocol-error',
  'byte-a-second.example': 'deferred: timeout',
  'silent.example': 'deferred: timeout',
  'mx-address.example': 'deferred: no-address',
  'null-mx.example': 'failed: null-mx',
  'no-such-domain.example': 'failed: no-such-domain',
  // The MX records are not signed: authenticated, and not secure.
  'unsigned.example': 'dane',
  'unsigned.test': 'encrypted',
  'unknown-algorithm.example': 'encrypted',
  'signed-unsigned-host.example': 'encrypted',
  'no-tlsa.example': 'encrypted',
  'keys-without-ds.example': 'encrypted',
  'sha1-zone.example': 'encrypted',
  'ds-sha1.example': 'encrypted',
  'unusable.example': 'encrypted, flaw: unusable',
  'primary-broken.example': 'dane, secure, after mismatch',
};

/** A sender sees one address, one connection: what is broken now and then is not broken for it, or deferred. */
const BY_CHANCE = ['one-bad-address.example', 'starttls-selective.example'];

const { destinations } = await createLabNetwork({ services: false });
let lab: Lab;
let resolver: ValidatingResolver;
let sts: StsCache;
beforeAll(async () => {
  lab = await startLab({ services: false });
  resolver = createResolver({
    rootHints: parseRootHints(lab.rootHints),
    trustAnchors: parseTrustAnchors(lab.trustAnchor),
    dnsPort: lab.dnsPort,
  });
  sts = new StsCache({
    fetch: policyFetcher({ port: lab.policyPort, ca: [lab.ca], privateAddresses: true }),
  });
});
afterAll(async () => {
  await resolver?.close();
  await lab?.close();
});

const reach = (domain: string): Promise<MxConnection> =>
  connectMx(domain, {
    resolver,
    sts,
    port: lab.mailPort,
    helo: 'client.test',
    limits: { replyMs: 2_000, tlsMs: 2_000 },
  });

function words(result: MxConnection): string {
  if (result.kind !== 'connected') return `${result.kind}: ${result.reason}`;
  result.socket.destroy();
  const { authenticated, secure, flaw, attempts } = result;
  const rest = [
    secure ? 'secure' : '',
    flaw ? `flaw: ${flaw.reason}` : '',
    attempts.length > 0 ? `after ${attempts.map(({ reason }) => reason).join(' ')}` : '',
  ];
  return [authenticated, ...rest].filter(Boolean).join(', ');
}

describe.concurrent('every destination of the lab', () => {
  const told = destinations.filter(({ domain }) => !BY_CHANCE.includes(domain));
  test.each(
    told.map(({ domain, expected }) => [domain, OTHERS[domain] ?? 'dane, secure', expected] as const),
  )('%s: %s', async (domain, expected, { verdict }) => {
    // Whatever the table says, what a check calls broken throughout gets no session.
    if (verdict === 'protected') expect(OTHERS[domain]).toBeUndefined();
    expect(words(await reach(domain))).toBe(expected);
  });

  test.each(BY_CHANCE)('%s: by DANE, or not at all', async (domain) => {
    expect(words(await reach(domain))).toMatch(/^(dane, secure(, after .*)?|deferred: (mismatch|starttls))$/);
  });
});

test('an enforced MTA-STS policy, fetched over HTTPS, where there are no TLSA records', async () => {
  const one = await startLab({ only: ['sts-good.example'] });
  const zone = one.zone('sts-good.example');
  const records = zone.zone
    .authoritativeNodes()
    .flatMap(({ rrsets }) => [...rrsets.values()].flatMap(recordsOf));
  const kept: number[] = [RRType.SOA, RRType.NS, RRType.A, RRType.MX, RRType.TXT];
  zone.publish(records.filter(({ type }) => kept.includes(type)));
  const hints = {
    rootHints: parseRootHints(one.rootHints),
    trustAnchors: parseTrustAnchors(one.trustAnchor),
  };
  const asking = createResolver({ ...hints, dnsPort: one.dnsPort });
  let fetched = 0;
  const fetch = policyFetcher({ port: one.policyPort, ca: [one.ca], privateAddresses: true });
  const cache = new StsCache({
    fetch: (wanted) => {
      fetched++;
      return fetch(wanted);
    },
  });
  const options = { resolver: asking, sts: cache, port: one.mailPort };
  // Its certificate is signed by itself: nobody's CA vouches for it, until we say so.
  const ca = one.mailHost('mx.sts-good.example').map(({ chain }) => toPem(chain));
  expect(words(await connectMx('sts-good.example', options))).toBe('deferred: pkix-failed');
  expect(words(await connectMx('sts-good.example', { ...options, ca }))).toBe('pkix, secure');
  one.mailHost('mx.sts-good.example')[0]!.fault = 'no-starttls';
  expect(words(await connectMx('sts-good.example', { ...options, ca }))).toBe('deferred: starttls');
  expect(fetched).toBe(1);
  await asking.close();
  await one.close();
});

test('all servers down: deferred, never "no DANE"', async () => {
  const one = await startLab({ only: ['good-311.example'] });
  const lost = createResolver({
    rootHints: parseRootHints(one.rootHints),
    trustAnchors: parseTrustAnchors(one.trustAnchor),
    dnsPort: one.dnsPort,
  });
  const { mailPort: port } = one;
  const result = connectMx('good-311.example', { resolver: lost, port, sts: false });
  expect(words(await result)).toBe('dane, secure');
  await lost.close();
  for (const address of ['127.53.0.3', '127.53.0.4']) {
    one.network.server(address).faults = [{ kind: { rcode: 2 } }];
  }
  const fresh = createResolver({
    rootHints: parseRootHints(one.rootHints),
    trustAnchors: parseTrustAnchors(one.trustAnchor),
    dnsPort: one.dnsPort,
  });
  expect(words(await connectMx('good-311.example', { resolver: fresh, port, sts: false }))).toBe(
    'deferred: lookup-failed',
  );
  await fresh.close();
  await one.close();
});
