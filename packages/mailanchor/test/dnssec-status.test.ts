/** Zones in every state, in process: the lab's zones and servers without sockets, seen through the resolver and at every server. */
import { readFileSync } from 'node:fs';
import { Name, Rcode, type ResourceRecord, RRType, rdataFromText, rdataToText } from '@mailanchor/dns';
import { createResolver, dsOf, parseRootHints, parseTrustAnchors } from '@mailanchor/dnssec';
import {
  createAuthorityTransport,
  createLabNetwork,
  createSigningKey,
  type LabNetwork,
  SERVERS,
  Seed,
  ServedZone,
} from '@mailanchor/lab';
import { ZoneInspector } from '@mailanchor/smtp';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { lookAt } from '../src/dnssec-status/look-at.ts';
import { dsLine } from '../src/dnssec-status/records-text.ts';
import { STATE_NAMES, ZONE_STATES, type ZoneState } from '../src/dnssec-status/state.ts';
import type { ZoneStatus } from '../src/dnssec-status/zone-status.ts';

const [, SECOND] = SERVERS.operators;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const seen = new Set<ZoneState>();

interface Scene {
  readonly lab: LabNetwork;
  readonly asked: string[];
  look(
    zone: string,
    how: 'one' | 'all',
    options?: { digestTypes?: number[]; days?: number },
  ): Promise<ZoneStatus>;
}

async function scene(only: string[], change: (lab: LabNetwork) => void = () => {}): Promise<Scene> {
  const lab = await createLabNetwork({ only });
  change(lab);
  const asked: string[] = [];
  const transport = () =>
    createAuthorityTransport(lab.network, {
      onQuery: (query, { address }) =>
        asked.push(`${address} ${query.questions[0]!.type} ${query.questions[0]!.name}`),
    });
  const resolver = createResolver({
    rootHints: parseRootHints(lab.rootHints, 'lab'),
    trustAnchors: parseTrustAnchors(lab.trustAnchor, 'lab'),
    transport: transport(),
    aggressiveDenial: false,
  });
  const inspector = new ZoneInspector({ resolver, transport: transport() });
  closing.push(
    () => inspector.close(),
    () => resolver.close(),
  );
  return {
    lab,
    asked,
    async look(zone, how, { digestTypes = [2], days = 3 } = {}) {
      const status = await lookAt(Name.fromText(zone), {
        resolver,
        inspector: how === 'all' ? inspector : undefined,
        clock: Date.now,
        timeoutMs: 5000,
        signal: new AbortController().signal,
        days,
        digestTypes,
      });
      seen.add(status.state);
      return status;
    },
  };
}

const record = (zone: string, type: number, rdata: Uint8Array): ResourceRecord => ({
  name: Name.fromText(zone),
  type,
  class: 1,
  ttl: 3600,
  rdata,
});
/** Adds records to a zone, and takes those of the types away. */
const change = (
  lab: LabNetwork,
  zone: string,
  added: readonly ResourceRecord[],
  without: readonly number[] = [],
) => {
  const served = lab.zone(zone);
  const made: readonly number[] = [RRType.DNSKEY, RRType.NSEC3PARAM];
  served.publish([
    ...served.zone.records.filter(
      ({ type, name }) =>
        !made.includes(type) && !(without.includes(type) && added.some((each) => each.name.equals(name))),
    ),
    ...added,
  ]);
};
const keyOf = (lab: LabNetwork, zone: string) =>
  lab.zone(zone).zone.rrset(Name.fromText(zone), RRType.DNSKEY)!.rdatas[0]!;
const dsText = (zone: string, rdata: Uint8Array, type = 2) =>
  dsLine(Name.fromText(zone), dsOf(Name.fromText(zone), rdata, type)!).split(' IN DS ')[1]!;
const cds = (zone: string, ...texts: string[]) =>
  texts.map((text) => record(zone, RRType.CDS, rdataFromText(RRType.CDS, text)));
