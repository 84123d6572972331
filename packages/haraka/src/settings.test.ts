import { expect, test } from 'vitest';
import type { Config, Ini } from './haraka.ts';
import { readSettings, type Settings } from './settings.ts';

function read(own: Partial<Ini> = {}, others: Readonly<Record<string, Partial<Ini>>> = {}): Settings {
  const files: Record<string, Partial<Ini>> = { 'mailanchor.ini': own, ...others };
  const get = (name: string): unknown => (name === 'me' ? 'mail.example.com' : { main: {}, ...files[name] });
  return readSettings({ get } as Config, () => {});
}

test('everything has a default', () => {
  expect(read()).toMatchObject({
    mode: 'opportunistic',
    connect: { port: 25, insecureMx: 'dane', timeoutMs: 28_000, helo: 'mail.example.com' },
    offerRequireTls: false,
    reports: { socket: undefined, file: undefined },
  });
  expect(read().connect).not.toHaveProperty('resolver');
  expect(read().connect).not.toHaveProperty('sts');
});

test('Haraka waits for connect_timeout: ours is shorter', () => {
  expect(read({}, { 'outbound.ini': { main: { connect_timeout: 120 } } }).connect.timeoutMs).toBe(118_000);
  expect(read({ main: { timeout: 10 } }).connect.timeoutMs).toBe(10_000);
});

test('what is set', () => {
  const settings = read({
    main: { mode: 'audit', local_address: '192.0.2.1, 2001:db8::1', sts: false, helo: 'other.example' },
    modes: { 'Example.org': 'dane-only' },
    relays: { 'example.net': 'relay.example.com' },
    resolver: { forward: '127.0.0.1' },
  });
  expect(settings).toMatchObject({
    mode: 'audit',
    connect: { localAddress: ['192.0.2.1', '2001:db8::1'], sts: false, helo: 'other.example' },
  });
  expect(settings.modes.get('example.org')).toBe('dane-only');
  expect(settings.relays.get('example.net')).toBe('relay.example.com');
  expect(settings.connect.resolver).toBeDefined();
});

test('what tls.ini forces, of its section or of the whole', () => {
  const forced = (tls: Partial<Ini>): string[] => [...read({}, { 'tls.ini': tls }).forced];
  expect(forced({ outbound: { force_tls_hosts: ['A.example', 'b.example'] } })).toEqual([
    'a.example',
    'b.example',
  ]);
  expect(forced({ main: { force_tls_hosts: 'a.example' } })).toEqual(['a.example']);
  expect(forced({})).toEqual([]);
});

test.each([
  [{ main: { mode: 'sometimes' } }, 'mode must be one of'],
  [{ main: { insecure_mx: 'x' } }, 'insecure_mx must be one of'],
  [{ main: { port: 'x' } }, 'port must be a number'],
  [{ main: { timeout: 0 } }, 'timeout must be a number'],
  [{ main: { local_address: 'here' } }, 'here is no IP address'],
  [{ modes: { 'example.org': 'x' } }, 'example.org must be one of'],
  [{ resolver: { forward: 'x' } }, 'x is no IP address'],
])('what cannot be: %j', (own, message) => {
  expect(() => read(own)).toThrow(message);
});
