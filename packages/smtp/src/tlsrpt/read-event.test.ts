import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TlsRptEvent } from './event.ts';
import { isUri, readTlsRptEvent } from './read-event.ts';

const EVENT: TlsRptEvent = {
  id: 'A1',
  at: 1_790_000_000_000,
  domain: 'example.org',
  policy: { type: 'tlsa', domain: 'mx.example.org', strings: ['2 1 1 cd', '3 1 1 ab'], mxHosts: [] },
  failure: {
    resultType: 'certificate-not-trusted',
    sendingMtaIp: '2001:db8::1',
    receivingMxHostname: 'mx.example.org',
    receivingMxHelo: 'mx.example.org',
    receivingIp: '192.0.2.25',
    reasonCode: 'untrusted',
    additionalInformation: 'https://example.org/tls?session=1',
  },
  more: [{ resultType: 'sts-policy-fetch-error' }],
};

const event = (change: object) => {
  const read = readTlsRptEvent({ ...EVENT, ...change });
  return read.kind === 'event' ? read.event : read.text;
};

test('a whole event comes out as it went in, also as JSON', () => {
  expect(event({})).toEqual(EVENT);
  expect(readTlsRptEvent(JSON.parse(JSON.stringify(EVENT)))).toEqual({ kind: 'event', event: EVENT });
});

test.each<[string, object, object]>([
  ['a name in capitals with a dot', { domain: 'Example.ORG.' }, { domain: 'example.org' }],
  ['TLSA records in any order', { policy: { ...EVENT.policy, strings: ['3 1 1 ab', '2 1 1 cd'] } }, {}],
  ['an absent failure', { failure: undefined, more: undefined }, { failure: null, more: undefined }],
  [
    'an address with a zone',
    { failure: { resultType: 'tlsa-invalid', receivingIp: 'fe80::1%eth0' } },
    { failure: { resultType: 'tlsa-invalid' } },
  ],
  [
    'control characters',
    { failure: { resultType: 'tlsa-invalid', reasonCode: '\u001b[31mred\n' } },
    { failure: { resultType: 'tlsa-invalid', reasonCode: '[31mred' } },
  ],
  [
    'a long reason',
    { failure: { resultType: 'tlsa-invalid', reasonCode: 'x'.repeat(300) } },
    { failure: { resultType: 'tlsa-invalid', reasonCode: `${'x'.repeat(197)}...` } },
  ],
  [
    'no URI',
    { failure: { resultType: 'tlsa-invalid', additionalInformation: 'see the log' } },
    { failure: { resultType: 'tlsa-invalid' } },
  ],
  [
    'many strings',
    { policy: { ...EVENT.policy, type: 'sts', strings: Array(200).fill('mx: a') } },
    { policy: { ...EVENT.policy, type: 'sts', strings: Array(100).fill('mx: a') } },
  ],
  [
    'too much text',
    { policy: { ...EVENT.policy, strings: Array(9).fill('x'.repeat(16_000)) } },
    { policy: { ...EVENT.policy, strings: Array(4).fill('x'.repeat(16_000)) } },
  ],
])('made to fit: %s', (_, given, expected) => {
  expect(event(given)).toEqual(JSON.parse(JSON.stringify({ ...EVENT, ...expected })));
});

test.each<[object, RegExp]>([
  [{ id: '' }, /^id is no string/],
  [{ id: 'x'.repeat(65) }, /^id is no string/],
  [{ at: '2026' }, /^at is no time/],
  [{ at: -1 }, /^at is no time/],
  [{ at: 1e300 }, /^at is no time/],
  [{ domain: '' }, /^domain is no domain name/],
  [{ domain: 'bücher.example' }, /^domain is no domain name/],
  [{ domain: `${'a'.repeat(64)}.example` }, /^domain is no domain name/],
  [{ policy: null }, /^policy is no object/],
  [{ policy: { ...EVENT.policy, type: 'dane' } }, /^policy.type is none of/],
  [{ policy: { ...EVENT.policy, strings: 'text' } }, /^policy.strings is no list/],
  [{ policy: { ...EVENT.policy, mxHosts: [1] } }, /^policy.mxHosts is no list/],
  [{ failure: 'bad' }, /^failure is no object/],
  [{ failure: { resultType: 'else' } }, /^resultType is none of the registry/],
  [{ more: {} }, /^more is no list/],
])('refused: %j', (change, text) => {
  expect(event(change)).toMatch(text);
});

test('whatever comes, nothing is thrown, and what comes out comes out again', () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.record({ ...shapes() }, { requiredKeys: [] })), (value) => {
      const read = readTlsRptEvent(value);
      if (read.kind === 'event') expect(readTlsRptEvent(read.event)).toEqual(read);
    }),
  );
});

function shapes() {
  const failure = fc.record({
    resultType: fc.constant('tlsa-invalid'),
    reasonCode: fc.string({ maxLength: 400 }),
    receivingMxHostname: fc.string({ unit: 'binary' }),
    additionalInformation: fc.webUrl(),
  });
  return {
    at: fc.oneof(fc.nat(), fc.double()),
    domain: fc.domain(),
    policy: fc.record({
      type: fc.constantFrom('tlsa', 'sts', 'no-policy-found'),
      domain: fc.domain(),
      strings: fc.array(fc.string({ unit: 'binary' })),
      mxHosts: fc.array(fc.string()),
    }),
    failure: fc.option(failure),
    more: fc.array(failure),
  };
}

test.each([
  ['https://example.org/a', true],
  ['urn:x', true],
  ['no uri', false],
  ['https://example.org/<b>', false],
  ['//example.org', false],
])('%s is a URI: %s', (text, expected) => expect(isUri(text)).toBe(expected));
