/** `connectMx` with every destination of the lab, good and broken: real name servers, real mail hosts. */

import {
  createResolver,
  parseRootHints,
  parseTrustAnchors,
  type ValidatingResolver,
} from '@mailanchor/dnssec';
import { createLabNetwork, type Lab, startLab } from '@mailanchor/lab';
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
  'sts-only.example': 'pkix, secure',
  'sts-only-name.example': 'deferred: pkix-failed',
  'sts-only-untrusted.example': 'deferred: pkix-failed',
  'sts-only-unlisted.example': 'deferred: not-listed',
  'sts-only-testing.example': 'encrypted, flaw: pkix-failed',
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
    ca: [lab.ca],
    port: lab.mailPort,
    helo: 'client.test',
    limits: { replyMs: 4_000, tlsMs: 4_000 },
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

/** Of a destination that the table does not have yet: what no sender may ever do with it. */
const AT_WORST: Readonly<Record<string, RegExp>> = {
  protected: /^dane, secure/,
  broken: /^(deferred|failed): |, after /,
  unprotected: /./,
  partial: /^(?!cleartext)/,
  unknown: /^deferred: /,
};

describe.concurrent('every destination of the lab', () => {
  const told = destinations.filter(({ domain }) => !BY_CHANCE.includes(domain));
  test.each(told.map(({ domain, expected }) => [domain, OTHERS[domain], expected.verdict] as const))(
    '%s: %s',
    async (domain, expected, verdict) => {
      if (verdict === 'protected') expect(expected).toBeUndefined();
      const got = words(await reach(domain));
      if (expected === undefined) expect(got).toMatch(AT_WORST[verdict]!);
      else expect(got).toBe(expected);
    },
  );

  test.each(BY_CHANCE)('%s: by DANE, or not at all', async (domain) => {
    expect(words(await reach(domain))).toMatch(/^(dane, secure(, after .*)?|deferred: (mismatch|starttls))$/);
  });
});

test('an enforced MTA-STS policy: fetched over HTTPS, once for many messages', async () => {
  let fetched = 0;
  const fetch = policyFetcher({ port: lab.policyPort, ca: [lab.ca], privateAddresses: true });
  const cache = new StsCache({
    fetch: (wanted) => {
      fetched++;
      return fetch(wanted);
    },
  });
  const options = { resolver, sts: cache, ca: [lab.ca], port: lab.mailPort };
  const [host] = lab.mailHost('mx.sts-only.example');
  for (const [fault, expected] of [
    [undefined, 'pkix, secure'],
    ['no-starttls', 'deferred: starttls'],
    ['no-handshake', 'deferred: tls-failed'],
    [undefined, 'pkix, secure'],
  ] as const) {
    host!.fault = fault;
    expect(words(await connectMx('sts-only.example', options))).toBe(expected);
  }
  // Nobody's CA vouches for the host but the lab's.
  const { ca: _, ...publicCas } = options;
  expect(words(await connectMx('sts-only.example', publicCas))).toBe('deferred: pkix-failed');
  expect(fetched).toBe(1);
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
