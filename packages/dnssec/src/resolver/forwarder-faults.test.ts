import { type Message, Rcode, RRType, responseTo } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { answers, authorities, flipped, on, unsigned, without } from '../../test/signed-network/forge.ts';
import type { Hook } from '../../test/signed-network/network.ts';
import { World, type WorldOptions, type WorldZone } from '../../test/signed-network/world.ts';
import type { Resolution } from '../proof.ts';

const SERVER = '203.0.113.1';
const ZONES: readonly WorldZone[] = [
  { name: '.' },
  { name: 'example.', text: 'www A 192.0.2.80' },
  { name: 'plain.', text: 'www A 192.0.2.81', keys: [] },
];

function forwarding(hook?: Hook, options: WorldOptions = {}): World {
  const world = new World(ZONES, {
    mode: { kind: 'forward', servers: [{ address: SERVER, port: 53 }] },
    ...options,
  });
  for (const { name } of ZONES) world.network.serve(SERVER, world.zone(name));
  if (hook) world.network.mutate(hook);
  return world;
}
const textOf = (resolution: Resolution) => {
  expect(resolution.kind).toBe('failure');
  return resolution.reason?.text;
};
const isType = (query: Message, type: number) => query.questions[0]!.type === type;

/** Removes every kind of DNSSEC record but DNSKEY and DS that were asked for. */
const bare: Hook = (message) => ({
  ...message,
  answers: unsigned(message.answers),
  authorities: without('NSEC', 'NSEC3')(unsigned(message.authorities)),
});

describe('rule 10: who strips or mangles DNSSEC is named', () => {
  const cases: readonly [string, Hook, string][] = [
    [
      'no RRSIG though DO was sent',
      bare,
      `${SERVER}#53 removes DNSSEC records: it answers for DNSKEY of . without signatures`,
    ],
    [
      'no DNSKEY at all',
      (message, query) =>
        isType(query, RRType.DNSKEY) ? responseTo(query, { rcode: Rcode.NOERROR }) : bare(message, query, ''),
      `${SERVER}#53 removes DNSSEC records: it answers for DNSKEY of . without keys`,
    ],
    [
      'DNSKEY is met with silence',
      (message, query) => (isType(query, RRType.DNSKEY) ? 'silent' : bare(message, query, '')),
      `${SERVER}#53 does not support DNSSEC: it answers other questions and is silent to DNSKEY of .`,
    ],
    [
      'DNSKEY is refused',
      (message, query) =>
        isType(query, RRType.DNSKEY) ? responseTo(query, { rcode: Rcode.NOTIMP }) : bare(message, query, ''),
      `${SERVER}#53 does not support DNSSEC: it answers other questions and says NOTIMP to DNSKEY of .`,
    ],
    [
      'FORMERR to EDNS',
      (message, query) => {
        if (query.edns) return withoutEdns(responseTo(query, { rcode: Rcode.FORMERR }));
        return bare(message, query, '');
      },
      `${SERVER}#53 does not understand EDNS (it answers FORMERR): no DNSSEC records can be had of it`,
    ],
    [
      'EDNS ignored',
      (message, query) => withoutEdns(bare(message, query, '') as Message),
      `${SERVER}#53 ignores EDNS: no DNSSEC records can be had of it`,
    ],
  ];
  test.each(cases)('%s', async (_, hook, text) => {
    expect(textOf(await forwarding(hook).ask('www.example.'))).toBe(text);
    // An unsigned zone cannot be told from a stripped one.
    expect(textOf(await forwarding(hook).ask('www.plain.'))).toBe(text);
  });

  test('NSEC missing: nothing absent can be proven', async () => {
    const world = forwarding(authorities(without('NSEC', 'NSEC3')));
    expect((await world.ask('www.example.')).status).toBe('secure');
    expect(textOf(await world.ask('nothing.example.'))).toBe(
      `${SERVER}#53 removes DNSSEC records: it denies A of nothing.example. without NSEC or NSEC3 records, as it does everything`,
    );
    expect(textOf(await world.ask('www.plain.'))).toMatch(
      / removes DNSSEC records: it denies DS of plain\. /,
    );
  });

  test('CD cleared, and SERVFAIL for what it does not like', async () => {
    const world = forwarding((_, query) =>
      isType(query, RRType.A) ? responseTo(query, { rcode: Rcode.SERVFAIL, cd: false }) : undefined,
    );
    const resolution = await world.ask('www.example.');
    expect(resolution).toMatchObject({ status: 'indeterminate', rcode: Rcode.SERVFAIL });
    expect(textOf(resolution)).toBe(
      `${SERVER}#53 clears the CD bit and answers SERVFAIL for A of www.example.: it validates by itself, and what it rejects cannot be examined`,
    );
  });
});

describe('who is not to blame is not named', () => {
  const innocent: readonly [string, (world: World) => void][] = [
    ['a forged answer', on('www.example. A', answers(flipped('A')))],
    ['an answer of the zone without signatures', on('www.example. A', answers(unsigned))],
    [
      'SERVFAIL with CD as it was sent',
      on('www.example. A', (_, query) => responseTo(query, { rcode: Rcode.SERVFAIL })),
    ],
    ['silence to everything', (world) => world.network.silence(SERVER)],
    ['keys of one zone missing', on('example. DNSKEY', (_, query) => responseTo(query, {}))],
  ];
  test.each(innocent)('%s', async (_, change) => {
    const world = forwarding();
    await world.ask('nothing.plain.');
    change(world);
    expect(textOf(await world.ask('www.example.'))).not.toMatch(/removes|support|EDNS|CD bit/);
  });

  test('a denial without proof by a server that hands out proofs', async () => {
    const world = forwarding();
    expect((await world.ask('nothing.plain.')).status).toBe('insecure');
    on('www.example. TXT', authorities(without('NSEC')))(world);
    expect(textOf(await world.ask('www.example.', 'TXT'))).toMatch(/proves nothing|does not prove/);
  });

  test('servers of zones, asked without a forwarder', async () => {
    const world = new World(ZONES);
    world.network.mutate(bare);
    expect(textOf(await world.ask('www.example.'))).not.toMatch(/removes|support/);
  });
});

describe('forwarders with ways of their own', () => {
  test('each server is asked by its own transport and called by its label; all are closed', async () => {
    const inner = new World(ZONES);
    for (const { name } of ZONES) inner.network.serve(SERVER, inner.zone(name));
    const log: string[] = [];
    const transport = {
      exchange: (...parameters: Parameters<typeof inner.network.exchange>) => {
        log.push('exchange');
        return inner.network.exchange(...parameters);
      },
      close: () => {
        log.push('close');
      },
    };
    const label = 'tls://dns.example';
    const servers = [{ address: SERVER, port: 853, label, transport }];
    const world = new World(ZONES, { mode: { kind: 'forward', servers } });
    expect((await world.ask('www.example.')).status).toBe('secure');
    expect(world.network.asked).toEqual([]);
    expect(log).toContain('exchange');
    inner.network.refuse(SERVER);
    expect(textOf(await world.ask('mail.example.', 'TXT'))).toMatch(/tls:\/\/dns\.example answers REFUSED/);
    await world.resolver.close();
    expect(log.at(-1)).toBe('close');
  });
});

/** The message as one that knows no EDNS sends it. */
function withoutEdns({ edns: _, ...message }: Message): Message {
  return message;
}
