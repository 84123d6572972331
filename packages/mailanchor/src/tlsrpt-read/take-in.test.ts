import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { composeReport, composeReportMail } from '@mailanchor/smtp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openReceived, type ReceivedStore } from './received-store.ts';
import { GOOGLE, gzipped, MICROSOFT, mailOf, NOW, ODD } from './samples.fixture.ts';
import type { MailSignature } from './signature.ts';
import { type TakeInOptions, takeIn } from './take-in.ts';
import { takenText } from './words.ts';

let folder: string;
let store: ReceivedStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'received-'));
  store = openReceived(join(folder, 'r.sqlite'), { clock: () => NOW, reportsADay: 5 });
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

const take = async (octets: Uint8Array | string, more: Partial<TakeInOptions> = {}) => {
  const all = await takeIn(Buffer.from(octets), {
    store,
    verify: async () => ({ kind: 'valid', domain: 'google.com' }),
    domains: [],
    source: 'file',
    clock: () => NOW,
    ...more,
  });
  return all.map(takenText);
};
const good = 'stored: Google Inc. on example.org: 5327 good, 3 failed';

describe('what is a report', () => {
  test.each<[string, Uint8Array, string]>([
    ['JSON', Buffer.from(JSON.stringify(GOOGLE)), good],
    [
      'JSON behind white space and a byte order mark',
      Buffer.from(`\ufeff \n${JSON.stringify(GOOGLE)}`),
      good,
    ],
    ['gzip', gzipped(GOOGLE), good],
    ['a mail', mailOf(), `${good}; signed by google.com`],
    [
      'a mail with bare line ends, from an mbox file',
      Buffer.concat([Buffer.from('From x Tue Nov 24\n'), mailOf({ newline: '\n' })]),
      `${good}; signed by google.com`,
    ],
    [
      'JSON in a mail',
      mailOf({ type: 'application/tlsrpt+json', name: 'x', content: Buffer.from(JSON.stringify(GOOGLE)) }),
      `${good}; signed by google.com`,
    ],
    [
      'a type that says nothing, and a name',
      mailOf({ type: 'application/octet-stream' }),
      `${good}; signed by google.com`,
    ],
    [
      'gzip that is called JSON',
      mailOf({ type: 'application/json', name: 'r.json' }),
      `${good}; signed by google.com`,
    ],
    ['Microsoft', gzipped(MICROSOFT), 'stored: Microsoft Corporation on mx2.example.org: 40 good, 12 failed'],
    ['an odd one', gzipped(ODD), 'stored: mail.example on example.org: 2 good, 1 failed'],
  ])('%s', async (_, octets, expected) => {
    expect(await take(octets)).toEqual([expected]);
  });
  test('a mail that is forwarded within another', async () => {
    const outer = ['From: me@example.org', 'Content-Type: message/RFC822', '', ''].join('\r\n');
    expect(await take(Buffer.concat([Buffer.from(outer), mailOf()]))).toEqual([
      `${good}; signed by google.com`,
    ]);
  });
  test.each<[string, string | Uint8Array, RegExp]>([
    ['nothing', '', /^refused: it is neither a mail nor a report$/],
    ['text', 'hello there', /^refused: /],
    ['other JSON', '{"a":1}', /^refused: the report cannot be read: it has no start-datetime$/],
    [
      'half of JSON',
      JSON.stringify(GOOGLE).slice(0, 200),
      /^refused: the report cannot be read: it is no JSON$/,
    ],
    ['half of gzip', gzipped(GOOGLE).subarray(0, 60), /it cannot be decompressed$/],
    ['other mail', 'From: a@b.example\r\nSubject: hi\r\n\r\nhi\r\n', /^refused: the mail holds no report$/],
    ['a picture', mailOf({ type: 'image/png', name: 'x.png' }), /^refused: the mail holds no report$/],
    [
      'of long ago',
      gzipped({
        ...GOOGLE,
        'date-range': { 'start-datetime': '2020-01-01T00:00:00Z', 'end-datetime': '2020-01-01T23:59:59Z' },
      }),
      /400 days ago$/,
    ],
    [
      'of a day to come',
      gzipped({
        ...GOOGLE,
        'date-range': { 'start-datetime': '2027-01-01T00:00:00Z', 'end-datetime': '2027-01-01T23:59:59Z' },
      }),
      /a day to come$/,
    ],
  ])('none: %s', async (_, octets, expected) => {
    const [text] = await take(octets);
    expect(text).toMatch(expected);
  });
});

test('what the sending half composes', async () => {
  const report = {
    organizationName: 'Example Net',
    contactInfo: 'tlsrpt@example.net',
    reportId: '1@example.net',
    start: NOW - 86_400_000,
    end: NOW - 1_000,
    policies: [
      {
        policy: { type: 'tlsa' as const, domain: 'mx.example.org', strings: ['3 1 1 ab'], mxHosts: [] },
        successes: 7,
        failures: 2,
        details: [{ resultType: 'validation-failure', receivingMxHostname: 'mx.example.org', sessions: 2 }],
      },
    ],
  };
  const { message } = composeReportMail({
    ...{ from: 'tlsrpt@example.net', to: 'tlsrpt@example.org', date: NOW, domain: 'example.org' },
    ...{ reportId: report.reportId, start: report.start, end: report.end, text: ['A report.'] },
    report: gzipSync(JSON.stringify(composeReport(report))),
  });
  expect(await take(message)).toEqual([
    'stored: Example Net on mx.example.org: 7 good, 2 failed; signed by google.com',
  ]);
});