const cdnskey = (zone: string, ...rdatas: Uint8Array[]) =>
  rdatas.map((rdata) => record(zone, RRType.CDNSKEY, rdata));

const GOOD = 'good-311.example';
const DELETE = '0 0 0 00';
let other: Uint8Array;
beforeAll(async () => {
  other = (await createSigningKey('ed25519', 'csk', new Seed('other'), 'other')).rdata;
});

describe.each(['one', 'all'] as const)('seen by %s', (how) => {
  test.each<[string, ZoneState, RegExp]>([
    [GOOD, 'secure', /^Signed, and a chain of trust leads to it\.$/],
    ['nsec3.example', 'secure', /./],
    ['unsigned.example', 'unsigned', /^Not signed/],
    ['unsigned.test', 'unsigned', /^Not signed/],
    ['keys-without-ds.example', 'no-ds', /^Signed, but example has no DS record for it/],
    [
      'bogus-ds.example',
      'ds-without-key',
      /^Example has DS records of keys that the zone does not publish \(\d+ with another digest\)/,
    ],
    ['expired.example', 'expired', /^Signatures have expired/],
    [
      'signatures-ending.example',
      'expiring',
      /^Signatures end in 4[78] hours unless they are renewed: DNSKEY/,
    ],
    [
      'unknown-algorithm.example',
      'weak',
      /^Counts as unsigned, since validators know none of its algorithms/,
    ],
    ['sha1-zone.example', 'weak', /^Counts as unsigned/],
    ['ds-sha1.example', 'weak', /^Counts as unsigned/],
    ['key-small.example', 'weak', /^Key \d+ has 1024 bits, of 2048 at least; key/],
    ['no-such-domain.example', 'not-a-zone', /^No zone begins at no-such-domain\.example/],
  ])('%s: %s', async (zone, state, text) => {
    const { look } = await scene([zone]);
    const status = await look(zone, how);
    expect(status).toMatchObject({ zone, state });
    expect(status.text).toMatch(text);
    if (state !== 'secure') expect(status.fix).toMatch(/./);
  });

  test('a name within a zone is no zone', async () => {
    const { look } = await scene([GOOD]);
    expect((await look(`mx.${GOOD}`, how)).state).toBe('not-a-zone');
  });

  test('an island: what to hand to the registrar, as DS and as DNSKEY, in the digests that are wanted', async () => {
    const zone = 'keys-without-ds.example';
    const { look, lab } = await scene([zone]);
    const key = keyOf(lab, zone);
    const { registrar, fix } = await look(zone, how, { digestTypes: [2, 4] });
    expect(registrar).toEqual({
      ds: [2, 4].map((type) => `${zone}. 3600 IN DS ${dsText(zone, key, type)}`),
      dnskey: [`${zone}. 3600 IN DNSKEY ${rdataToText(RRType.DNSKEY, key)}`],
      remove: [],
    });
    expect(fix).toContain(registrar!.ds[0]);
  });

  test('the handed DS, once the parent has it, makes the zone secure', async () => {
    const zone = 'keys-without-ds.example';
    const first = await scene([zone]);
    const { registrar } = await first.look(zone, how);
    change(first.lab, 'example', [
      record(zone, RRType.DS, rdataFromText(RRType.DS, registrar!.ds[0]!.split(' IN DS ')[1]!)),
    ]);
    // Nothing of the first look is kept.
    const resolver = createResolver({
      rootHints: parseRootHints(first.lab.rootHints, 'lab'),
      trustAnchors: parseTrustAnchors(first.lab.trustAnchor, 'lab'),
      transport: createAuthorityTransport(first.lab.network),
    });
    closing.push(() => resolver.close());
    expect((await resolver.resolve(Name.fromText(zone), RRType.SOA)).status).toBe('secure');
  });

  test('below an unsigned zone', async () => {
    const { look } = await scene(['unsigned.example'], (lab) => {
      const origin = Name.fromText('child.unsigned.example');
      const keys = lab.zone('example').signing!.keys;
      const ns = record('child.unsigned.example', RRType.NS, Name.fromText('ns1.operator.example').wire);
      change(lab, 'unsigned.example', [ns]);
      const soa = record(
        'child.unsigned.example',
        RRType.SOA,
        rdataFromText(RRType.SOA, 'ns1.operator.example. h.example. 1 3600 600 86400 300'),
      );
      for (const address of SERVERS.operators)
        lab.network.server(address).zones.push(new ServedZone(origin, [soa, ns], { keys, clock: Date.now }));
    });
    const status = await look('child.unsigned.example', how);
    expect(status).toMatchObject({ state: 'parent-unsigned' });
    expect(status.registrar!.ds).toHaveLength(1);
  });

  test('a DS record and no keys at all', async () => {
    const { look } = await scene(['unsigned.example'], (lab) => {
      change(lab, 'example', [
        record('unsigned.example', RRType.DS, rdataFromText(RRType.DS, dsText('unsigned.example', other))),
      ]);
    });
    const status = await look('unsigned.example', how);
    expect(status).toMatchObject({
      state: 'ds-without-key',
      registrar: { ds: [], remove: [/ IN DS \d+ 15 2 /] } as never,
    });
  });

  test('DS records of no key, in an algorithm that nobody validates: unsigned to them, not broken', async () => {
    const zone = 'unknown-algorithm.example';
    const { look } = await scene([zone], (lab) => {
      const text = `1 100 2 ${'00'.repeat(32)}`;
      change(lab, 'example', [record(zone, RRType.DS, rdataFromText(RRType.DS, text))], [RRType.DS]);
    });
    expect((await look(zone, how)).state).toBe('weak');
  });

  test('bogus for another reason than dates and DS', async () => {
    const { look } = await scene([GOOD], (lab) =>
      lab.zone(GOOD).signing!.setFaults([{ kind: 'corrupt', types: [RRType.SOA] }]),
    );
    const status = await look(GOOD, how);
    expect(status).toMatchObject({ state: 'bogus' });
    expect(status.text).toMatch(/signature over SOA of good-311\.example\. by key \d+ does not verify/);
  });

  test.each(['silent' as const, { rcode: Rcode.REFUSED }, { rcode: Rcode.SERVFAIL }])(
    'no server serves it: %j',
    async (kind) => {
      const { look } = await scene([GOOD], (lab) => {
        for (const address of SERVERS.operators)
          lab.network.server(address).faults = [{ kind, below: Name.fromText(GOOD) }];
      });
      expect(await look(GOOD, how)).toMatchObject({
        state: 'failing',
        ds: [expect.stringContaining(' IN DS ')],
      });
    },
  );

  test('a parent that does not answer is no verdict on the zone', async () => {
    const { look } = await scene([GOOD], (lab) => {
      lab.network.server(SERVERS.tld).faults = [{ kind: 'silent' }];
    });
    expect((await look(GOOD, how)).state).toBe('unknown');
  });

  test('key without DS, DS without key beside good ones: notes, and no state of their own', async () => {
    const { look } = await scene(['spare-key.example', 'ds-left-over.example']);
    const [spare, left] = [await look('spare-key.example', how), await look('ds-left-over.example', how)];
    expect(spare).toMatchObject({ state: 'secure', remarks: [{ code: 'key-without-ds' }] });
    expect(left).toMatchObject({ state: 'secure', remarks: [{ code: 'ds-left-over' }] });
    const orphan = left.ds!.find((line) => !left.keys.some(({ tag }) => line.includes(` DS ${tag} `)))!;
    expect(left.remarks[0]!.text).toContain(orphan);
  });
});

