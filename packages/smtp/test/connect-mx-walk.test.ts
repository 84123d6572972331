/** How `connectMx` goes from host to host and from address to address, and within which bounds; the session that it hands out. */
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { connectMx } from '../src/deliver/connect-mx.ts';
import type { ConnectMxOptions } from '../src/deliver/types.ts';
import { closeScenes, connected, deferred, play, type Scene } from './connect-mx-scene.ts';
import type { MailHostScript } from './fake-mail-host.ts';
import { ee, leaf, other, zoneOf } from './world.ts';

afterEach(closeScenes);

/** Hosts a, b, c ... of example.org, each at an address, by preference; the TLSA record of each. */
function zone(
  ...hosts: (readonly [preference: number, name: string, address: string, tlsa?: string])[]
): string {
  return hosts
    .flatMap(([preference, name, address, tlsa = ee(leaf)]) => [
      `example.org. 300 IN MX ${preference} ${name}.example.net.`,
      `${name}.example.net. 300 IN A ${address}`,
      `_25._tcp.${name}.example.net. 300 IN TLSA ${tlsa}`,
    ])
    .join('\n');
}

async function say(socket: Socket, line: string): Promise<string> {
  const answer = new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
  socket.write(`${line}\r\n`);
  return answer;
}

describe('the session that is handed out', () => {
  it('stands after EHLO, was never read from, and answers', async () => {
    const { result, hosts } = await play();
    if (result.kind !== 'connected') throw new Error(result.text);
    const { socket } = result;
    expect(socket.readableFlowing).toBe(null);
    expect(await say(socket, 'NOOP')).toMatch(/^502/);
    socket.destroy();
    expect(hosts.get('192.0.2.1')!.commands).toEqual([
      'EHLO client.test',
      'STARTTLS',
      'tls EHLO client.test',
      'tls NOOP',
    ]);
  });

  it('says what it is', async () => {
    const result = connected(await play());
    expect(result).toMatchObject({
      host: 'mx.example.net',
      port: 25,
      address: '192.0.2.1',
      match: { kind: 'match', usage: 3 },
      tls: { servername: 'mx.example.net' },
      greeting: 'mail.test ESMTP',
      flaw: null,
      attempts: [],
      dns: { status: 'secure', domain: 'example.org' },
      plan: { policy: 'dane' },
      policy: { tls: 'dane', onFailure: 'next-host' },
    });
    expect([...result.capabilities.keys()]).toEqual(['PIPELINING', '8BITMIME']);
  });

  it('has the capabilities of after TLS, and forgets those of before', async () => {
    const script = {
      ehlo: '250-mail.test\r\n250-STARTTLS\r\n250-SIZE 1\r\n250 XBEFORE\r\n',
      afterTls: '250-mail.test\r\n250-SIZE 1000\r\n250 CHUNKING\r\n',
    };
    const { capabilities } = connected(await play({ hosts: { '192.0.2.1': script } }));
    expect([...capabilities]).toEqual([
      ['SIZE', '1000'],
      ['CHUNKING', ''],
    ]);
  });

  it('of a server that knows HELO only has no capabilities', async () => {
    const script = { ehlo: '502 what?', helo: '250 mail.test' };
    const result = connected(await play({ tlsa: [], hosts: { '192.0.2.1': script } }));
    expect(result).toMatchObject({ authenticated: 'cleartext', capabilities: new Map() });
  });

  it.each(['421 bye', '220 x'])('none of a server that talks unasked: %s', async (more) => {
    const script = { afterTls: `250 mail.test\r\n${more}\r\n` };
    expect(deferred(await play({ hosts: { '192.0.2.1': script } })).reason).toBe('protocol-error');
  });

  it('survives what the server says between', async () => {
    const { result } = await play();
    if (result.kind !== 'connected') throw new Error(result.text);
    result.socket.unshift('421 later\r\n');
    const text = await new Promise((resolve) => result.socket.once('data', (data) => resolve(String(data))));
    expect(text).toBe('421 later\r\n');
    result.socket.destroy();
  });
});

