import { expect, test } from 'vitest';
import { parseTlsRptRecord } from '../tlsrpt/record.ts';
import { allowsMx, matchesMx } from './match.ts';
import { isPolicyType, parsePolicy } from './policy.ts';
import { parseStsRecord } from './record.ts';

const GOOD = 'version: STSv1\nmode: enforce\nmx: mx1.example.org\nmx: *.example.net\nmax_age: 604800\n';

test.each([
  [['v=STSv1; id=20160831085700Z;'], { kind: 'record', id: '20160831085700Z' }],
  [['v=STSv1;id=1'], { kind: 'record', id: '1' }],
  [['v=STSv1; x=y; id=1; id=2'], { kind: 'record', id: '1' }],
  [['v=spf1 -all', 'v=STSv1 ; id=a'], { kind: 'record', id: 'a' }],
  [[], { kind: 'absent' }],
  [['v=STSv2; id=1', 'other'], { kind: 'absent' }],
  [['v=STSv1; id=1', 'v=STSv1; id=2'], { kind: 'invalid', text: 'there are 2 records, not one' }],
  [['v=STSv1;'], { kind: 'invalid', text: 'the record has no id' }],
  [['v=STSv1'], { kind: 'invalid', text: 'the record has no id' }],
  [['v=STSv1; id=2026-01-01'], { kind: 'invalid', text: 'its id is not 1 to 32 letters and digits' }],
  [[`v=STSv1; id=${'1'.repeat(33)}`], { kind: 'invalid', text: 'its id is not 1 to 32 letters and digits' }],
  [['v=STSv1; id'], { kind: 'invalid', text: '"id" is no name=value' }],
  [['V=stsv1; id=1'], { kind: 'invalid', text: 'the record does not begin with "v=STSv1;"' }],
])('rfc8461#section-3.1: %j', (texts, expected) => expect(parseStsRecord(texts)).toEqual(expected));

test('a policy (rfc8461#section-3.2)', () => {
  const policy = { mode: 'enforce', maxAge: 604_800, mx: ['mx1.example.org', '*.example.net'] };
  expect(parsePolicy(GOOD)).toEqual({ kind: 'policy', policy });
  expect(parsePolicy(GOOD.replaceAll('\n', '\r\n'))).toEqual({ kind: 'policy', policy });
  expect(parsePolicy(GOOD.trimEnd())).toEqual({ kind: 'policy', policy });
  expect(parsePolicy(`${GOOD}mode: none\nfurther: is ignored\n`)).toEqual({ kind: 'policy', policy });
  expect(parsePolicy('version: STSv1\nmode: none\nmax_age: 0')).toMatchObject({
    policy: { mode: 'none', mx: [] },
  });
});

test.each([
  ['', /line 1|version/],
  [GOOD.replace('STSv1', 'STSv2'), /version/],
  [GOOD.replace('enforce', 'Enforce'), /mode/],
  [GOOD.replace('mode: enforce\n', ''), /mode/],
  [GOOD.replace('604800', '1w'), /max_age/],
  [GOOD.replace('604800', '31557601'), /max_age/],
  [GOOD.replace(/mx: .*\n/g, ''), /no mx/],
  [GOOD.replace('mx1.', 'mx*.'), /neither a host name/],
  [GOOD.replace('*.example.net', '*'), /neither a host name/],
  [GOOD.replace('mx1.example.org', '<script>'), /neither a host name/],
  [`${GOOD}<html>\n`, /line 6/],
  [GOOD.replace('\nmode', '\n\nmode'), /line 2/],
])('a policy that is none: %j', (text, why) => {
  expect(parsePolicy(text)).toMatchObject({ kind: 'invalid', text: expect.stringMatching(why) });
});

test.each([
  ['text/plain', true],
  ['Text/Plain; charset=utf-8', true],
  ['text/plainer', false],
  ['text/html', false],
  [undefined, false],
])('media type %s', (type, good) => expect(isPolicyType(type)).toBe(good));

test.each([
  ['mx.example.org', 'MX.example.org.', true],
  ['mx.example.org', 'mx2.example.org', false],
  ['*.example.org', 'a.example.org', true],
  ['*.example.org', 'a.b.example.org', false],
  ['*.example.org', 'example.org', false],
  ['*.example.org', '.example.org', false],
])('rfc8461#section-4.1: %s, %s', (pattern, host, good) => expect(matchesMx(pattern, host)).toBe(good));
test('any pattern will do', () => expect(allowsMx(['a.example', '*.b.example'], 'x.b.example')).toBe(true));

test.each([
  [['v=TLSRPTv1;rua=mailto:reports@example.com'], { kind: 'record', rua: ['mailto:reports@example.com'] }],
  [
    ['v=TLSRPTv1; rua=https://r.example/v1 , mailto:a@b.example;'],
    { kind: 'record', rua: ['https://r.example/v1', 'mailto:a@b.example'] },
  ],
  [['v=spf1'], { kind: 'absent' }],
  [['v=TLSRPTv1;'], { kind: 'invalid', text: 'the record has no rua' }],
  [['v=TLSRPTv1; rua=mailto:nobody'], { kind: 'invalid' }],
  [['v=TLSRPTv1; rua=http://r.example/'], { kind: 'invalid' }],
  [['v=TLSRPTv1; rua=reports@example.com'], { kind: 'invalid' }],
  [['v=TLSRPTv1; rua=mailto:a!b@example.com'], { kind: 'invalid' }],
  [['v=TLSRPTv1; rua=mailto:a@b.example', 'v=TLSRPTv1; rua=mailto:c@d.example'], { kind: 'invalid' }],
  [['v=tlsrptv1; rua=mailto:a@b.example'], { kind: 'invalid' }],
])('rfc8460#section-3: %j', (texts, expected) => expect(parseTlsRptRecord(texts)).toMatchObject(expected));
