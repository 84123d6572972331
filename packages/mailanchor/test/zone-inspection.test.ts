/**
 * Servers asked one by one, in process: the lab's zones and servers without sockets, changed in one way each. What destinations of the lab
 * show is for findings.test.ts.
 */
import { type Message, Name, Rcode, RRType, rrTypeToText, type Transport } from '@mailanchor/dns';
import { createResolver, parseRootHints, parseTrustAnchors } from '@mailanchor/dnssec';
import {
  createAuthorityTransport,
  createLabNetwork,
  type LabNetwork,
  SERVERS,
  SignedZone,
} from '@mailanchor/lab';
import { checkDestination, type DomainCheck, type Finding, ZoneInspector } from '@mailanchor/smtp';
import { afterEach, expect, test } from 'vitest';

const DOMAIN = 'good-311.example';
const [FIRST, SECOND] = SERVERS.operators;
const SECONDS = { timeoutMs: 5000 };

interface Scene {
  readonly lab: LabNetwork;
  readonly inspector: ZoneInspector;
  /** Questions that the inspector has asked, `address type name`. */
  readonly asked: string[];
  check(options?: object): Promise<DomainCheck>;
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** `wrap` stands between the inspector and its servers; the resolver has a way of its own. */
async function scene(
  change: (lab: LabNetwork) => void = () => {},
  wrap: (transport: Transport) => Transport = (transport) => transport,
): Promise<Scene> {
  const lab = await createLabNetwork({ only: [DOMAIN] });
  change(lab);
  const resolver = createResolver({
    rootHints: parseRootHints(lab.rootHints, 'lab'),
    trustAnchors: parseTrustAnchors(lab.trustAnchor, 'lab'),
    transport: createAuthorityTransport(lab.network),
    aggressiveDenial: false,
  });
  const asked: string[] = [];
  const transport = createAuthorityTransport(lab.network, {
    onQuery(query, { address }) {
      const { name, type } = query.questions[0]!;
      asked.push(`${address} ${rrTypeToText(type)} ${name}`);
    },
  });
  const inspector = new ZoneInspector({ resolver, transport: wrap(transport) });
  closing.push(
    () => inspector.close(),
    () => resolver.close(),
  );
  return {
    lab,
    inspector,
    asked,
    check: (options = {}) =>
      checkDestination(DOMAIN, { resolver, inspection: inspector, connect: false, ...SECONDS, ...options }),
  };
}

function of(check: DomainCheck, code: string): Finding[] {
  return check.findings.filter((finding) => finding.code === code);
}

const operator = (lab: LabNetwork, address: string) => lab.network.server(address);
const withRecords = (lab: LabNetwork, text: string) => {
  const zone = lab.zone(DOMAIN);
  const added = text.split('\n').map((line) => recordOf(line));
  const plain = zone.zone.records.filter(({ type }) => type !== RRType.DNSKEY && type !== RRType.NS);
  zone.publish([...plain, ...added]);
};
function recordOf(target: string) {
  const name = Name.fromText(DOMAIN);
  return { name, type: RRType.NS, class: 1, ttl: 3600, rdata: Name.fromText(target).wire };
}

test('a good zone: every server asked, each question once, nothing found', async () => {
  const { check, asked } = await scene();
  const result = await check();
  // What stands beside DANE is for others.
  expect(result.findings.filter(({ code }) => !/^(sts|tlsrpt)-/.test(code))).toEqual([]);
  expect(result.zones).toHaveLength(1);
  expect(new Set(asked).size).toBe(asked.length);
  for (const address of [FIRST, SECOND]) {
    for (const question of [
      'SOA good-311.example.',
      'MX good-311.example.',
      'TLSA _25._tcp.mx.good-311.example.',
    ])
      expect(asked).toContain(`${address} ${question}`);
  }
  const before = asked.length;
  await check();
  expect(asked).toHaveLength(before);
});

test.each([
  ['silent' as const, /ns2\.operator\.example \[127\.53\.0\.4\]: no answer for/],
  [{ rcode: Rcode.REFUSED }, /ns2.*: REFUSED instead of an answer for/],
  [{ rcode: Rcode.SERVFAIL }, /ns2.*: SERVFAIL instead of an answer for/],
])('a lame server (%j) is told and then left alone', async (kind, text) => {
  const { check, asked } = await scene((lab) => {
    operator(lab, SECOND).faults = [{ kind }];
  });
  const found = of(await check(), 'servers-disagree');
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ severity: 'warning', subject: DOMAIN });
  expect(found[0]!.text).toMatch(text);
  expect(new Set(asked.filter((question) => question.startsWith(SECOND)))).toEqual(
    new Set([`${SECOND} SOA ${DOMAIN}.`]),
  );
});

