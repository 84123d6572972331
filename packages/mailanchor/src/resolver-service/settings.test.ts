import { describe, expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { Sources } from '../options/sources.ts';
import { parsePlace, placeToText, readServiceSettings } from './settings.ts';

const given = (value: string) => ({ value, from: '--listen' });
const settings = (options: object, environment = {}) =>
  readServiceSettings(new Sources(options, environment));

test.each([
  ['127.0.0.1', '127.0.0.1:53'],
  ['127.0.0.1:5300', '127.0.0.1:5300'],
  ['0.0.0.0:0', '0.0.0.0:0'],
  ['::1', '[::1]:53'],
  ['[::1]', '[::1]:53'],
  [' [2001:db8::1]:853 ', '[2001:db8::1]:853'],
])('a place to listen at: %j', (text, place) => {
  expect(placeToText(parsePlace(given(text), 53))).toBe(place);
});

test.each([
  '',
  'localhost',
  'localhost:53',
  '127.0.0.1:',
  '127.0.0.1:65536',
  '127.0.0.1:-1',
  '[127.0.0.1]:53',
  '::1:53x',
  '1.2.3',
  '127.0.0.1:53:53',
])('no place: %j', (text) => {
  expect(() => parsePlace(given(text), 53)).toThrow(UsageError);
});

test('without settings: loopback, both families, loopback clients', () => {
  const { listen, listenIsDefault, listenTls, tls, allow, metrics, state } = settings({});
  expect(listen.map(placeToText)).toEqual(['127.0.0.1:53', '[::1]:53']);
  expect(listenIsDefault).toBe(true);
  expect([listenTls, tls, metrics, state]).toEqual([[], undefined, undefined, undefined]);
  expect(allow.map(({ address, prefix }) => `${address}/${prefix}`)).toEqual(['127.0.0.0/8', '::1/128']);
});

test('all of them', () => {
  const { listen, listenTls, tls, allow, metrics, state, outstanding, ...rest } = settings({
    listen: ['192.0.2.1', '[::1]:5300'],
    listenTls: ['192.0.2.1'],
    tlsCert: 'cert.pem',
    tlsKey: 'key.pem',
    allow: ['192.0.2.0/24'],
    metrics: '127.0.0.1',
    state: '/var/lib/mailanchor',
    cacheSize: '30',
    maxQueries: '10',
  });
  expect([...listen, ...listenTls].map(placeToText)).toEqual(['192.0.2.1:53', '[::1]:5300', '192.0.2.1:853']);
  expect(tls).toMatchObject({ cert: { path: 'cert.pem' }, key: { path: 'key.pem' } });
  expect(allow).toHaveLength(1);
  expect(placeToText(metrics!)).toBe('127.0.0.1:9153');
  expect(state?.path).toBe('/var/lib/mailanchor');
  expect(outstanding).toEqual({ total: 10, perClient: 10 });
  expect(rest.answerCacheOctets + rest.packetCacheOctets).toBe(30 * 1024 * 1024);
});

test('the environment may name several', () => {
  const { listen } = settings({}, { MAILANCHOR_LISTEN: '127.0.0.1:1, 127.0.0.1:2' });
  expect(listen.map(placeToText)).toEqual(['127.0.0.1:1', '127.0.0.1:2']);
});

describe('refused', () => {
  test.each<[string, object, RegExp]>([
    ['a certificate without key', { tlsCert: 'a' }, /--tls-cert needs --tls-key/],
    ['a key without certificate', { tlsKey: 'a' }, /--tls-key needs --tls-cert/],
    ['TLS without either', { listenTls: ['127.0.0.1'] }, /--listen-tls needs/],
    ['a network that is none', { allow: ['192.0.2.0/33'] }, /--allow: "192.0.2.0\/33" is not a network/],
    ['an IPv6 network that is none', { allow: ['2001:db8::/x'] }, /is not a network/],
    ['a name', { allow: ['example.org'] }, /is not a network/],
    ['no memory', { cacheSize: '0' }, /--cache-size/],
    ['no questions', { maxQueries: '0' }, /--max-queries/],
  ])('%s', (_, options, message) => {
    expect(() => settings(options)).toThrow(message);
    expect(() => settings(options)).toThrow(UsageError);
  });
});
