import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { mailanchor, temporaryFolder, unbuilt } from './program.ts';

const folder = temporaryFolder();
afterAll(folder.done);
const file = (name: string, text: string) => {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
};

/** As the contract has it, and no more. */
const verdict = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('match'),
    usage: z.int(),
    selector: z.int(),
    matching: z.int(),
    depth: z.int(),
    record: z.int(),
  }),
  z.strictObject({
    kind: z.literal('mismatch'),
    reason: z.enum([
      'no-match',
      'name-mismatch',
      'expired',
      'not-yet-valid',
      'untrusted',
      'not-a-ca',
      'path-length',
      'name-constraint',
      'purpose',
      'bad-signature',
    ]),
    depth: z.int().nullable(),
    text: z.string().min(1),
  }),
  z.strictObject({
    kind: z.literal('unusable'),
    records: z.array(z.strictObject({ record: z.int(), why: z.string().min(1) })),
  }),
]);

const vectors =
  process.env['MAILANCHOR_VECTORS'] ?? fileURLToPath(new URL('../../../../shared/vectors', import.meta.url));
const danetest = join(vectors, 'openssl/danetest.json');
const required = process.env['MAILANCHOR_TEST_PEERS'] === 'required';

interface Vector {
  readonly n: number;
  readonly tlsa: readonly { usage: number; selector: number; mtype: number; data: string }[];
  readonly noNameChecks: boolean;
  readonly wantError: number;
  readonly wantDepth: number;
  readonly chain: readonly string[];
}

describe.skipIf(unbuilt)('tlsa verify', () => {
  // OpenSSL's own cases, through the program: those of each usage, a mismatch, a name, mixed records.
  describe.skipIf(!existsSync(danetest) && !required)(
    'OpenSSL (skipped where the vectors are absent)',
    () => {
      const load = () =>
        JSON.parse(readFileSync(danetest, 'utf8')) as {
          baseDomain: string;
          caFile: string;
          cases: readonly Vector[];
        };
      test.each([1, 7, 16, 22, 26, 31, 40, 48, 50, 52, 54])('case %i in mode general', async (n) => {
        const { baseDomain, caFile, cases } = load();
        const vector = cases.find((candidate) => candidate.n === n)!;
        const { status, stdout } = await mailanchor([
          'tlsa',
          'verify',
          ...['--mode', 'general', '--json', '--at', '2026-01-01'],
          ...['--chain', file(`chain${n}.pem`, vector.chain.join('\n'))],
          ...['--ca', file('ca.pem', caFile), '--name', baseDomain],
          ...(vector.noNameChecks ? [] : ['--ee-names']),
          ...vector.tlsa.flatMap((r) => ['--tlsa', `${r.usage} ${r.selector} ${r.mtype} ${r.data}`]),
        ]);
        const result = verdict.parse(JSON.parse(stdout));
        expect(result.kind).toBe(vector.wantError === 0 ? 'match' : 'mismatch');
        if (vector.wantError === 0) expect(result).toMatchObject({ depth: vector.wantDepth });
        if (vector.wantError === 62) expect(result).toMatchObject({ reason: 'name-mismatch' });
        expect(status).toBe(vector.wantError === 0 ? 0 : 1);
      });

      test.each([26, 31])('case %i in mode smtp: unusable', async (n) => {
        const vector = load().cases.find((candidate) => candidate.n === n)!;
        const chain = file(`chain${n}.pem`, vector.chain.join('\n'));
        const tlsa = vector.tlsa.flatMap((r) => ['--tlsa', `${r.usage} ${r.selector} ${r.mtype} ${r.data}`]);
        const { status, stdout } = await mailanchor(['tlsa', 'verify', '--json', '--chain', chain, ...tlsa]);
        expect(verdict.parse(JSON.parse(stdout)).kind).toBe('unusable');
        expect(status).toBe(3);
      });
    },
  );
});

const openssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(unbuilt || !openssl)('against openssl (skipped where it is absent)', () => {
  const path = (name: string) => join(folder.path, name);
  const run = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder.path, stdio: ['ignore', 'pipe', 'ignore'] });

  beforeAll(() => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    run(
      'req',
      '-x509',
      ...key,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=Practice CA',
      '-days',
      '30',
    );
    run('req', ...key, '-keyout', 'mx.key', '-out', 'mx.csr', '-subj', '/CN=mx1.example.org');
    file('ext', 'subjectAltName=DNS:mx1.example.org\n');
    run(
      'x509',
      '-req',
      '-in',
      'mx.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-days',
      '20',
      '-extfile',
      'ext',
      '-out',
      'mx.pem',
    );
    run('x509', '-in', 'mx.pem', '-outform', 'der', '-out', 'mx.der');
    run('pkey', '-in', 'mx.key', '-outform', 'der', '-out', 'mx.key.der');
    run('pkey', '-in', 'mx.key', '-pubout', '-out', 'mx.pub');
    file('chain.pem', readFileSync(path('mx.pem'), 'utf8') + readFileSync(path('ca.pem'), 'utf8'));
  });

  /** The digest as openssl makes it: the public key is in the certificate, the digest over its DER. */
  const digest = (pem: string, selector: number, matching: number) => {
    const selected =
      selector === 0
        ? run('x509', '-in', pem, '-outform', 'der')
        : execFileSync('openssl', ['pkey', '-pubin', '-outform', 'der'], {
            input: run('x509', '-in', pem, '-noout', '-pubkey'),
          });
    if (matching === 0) return selected.toString('hex');
    return createHash(matching === 1 ? 'sha256' : 'sha512')
      .update(selected)
      .digest('hex');
  };

  test.each([
    [3, 1, 1],
    [3, 0, 1],
    [3, 1, 2],
    [3, 0, 2],
    [3, 0, 0],
    [3, 1, 0],
  ])('--cert %i %i %i', async (usage, selector, matching) => {
    const parameters = ['--usage', usage, '--selector', selector, '--matching', matching].map(String);
    const { status, stdout } = await mailanchor([
      'tlsa',
      'generate',
      '--cert',
      path('mx.pem'),
      ...parameters,
    ]);
    expect(stdout).toBe(
      `_25._tcp.mx1.example.org. 3600 IN TLSA ${usage} ${selector} ${matching} ${digest('mx.pem', selector, matching)}\n`,
    );
    expect(status).toBe(0);
  });

  test('usage 2 of a chain is the issuer', async () => {
    const { stdout } = await mailanchor([
      'tlsa',
      'generate',
      '--chain',
      path('chain.pem'),
      '--usage',
      '2',
      '--ttl',
      '60',
    ]);
    expect(stdout).toBe(`_25._tcp.mx1.example.org. 60 IN TLSA 2 1 1 ${digest('ca.pem', 1, 1)}\n`);
  });

  test.each(['mx.key', 'mx.key.der', 'mx.pub', 'mx.csr'])('--key %s', async (name) => {
    const args = [
      'tlsa',
      'generate',
      '--key',
      path(name),
      '--name',
      'mx.example.net',
      '--port',
      '587',
      '--json',
    ];
    const { stdout } = await mailanchor(args);
    const data = digest('mx.pem', 1, 1);
    expect(JSON.parse(stdout)).toEqual({
      name: '_587._tcp.mx.example.net.',
      type: 'TLSA',
      ttl: 3600,
      usage: 3,
      selector: 1,
      matching: 1,
      data,
      line: `_587._tcp.mx.example.net. 3600 IN TLSA 3 1 1 ${data}`,
    });
  });

  test('DER as well as PEM', async () => {
    const { stdout } = await mailanchor(['tlsa', 'generate', '--cert', path('mx.der')]);
    expect(stdout).toContain(digest('mx.pem', 1, 1));
  });

  test.each<[string, string[], RegExp]>([
    ['a key as certificate', ['--cert', 'mx.key'], /holds no certificate/],
    ['usage 2 of a leaf', ['--cert', 'mx.pem', '--usage', '2'], /names a CA/],
    [
      'usage 2 of a chain without CA',
      ['--chain', 'mx.pem', '--usage', '2'],
      /does not hold the leaf's issuer/,
    ],
    ['selector 0 of a key', ['--key', 'mx.key', '--selector', '0'], /selector/],
    ['garbage', ['--key', 'ext'], /no key/],
    ['an unknown usage', ['--cert', 'mx.pem', '--usage', '4'], /--usage/],
  ])('refused: %s', async (_, args, message) => {
    const { status, stdout, stderr } = await mailanchor(['tlsa', 'generate', ...args], { cwd: folder.path });
    expect(stderr).toMatch(/^mailanchor: [^\n]+\n$/);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  test('what is generated verifies, and only where it should', async () => {
    const verify = (record: string, ...more: string[]) =>
      mailanchor(['tlsa', 'verify', '--chain', path('chain.pem'), '--tlsa', record, '--json', ...more]);
    const own = `3 1 1 ${digest('mx.pem', 1, 1)}`;
    const ca = `2 1 1 ${digest('ca.pem', 1, 1)}`;
    const named = ['--name', 'mx1.example.org'];
    expect(JSON.parse((await verify(own)).stdout)).toEqual({
      kind: 'match',
      usage: 3,
      selector: 1,
      matching: 1,
      depth: 0,
      record: 0,
    });
    expect(JSON.parse((await verify(ca, ...named)).stdout)).toMatchObject({
      kind: 'match',
      usage: 2,
      depth: 1,
    });
    expect((await verify(ca, '--name', 'mx2.example.org')).status).toBe(1);
    // Usage 2 needs a name: to judge without one would be to judge nothing.
    const nameless = await verify(ca);
    expect(nameless.status).toBe(2);
    expect(nameless.stderr).toMatch(/--name/);
    const late = new Date(
      new X509Certificate(readFileSync(path('mx.pem'))).validToDate.getTime() + 1000,
    ).toISOString();
    expect(JSON.parse((await verify(ca, ...named, '--at', late)).stdout)).toMatchObject({
      reason: 'expired',
    });
    expect((await verify(own, '--at', late)).status).toBe(0);
  });
});
