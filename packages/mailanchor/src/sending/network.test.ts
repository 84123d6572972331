import * as net from 'node:net';
import {
  encodeRrsig,
  type Message,
  Name,
  parseRecord,
  type ResourceRecord,
  RRType,
  responseTo,
  type Transport,
  TransportError,
} from '@mailanchor/dns';
import { FakeResolver } from '@mailanchor/dnssec';
import { expect, test } from 'vitest';
import { chrootedClients, chrootFindings } from './chroot.ts';
import { type ConnectionTried, portFindings, tryMailHosts } from './port-25.ts';
import { parsePostconf } from './postfix.ts';
import { parseResolvConf } from './resolv-conf.ts';
import { resolverFindings } from './resolver-findings.ts';
import { probeResolver } from './resolver-probe.ts';

const { signal } = new AbortController();
const told = (findings: readonly { code: string; severity: string }[]) =>
  findings.map(({ code, severity }) => `${code} ${severity}`);

const DAY = 86_400;
const NOW = 1_800_000_000;
const SOA = parseRecord('. 86400 IN SOA a.root. hostmaster.root. 1 1800 900 604800 86400');
const rrsig = (inception: number, expiration: number, typeCovered: number = RRType.SOA) =>
  encodeRrsig({
    typeCovered,
    algorithm: 13,
    labels: 0,
    originalTtl: 86_400,
    inception,
    expiration,
    keyTag: 1,
    signer: Name.root,
    signature: new Uint8Array(64),
  });
const signature = (typeCovered?: number): ResourceRecord => ({
  ...SOA,
  type: RRType.RRSIG,
  rdata: rrsig(NOW, NOW + DAY, typeCovered),
});

interface Behaviour {
  readonly ad?: boolean;
  readonly answers?: readonly ResourceRecord[];
  readonly rcode?: number;
  /** With CD. */
  readonly unchecked?: readonly ResourceRecord[];
  /** Response code for the bogus name. */
  readonly bogus?: number;
  /** Questions that get lost before one is answered. */
  readonly lost?: number;
}

/** A resolver that behaves so, and only for those who ask as a mail server does. */
function resolverThat({ ad, answers, rcode = 0, unchecked, bogus = 2, lost = 0 }: Behaviour): Transport {
  let left = lost;
  return {
    async exchange(query: Message): Promise<Message> {
      if (left-- > 0) throw new TransportError('timeout', 'no answer in time');
      expect(query).toMatchObject({ rd: true, edns: { do: true } });
      const [question] = query.questions;
      if (question!.type === RRType.A) return responseTo(query, { rcode: bogus, ad: bogus === 0 });
      expect(question).toMatchObject({ name: Name.root, type: RRType.SOA });
      if (query.cd && unchecked) return responseTo(query, { answers: unchecked });
      return responseTo(query, { rcode, ...(ad && { ad }), ...(answers && { answers }) });
    },
    close() {},
  };
}

test.each<[string, Behaviour, string[]]>([
  ['validates', { ad: true, answers: [SOA, signature()] }, []],
  ['validates, one packet is lost', { ad: true, answers: [SOA, signature()], lost: 1 }, []],
  ['only passes on', { answers: [SOA, signature()] }, ['resolver-not-validating error']],
  ['strips', { answers: [SOA] }, ['resolver-strips error']],
  ['strips and vouches', { ad: true, answers: [SOA] }, ['resolver-strips warning']],
  ['has another signature', { ad: true, answers: [SOA, signature(RRType.NS)] }, ['resolver-strips warning']],
  [
    'says AD of anything',
    { ad: true, answers: [SOA, signature()], bogus: 0 },
    ['resolver-not-validating error'],
  ],
  [
    'denies what is bogus',
    { ad: true, answers: [SOA, signature()], bogus: 3 },
    ['resolver-not-validating error'],
  ],
  ['fails', { rcode: 2 }, ['resolver-no-answer error']],
  ['refuses', { rcode: 5 }, ['resolver-no-answer error']],
  ['has nothing', { ad: true, answers: [] }, ['resolver-no-answer error']],
  ['is silent', { lost: 9 }, ['resolver-no-answer error']],
])('a resolver that %s', async (_, behaviour, expected) => {
  const probe = await probeResolver('127.0.0.1', {
    transport: resolverThat(behaviour),
    port: 53,
    signal,
    bogusName: Name.fromText('bogus.example'),
  });
  expect(told(resolverFindings([probe], 'bogus.example.'))).toEqual(expected);
});

