/** What is seen of records on the lab's two servers, in process, each time with one thing otherwise. */
import { decodeTlsa, Name, parseZoneFile, type ResourceRecord, RRType, type TlsaData } from '@mailanchor/dns';
import {
  createResolver,
  FakeResolver,
  type FakeTable,
  parseRootHints,
  parseTrustAnchors,
} from '@mailanchor/dnssec';
import {
  createAuthorityTransport,
  createLabNetwork,
  type LabNetwork,
  SERVERS,
  ServedZone,
} from '@mailanchor/lab';
import { ZoneInspector } from '@mailanchor/smtp';
import { expect, test } from 'vitest';
import { publishedNow } from './published-now.ts';
import { tlsaText } from './tlsa-set.ts';
import { visibilityBy } from './visibility.ts';

const DOMAIN = 'good-311.example';
const OWNER = Name.fromText(`_25._tcp.mx.${DOMAIN}`);
const [FIRST, SECOND] = SERVERS.operators;
const OTHER: TlsaData = { usage: 3, selector: 1, matching: 1, data: new Uint8Array(32) };

interface Scene {
  readonly change?: (lab: LabNetwork) => void;
  /** Default: the record that is there. */
  readonly expected?: readonly TlsaData[];
  readonly owner?: Name;
  readonly domain?: string;
  readonly timeoutMs?: number;
  /** What our own resolver says, in place of one that asks the lab. */
  readonly resolved?: FakeTable;
}

async function see(scene: Scene) {
  const { change, expected, owner = OWNER, domain = DOMAIN, timeoutMs = 5000, resolved } = scene;
  const lab = await createLabNetwork({ only: [domain] });
  const there = recordsAt(lab, owner, domain);
  change?.(lab);
  const transport = () => createAuthorityTransport(lab.network);
  const resolver = createResolver({
    rootHints: parseRootHints(lab.rootHints, 'lab'),
    trustAnchors: parseTrustAnchors(lab.trustAnchor, 'lab'),
    transport: transport(),
    aggressiveDenial: false,
  });
  const inspector = new ZoneInspector({ resolver, transport: transport() });
  try {
    const own = resolved ? new FakeResolver(resolved) : resolver;
    const by = { resolver: own, inspector, clock: Date.now, timeoutMs };
    return await visibilityBy(owner, expected ?? there, by);
  } finally {
    await inspector.close();
    await resolver.close();
  }
}

function recordsAt(lab: LabNetwork, owner: Name, domain: string): TlsaData[] {
  return lab
    .zone(domain)
    .zone.records.filter(({ name, type }) => type === RRType.TLSA && name.equals(owner))
    .map(({ rdata }) => decodeTlsa(rdata));
}

/** The zone's records without what its signer adds, changed. */
function edited(lab: LabNetwork, edit: (records: readonly ResourceRecord[]) => readonly ResourceRecord[]) {
  const { records } = lab.zone(DOMAIN).zone;
  return edit(records.filter(({ type }) => type !== RRType.DNSKEY && type !== RRType.NSEC3PARAM));
}

const parse = (text: string) => parseZoneFile(text, { origin: Name.fromText(DOMAIN), defaultTtl: 60 });
const withoutTlsa = (records: readonly ResourceRecord[]) =>
  records.filter(({ type }) => type !== RRType.TLSA);

/** A secondary that has another version of the zone, signed with the same keys. */
function atSecond(lab: LabNetwork, records: readonly ResourceRecord[]): ServedZone {
  const zone = lab.zone(DOMAIN);
  const { keys } = zone.signing!;
  const copy = new ServedZone(zone.origin, records, { keys, clock: Date.now });
  const { zones } = lab.network.server(SECOND);
  zones.splice(zones.indexOf(zone), 1, copy);
  return copy;
}

/** The primary has gone on to serial 7, the secondary has not, and has none of the records. */
function lagging(lab: LabNetwork): void {
  atSecond(lab, edited(lab, withoutTlsa));
  const soa = parse('@ SOA ns1.operator.example. h 7 3600 600 86400 300');
  lab
    .zone(DOMAIN)
    .publish(edited(lab, (records) => [...records.filter(({ type }) => type !== RRType.SOA), ...soa]));
}