describe.each(['one', 'all'] as const)('CDS and CDNSKEY, seen by %s', (how) => {
  const withRecords = (make: (lab: LabNetwork) => ResourceRecord[]) =>
    scene([GOOD], (lab) => change(lab, GOOD, make(lab)));

  test('that ask for what is there: nothing to do', async () => {
    const { look, lab } = await withRecords((it) => [
      ...cds(GOOD, dsText(GOOD, keyOf(it, GOOD)), dsText(GOOD, keyOf(it, GOOD), 4)),
      ...cdnskey(GOOD, keyOf(it, GOOD)),
    ]);
    const status = await look(GOOD, how);
    expect(status).toMatchObject({ state: 'secure', remarks: [] });
    expect(status.cds).toContain(`${GOOD}. 3600 IN CDS ${dsText(GOOD, keyOf(lab, GOOD))}`);
    expect(status.cdnskey).toHaveLength(1);
  });

  test('a further key in waiting: pending, with the whole DS RRset that is wanted', async () => {
    const { look, lab } = await withRecords((it) =>
      cds(GOOD, dsText(GOOD, keyOf(it, GOOD)), dsText(GOOD, other)),
    );
    const status = await look(GOOD, how);
    expect(status.state).toBe('ds-change-pending');
    expect(status.registrar!.ds.toSorted()).toEqual(
      [keyOf(lab, GOOD), other].map((key) => `${GOOD}. 3600 IN DS ${dsText(GOOD, key)}`).sort(),
    );
    expect(status.registrar!.remove).toEqual([]);
  });

  test('the request to remove all (rfc8078#section-4)', async () => {
    const { look } = await withRecords(() => [
      ...cds(GOOD, DELETE),
      ...cdnskey(GOOD, rdataFromText(RRType.CDNSKEY, '0 3 0 AA==')),
    ]);
    const status = await look(GOOD, how);
    expect(status).toMatchObject({ state: 'ds-removal-pending', registrar: { ds: [] } });
    expect(status.registrar!.remove).toEqual(status.ds);
  });

  test.each<[string, (lab: LabNetwork) => ResourceRecord[], RegExp]>([
    [
      'only a key that signs nothing',
      () => cds(GOOD, dsText(GOOD, other)),
      /no key that signs the zone would be named/,
    ],
    [
      'CDS and CDNSKEY differ',
      (lab) => [
        ...cds(GOOD, dsText(GOOD, keyOf(lab, GOOD)), dsText(GOOD, other)),
        ...cdnskey(GOOD, keyOf(lab, GOOD)),
      ],
      /name different keys/,
    ],
    [
      'deletion beside a key',
      (lab) => cds(GOOD, DELETE, dsText(GOOD, keyOf(lab, GOOD))),
      /another form than CDS 0 0 0 00/,
    ],
  ])('refused: %s', async (_, make, text) => {
    const { look } = await withRecords(make);
    const status = await look(GOOD, how);
    expect(status.state).toBe('ds-change-refused');
    expect(status.text).toMatch(text);
    expect(status.registrar).toBeUndefined();
  });

  test('refused: the signature is not of a key that the DS names', async () => {
    const { look } = await scene([GOOD], (lab) => {
      change(lab, GOOD, cds(GOOD, dsText(GOOD, keyOf(lab, GOOD)), dsText(GOOD, other)));
      lab.zone(GOOD).signing!.setFaults([{ kind: 'corrupt', types: [RRType.CDS] }]);
    });
    const status = await look(GOOD, how);
    expect(status.state).toBe('ds-change-refused');
    expect(status.text).toMatch(/not signed by a key that the present DS records name/);
  });

  test('that ask for what is there, and yet could not be followed: a note', async () => {
    const { look } = await scene([GOOD], (lab) => {
      change(lab, GOOD, cds(GOOD, dsText(GOOD, keyOf(lab, GOOD))));
      lab.zone(GOOD).signing!.setFaults([{ kind: 'missing', types: [RRType.CDS] }]);
    });
    const status = await look(GOOD, how);
    expect(status).toMatchObject({ state: 'secure', remarks: [{ code: 'cds-refused' }] });
    expect(status.remarks[0]!.text).toMatch(/not signed by a key that the present DS records name/);
  });

  test('an island that asks for its first DS', async () => {
    const zone = 'keys-without-ds.example';
    const { look } = await scene([zone], (lab) =>
      change(lab, zone, cds(zone, dsText(zone, keyOf(lab, zone)))),
    );
    const status = await look(zone, how);
    expect(status).toMatchObject({ state: 'no-ds', remarks: [{ code: 'cds-bootstrap' }] });
  });
});

