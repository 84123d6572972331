import { expect, test } from 'vitest';
import { AccessList, LOOPBACK, parseNetwork } from './access.ts';

const list = (...networks: string[]) =>
  new AccessList(networks.map((value) => parseNetwork({ value, from: '--allow' })));

test.each<[AccessList, string, boolean]>([
  [new AccessList(LOOPBACK), '127.0.0.1', true],
  [new AccessList(LOOPBACK), '127.53.0.1', true],
  [new AccessList(LOOPBACK), '::1', true],
  [new AccessList(LOOPBACK), '::ffff:127.0.0.1', true],
  [new AccessList(LOOPBACK), '192.0.2.1', false],
  [new AccessList(LOOPBACK), '128.0.0.1', false],
  [new AccessList(LOOPBACK), '::2', false],
  [new AccessList(LOOPBACK), '', false],
  [list('192.0.2.0/24'), '192.0.2.255', true],
  [list('192.0.2.0/24'), '192.0.3.0', false],
  [list('192.0.2.0/24'), '127.0.0.1', false],
  [list('192.0.2.7'), '192.0.2.7', true],
  [list('192.0.2.7'), '192.0.2.8', false],
  [list('2001:db8::/33'), '2001:db8:7fff::1', true],
  [list('2001:db8::/33'), '2001:db8:8000::1', false],
  [list('fe80::/10'), 'fe80::1%eth0', true],
  [list('0.0.0.0/0'), '203.0.113.9', true],
  [list('0.0.0.0/0'), '2001:db8::1', false],
])('%#: %s', (access, address, allowed) => {
  expect(access.allows(address)).toBe(allowed);
  // Remembered.
  expect(access.allows(address)).toBe(allowed);
});

test('a flood of addresses changes nothing', () => {
  const access = list('192.0.2.0/24');
  for (let i = 0; i < 10_000; i++) expect(access.allows(`10.0.${i >> 8}.${i & 255}`)).toBe(false);
  expect(access.allows('192.0.2.1')).toBe(true);
});
