/** `tlsa verify` as scripts use it: every reason from its natural case, and what people write and keep in files. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  AT,
  type Extension,
  extension,
  type Issued,
  issue,
  makeCa,
  makeKey,
  makeLeaf,
  purpose,
  toPem,
  YEAR,
} from '../../packages/dane/test/make-certificate.ts';
import { mailanchor, temporaryFolder, unbuilt } from '../../packages/mailanchor/test/program.ts';

const folder = temporaryFolder();
afterAll(folder.done);
let files = 0;
const file = (content: string | Uint8Array): string => {
  const path = join(folder.path, `${files++}.pem`);
  writeFileSync(path, content);
  return path;
};

const HOST = 'mx1.example.org';
const root = makeCa('O=Example, CN=Root');
const issuer = makeCa('O=Example, CN=Issuer', root);
const leaf = makeLeaf(HOST, issuer);
const chain = [leaf, issuer, root];
const pem = (...chained: readonly Issued[]): string => chained.map(({ der }) => toPem(der)).join('');

function tlsa(parameters: string, of: Issued): string {
  const [, selector, matching] = parameters.split(' ');
  const selected = selector === '0' ? of.der : of.key.spki;
  const data =
    matching === '0'
      ? selected
      : createHash(matching === '1' ? 'sha256' : 'sha512')
          .update(selected)
          .digest();
  return `${parameters} ${data.toString('hex')}`;
}

async function verify(chained: string | Uint8Array, records: readonly string[], ...args: readonly string[]) {
  const { status, stdout, stderr } = await mailanchor([
    ...['tlsa', 'verify', '--json', '--chain', file(chained)],
    ...records.flatMap((record) => ['--tlsa', record]),
    ...(args.includes('--at') ? [] : ['--at', `${AT}`]),
    ...args,
  ]);
  if (stdout === '') return `${status}: ${stderr.trim()}`;
  const { kind, reason, depth, record } = JSON.parse(stdout) as Record<string, unknown>;
  return [status, kind, reason, depth, record]
    .filter((part) => part !== undefined && part !== null)
    .join(' ');
}

describe.skipIf(unbuilt)('tlsa verify: reasons', { concurrent: true }, () => {
  const past = { notBefore: AT - 2 * YEAR, notAfter: AT - 1 };
  const below = (ca: Issued, extensions: readonly Extension[] = []): Issued[] => [
    makeLeaf(HOST, ca, { extensions }),
    ca,
    root,
  ];
  const narrow = makeCa('CN=Narrow', root, { pathLength: 0 });
  const wrongKey: Issued = { ...issuer, key: makeKey() };
  const cases: readonly (readonly [string, readonly Issued[], string])[] = [
    ['match', chain, '0 match 2 0'],
    ['expired leaf', [makeLeaf(HOST, issuer, past), issuer, root], '1 mismatch expired 2'],
    ['expired CA', below(makeCa('CN=Late', root, past)), '1 mismatch expired 2'],
    [
      'not yet valid',
      [makeLeaf(HOST, issuer, { notBefore: AT + 60 }), issuer, root],
      '1 mismatch not-yet-valid 2',
    ],
    ['name', [makeLeaf('mx2.example.org', issuer), issuer, root], '1 mismatch name-mismatch 2'],
    ['no CA', below(issue({ subject: 'CN=No CA', issuer: root })), '1 mismatch not-a-ca 2'],
    [
      'path length',
      [...below(makeCa('CN=Below', narrow)).slice(0, 2), narrow, root],
      '1 mismatch path-length 3',
    ],
    [
      'name constraints',
      below(makeCa('CN=Bound', root, { extensions: [extension.nameConstraints(['dns:example.net'])] })),
      '1 mismatch name-constraint 2',
    ],
    ['purpose', below(issuer, [extension.extendedKeyUsage(purpose.clientAuth)]), '1 mismatch purpose 2'],
    ['signature', [makeLeaf(HOST, wrongKey, { keyIds: false }), issuer, root], '1 mismatch bad-signature 2'],
    [
      'unknown critical extension',
      below(issuer, [{ oid: '1.2.3', critical: true, value: Buffer.from([5, 0]) }]),
      '1 mismatch untrusted 2',
    ],
    [
      'of several the first that OpenSSL tells',
      [makeLeaf('mx2.example.org', issuer, past), issuer, root],
      '1 mismatch name-mismatch 2',
    ],
  ];
  test.each(cases)('%s', async (_, presented, want) => {
    expect(await verify(pem(...presented), [tlsa('2 0 1', root)], '--name', HOST)).toBe(want);
  });

  test('nothing matches', async () => {
    expect(await verify(pem(leaf, issuer), [tlsa('2 0 1', root)], '--name', HOST)).toBe(
      '1 mismatch no-match',
    );
  });
  test('no given CA', async () => {
    const general = ['--mode', 'general', '--name', HOST];
    expect(await verify(pem(...chain), [tlsa('1 1 1', leaf)], ...general)).toBe('1 mismatch untrusted 0');
    expect(await verify(pem(...chain), [tlsa('1 1 1', leaf)], ...general, '--ca', file(pem(root)))).toBe(
      '0 match 0 0',
    );
  });
  test('nothing usable', async () => {
    expect(await verify(pem(leaf), [tlsa('1 1 1', leaf), '3 1 9 00', '3 1 1'], '--name', HOST)).toBe(
      '3 unusable',
    );
  });
});

describe.skipIf(unbuilt)('tlsa verify: what is given', { concurrent: true }, () => {
  const EE = tlsa('3 1 1', leaf);
  const TA = tlsa('2 1 1', issuer);
  const digits = TA.slice(6);
  const key = toPem(Buffer.from('key'), 'EC PRIVATE KEY');
  const trusted = Buffer.concat([issuer.der, Buffer.from('300c300a06082b06010505070301', 'hex')]);

  test.each<[string, string | Uint8Array]>([
    ['text before and between', `subject=/CN=x\n${pem(leaf)}\n s:i\n${pem(issuer)}end`],
    ['CRLF', pem(...chain).replaceAll('\n', '\r\n')],
    ['a key first', key + pem(...chain)],
    ['a trusted certificate', pem(leaf) + toPem(trusted, 'TRUSTED CERTIFICATE')],
    ['certificates twice, and out of order', pem(leaf, root, leaf, issuer, issuer)],
  ])('a chain file: %s', async (_, text) => {
    expect(await verify(text, [TA], '--name', HOST)).toBe('0 match 1 0');
  });

  test.each<[string, string]>([
    ['upper case', `2 1 1 ${digits.toUpperCase()}`],
    ['spaces and parentheses', `2 1 1 ( ${digits.slice(0, 32)}\n ${digits.slice(32)} )`],
    ['acronyms', `DANE-TA SPKI SHA2-256 ${digits}`],
    ['the form of unknown types', `\\# 35 020101${digits}`],
    ['a line of a zone', `_25._tcp.${HOST}. 3600 IN TLSA 2 1 1 ${digits}`],
  ])('a record: %s', async (_, record) => {
    expect(await verify(pem(...chain), [record], '--name', HOST)).toBe('0 match 1 0');
  });

  test('ten records: the number of the one that matched', async () => {
    const nine = Array.from({ length: 9 }, (_, n) => `2 1 1 ${`${n}`.repeat(64)}`);
    expect(await verify(pem(...chain), [...nine, TA], '--name', HOST)).toBe('0 match 1 9');
  });

  test.each<[string, readonly string[], string]>([
    ['final dot, other case', ['--name', 'MX1.Example.ORG.'], '0 match 1 0'],
    ['the second of two', ['--name', 'example.org', '--name', HOST], '0 match 1 0'],
    ['another', ['--name', 'b\u00fccher.example'], '1 mismatch name-mismatch 1'],
    ['an address', ['--name', '192.0.2.1'], '2: mailanchor: --name: "192.0.2.1" is not a host name'],
    ['a wildcard', ['--name', '*.example.org'], '2: mailanchor: --name: "*.example.org" is not a host name'],
    [
      'none',
      [],
      '2: mailanchor: a name is needed beside these records: say with --name which one the certificate should have',
    ],
    ['ISO 8601', ['--name', HOST, '--at', '2026-11-24T00:00:00Z'], '0 match 1 0'],
    ['another year', ['--name', HOST, '--at', '2031-01-01'], '1 mismatch expired 1'],
    ['epoch seconds', ['--name', HOST, '--at', '1000000000'], '1 mismatch not-yet-valid 1'],
  ])('a name or time: %s', async (_, args, want) => {
    expect(await verify(pem(...chain), [TA], ...args)).toBe(want);
  });

  test.each<[string, string | Uint8Array, string]>([
    ['not hexadecimal', pem(leaf), '3 1 1 xyz'],
    ['half an octet', pem(leaf), `${EE}a`],
    ['no numbers', pem(leaf), 'abcdef'],
    ['a length that is wrong', pem(leaf), `\\# 34 030101${EE.slice(6)}`],
    ['no certificate', key, EE],
    ['a certificate cut short', toPem(leaf.der.subarray(0, 100)), EE],
    ['no end', pem(leaf).slice(0, -10), EE],
    ['nothing', '', EE],
  ])('bad input: %s', async (_, chained, record) => {
    expect(await verify(chained, [record])).toMatch(/^2: mailanchor: --(chain|tlsa): /);
  });
});
