/** Example keys and signatures of the RFCs that define the algorithms. */
import { createPrivateKey, sign } from 'node:crypto';
import {
  decodeDnskey,
  decodeDs,
  decodeRrsig,
  encodeRrsig,
  groupRRsets,
  type RRset,
  RRType,
  type RrsigData,
} from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { Algorithm } from '../../src/algorithm.ts';
import { DEFAULT_BUDGETS, Work } from '../../src/budget.ts';
import { signedData } from '../../src/canonical.ts';
import { dsDigest } from '../../src/ds.ts';
import { keyTag } from '../../src/key-tag.ts';
import { KeyStore } from '../../src/public-key.ts';
import { type SignatureResult, type SignedRRset, verifyRRset, type ZoneKey } from '../../src/signature.ts';
import { NO_VECTORS, readVector, vectorFolder } from '../vectors.ts';
import { rfcLines, scatteredRecords } from './text.ts';

const folder = vectorFolder('rfc');

interface Example {
  /** Base64, for EdDSA: the seed. */
  readonly privateKey: string;
  readonly key: ZoneKey;
  readonly rrset: RRset;
  readonly rrsig: RrsigData;
  readonly rrsigRdata: Uint8Array;
}

/**
 * The examples of one algorithm in a text: each begins where a private key is shown. RFC 8080 leaves the algorithm out of its
 * RRSIG records, so it is put there.
 */
function examples(text: string, algorithm: number): Example[] {
  return rfcLines(text)
    .join('\n')
    .split('Private-key-format')
    .filter((part) => new RegExp(`^Algorithm:\\s+${algorithm}\\b`, 'm').test(part))
    .map((part) => {
      const records = scatteredRecords(part.split('\n'), (line) =>
        line.replace('RRSIG MX 3 3600', `RRSIG MX ${algorithm} 3 3600`),
      );
      const of = (type: number) => records.filter((record) => record.type === type);
      const [dnskey] = of(RRType.DNSKEY);
      const [signature] = of(RRType.RRSIG);
      const rrsig = decodeRrsig(signature!.rdata);
      const tag = keyTag(dnskey!.rdata);
      expect(tag).toBe(rrsig.keyTag);
      for (const ds of of(RRType.DS).map((record) => decodeDs(record.rdata))) {
        expect(ds.keyTag).toBe(tag);
        expect(dsDigest(dnskey!.name, dnskey!.rdata, ds.digestType)).toEqual(Buffer.from(ds.digest));
      }
      return {
        privateKey: /^PrivateKey:([\s\S]*?)\n\s*\n/m.exec(part)?.[1] ?? '',
        key: { tag, data: decodeDnskey(dnskey!.rdata), rdata: dnskey!.rdata },
        rrset: groupRRsets(of(rrsig.typeCovered))[0]!,
        rrsig,
        rrsigRdata: signature!.rdata,
      };
    });
}

function verify(
  { key, rrsig }: Example,
  rrset: SignedRRset,
  now = rrsig.inception + 1,
): Promise<SignatureResult> {
  return verifyRRset(rrset, rrsig.signer, [key], {
    keys: new KeyStore(),
    policy: { sha1: false },
    now,
    work: new Work(DEFAULT_BUDGETS, Number.POSITIVE_INFINITY),
  });
}

/** A good signature holds, and does not where the time or one bit of the data is another. */
async function expectToHold(example: Example, signature: Uint8Array): Promise<void> {
  const { rrset, rrsig } = example;
  const good: SignedRRset = { ...rrset, signatures: [signature] };
  expect(await verify(example, good)).toMatchObject({ kind: 'valid', ttl: 3600 });
  expect(await verify(example, good, rrsig.inception - 1)).toMatchObject({
    kind: 'invalid',
    reason: { ede: 8 },
  });
  expect(await verify(example, good, rrsig.expiration + 1)).toMatchObject({
    kind: 'invalid',
    reason: { ede: 7 },
  });
  const changed = rrset.rdatas[0]!.slice();
  changed[changed.length - 2]! ^= 1;
  expect(await verify(example, { ...good, rdatas: [changed] })).toMatchObject({
    kind: 'invalid',
    reason: { ede: 6 },
  });
}

describe.skipIf(folder === undefined)('example signatures', () => {
  if (folder === undefined) {
    test(NO_VECTORS, () => {});
    return;
  }

  test.each([
    ['rfc5702-vectors.txt', Algorithm.RSASHA256],
    ['rfc5702-vectors.txt', Algorithm.RSASHA512],
    ['rfc6605-vectors.txt', Algorithm.ECDSAP256SHA256],
    ['rfc6605-vectors.txt', Algorithm.ECDSAP384SHA384],
  ])('%s: algorithm %i', async (file, algorithm) => {
    const found = examples(readVector(folder, file), algorithm);
    expect(found).toHaveLength(1);
    for (const example of found) await expectToHold(example, example.rrsigRdata);
  });

  // RFC 8080's examples were signed with a labels field of 3 over a name of two labels. So they show the cryptography and must be
  // refused (rfc4034#section-3.1.3); the same keys sign them aright (EdDSA has no randomness).
  test.each([
    [Algorithm.ED25519, '302e020100300506032b657004220420'],
    [Algorithm.ED448, '3047020100300506032b6571043b0439'],
  ])('rfc8080-vectors.txt: algorithm %i', async (algorithm, pkcs8) => {
    const found = examples(readVector(folder, 'rfc8080-vectors.txt'), algorithm);
    expect(found).toHaveLength(2);
    for (const example of found) {
      const { rrset, rrsig, rrsigRdata, privateKey } = example;
      const der = Buffer.concat([Buffer.from(pkcs8, 'hex'), Buffer.from(privateKey, 'base64')]);
      const signer = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
      const signatureOf = (rdata: Uint8Array) => sign(null, signedData(rdata, rrsig.signer, rrset), signer);
      expect(signatureOf(rrsigRdata)).toEqual(Buffer.from(rrsig.signature));
      expect(await verify(example, { ...rrset, signatures: [rrsigRdata] })).toMatchObject({
        kind: 'invalid',
        reason: { ede: 6, text: expect.stringContaining('more labels') },
      });
      const right = { ...rrsig, labels: 2 };
      const signature = signatureOf(encodeRrsig(right));
      await expectToHold(example, encodeRrsig({ ...right, signature }));
    }
  });

  // The first Ed25519 example signed with a labels field of 2, as a constant: checks the test above, which signs by itself.
  test('rfc8080 with the right labels', async () => {
    const [example] = examples(readVector(folder, 'rfc8080-vectors.txt'), Algorithm.ED25519);
    const signature = Buffer.from(
      'oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg==',
      'base64',
    );
    await expectToHold(example!, encodeRrsig({ ...example!.rrsig, labels: 2, signature }));
  });
});
