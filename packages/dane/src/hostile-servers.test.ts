/** Servers that want to make us work, or stumble: a clear outcome each, and the work that it may cost. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  AT,
  explicit,
  extension,
  type Issued,
  integer,
  issue,
  makeCa,
  makeKey,
  makeLeaf,
  name,
  octetString,
  oid,
  sequence,
  tlv,
} from '../test/make-certificate.ts';
import { type DaneVerdict, type MatchRequest, matchDane, SearchBudget, type TlsaRecord } from './index.ts';
import { MAX_CONSTRAINT_COMPARISONS, MAX_PATHS, MAX_SIGNATURE_CHECKS } from './limits.ts';

const HOST = 'mx1.example.org';
const digest = (usage: number, { der }: Issued): TlsaRecord => ({
  usage,
  selector: 0,
  matching: 1,
  data: createHash('sha256').update(der).digest(),
});

function verdict(
  records: readonly TlsaRecord[],
  chain: readonly Issued[],
  options: Partial<MatchRequest> = {},
): { readonly result: DaneVerdict; readonly budget: SearchBudget } {
  const budget = new SearchBudget();
  const result = matchDane({
    records,
    chain: chain.map(({ der }) => der),
    names: [HOST],
    at: AT,
    mode: 'smtp',
    budget,
    ...options,
  });
  expect(budget.signatureChecks).toBeLessThanOrEqual(MAX_SIGNATURE_CHECKS);
  expect(budget.paths).toBeLessThanOrEqual(MAX_PATHS);
  return { result, budget };
}

const root = makeCa('CN=Root');
const leaf = makeLeaf(HOST, root);

/** An RSA key of any size, whose private half nobody has. */
function rsaSpki(bits: number): Buffer {
  const modulus = Buffer.alloc(bits / 8, 0xa5);
  const number = (octets: Buffer): Buffer => tlv(0x02, Buffer.concat([Buffer.from([0]), octets]));
  const key = sequence(number(modulus), integer(65537));
  const algorithm = sequence(oid('1.2.840.113549.1.1.1'), tlv(0x05));
  return sequence(algorithm, tlv(0x03, Buffer.from([0]), key));
}

describe('hostile servers', () => {
  test('100 certificates beside the chain: as many signatures as the chain has', () => {
    const others = Array.from({ length: 100 }, (_, n) => makeCa(`CN=Other ${n}`));
    const { result, budget } = verdict([digest(2, root)], [leaf, ...others, root]);
    expect(result).toMatchObject({ kind: 'match', depth: 1 });
    expect(budget.signatureChecks).toBe(1);
  });

  test('a certificate of 90 kB', () => {
    const names = Array.from({ length: 3000 }, (_, n) => `host-${n}.long-name.example.org`);
    const large = makeLeaf([...names, HOST], root);
    expect(large.der.length).toBeGreaterThan(90_000);
    expect(verdict([digest(2, root)], [large, root]).result).toMatchObject({ kind: 'match', depth: 1 });
    expect(verdict([digest(3, large)], [large]).result).toMatchObject({ kind: 'match', depth: 0 });
    expect(verdict([digest(2, root)], [large, root], { names: ['a.test'] }).result).toMatchObject({
      reason: 'name-mismatch',
      text: expect.stringMatching(/^.{1,400}$/),
    });
  });

  test.each([
    ['negative', Buffer.from('80ffff', 'hex')],
    ['zero', Buffer.from('00', 'hex')],
    ['200 octets', Buffer.alloc(200, 0x7f)],
  ])('a serial number: %s', (_, serial) => {
    const ca = makeCa('CN=Odd', undefined, { serial });
    const own = makeLeaf(HOST, ca, { serial });
    expect(verdict([digest(2, ca)], [own, ca]).result).toMatchObject({ kind: 'match', depth: 1 });
  });

  test('a key of 16k bits: its owner may use it, but it issues nothing', () => {
    const spki = rsaSpki(16_384);
    const ca = makeCa('CN=Large', undefined, { spki });
    const rsa: Issued = { ...ca, key: makeKey('rsa') };
    const { result } = verdict([digest(2, ca)], [makeLeaf(HOST, rsa, { keyIds: false }), ca]);
    expect(result).toMatchObject({ reason: 'bad-signature', text: expect.stringContaining('too large') });
    const own = makeLeaf(HOST, root, { spki });
    expect(verdict([digest(3, own)], [own]).result).toMatchObject({ kind: 'match', depth: 0 });
  });

  test('a key of 512 bits proves nothing, even as the one that the record names', () => {
    const own = makeLeaf(HOST, root, { key: makeKey('rsa512') });
    expect(verdict([digest(3, own)], [own]).result).toMatchObject({
      reason: 'untrusted',
      depth: null,
      text: expect.stringContaining('512 bits'),
    });
  });

  test.each(['smtp', 'general'] as const)(
    'CAs that all signed each other, constrained, below a leaf of many names: mode %s',
    (mode) => {
      const keys = Array.from({ length: 9 }, () => makeKey());
      const signer = (n: number): Issued => ({
        der: Buffer.alloc(0),
        subject: name(`CN=CA ${n}`),
        key: keys[n]!,
      });
      const bound = extension.nameConstraints(
        Array.from({ length: 200 }, (_, n) => `dns:h${n}.example.net` as const),
      );
      const profile = { keyIds: false, extensions: [bound] };
      const crossed = keys.flatMap((key, n) =>
        keys.flatMap((_, by) => (by === n ? [] : [makeCa(`CN=CA ${n}`, signer(by), { key, ...profile })])),
      );
      const names = [...Array.from({ length: 500 }, (_, n) => `h${n}.example.net`), HOST];
      const own = makeLeaf(names, signer(0), { keyIds: false });
      const records =
        mode === 'smtp'
          ? crossed.map((one) => digest(2, one))
          : [...crossed.map((one) => digest(0, one)), digest(1, own)];
      const ca = mode === 'smtp' ? [] : crossed.map(({ der }) => der);
      const { result, budget } = verdict(records, [own, ...crossed], { mode, ca });
      expect(result.kind).toBe('mismatch');
      expect(budget.exhausted).toBe(true);
      // The one that was over is counted too.
      expect(budget.comparisons).toBeLessThan(MAX_CONSTRAINT_COMPARISONS + 1000);
    },
  );

  test('250 look-alikes that might each have issued the next: bounded signatures', () => {
    const lookAlikes = Array.from({ length: 250 }, () =>
      makeCa('CN=Same', { ...root, subject: name('CN=Same') }, { keyIds: false }),
    );
    const { result, budget } = verdict(
      lookAlikes.map((one) => digest(2, one)),
      [makeLeaf(HOST, { ...root, subject: name('CN=Same') }, { keyIds: false }), ...lookAlikes],
    );
    expect(result.kind).toBe('mismatch');
    expect(budget.exhausted).toBe(true);
  });

  test('extensions nested as deep as they fit', () => {
    let value: Buffer = octetString(Buffer.alloc(1));
    for (let depth = 0; depth < 5000; depth++) value = depth % 2 === 0 ? sequence(value) : explicit(0, value);
    for (const id of ['2.5.29.17', '2.5.29.30', '2.5.29.35', '2.5.29.31', '1.2.3.4']) {
      const own = issue({ subject: `CN=${HOST}`, issuer: root, extensions: [{ oid: id, value }] });
      const kinds = [digest(3, own), digest(2, root)].map((one) => verdict([one], [own, root]).result.kind);
      expect(kinds).toEqual(['match', id === '1.2.3.4' ? 'match' : 'mismatch']);
    }
  });
});
