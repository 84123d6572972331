import { expect, test } from 'vitest';
import { readCheckSettings } from '../check/settings.ts';
import { readLookupSettings } from './lookup.ts';
import { type ConfigValues, Sources } from './sources.ts';

const config = (values: Record<string, string[]>): ConfigValues => ({
  get: (key) =>
    values[key]?.map((value) => ({ value, from: `mailanchor.yaml:1: ${key}`, base: '/etc/mailanchor' })),
});

test('command line before environment before configuration before default', () => {
  const file = config({ 'dns-port': ['3'] });
  const environment = { MAILANCHOR_DNS_PORT: '2' };
  expect(readLookupSettings(new Sources({ dnsPort: '1' }, environment, file)).dnsPort).toBe(1);
  expect(readLookupSettings(new Sources({}, environment, file)).dnsPort).toBe(2);
  expect(readLookupSettings(new Sources({}, {}, file)).dnsPort).toBe(3);
  expect(readLookupSettings(new Sources({}, {})).dnsPort).toBe(53);
});

test('an empty variable is none', () => {
  expect(new Sources({}, { MAILANCHOR_RESOLVER: '' }).one('resolver')).toBeUndefined();
});

test('repeatable settings are taken whole from the strongest place', () => {
  const environment = { MAILANCHOR_INSECURE_ZONE: 'a.example, b.example c.example' };
  const file = config({ 'insecure-zone': ['d.example'] });
  const names = (sources: Sources) => readLookupSettings(sources).insecureZones.map(String);
  expect(names(new Sources({ insecureZone: ['x.example'] }, environment, file))).toEqual(['x.example.']);
  expect(names(new Sources({}, environment, file))).toEqual(['a.example.', 'b.example.', 'c.example.']);
  expect(names(new Sources({}, {}, file))).toEqual(['d.example.']);
});

test('files of the configuration are relative to it, those of the command line to the working directory', () => {
  const file = config({ 'trust-anchor': ['root.key'] });
  expect(readLookupSettings(new Sources({}, {}, file)).trustAnchor?.path).toBe('/etc/mailanchor/root.key');
  expect(readLookupSettings(new Sources({ trustAnchor: 'root.key' }, {}, file)).trustAnchor?.path).toBe(
    'root.key',
  );
});

test('several servers of one zone', () => {
  const sources = new Sources({ forwardZone: ['corp.example=192.0.2.1', 'Corp.Example.=192.0.2.2'] }, {});
  expect(readLookupSettings(sources).forwardZones.map((zone) => zone.servers.length)).toEqual([2]);
});

test.each([
  ['dns-port', '0', 'DNS_PORT'],
  ['dns-port', '65536', 'DNS_PORT'],
  ['dns-port', '53x', 'DNS_PORT'],
  ['nsec3-iterations', '-1', 'NSEC3_ITERATIONS'],
  ['timeout', '0', 'TIMEOUT'],
  ['timeout', 'Infinity', 'TIMEOUT'],
  ['qname-minimisation', 'maybe', 'QNAME_MINIMISATION'],
  ['at', 'yesterday', 'AT'],
  ['insecure-zone', 'a..b', 'INSECURE_ZONE'],
])('a bad value names its origin: %s %s', (key, value, variable) => {
  const option = key.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const given = key === 'insecure-zone' ? [value] : value;
  const read = (options: object, environment: object) => () =>
    readLookupSettings(new Sources({ ...options }, { ...environment }));
  expect(read({ [option]: given }, {})).toThrow(new RegExp(`^--${key}: `));
  expect(read({}, { [`MAILANCHOR_${variable}`]: value })).toThrow(new RegExp(`^MAILANCHOR_${variable}: `));
  expect(() => readLookupSettings(new Sources({}, {}, config({ [key]: [value] })))).toThrow(
    new RegExp(`^mailanchor.yaml:1: ${key}: `),
  );
});

test('switches', () => {
  expect(new Sources({ json: true }, { MAILANCHOR_JSON: '0' }).on('json')).toBe(true);
  expect(new Sources({}, { MAILANCHOR_JSON: '1' }).on('json')).toBe(true);
  expect(new Sources({}, { MAILANCHOR_JSON: 'off' }).on('json')).toBe(false);
  expect(() => new Sources({}, { MAILANCHOR_JSON: 'perhaps' }).on('json')).toThrow(/^MAILANCHOR_JSON: /);
});

test('a switch that takes something away, against a file that would have it', () => {
  const file = config({ connect: ['true'] });
  const connects = (sources: Sources) => readCheckSettings(sources).connect;
  expect(connects(new Sources({ connect: false }, {}, file))).toBe(false);
  // What commander gives where nothing is said.
  expect(connects(new Sources({ connect: true }, {}, config({ connect: ['false'] })))).toBe(false);
  expect(connects(new Sources({ connect: true }, {}))).toBe(true);
});
