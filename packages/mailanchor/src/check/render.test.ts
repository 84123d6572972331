import { expect, test } from 'vitest';
import {
  brokenCheck,
  certificate,
  check,
  host,
  MISMATCH,
  session,
} from '../../test/fixtures/sample-checks.ts';
import { createPaint } from '../terminal/paint.ts';
import { renderCheck, renderVerdict } from './render.ts';

const plain = createPaint(false);
const text = (...args: Parameters<typeof check>) =>
  renderCheck(check(...args), { paint: plain, columns: 100, verbose: false }).join('\n');

test('the verdict comes first', () => {
  expect(text().split('\n')[0]).toMatch(
    /^✔ PROTECTED example\.org {2}its mail host is the one that DNSSEC names$/,
  );
});

test('a host, its records, its address, its chain and what matched', () => {
  const lines = text().split('\n');
  const order = [
    /✔ mx1\.example\.org {2}verified {2}preference 10/,
    /TLSA {2}_25\._tcp\.mx1\.example\.org {2}secure/,
    /3 1 1 8d02536c887482bc….* ✔ matches/,
    /2 1 1 0b9fa5a59eed715c….* – matches nothing/,
    /✔ 192\.0\.2\.1 {2}TLSv1\.3 {2}matches 3 1 1: the server's own key/,
    /0 {2}mx1\.example\.org .*EC P-256 {2}until 2026-12-30 {2}◂ matched/,
    /1 {2}CN=Example Issuing CA/,
  ];
  const places = order.map((pattern) => lines.findIndex((line) => pattern.test(line)));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

test('what is broken, why and what to do, the gravest first', () => {
  const lines = renderCheck(brokenCheck(), { paint: plain, columns: 80, verbose: false });
  const whole = lines.join('\n');
  expect(lines[0]).toMatch(/^✘ BROKEN example\.org {2}.*2 of 2 mail hosts/);
  expect(whole).toMatch(/✘ 192\.0\.2\.1 {2}TLSv1\.3 {2}no-match: /);
  expect(whole).toMatch(/✘ 2001:db8::1 {2}connection refused/);
  expect(whole).toMatch(/NSEC does not prove that the name does not exist \(zone example\.org\)/);
  expect(whole.indexOf('error tlsa-mismatch')).toBeLessThan(whole.indexOf('notice tlsa-no-next'));
  // A record to copy stays on one line, however narrow the terminal.
  expect(lines.map((line) => line.trim())).toContain(MISMATCH.fix!.split('\n')[1]);
});

test('a depth above the leaf is the CA', () => {
  const match = { kind: 'match', usage: 2, selector: 1, matching: 1, depth: 1, record: 1 } as const;
  expect(text({ hosts: [host({ sessions: [session({ match, matchedRecords: [1] })] })] })).toMatch(
    /matches 2 1 1: the key of the CA at depth 1/,
  );
});

test('text of others cannot steer the terminal', () => {
  const evil = '\u001b]0;owned\u0007\u009b2J';
  const whole = renderCheck(
    check({
      target: evil,
      hosts: [
        host({
          host: evil,
          sessions: [
            session({ outcome: 'greeting-refused', text: evil, match: null }),
            session({ chain: [certificate({ subject: evil, names: [evil], issuer: evil, key: evil })] }),
          ],
        }),
      ],
      findings: [{ ...MISMATCH, subject: evil, text: evil, effect: evil, fix: evil }],
    }),
    { paint: plain, columns: 100, verbose: true },
  ).join('');
  expect([...whole].filter((c) => c < ' ' || (c >= '\u007f' && c < '\u00a0'))).toEqual([]);
});

const none = host({ policy: 'none', tlsa: { ...host().tlsa, records: [], usable: [] }, verdict: 'no-dane' });
const insecure = { ...check().dns, status: 'insecure' } as const;

test.each<[string, Parameters<typeof check>[0], string]>([
  ['null MX', { kind: 'null-mx', verdict: 'unprotected', hosts: [] }, 'accepts no mail'],
  ['no domain', { kind: 'no-such-domain', verdict: 'unprotected', hosts: [] }, 'does not exist'],
  ['unsigned', { verdict: 'unprotected', dns: insecure, hosts: [none] }, 'not signed with DNSSEC'],
  ['no TLSA', { verdict: 'unprotected', hosts: [none] }, 'no TLSA records'],
  ['some hosts', { verdict: 'partial', hosts: [host(), none] }, '1 of 2 mail hosts'],
  ['forgeable MX', { verdict: 'partial', dns: insecure }, 'MX records can be forged'],
  [
    'unusable',
    { verdict: 'partial', hosts: [host({ policy: 'dane-unusable' })] },
    'nothing can be authenticated',
  ],
  ['unknown', { verdict: 'unknown' }, 'could not be found out'],
])('the verdict says why: %s', (_, over, words) => {
  expect(renderVerdict(check(over), plain)).toContain(words);
});

test('a fix that is a record or a command says what to do with it', () => {
  const fixed = (fix: string) =>
    text({ findings: [{ ...MISMATCH, fix }] })
      .split('\n')
      .slice(-2);
  expect(fixed('_25._tcp.mx. 3600 IN TLSA 3 1 1 00')).toEqual([
    '    → Publish',
    '        _25._tcp.mx. 3600 IN TLSA 3 1 1 00',
  ]);
  expect(fixed('mailanchor resolve mx. A')).toEqual(['    → Run', '        mailanchor resolve mx. A']);
});

test('addresses that were not tried, for the same reason: one line for all', () => {
  const untried = Array.from({ length: 20 }, (_, i) =>
    session({
      address: `2001:db8::${i}`,
      outcome: 'deadline',
      text: 'more than are taken on',
      chain: [],
      tls: null,
    }),
  );
  const lines = text({ hosts: [host({ sessions: [session(), ...untried, session()] })] }).split('\n');
  expect(lines.filter((line) => line.includes('more than are taken on'))).toHaveLength(1);
  expect(lines.filter((line) => /and 19 more addresses, for the same reason/.test(line))).toHaveLength(1);
  expect(lines.filter((line) => /matches 3 1 1: the server's own key/.test(line))).toHaveLength(2);
});
