import { expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { parseForwardZone, parseResolver } from './resolver-spec.ts';

const resolver = (value: string) => parseResolver({ value, from: '--resolver' });

test.each([
  ['192.0.2.53', '192.0.2.53', 53],
  ['192.0.2.53:5353', '192.0.2.53', 5353],
  ['2001:db8::53', '2001:db8::53', 53],
  ['[2001:db8::53]', '2001:db8::53', 53],
  ['[2001:db8::53]:5353', '2001:db8::53', 5353],
])('%s', (spec, address, port) => {
  expect(resolver(spec)).toEqual({ kind: 'forward', servers: [{ address, port }] });
});

test('iterate', () => {
  expect(resolver('iterate')).toEqual({ kind: 'iterate' });
});

test.each([
  '',
  'example.org',
  '192.0.2',
  '192.0.2.53:0',
  '192.0.2.53:65536',
  '[192.0.2.53]:53',
  '[::1',
  '::1]:53',
  '[2001:db8::53]53',
])('refused: %s', (spec) => {
  expect(() => resolver(spec)).toThrow(UsageError);
});

test.each([
  ['tls://dns.example', 'tls', 'dns.example', 853],
  ['tls://DNS.example:8853', 'tls', 'dns.example', 8853],
  ['tls://192.0.2.53', 'tls', '192.0.2.53', 853],
  ['tls://[2001:db8::53]:8853', 'tls', '2001:db8::53', 8853],
  ['https://dns.example/dns-query', 'https', 'dns.example', 443],
  ['https://[2001:db8::53]:8443/q', 'https', '2001:db8::53', 8443],
])('%s', (spec, via, host, port) => {
  expect(resolver(spec)).toEqual({
    kind: 'forward',
    servers: [{ via, host, port, label: spec, from: '--resolver' }],
  });
});

test.each([
  'tls://',
  'tls://dns.example:0',
  'tls://dns.example/path',
  'tls://user@dns.example',
  'tls://2001:db8::53',
  'tls://192.0.2',
  'tls://[dns.example]',
  'https://',
  'https://user@dns.example/q',
  'https://dns.example/dns-query{?dns}',
  'quic://dns.example',
])('refused: %s', (spec) => {
  expect(() => resolver(spec)).toThrow(UsageError);
});

test('a zone and its server', () => {
  const { zone, servers } = parseForwardZone({ value: 'corp.example=192.0.2.53', from: '--forward-zone' });
  expect(zone.toString()).toBe('corp.example.');
  expect(servers).toEqual([{ address: '192.0.2.53', port: 53 }]);
});

test.each(['corp.example', '=192.0.2.53', 'a..b=192.0.2.53', 'corp.example=iterate'])(
  'refused zone: %s',
  (value) => {
    expect(() => parseForwardZone({ value, from: '--forward-zone' })).toThrow(UsageError);
  },
);
