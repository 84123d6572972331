import { gunzipSync, gzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { composeReport } from './compose-report.ts';
import { TLSRPT_RESULT_TYPES } from './event.ts';
import { parseReport } from './parse-report.ts';
import { RFC_EXAMPLE } from './report.fixture.ts';
import type { TlsRptDetail, TlsRptReport } from './report.ts';
import { parseReportFileName, reportFileName } from './report-file-name.ts';
import { composeReportMail } from './report-mail.ts';
import { TLSRPT_REPORT_SCHEMA } from './report-schema.ts';

const validate = new Ajv2020({ allErrors: true }).compile(TLSRPT_REPORT_SCHEMA);
const START = Date.UTC(2026, 10, 24);
const END = START + 86_399_000;

const detail = (sessions: number, more: Partial<TlsRptDetail> = {}): TlsRptDetail => ({
  resultType: 'validation-failure',
  receivingMxHostname: 'mx.example.org',
  sessions,
  ...more,
});

const REPORT: TlsRptReport = {
  organizationName: 'Example Sender',
  contactInfo: 'tlsrpt@sender.example',
  reportId: '2026-11-24.example.org@sender.example',
  start: START,
  end: END,
  policies: [
    {
      policy: { type: 'tlsa', domain: 'mx.example.org', strings: ['3 1 1 ab'], mxHosts: [] },
      successes: 5,
      failures: 3,
      details: [detail(1), detail(2, { reasonCode: 'dane-no-match', receivingIp: '192.0.2.25' })],
    },
    {
      policy: { type: 'sts', domain: 'example.org', strings: ['version: STSv1'], mxHosts: ['*.example.org'] },
      successes: 9,
      failures: 0,
      details: [],
    },
  ],
};

test('the JSON of a report is that of rfc8460#section-4.4', () => {
  const json = composeReport(REPORT);
  expect(validate(json), JSON.stringify(validate.errors)).toBe(true);
  expect(json).toEqual({
    'organization-name': 'Example Sender',
    'date-range': { 'start-datetime': '2026-11-24T00:00:00Z', 'end-datetime': '2026-11-24T23:59:59Z' },
    'contact-info': 'tlsrpt@sender.example',
    'report-id': '2026-11-24.example.org@sender.example',
    policies: [
      {
        policy: {
          'policy-type': 'sts',
          'policy-string': ['version: STSv1'],
          'policy-domain': 'example.org',
          'mx-host': ['*.example.org'],
        },
        summary: { 'total-successful-session-count': 9, 'total-failure-session-count': 0 },
        'failure-details': [],
      },
      {
        policy: { 'policy-type': 'tlsa', 'policy-string': ['3 1 1 ab'], 'policy-domain': 'mx.example.org' },
        summary: { 'total-successful-session-count': 5, 'total-failure-session-count': 3 },
        'failure-details': [
          {
            'result-type': 'validation-failure',
            'receiving-mx-hostname': 'mx.example.org',
            'receiving-ip': '192.0.2.25',
            'failed-session-count': 2,
            'failure-reason-code': 'dane-no-match',
          },
          {
            'result-type': 'validation-failure',
            'receiving-mx-hostname': 'mx.example.org',
            'failed-session-count': 1,
          },
        ],
      },
    ],
  });
});

test('what is alike is added up, in the same order whatever order it came in', () => {
  const [tlsa, sts] = REPORT.policies;
  const twice = { ...tlsa!, successes: 1, details: [detail(7), detail(2)] };
  const one = composeReport({ ...REPORT, policies: [tlsa!, sts!, twice] });
  expect(composeReport({ ...REPORT, policies: [twice, tlsa!, sts!] })).toEqual(one);
  expect(one.policies.map(({ summary }) => Object.values(summary))).toEqual([
    [6, 6],
    [9, 0],
  ]);
  expect(one.policies[0]!['failure-details'].map((entry) => entry['failed-session-count'])).toEqual([10, 2]);
});

describe('reading', () => {
  const read = async (change: (json: Record<string, unknown>) => unknown) => {
    const json = JSON.parse(JSON.stringify(composeReport(REPORT)));
    return parseReport(JSON.stringify(change(json) ?? json));
  };

  test('a report that was written comes back without a note, plain and compressed', async () => {
    const json = JSON.stringify(composeReport(REPORT));
    const [sts, tlsa] = [REPORT.policies[1]!, REPORT.policies[0]!];
    const policies = [sts, { ...tlsa, details: [tlsa.details[1], tlsa.details[0]] }];
    const expected = { kind: 'report', report: { ...REPORT, policies }, notes: [] };
    expect(await parseReport(json)).toEqual(expected);
    expect(await parseReport(gzipSync(json))).toEqual(expected);
    expect(await parseReport(Buffer.from(`\ufeff${json}`))).toEqual(expected);
  });

  test("the RFC's own example is read, and validates", async () => {
    const example = JSON.parse(RFC_EXAMPLE);
    expect(validate(example), JSON.stringify(validate.errors)).toBe(true);
    const parsed = await parseReport(RFC_EXAMPLE);
    expect(parsed).toMatchObject({
      kind: 'report',
      notes: ['mx-host is a string, not a list of strings'],
      report: {
        organizationName: 'Company-X',
        start: Date.UTC(2016, 3, 1),
        policies: [
          {
            policy: { type: 'sts', domain: 'company-y.example', mxHosts: ['*.mail.company-y.example'] },
            successes: 5326,
            failures: 303,
            details: [
              { resultType: 'certificate-expired', sessions: 100, sendingMtaIp: '2001:db8:abcd:0012::1' },
              { resultType: 'starttls-not-supported', sessions: 200, receivingIp: '203.0.113.56' },
              { resultType: 'validation-failure', reasonCode: 'X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED' },
            ],
          },
        ],
      },
    });
  });

  type Json = Record<string, never> & {
    policies: Json[];
    policy: Json;
    summary: Json;
    'failure-details': Json[];
  };
  const at = (json: unknown): Json => (json as Json).policies[1]!;
  test.each<[string, (json: Record<string, unknown>) => unknown, object]>([
    ['contact-info is missing', (json) => ({ ...json, 'contact-info': null }), { contactInfo: '' }],
    [
      'contact-info is no bare address',
      (json) => ({ ...json, 'contact-info': 'mailto:a@b.example' }),
      { contactInfo: 'a@b.example' },
    ],
    ['report-id is missing', (json) => ({ ...json, 'report-id': '' }), { reportId: '' }],
    [
      'organization-name is no string',
      (json) => ({ ...json, 'organization-name': ['x'] }),
      { organizationName: '' },
    ],
    [
      'start-datetime has no zone',
      (json) => ({
        ...json,
        'date-range': { 'start-datetime': '2026-11-24T00:00:00', 'end-datetime': '2026-11-25T00:00:00Z' },
      }),
      { start: START, end: START + 86_400_000 },
    ],
    [
      'end-datetime is before start-datetime',
      (json) => ({
        ...json,
        'date-range': { 'start-datetime': '2026-11-24T00:00:00Z', 'end-datetime': '2026-11-23T00:00:00Z' },
      }),
      { end: END },
    ],
    [
      'policy-domain is missing',
      (json) => void delete at(json).policy['policy-domain'],
      { policies: [{}, { policy: { domain: '' } }] },
    ],
    [
      'policy-type is none of the three',
      (json) => void Object.assign(at(json).policy, { 'policy-type': 'DANE' }),
      { policies: [{}, { policy: { type: 'dane' } }] },
    ],
    [
      'policy-string is a string, not a list of strings',
      (json) => void Object.assign(at(json).policy, { 'policy-string': '3 1 1 ab' }),
      { policies: [{}, { policy: { strings: ['3 1 1 ab'] } }] },
    ],
    [
      'mx-host is called mx-host-pattern',
      (json) => void Object.assign(at(json).policy, { 'mx-host-pattern': ['mx.example.org.'] }),
      { policies: [{}, { policy: { mxHosts: ['mx.example.org'] } }] },
    ],
    [
      'total-successful-session-count is a string, not a number',
      (json) => void Object.assign(at(json).summary, { 'total-successful-session-count': '5' }),
      { policies: [{}, { successes: 5 }] },
    ],
    [
      'total-failure-session-count is no number of sessions',
      (json) => void Object.assign(at(json).summary, { 'total-failure-session-count': -1 }),
      { policies: [{}, { failures: 0 }] },
    ],
    [
      'failure-details is no list',
      (json) => void Object.assign(at(json), { 'failure-details': at(json)['failure-details'][0] }),
      { policies: [{}, { details: [{ sessions: 2 }] }] },
    ],
    [
      'a result-type is not in the registry',
      (json) => void Object.assign(at(json)['failure-details'][0]!, { 'result-type': 'sts-something' }),
      { policies: [{}, { details: [{ resultType: 'sts-something' }, {}] }] },
    ],
    [
      'result-type is in capitals',
      (json) => void Object.assign(at(json)['failure-details'][0]!, { 'result-type': 'TLSA-invalid' }),
      { policies: [{}, { details: [{ resultType: 'tlsa-invalid' }, {}] }] },
    ],
    [
      'receiving-ip is no address',
      (json) => void Object.assign(at(json)['failure-details'][0]!, { 'receiving-ip': 'mx' }),
      { policies: [{}, { details: [{}, {}] }] },
    ],
    [
      'an entry of policies is no object',
      (json) => void (json['policies'] as unknown[]).unshift('x'),
      { policies: [{}, {}] },
    ],
  ])('what senders do wrong: %s', async (note, change, expected) => {
    const parsed = await read(change);
    expect(parsed).toMatchObject({ kind: 'report', report: expected, notes: [note] });
  });

  test('an empty sending-mta-ip is an absent one', async () => {
    const parsed = await read(
      (json) => void Object.assign(at(json)['failure-details'][0]!, { 'sending-mta-ip': '' }),
    );
    expect(parsed).toMatchObject({ notes: [] });
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    ['nothing', '', /no JSON/],
    ['text', 'Dear postmaster', /no JSON/],
    ['a list', '[]', /no JSON object/],
    ['no dates', '{"policies":[]}', /no start-datetime/],
    ['no policies', '{"date-range":{"start-datetime":"2026-11-24T00:00:00Z"}}', /no policies/],
    ['depth', `{"a":${'['.repeat(1_000_000)}`, /nested more than 16/],
    ['depth behind a quoted bracket', `{"a\\"[":${'['.repeat(20)}`, /nested more than 16/],
    ['many values', `{"a":[${'1,'.repeat(2_000_000)}1]}`, /more than 2000000 values/],
    ['half a gzip', gzipSync(RFC_EXAMPLE).subarray(0, 200), /cannot be decompressed/],
    ['a bomb', gzipSync(Buffer.alloc(60_000_000, 32)), /larger than 52428800 octets once decompressed/],
    ['a large file', Buffer.alloc(10_485_761), /larger than 10485760/],
  ])('hostile: %s', async (_, source, text) => {
    expect(await parseReport(source)).toEqual({ kind: 'invalid', text: expect.stringMatching(text) });
  });

  test('names of what every object has are no fields, and strings are printable', async () => {
    const text = RFC_EXAMPLE.replace('Company-X', '\\u001b[2J evil\\u0000').replace(
      '"report-id"',
      '"__proto__": {"report-id": "x"}, "id"',
    );
    const parsed = await parseReport(text);
    expect(parsed).toMatchObject({ report: { organizationName: '[2J evil', reportId: '' } });
  });

  test('lists are cut', async () => {
    const parsed = await read((json) => ({ ...json, policies: Array(30).fill(at(json)) }));
    const cut = await parseReport(JSON.stringify(composeReport(REPORT)), { policies: 1, details: 1 });
    expect(parsed).toMatchObject({ notes: [] });
    expect(cut).toMatchObject({
      report: { policies: [{}] },
      notes: ['policies has more than 1 entries; the rest is not read'],
    });
  });

  test('whatever JSON comes, nothing is thrown', async () => {
    const text = fc.string();
    const keys = Object.keys(composeReport(REPORT));
    const any = fc.record(Object.fromEntries(keys.map((key) => [key, fc.jsonValue({ maxDepth: 5 })])));
    await fc.assert(
      fc.asyncProperty(any, text, async (value, tail) => {
        const range = { 'start-datetime': '2026-11-24T00:00:00Z' };
        await parseReport(JSON.stringify({ ...value, 'date-range': range }));
        await parseReport(JSON.stringify(value) + tail);
        await parseReport(tail);
      }),
    );
  });
});

test('whatever is counted makes a report that validates and comes back without a note', async () => {
  const name = fc.domain().map((one) => one.toLowerCase());
  const counts = fc.record({
    policy: fc.record({
      type: fc.constantFrom('tlsa', 'sts', 'no-policy-found'),
      domain: name,
      strings: fc.array(fc.constantFrom('3 1 1 ab', 'mode: testing'), { maxLength: 3 }),
      mxHosts: fc.array(name, { maxLength: 2 }),
    }),
    successes: fc.nat(),
    failures: fc.nat(),
    details: fc.array(
      fc.record(
        {
          resultType: fc.constantFrom(...TLSRPT_RESULT_TYPES),
          sessions: fc.nat(),
          receivingIp: fc.ipV6(),
          receivingMxHostname: name,
        },
        { requiredKeys: ['resultType', 'sessions'] },
      ),
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(counts, { maxLength: 4 }), async (policies) => {
      const json = composeReport({ ...REPORT, policies });
      expect(validate(json), JSON.stringify(validate.errors)).toBe(true);
      const parsed = await parseReport(JSON.stringify(json));
      expect(parsed).toMatchObject({ kind: 'report', notes: [] });
      if (parsed.kind === 'report') expect(composeReport(parsed.report)).toEqual(json);
    }),
    { numRuns: 50 },
  );
});

test.each([
  ['contact-info', 'no address'],
  ['date-range', { 'start-datetime': '2026-11-24', 'end-datetime': '2026-11-24T23:59:59Z' }],
  ['policies', [{ policy: { 'policy-type': 'dane', 'policy-domain': 'x' }, summary: {} }]],
])('the schema refuses a bad %s', (key, value) => {
  expect(validate({ ...composeReport(REPORT), [key]: value })).toBe(false);
});

test.each<[string, Parameters<typeof reportFileName>[0]]>([
  [
    'mail.sndr.example.com!example.net!1470013207!1470186007!001.json.gz',
    {
      submitter: 'mail.sndr.example.com',
      policyDomain: 'example.net',
      start: 1_470_013_207_000,
      end: 1_470_186_007_000,
      uniqueId: '001',
      compressed: true,
    },
  ],
  [
    'a.example!b.example!1!2.json',
    { submitter: 'a.example', policyDomain: 'b.example', start: 1000, end: 2000, compressed: false },
  ],
])('the name of a file (rfc8460#section-5.1): %s', (text, name) => {
  expect(reportFileName(name)).toBe(text);
  expect(parseReportFileName(text)).toEqual(name);
});

test.each(['report.json', 'a!b!c!d.json', 'a!b!1!2.xml', ''])('no such name: "%s"', (text) => {
  expect(parseReportFileName(text)).toBeUndefined();
});

describe('the mail (rfc8460#section-5.3)', () => {
  const mail = {
    from: 'tlsrpt@sender.example',
    to: 'reports@example.org',
    date: Date.UTC(2026, 10, 25, 2, 3, 4),
    domain: 'example.org',
    reportId: REPORT.reportId,
    start: START,
    end: END,
    text: ['This is an aggregate TLS report from sender.example.'],
    report: gzipSync(JSON.stringify(composeReport(REPORT))),
  };

  test('has the structure and the header fields', async () => {
    const { message, messageId } = composeReportMail(mail);
    expect(message.toString('latin1')).not.toMatch(/(^|[^\r])\n|\r[^\n]/);
    const parsed = await PostalMime.parse(message);
    const header = Object.fromEntries(parsed.headers.map(({ key, value }) => [key, value]));
    expect(header).toMatchObject({
      subject:
        'Report Domain: example.org Submitter: sender.example Report-ID: <2026-11-24.example.org@sender.example>',
      date: 'Wed, 25 Nov 2026 02:03:04 +0000',
      'tls-report-domain': 'example.org',
      'tls-report-submitter': 'sender.example',
      'tls-required': 'No',
      'auto-submitted': 'auto-generated',
      'message-id': messageId,
      'content-type': expect.stringMatching(/^multipart\/report; report-type="tlsrpt"; boundary="/),
    });
    expect(parsed.from?.address).toBe('tlsrpt@sender.example');
    expect(parsed.text?.trim()).toBe(mail.text[0]);
    const [attachment, ...more] = parsed.attachments;
    expect(more).toEqual([]);
    expect(attachment).toMatchObject({
      mimeType: 'application/tlsrpt+gzip',
      disposition: 'attachment',
      filename: `sender.example!example.org!${START / 1000}!${END / 1000}.json.gz`,
    });
    const content = new Uint8Array(attachment!.content as ArrayBuffer);
    expect(JSON.parse(gunzipSync(content).toString())).toEqual(composeReport(REPORT));
  });

  test('is the same each time, and another one to another address', () => {
    expect(composeReportMail(mail)).toEqual(composeReportMail(mail));
    expect(composeReportMail({ ...mail, to: 'other@example.org' }).messageId).not.toBe(
      composeReportMail(mail).messageId,
    );
  });

  test.each<[string, Partial<typeof mail>]>([
    ['an address with a line break', { to: 'a@example.org\r\nBcc: b@example.org' }],
    ['a report id with a space', { reportId: 'a b@c' }],
    ['no address', { from: 'tlsrpt' }],
  ])('refuses %s', (_, change) => {
    expect(() => composeReportMail({ ...mail, ...change })).toThrow(
      expect.objectContaining({ code: 'bad-option' }),
    );
  });
});