test.each<[string, Scene, string, RegExp | undefined]>([
  ['the records', {}, 'everywhere', undefined],
  [
    'other records',
    { expected: [OTHER] },
    'not-yet',
    /^ns\d\.operator\.example \(127\.53\.0\.\d\): has 3 1 1 \w+, serial 1; ns/,
  ],
  ['one record more', { expected: [OTHER] }, 'not-yet', /has 3 1 1/],
  [
    'none, as wanted',
    { change: (lab) => lab.zone(DOMAIN).publish(edited(lab, withoutTlsa)), expected: [] },
    'everywhere',
    undefined,
  ],
  [
    'none',
    { change: (lab) => lab.zone(DOMAIN).publish(edited(lab, withoutTlsa)) },
    'not-yet',
    /has no TLSA records, serial 1; /,
  ],
  [
    'a name that is not there',
    { owner: Name.fromText(`_25._tcp.absent.${DOMAIN}`), expected: [] },
    'everywhere',
    undefined,
  ],
  [
    'a secondary that lags',
    { change: lagging },
    'not-yet',
    /^ns2\.operator\.example \(127\.53\.0\.4\): has no TLSA records, serial 1, elsewhere 7$/,
  ],
  [
    'a secondary that is silent',
    { change: (lab) => void Object.assign(lab.network.server(SECOND), { faults: [{ kind: 'silent' }] }) },
    'not-yet',
    /^ns2\.operator\.example \(127\.53\.0\.4\): no /,
  ],
  [
    'a secondary that refuses',
    { change: (lab) => void Object.assign(lab.network.server(SECOND), { faults: [{ kind: { rcode: 5 } }] }) },
    'not-yet',
    /\(127\.53\.0\.4\): answers REFUSED$/,
  ],
  [
    'all refuse',
    {
      change(lab) {
        for (const address of [FIRST, SECOND]) lab.network.server(address).faults = [{ kind: { rcode: 5 } }];
      },
    },
    'failed',
    undefined,
  ],
  [
    'a broken signature at one server',
    {
      change: (lab) =>
        atSecond(
          lab,
          edited(lab, (records) => records),
        ).signing!.setFaults([{ kind: 'corrupt', types: [RRType.TLSA] }]),
    },
    'bogus',
    /^ns2\.operator\.example \(127\.53\.0\.4\): has 3 1 1 \w+, bogus: /,
  ],
  [
    'expired signatures everywhere',
    { change: (lab) => lab.zone(DOMAIN).signing!.setFaults([{ kind: 'expired', types: [RRType.TLSA] }]) },
    'bogus',
    /expired/,
  ],
  [
    'a name server without address',
    {
      change: (lab) =>
        lab.zone(DOMAIN).publish([...edited(lab, (records) => records), ...parse('@ NS ns.absent.example.')]),
    },
    'not-yet',
    /^ns\.absent\.example: its name has no address/,
  ],
  ['no time', { timeoutMs: 1 }, 'failed', undefined],
])('%s', async (_, scene, kind, text) => {
  const seen = await see(scene);
  expect(seen.kind).toBe(kind);
  if (text) expect('text' in seen && seen.text).toMatch(text);
});

test.each<[string, FakeTable, string, RegExp]>([
  ['bogus', { zone: '', failures: { [`${OWNER} TLSA`]: { status: 'bogus' } } }, 'bogus', /^our resolver: /],
  ['without a chain', { zone: '', status: { [DOMAIN]: 'insecure' } }, 'unsigned', /^our resolver: insecure$/],
  [
    'nothing',
    { zone: '', failures: { [`${OWNER} TLSA`]: { status: 'indeterminate' } } },
    'failed',
    /^our resolver: /,
  ],
  ['none', { zone: '' }, 'not-yet', /^our resolver got no TLSA records$/],
  ['others', { zone: `${OWNER} 60 IN TLSA 3 1 1 00` }, 'not-yet', /^our resolver got 3 1 1 00$/],
  [
    'an alias',
    { zone: `${OWNER} 60 IN CNAME a.example.\na.example. 60 IN TLSA 3 1 1 00` },
    'not-yet',
    /^our resolver got 3 1 1 00$/,
  ],
])('every server has it, and our resolver gets: %s', async (_, resolved, kind, text) => {
  const seen = await see({ resolved });
  expect(seen).toMatchObject({ kind, text: expect.stringMatching(text) });
  expect(new Set(seen.servers.map(({ state }) => state))).toEqual(new Set(['has-it']));
});

test('an unsigned zone', async () => {
  const domain = 'unsigned.example';
  const seen = await see({ domain, owner: Name.fromText(`_25._tcp.mx.${domain}`) });
  expect(seen).toMatchObject({ kind: 'unsigned', text: expect.stringContaining('not signed') });
});

test('it says what there is, for the next change', async () => {
  const seen = await see({ change: lagging });
  expect(seen).toMatchObject({ zone: `${DOMAIN}.`, ttl: 3600 });
  expect(
    seen.servers.map(({ address, state, serial, records }) => [address, state, serial, records?.length]),
  ).toEqual(
    expect.arrayContaining([
      [FIRST, 'has-it', 7, 1],
      [SECOND, 'differs', 1, 0],
    ]),
  );
  const now = publishedNow(seen);
  expect(now.kind === 'known' && now.records.map(tlsaText)).toEqual(
    seen.servers.find(({ serial }) => serial === 7)?.records,
  );
});

test('servers of one serial that differ leave it open', async () => {
  const seen = await see({ change: (lab) => void atSecond(lab, edited(lab, withoutTlsa)) });
  expect(publishedNow(seen)).toEqual({
    kind: 'unclear',
    text: expect.stringContaining('both with serial 1'),
  });
});