test('where no server answers at all the zone above says which there are', async () => {
  const { check } = await scene((lab) => {
    for (const address of [FIRST, SECOND]) {
      operator(lab, address).faults = [{ kind: 'silent', below: Name.fromText(DOMAIN) }];
    }
  });
  const result = await check();
  expect(result.verdict).toBe('unknown');
  expect(result.zones).toMatchObject([
    {
      zone: DOMAIN,
      parent: 'example',
      servers: [{ state: 'silent', listedBy: 'parent' }, { state: 'silent' }],
    },
  ]);
  const [found] = of(result, 'servers-disagree');
  expect(found).toMatchObject({ severity: 'error', subject: DOMAIN });
  expect(found!.text).toMatch(/^ns1\..*, ns2\..*: no answer for good-311\.example\.$/);
});

test('the delegation and the zone name other servers, one of them without address', async () => {
  const { check } = await scene((lab) => withRecords(lab, 'ns1.operator.example\nns3.operator.example'));
  const texts = of(await check(), 'servers-disagree').map((finding) => finding.text);
  expect(texts).toEqual([
    expect.stringContaining('the delegation names ns2.operator.example, the zone does not'),
    expect.stringMatching(/^ns3\.operator\.example of the name servers .* has no address\.$/),
  ]);
});

test('a server whose signatures do not verify, beside a good one', async () => {
  const { check } = await scene((lab) => {
    const { zone, signing } = lab.zone(DOMAIN);
    const copy = new SignedZone(zone.origin, plainOf(lab), {
      keys: signing!.keys,
      clock: Date.now,
      faults: [{ kind: 'corrupt', types: [RRType.TLSA] }],
    });
    replaceAt(lab, SECOND, copy);
  });
  const [found] = of(await check(), 'servers-disagree');
  expect(found).toMatchObject({ severity: 'error' });
  expect(found!.text).toMatch(/^What ns2\..* says fails validation, .*signature over TLSA of _25\._tcp/);
});

test('a server with other keys', async () => {
  const other = await createLabNetwork({ only: [DOMAIN] });
  const { check } = await scene((lab) => {
    const copy = new SignedZone(lab.zone(DOMAIN).origin, plainOf(lab), {
      keys: other.zone(DOMAIN).signing!.keys,
      clock: Date.now,
    });
    replaceAt(lab, SECOND, copy);
  });
  const texts = of(await check(), 'servers-disagree').map((finding) => finding.text);
  expect(texts).toContainEqual(expect.stringMatching(/differ in the DNSKEY records/));
});

function plainOf(lab: LabNetwork) {
  return lab.zone(DOMAIN).zone.records.filter(({ type }) => type !== RRType.DNSKEY);
}
function replaceAt(lab: LabNetwork, address: string, signing: SignedZone): void {
  const { zones } = operator(lab, address);
  const at = zones.findIndex(({ origin }) => origin.equals(signing.zone.origin));
  const original = zones[at]!;
  zones[at] = Object.create(original, {
    signing: { value: signing },
    zone: { value: signing.zone },
  }) as typeof original;
}

test('no more than four questions at a time to one server', async () => {
  let running = 0;
  let most = 0;
  const { check } = await scene(undefined, (inner) => ({
    async exchange(query, server, limits): Promise<Message> {
      if (server.address !== FIRST) return inner.exchange(query, server, limits);
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
      return inner.exchange(query, server, limits);
    },
    close: () => inner.close(),
  }));
  await check();
  expect(most).toBe(4);
});

test('an abort ends it at once, with its reason', async () => {
  const stop = new AbortController();
  const { check } = await scene(undefined, (inner) => ({
    exchange: (query, server, limits) => {
      stop.abort(new Error('enough'));
      return inner.exchange(query, server, limits);
    },
    close: () => inner.close(),
  }));
  await expect(check({ signal: stop.signal })).rejects.toThrow('enough');
});

test('zones that lookups go elsewhere for are not inspected', async () => {
  const { lab } = await scene();
  const resolver = createResolver({
    rootHints: parseRootHints(lab.rootHints, 'lab'),
    trustAnchors: parseTrustAnchors(lab.trustAnchor, 'lab'),
    transport: createAuthorityTransport(lab.network),
  });
  const inspection = new ZoneInspector({
    resolver,
    transport: createAuthorityTransport(lab.network),
    except: [Name.fromText('example')],
  });
  closing.push(
    () => inspection.close(),
    () => resolver.close(),
  );
  const { zones } = await checkDestination(DOMAIN, { resolver, inspection, connect: false });
  expect(zones).toEqual([]);
});

test('why servers were not asked is told', async () => {
  const { check } = await scene();
  const [found] = of(await check({ inspection: { leftOut: 'no way there' } }), 'check-incomplete');
  expect(found).toMatchObject({ severity: 'info', subject: DOMAIN });
  expect(found!.text).toBe('The authoritative servers were not asked one by one: no way there.');
});