describe('hosts in their order', () => {
  const two = zone([10, 'a', '192.0.2.1'], [20, 'b', '192.0.2.2']);

  it.each<[string, MailHostScript | null, string]>([
    ['nobody listens', null, 'unreachable'],
    ['another key', { chain: [other] }, 'mismatch'],
    ['no STARTTLS', { ehlo: '250 mail.test' }, 'starttls'],
    ['554 as greeting', { greeting: '554 go away' }, 'rejected'],
    ['421 as greeting', { greeting: '421 busy' }, 'rejected'],
    ['450 at EHLO', { ehlo: '450 busy' }, 'rejected'],
    ['a flood', { greeting: 'flood' }, 'protocol-error'],
    ['no SMTP', { greeting: 'SSH-2.0-x' }, 'protocol-error'],
    ['greets as ourselves', { greeting: '220 client.test hello' }, 'loop'],
    ['closes', { greeting: 'close' }, 'unreachable'],
  ])('the second where of the first: %s', async (_, first, reason) => {
    const played = await play({ zone: two, hosts: { '192.0.2.1': first, '192.0.2.2': {} } });
    expect(connected(played)).toMatchObject({
      host: 'b.example.net',
      attempts: [{ host: 'a.example.net', address: '192.0.2.1', reason }],
    });
    if (first) await played.hosts.get('192.0.2.1')!.idle();
  });

  it('the second where the first is not to be connected to', async () => {
    const table = { failures: { '_25._tcp.a.example.net TLSA': { status: 'bogus' } } } as const;
    const played = await play({ zone: two, table, hosts: { '192.0.2.1': {}, '192.0.2.2': {} } });
    expect(connected(played).host).toBe('b.example.net');
    expect(played.dialled).toEqual(['192.0.2.2']);
  });

  it('equal preferences by chance', async () => {
    const equal = zone([10, 'a', '192.0.2.1'], [10, 'b', '192.0.2.2']);
    const hosts = { '192.0.2.1': {}, '192.0.2.2': {} };
    const chosen = async (values: number[]): Promise<string> =>
      connected(await play({ zone: equal, hosts, options: { random: () => values.shift() ?? 0 } })).host;
    expect(await chosen([0, 1])).toBe('a.example.net');
    expect(await chosen([1, 0])).toBe('b.example.net');
  });

  it('the gravest reason of all, and every attempt', async () => {
    const three = zone([10, 'a', '192.0.2.1'], [20, 'b', '192.0.2.2', ee(other)], [30, 'c', '192.0.2.3']);
    const result = deferred(
      await play({ zone: three, hosts: { '192.0.2.1': null, '192.0.2.2': {}, '192.0.2.3': null } }),
    );
    expect(result).toMatchObject({ reason: 'mismatch', status: '4.7.5' });
    expect(result.text).toMatch(/^b\.example\.net \[192\.0\.2\.2\]: .*TLSA/);
    expect(result.attempts.map(({ host, reason }) => `${host} ${reason}`)).toEqual([
      'a.example.net unreachable',
      'b.example.net mismatch',
      'c.example.net unreachable',
    ]);
  });

  it('leaves out hosts that were tried', async () => {
    const played = await play({
      zone: two,
      hosts: { '192.0.2.1': {}, '192.0.2.2': {} },
      options: { exclude: ['A.example.net.'] },
    });
    expect(connected(played).host).toBe('b.example.net');
    const all = await play({ zone: two, options: { exclude: ['a.example.net', 'b.example.net'] } });
    expect(deferred(all).reason).toBe('limit');
  });

  it('rule 7: no mail loop', async () => {
    const options = { ownHosts: ['a.example.net'] };
    const { result, dialled } = await play({ zone: two, options });
    expect(result).toMatchObject({ kind: 'failed', reason: 'loop', status: '5.4.6' });
    expect(dialled).toEqual([]);
  });
});

