import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AT,
  extension,
  issue,
  makeCa,
  makeKey,
  makeLeaf,
  name,
  purpose,
  time,
  tlv,
  YEAR,
} from '../test/make-certificate.ts';
import { Certificate } from './certificate.ts';
import { nameToText, printable } from './distinguished-name.ts';
import { parseTime, timeToText } from './validity.ts';

describe('certificate', () => {
  test('reads what OpenSSL reads', () => {
    for (const kind of ['ec', 'rsa', 'ed25519'] as const) {
      const ca = makeCa('O=Example, CN=CA', undefined, { key: makeKey(kind), pathLength: 3 });
      const leaf = makeLeaf(['a.test', 'b.test'], ca, { notAfter: AT + 100 * YEAR });
      for (const { der } of [ca, leaf]) {
        const ours = Certificate.parse(der);
        const theirs = new X509Certificate(der);
        expect(Buffer.from(ours.serial).toString('hex')).toBe(theirs.serialNumber.toLowerCase());
        expect(ours.notBefore).toBe(theirs.validFromDate.getTime() / 1000);
        expect(ours.notAfter).toBe(theirs.validToDate.getTime() / 1000);
        expect(Buffer.from(ours.spki)).toEqual(theirs.publicKey.export({ format: 'der', type: 'spki' }));
        expect(ours.extensions.basicConstraints?.ca ?? false).toBe(theirs.ca);
        expect(ours.dnsNames.map((one) => `DNS:${one}`).join(', ')).toBe(theirs.subjectAltName ?? '');
        expect(nameToText(ours.subject)).toBe(theirs.subject.split('\n').join(', '));
        expect(nameToText(ours.issuer)).toBe(theirs.issuer.split('\n').join(', '));
      }
    }
  });

  test('extensions', () => {
    const { extensions } = Certificate.parse(
      issue({
        keyIds: false,
        extensions: [
          extension.basicConstraints(true, 7),
          extension.keyUsage(0, 5),
          extension.extendedKeyUsage(purpose.serverAuth),
          extension.subjectAltName('dns:a.test', 'ip:192.0.2.1', 'email:a@b.test', 'other:'),
          extension.nameConstraints(['dns:a.test'], ['ip:192.0.2.0/255.255.255.0']),
          extension.subjectKeyId(Buffer.from('own')),
          extension.authorityKeyId(Buffer.from('issuer')),
        ],
      }).der,
    );
    expect(extensions).toMatchObject({
      basicConstraints: { ca: true, pathLength: 7 },
      keyUsage: ['digitalSignature', 'keyCertSign'],
      extendedKeyUsage: [purpose.serverAuth],
      subjectAltName: [
        { kind: 'dns', value: 'a.test' },
        { kind: 'ip' },
        { kind: 'email', value: 'a@b.test' },
        { kind: 'other', tag: 0 },
      ],
      nameConstraints: {
        permitted: [{ base: { kind: 'dns', value: 'a.test' }, plain: true }],
        excluded: [{ base: { kind: 'ip' }, plain: true }],
      },
      critical: ['2.5.29.19', '2.5.29.15', '2.5.29.30'],
      problems: [],
    });
    expect(Buffer.from(extensions.subjectKeyIdentifier!).toString()).toBe('own');
    expect(Buffer.from(extensions.authorityKeyIdentifier!).toString()).toBe('issuer');
  });

  test('version 1 has no extensions', () => {
    expect(Certificate.parse(issue({ version: 1 }).der)).toMatchObject({
      version: 1,
      extensions: { problems: [] },
    });
  });

  test('self-signed and self-issued', () => {
    const root = makeCa('CN=Root');
    const flags = ({ der }: { readonly der: Uint8Array }): boolean[] => {
      const { selfIssued, selfSigned } = Certificate.parse(der);
      return [selfIssued, selfSigned];
    };
    expect(flags(root)).toEqual([true, true]);
    expect(flags(makeCa('CN=Root', root))).toEqual([true, false]);
    expect(flags(makeCa('CN=Other', root))).toEqual([false, false]);
  });

  test('bad extensions are problems, not errors', () => {
    const bad = { oid: '2.5.29.19', value: Buffer.from('3003', 'hex') };
    const own = Certificate.parse(issue({ extensions: [bad] }).der);
    expect(own.extensions.problems).toHaveLength(1);
    expect(own.publicKey).not.toBeNull();
  });

  test('a key that cannot be decoded', () => {
    const spki = Buffer.from('300b3006 06022a03 0500 0301 00'.replaceAll(' ', ''), 'hex');
    expect(Certificate.tryParse(issue({ spki }).der)?.publicKey).toBeNull();
  });

  test('cut short at every place, or with an octet more: refused', () => {
    const { der } = makeLeaf('a.test');
    for (let length = 0; length < der.length; length++) {
      expect(Certificate.tryParse(der.subarray(0, length))).toBeUndefined();
    }
    expect(Certificate.tryParse(Buffer.concat([der, Buffer.from([0])]))).toBeUndefined();
    expect(() => Certificate.parse(Buffer.from('garbage'))).toThrowError(
      expect.objectContaining({ code: 'bad-certificate' }),
    );
  });

  test('mutations: parsed or refused, and every getter holds', () => {
    const { der } = makeLeaf(['a.test', 'b.test'], makeCa('CN=CA'), {
      extensions: [extension.nameConstraints(['dns:a.test']), extension.keyUsage(0)],
    });
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(der.length - 1), octet: fc.nat(255) }), {
          minLength: 1,
          maxLength: 4,
        }),
        (changes) => {
          const mutated = Buffer.from(der);
          for (const { at, octet } of changes) mutated[at] = octet;
          const own = Certificate.tryParse(mutated);
          if (!own) return;
          expect(Array.isArray(own.extensions.problems)).toBe(true);
          expect(typeof own.subjectKey + typeof own.issuerKey).toBe('stringstring');
          expect([...own.dnsNames, ...own.commonNames].every((one) => typeof one === 'string')).toBe(true);
          nameToText(own.subject);
          void own.publicKey;
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('names to show', () => {
  test.each([
    ['CN=a', 'CN=a'],
    ['O=Example, CN=Root, emailAddress=a@b', 'O=Example, CN=Root, emailAddress=a@b'],
    ['1.2.3.4=x', '1.2.3.4=x'],
    ['', '(empty name)'],
  ])('%s', (text, want) => expect(nameToText(name(text))).toBe(want));
  test('garbage', () => expect(nameToText(Buffer.from('3003020101', 'hex'))).toBe('(unreadable name)'));
  test('control characters and length', () => {
    expect(printable('a\u001b[2Jb\u202ec\n')).toBe('a\\u{1b}[2Jb\\u{202e}c\\u{a}');
    expect(printable('x'.repeat(300))).toHaveLength(203);
  });
});

describe('times', () => {
  const parse = (tag: number, text: string): number | null => {
    const content = Buffer.from(text);
    return parseTime({ tag, content, raw: content });
  };
  test.each([
    [0x17, '491231235959Z', '2049-12-31T23:59:59Z'],
    [0x17, '500101000000Z', '1950-01-01T00:00:00Z'],
    [0x18, '30150415231308Z', '3015-04-15T23:13:08Z'],
    [0x18, '99991231235959Z', '9999-12-31T23:59:59Z'],
    [0x18, '00010101000000Z', '0001-01-01T00:00:00Z'],
    [0x18, '20240229120000Z', '2024-02-29T12:00:00Z'],
  ])('%i %s', (tag, text, iso) => expect(parse(tag, text)).toBe(Date.parse(iso) / 1000));
  test.each([
    [0x17, '30150415231308Z'],
    [0x18, '150415231308Z'],
    [0x18, '20150415231308'],
    [0x18, '20150415231308.5Z'],
    [0x18, '20150415231308+0100'],
    [0x17, '1504152313Z'],
    [0x18, '20150230000000Z'],
    [0x18, '20151301000000Z'],
    [0x18, '20150101240000Z'],
    [0x18, ''],
    [0x04, '150415231308Z'],
  ])('%i %s is no time', (tag, text) => expect(parse(tag, text)).toBeNull());

  test('what is written is read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        const der = time(seconds);
        return parseTime({ tag: der[0]!, content: der.subarray(2), raw: der }) === seconds;
      }),
    );
  });
  test('to text', () => expect(timeToText(AT)).toBe('2026-11-24 00:00:00 UTC'));
});

test('the DER writer of the tests writes long lengths', () => {
  expect(tlv(0x04, Buffer.alloc(300)).subarray(0, 4).toString('hex')).toBe('0482012c');
});