describe('what only every server by itself tells', () => {
  test('CDS at one server and not at the other', async () => {
    const { look } = await scene([GOOD], (lab) => {
      const { zone, signing } = lab.zone(GOOD);
      const plain = zone.records.filter(({ type }) => type !== RRType.DNSKEY);
      const second = new ServedZone(Name.fromText(GOOD), plain, { keys: signing!.keys, clock: Date.now });
      const { zones } = lab.network.server(SECOND);
      zones.splice(zones.indexOf(lab.zone(GOOD)), 1, second);
      change(lab, GOOD, cds(GOOD, dsText(GOOD, keyOf(lab, GOOD)), dsText(GOOD, other)));
    });
    const status = await look(GOOD, 'all');
    expect(status.state).toBe('ds-change-refused');
    expect(status.text).toMatch(/not all of its servers ask for the same/);
  });

  test('expired at one server', async () => {
    const { look } = await scene(['expired-at-one.example']);
    const status = await look('expired-at-one.example', 'all');
    expect(status.state).toBe('expired');
    expect(status.text).toMatch(/^Signatures have expired at ns2\.operator\.example\. \[127\.53\.0\.4\]: /);
    expect(status.servers).toHaveLength(2);
  });

  test('one server that does not serve it', async () => {
    const { look } = await scene([GOOD], (lab) => {
      lab.network.server(SECOND).faults = [{ kind: { rcode: Rcode.REFUSED }, below: Name.fromText(GOOD) }];
    });
    const status = await look(GOOD, 'all');
    expect(status.state).toBe('failing');
    expect(status.text).toMatch(
      /^Of its 2 servers ns2\.operator\.example\. \[127\.53\.0\.4\] answers REFUSED\.$/,
    );
  });

  test('the first DS, authenticated under the names of the servers (RFC 9615)', async () => {
    const zone = 'keys-without-ds.example';
    const at = (server: string, text: string) =>
      record(
        `_dsboot.${zone}._signal.${server}.operator.example`,
        RRType.CDS,
        rdataFromText(RRType.CDS, text),
      );
    const remark = async (second: Uint8Array | undefined) => {
      const { look } = await scene([zone], (lab) => {
        const own = dsText(zone, keyOf(lab, zone));
        change(lab, zone, cds(zone, own));
        change(lab, 'operator.example', [
          at('ns1', own),
          ...[at('ns2', second ? dsText(zone, second) : own)],
        ]);
      });
      return (await look(zone, 'all')).remarks[0]!.text;
    };
    expect(await remark(undefined)).toMatch(
      /It is authenticated under the names of its servers \(RFC 9615\): ns1/,
    );
    expect(await remark(other)).toMatch(/it does not agree or is not signed/);
  });
});

test('few questions a zone: the parent once, the zone four times', async () => {
  const { look, asked } = await scene([GOOD, 'nsec3.example', 'unsigned.example']);
  await look('nsec3.example', 'one');
  const cost = async (zone: string) => {
    const before = asked.length;
    await look(zone, 'one');
    return asked.slice(before);
  };
  expect((await cost(GOOD)).length).toBeLessThanOrEqual(6);
  expect((await cost('unsigned.example')).length).toBeLessThanOrEqual(5);
});

test('every state has been seen', () => {
  expect([...seen].sort()).toEqual(STATE_NAMES.toSorted());
});

test('the page has every state with its exit status', () => {
  const page = readFileSync(new URL('../../../docs/dnssec-status.md', import.meta.url), 'utf8');
  for (const state of STATE_NAMES) expect(page).toContain(`| \`${state}\` | ${ZONE_STATES[state].exit} | `);
});