test('a resolver to which the root is bogus is told from one that does not answer', async () => {
  const options = { port: 53, signal };
  const probe = await probeResolver('127.0.0.1', {
    ...options,
    transport: resolverThat({ rcode: 2, unchecked: [SOA, signature()] }),
  });
  expect(resolverFindings([probe], undefined)[0]).toMatchObject({
    text: expect.stringMatching(/SERVFAIL.*To it the root is bogus/),
    fix: expect.stringContaining('clock'),
  });
  expect(probe.signatures).toHaveLength(1);
  // Beside one that answers it is a nuisance.
  const good = await probeResolver('127.0.0.2', {
    ...options,
    transport: resolverThat({ ad: true, answers: [SOA, signature()] }),
  });
  expect(told(resolverFindings([probe, good], undefined))).toEqual(['resolver-no-answer warning']);
});

const tried = (...outcomes: ConnectionTried['outcome'][]) =>
  outcomes.map((outcome, i) => ({ host: `mx${i}.example`, address: `192.0.2.${i}`, outcome }));

test.each<[ConnectionTried[], string[]]>([
  [tried('connected'), []],
  [tried('timeout', 'timeout', 'connected'), []],
  [tried('timeout', 'refused'), ['port-25-blocked error']],
  [tried('timeout', 'no-route', 'timeout'), ['port-25-blocked error']],
  [tried('timeout'), ['port-25-blocked warning']],
  [tried('timeout', 'failed'), []],
  [tried('no-route', 'no-route'), ['check-incomplete info']],
  [[], ['check-incomplete info']],
])('port 25 %#', (connections, expected) => expect(told(portFindings(connections, 25))).toEqual(expected));

test('mail hosts are connected to, on the loopback', async () => {
  const server = net.createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const resolver = new FakeResolver({
    zone: `one.example. 300 IN MX 10 mx.one.example.
           mx.one.example. 300 IN A 127.0.0.1
           two.example. 300 IN MX 10 mx.two.example.
           mx.two.example. 300 IN A 127.0.0.2
           null.example. 300 IN MX 0 .`,
  });
  const outcomes = await tryMailHosts(['one.example', 'two.example', 'null.example'], {
    resolver,
    port,
    signal,
    timeoutMs: 2000,
  });
  server.close();
  expect(outcomes).toEqual([
    { host: 'mx.one.example', address: '127.0.0.1', outcome: 'connected' },
    { host: 'mx.two.example', address: '127.0.0.2', outcome: 'refused' },
  ]);
});

const LEVEL = 'compatibility_level = 3.6\n';
const line = (chroot: string, command = 'smtp') => `smtp unix - - ${chroot} - - ${command}\n`;
test.each<[string, string, string[]]>([
  [line('n'), LEVEL, []],
  [line('y'), LEVEL, ['smtp/unix']],
  [line('-'), LEVEL, []],
  [line('-'), 'compatibility_level = 0\n', ['smtp/unix']],
  [line('-'), '', ['smtp/unix']],
  [line('y', 'lmtp'), LEVEL, []],
  ['smtp inet n - y - - smtpd\n', LEVEL, []],
  [`${line('y')}relay unix - - y - - smtp -o syslog_name=x\n`, LEVEL, ['smtp/unix', 'relay/unix']],
])('master.cf %j', (master, settings, expected) =>
  expect(chrootedClients(master, parsePostconf(settings))).toEqual(expected),
);

const LOCAL = 'nameserver 127.0.0.1\noptions trust-ad edns0\n';
test.each<[string[], string | undefined, string, string[]]>([
  [[], undefined, LOCAL, []],
  [['smtp/unix'], LOCAL, 'options edns0 trust-ad\n', []],
  [['smtp/unix'], undefined, LOCAL, ['postfix-chroot warning']],
  [['smtp/unix'], undefined, 'nameserver 127.0.0.53\n', ['postfix-chroot error']],
  [['smtp/unix'], 'nameserver 127.0.0.1\n', LOCAL, ['postfix-chroot warning']],
])('resolv.conf of the chroot %#', (clients, inside, system, expected) =>
  expect(told(chrootFindings(clients, 'x', inside, parseResolvConf(system)))).toEqual(expected),
);