describe('what means no good', () => {
  test('a bomb of gzip', async () => {
    const bomb = gzipSync(Buffer.alloc(60_000_000, ' '));
    expect(bomb.length).toBeLessThan(300_000);
    expect(await take(bomb)).toEqual([
      expect.stringMatching(/^refused: .*larger than \d+ octets once decompressed$/),
    ]);
    expect(await take(mailOf({ content: bomb }))).toEqual([
      expect.stringMatching(/^refused: .*once decompressed$/),
    ]);
  });
  test('a mail of 100 MB', async () => {
    const began = performance.now();
    const mail = Buffer.concat([Buffer.from('From: a@b.example\r\n\r\n'), Buffer.alloc(100_000_000, 'x')]);
    expect(await take(mail)).toEqual(['refused: it is larger than 20971520 octets']);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
  test('parts within parts within parts', async () => {
    let mail = 'From: a@b.example\r\n';
    for (let i = 0; i < 1_000; i++)
      mail += `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`;
    expect(await take(mail)).toEqual([expect.stringMatching(/^refused: the mail cannot be read: /)]);
  });
  test('a header of a megabyte', async () => {
    expect(await take(`From: a@b.example\r\nX: ${'x'.repeat(1_000_000)}\r\n\r\n`)).toEqual([
      expect.stringMatching(/^refused: the mail cannot be read: /),
    ]);
  });
  test('a hundred attachments are not a hundred reports', async () => {
    const part = `--b\r\nContent-Type: application/tlsrpt+json\r\n\r\n{}\r\n`;
    const mail = `From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${part.repeat(100)}--b--\r\n`;
    expect((await take(mail)).length).toBe(10);
  });
  test.each<[string, string]>([
    ['negative', '-5'],
    ['huge', '1e308'],
    ['a fraction', '1.5'],
    ['a list', '[5]'],
  ])('a count that is %s is none', async (_, count) => {
    const text = JSON.stringify(GOOGLE).replace('5326', count);
    expect(await take(text)).toEqual([good.replace('5327', '1')]);
  });
  test('of two keys that are the same the last counts, and nothing else happens', async () => {
    const text = JSON.stringify(GOOGLE).replace(
      '"organization-name":"Google Inc."',
      '"organization-name":"A","__proto__":{"x":1},"organization-name":"B"',
    );
    expect(await take(text)).toEqual([good.replace('Google Inc.', 'B')]);
  });
  test('what is shown of it is printable', async () => {
    const [text] = await take(
      JSON.stringify({ ...GOOGLE, 'organization-name': '\u001b[31mEvil\u202e\nInc' }),
    );
    expect(text).toMatch(/^[\x20-\x7e]+$/);
  });
  test('more reports than there may be in a day', async () => {
    const reports = Array.from({ length: 7 }, (_, i) =>
      JSON.stringify({ ...GOOGLE, 'report-id': String(i) }),
    );
    const kinds: string[] = [];
    for (const report of reports) kinds.push((await take(report))[0]!.split(':')[0]!);
    expect(kinds).toEqual([
      'stored',
      'stored',
      'stored',
      'stored',
      'stored',
      'not stored, too many today',
      'not stored, too many today',
    ]);
  });
  test('on domains of others', async () => {
    expect(await take(gzipped(GOOGLE), { domains: ['example.net', 'org.example'] })).toEqual([
      'refused: it is about none of our domains',
    ]);
    expect(await take(gzipped(GOOGLE), { domains: ['example.org'] })).toEqual([good]);
    expect(await take(gzipped(MICROSOFT), { domains: ['mx2.example.org'] })).toEqual([
      expect.stringMatching(/^stored/),
    ]);
  });
});

describe('counted once', () => {
  test('the same report, by whatever way', async () => {
    expect(await take(gzipped(GOOGLE))).toEqual([good]);
    expect(await take(JSON.stringify(GOOGLE))).toEqual([good.replace('stored', 'stored before')]);
    expect(await take(mailOf())).toEqual([expect.stringMatching(/^stored before/)]);
  });
  test.each<[string, object]>([
    ['another id', { 'report-id': 'x' }],
    ['another reporter', { 'organization-name': 'Googol' }],
    [
      'another day',
      { 'date-range': { 'start-datetime': '2026-11-23T00:00:00Z', 'end-datetime': '2026-11-23T23:59:59Z' } },
    ],
  ])('%s: another report', async (_, change) => {
    await take(gzipped(GOOGLE));
    expect(await take(gzipped({ ...GOOGLE, ...change }))).toEqual([expect.stringMatching(/^stored: /)]);
  });
  test('without an id it is the same one if it says the same', async () => {
    const nameless = { ...GOOGLE, 'report-id': '' };
    const other = JSON.stringify(nameless).replace('5326', '5327');
    expect(await take(gzipped(nameless))).toEqual([good]);
    expect(await take(JSON.stringify(nameless))).toEqual([expect.stringMatching(/^stored before/)]);
    expect(await take(other)).toEqual([good.replace('5327', '5328')]);
  });
  test('whoever forges a report by mail does not keep the true one out', async () => {
    const forged = { ...GOOGLE, policies: [] };
    const by = (signature: MailSignature) => ({ verify: async () => signature });
    expect(
      await take(
        mailOf({ content: gzipped({ ...forged, policies: GOOGLE.policies }) }),
        by({ kind: 'none' }),
      ),
    ).toEqual([`${good}; not signed, hence not counted`]);
    expect(await take(mailOf(), by({ kind: 'valid', domain: 'google.com' }))).toEqual([
      `${good}; signed by google.com`,
    ]);
    expect(await take(mailOf(), by({ kind: 'invalid', text: 'bad signature' }))).toEqual([
      expect.stringMatching(/^stored before/),
    ]);
  });
});
