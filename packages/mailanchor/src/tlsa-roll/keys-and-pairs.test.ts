/** Keys made in advance, and pairs as they are found on disk. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makePair } from '../../test/roll-stage.ts';
import { deployFiles } from './deploy-files.ts';
import { makeNextKey, nextKeyPath, readNextKey, sameKind } from './next-key.ts';
import { keyLabel, readPairFiles } from './pair-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailanchor-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const rsa = (modulusLength: number): KeyObject => generateKeyPairSync('rsa', { modulusLength }).privateKey;

describe('a next key', () => {
  test.each([
    ['ecdsa', 'ec', undefined],
    ['rsa-2048', 'rsa', 2048],
  ] as const)('%s: for its owner alone, whole, and read again', async (kind, type, bits) => {
    const made = await makeNextKey(folder, 'ecdsa', kind);
    expect(statSync(made.path).mode & 0o777).toBe(0o600);
    const key = createPrivateKey(readFileSync(made.path));
    expect([key.asymmetricKeyType, key.asymmetricKeyDetails?.modulusLength]).toEqual([type, bits]);
    expect(await readNextKey(folder, 'ecdsa')).toEqual(made);
  });

  test('none is none; one that is damaged is not made anew by itself', async () => {
    expect(await readNextKey(folder, 'rsa')).toBeUndefined();
    writeFileSync(nextKeyPath(folder, 'rsa'), '-----BEGIN PRIVATE KEY-----\nAAAA', { mode: 0o600 });
    await expect(readNextKey(folder, 'rsa')).rejects.toThrow('holds no whole private key');
  });

  test.each([
    [() => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey, 'ecdsa'],
    [() => generateKeyPairSync('ed25519').privateKey, 'ecdsa'],
    [() => rsa(2048), 'rsa-2048'],
    [() => rsa(3072), 'rsa-3072'],
  ])('takes the place of one of its kind: %#', (key, kind) => {
    expect(sameKind(key())).toBe(kind);
  });
});

describe('a pair', () => {
  const pair = makePair();
  const files = (certificate: string | Uint8Array, key: string | Uint8Array) => {
    writeFileSync(join(folder, 'c.pem'), certificate);
    writeFileSync(join(folder, 'k.pem'), key);
    const named = (name: string) => ({ path: join(folder, name), from: 'test' });
    return { certificate: named('c.pem'), key: named('k.pem') };
  };
  const read = (certificate: string, key: string, datesCount = false) =>
    readPairFiles(files(certificate, key), { at: Date.now(), datesCount });

  test('is read whole, with the octets that are deployed', async () => {
    const found = await read(pair.certificatePem, pair.keyPem);
    if (found.kind !== 'pair') throw new Error(found.text);
    expect(found.chain).toHaveLength(2);
    expect(keyLabel(found.privateKey)).toBe('ecdsa');
    const paths = await deployFiles(folder, 'ecdsa', found.octets);
    expect(readFileSync(paths.certificate, 'utf8')).toBe(pair.certificatePem);
    expect(statSync(paths.key).mode & 0o777).toBe(0o600);
  });

  const unfit: [string, string, string, string][] = [
    ['a certificate cut in the middle', pair.certificatePem.slice(0, 300), pair.keyPem, 'has no END line'],
    [
      'a certificate cut between two lines',
      pair.certificatePem.split('\n').slice(0, 4).join('\n'),
      pair.keyPem,
      'END',
    ],
    ['no certificate at all', '', pair.keyPem, 'holds no certificate'],
    ['a key cut in the middle', pair.certificatePem, pair.keyPem.slice(0, 100), 'no whole private key'],
    ['an empty key', pair.certificatePem, '', 'no whole private key'],
    ['the key of another', pair.certificatePem, makePair().keyPem, 'is not the key of'],
  ];
  test.each(unfit)('%s is unfit', async (_, certificate, key, words) => {
    const found = await read(certificate, key);
    expect(found).toEqual({ kind: 'unfit', text: expect.stringContaining(words) });
  });

  test('that has expired is unfit only where dates count', async () => {
    const old = makePair(undefined, ['mx1.example'], -1);
    expect((await read(old.certificatePem, old.keyPem)).kind).toBe('pair');
    const found = await read(old.certificatePem, old.keyPem, true);
    expect(found).toEqual({ kind: 'unfit', text: expect.stringContaining('expired at') });
  });

  test('that is not there is unfit, and said to be', async () => {
    const nowhere = { path: join(folder, 'none'), from: 'test' };
    const found = await readPairFiles({ certificate: nowhere, key: nowhere }, { at: 0, datesCount: false });
    expect(found).toEqual({ kind: 'unfit', text: expect.stringContaining('no such file') });
  });
});