describe('addresses', () => {
  const dual = `${zoneOf(ee(leaf))}\nmx.example.net. 300 IN AAAA 2001:db8::1`;

  it.each<[string, MailHostScript | null]>([
    ['refuses', null],
    ['has another key', { chain: [other] }],
    ['offers no STARTTLS', { ehlo: '250 mail.test' }],
  ])('the second where the first %s', async (_, first) => {
    const result = connected(await play({ zone: dual, hosts: { '2001:db8::1': first, '192.0.2.1': {} } }));
    expect(result).toMatchObject({ address: '192.0.2.1', attempts: [{ address: '2001:db8::1' }] });
  });

  it('side by side are connections, not sessions', async () => {
    const { result, hosts } = await play({
      zone: dual,
      hosts: { '2001:db8::1': {}, '192.0.2.1': {} },
      options: { attemptDelayMs: 0 },
    });
    if (result.kind === 'connected') result.socket.destroy();
    const spoken = [...hosts.values()].filter(({ commands }) => commands.length > 0);
    expect(spoken).toHaveLength(1);
  });

  it('of the family of our own alone', async () => {
    const { result, dialled } = await play({
      zone: dual,
      hosts: { '2001:db8::1': null, '192.0.2.1': {} },
      options: { localAddress: '127.0.0.1' },
    });
    if (result.kind === 'connected') result.socket.destroy();
    expect(dialled).toEqual(['192.0.2.1']);
  });
});

describe('bounds', () => {
  const mute: MailHostScript = { mute: true };

  it('a silent host does not take the time of the next', async () => {
    const scene: Scene = {
      zone: zone([10, 'a', '192.0.2.1'], [20, 'b', '192.0.2.2']),
      hosts: { '192.0.2.1': mute, '192.0.2.2': {} },
      options: { timeoutMs: 1500 },
    };
    expect(connected(await play(scene))).toMatchObject({
      host: 'b.example.net',
      attempts: [{ host: 'a.example.net', reason: 'timeout' }],
    });
  });

  it('the time for everything', async () => {
    const played = await play({ hosts: { '192.0.2.1': mute }, options: { timeoutMs: 200 } });
    expect(deferred(played)).toMatchObject({ reason: 'timeout', status: '4.4.2' });
    await played.hosts.get('192.0.2.1')!.idle();
  });

  it('a lookup that is never answered', async () => {
    const table = { silent: ['_25._tcp.mx.example.net TLSA'] };
    expect(deferred(await play({ table, options: { timeoutMs: 200 } })).reason).toBe('lookup-failed');
  });

  it('hosts, addresses, sessions', async () => {
    const many = Array.from({ length: 6 }, (_, i) => [i, `h${i}`, `192.0.2.${i + 1}`, ee(other)] as const);
    const hosts = Object.fromEntries(many.map(([, , address]) => [address, {}]));
    const limited = async (limits: ConnectMxOptions['limits']): Promise<string[]> => {
      const { attempts } = deferred(await play({ zone: zone(...many), hosts, options: { limits: limits! } }));
      return attempts.map(({ reason }) => reason);
    };
    expect(await limited({ hosts: 2 })).toEqual(['mismatch', 'mismatch', 'limit']);
    expect(await limited({ sessions: 1 })).toEqual(['mismatch', ...Array(5).fill('limit')]);
    const addresses = many.map(([, , address]) => `mx.example.net. 300 IN A ${address}`).join('\n');
    const one = `example.org. 300 IN MX 10 mx.example.net.\n${addresses}\n_25._tcp.mx.example.net. 300 IN TLSA ${ee(other)}`;
    const { attempts } = deferred(await play({ zone: one, hosts, options: { limits: { addresses: 3 } } }));
    expect(attempts).toHaveLength(3);
  });

  it('abort rejects with its reason and leaves no socket', async () => {
    const stop = new AbortController();
    const host = { '192.0.2.1': mute };
    setTimeout(() => stop.abort(new Error('enough')), 50);
    await expect(play({ hosts: host, options: { signal: stop.signal } })).rejects.toThrow('enough');
  });

  it.each<[ConnectMxOptions, RegExp]>([
    [{ port: 0 }, /port/],
    [{ helo: 'a b' }, /EHLO/],
    [{ relay: 'a b' }, /not a domain name/],
    [{ localAddress: 'here' }, /IP address/],
    [{ ownHosts: ['a b'] }, /not a domain name/],
  ])('options that cannot be: %j', async (options, message) => {
    await expect(connectMx('example.org', options)).rejects.toThrow(message);
  });
  it('a destination that is none', async () => {
    await expect(connectMx('a@example.org')).rejects.toThrow('not a domain name');
  });
});
