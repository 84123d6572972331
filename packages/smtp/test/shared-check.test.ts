import * as net from 'node:net';
import { FakeResolver } from '@mailanchor/dnssec';
import { afterEach, expect, it } from 'vitest';
import { checkDestination } from '../src/check-destination.ts';
import { SharedSessions } from '../src/shared-sessions.ts';
import { makeCertificate } from './certificates.ts';
import { type MailHost, startMailHost } from './fake-mail-host.ts';
import { intermediate, NOW, ta } from './world.ts';

const hosts: MailHost[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()));
});

it('one session, and a verdict for each domain by its own names', async () => {
  // Under usage 2 names count: the certificate is for one of the domains alone.
  const certificate = makeCertificate({ cn: 'x', names: ['one.example'], issuer: intermediate });
  const host = await startMailHost({ chain: [certificate, intermediate] });
  hosts.push(host);
  const resolver = new FakeResolver({
    zone: `one.example. 300 IN MX 10 mx.example.net.
      two.example. 300 IN MX 10 mx.example.net.
      mx.example.net. 300 IN A 192.0.2.1
      _25._tcp.mx.example.net. 300 IN TLSA ${ta(intermediate)}`,
  });
  const shared = new SharedSessions({ pauseMs: 0 });
  let connections = 0;
  const dial = (): net.Socket => {
    connections++;
    return net.connect({ host: host.address, port: host.port });
  };
  const check = (target: string) =>
    checkDestination(target, {
      resolver,
      dial,
      clock: () => NOW,
      probes: false,
      openSession: shared.open,
    });
  const [one, two, again] = await Promise.all([
    check('one.example'),
    check('two.example'),
    check('one.example'),
  ]);
  expect([one.verdict, two.verdict, again.verdict]).toEqual(['protected', 'broken', 'protected']);
  expect(two.hosts[0]?.sessions[0]?.match).toMatchObject({ kind: 'mismatch', reason: 'name-mismatch' });
  expect([connections, shared.opened]).toEqual([1, 1]);
  // The same chain is reported by the same data, however many domains share it.
  expect(two.hosts[0]?.sessions[0]?.chain[0]).toBe(one.hosts[0]?.sessions[0]?.chain[0]);
});

it('a host that turns the second connection away is asked again, by itself', async () => {
  const host = await startMailHost({ chain: [intermediate] });
  hosts.push(host);
  const resolver = new FakeResolver({
    zone: `one.example. 300 IN MX 10 mx.example.net.
      mx.example.net. 300 IN A 192.0.2.1
      _25._tcp.mx.example.net. 300 IN TLSA ${ta(intermediate)}`,
  });
  let open = 0;
  let turnedAway = 0;
  const busy = net.createServer((socket) => socket.end('421 one connection at a time\r\n'));
  await new Promise<void>((listening) => busy.listen(0, '127.0.0.1', listening));
  const dial = (): net.Socket => {
    if (open > 0) {
      turnedAway++;
      return net.connect({ host: '127.0.0.1', port: (busy.address() as net.AddressInfo).port });
    }
    open++;
    const socket = net.connect({ host: host.address, port: host.port });
    socket.once('close', () => open--);
    return socket;
  };
  const shared = new SharedSessions({ pauseMs: 0 });
  const check = await checkDestination('one.example', {
    resolver,
    dial,
    clock: () => NOW,
    openSession: shared.open,
  });
  busy.close();
  expect(turnedAway).toBeGreaterThan(0);
  const [session] = check.hosts[0]!.sessions;
  expect(session?.outcome).toBe('established');
  expect(session?.probes?.map(({ outcome }) => outcome)).not.toContain('greeting-refused');
});
