/** What OpenSSL would not read, we do not read: forms of certificates that are nearly right. */
import { describe, expect, test } from 'vitest';
import {
  type Extension,
  explicit,
  extension,
  integer,
  issue,
  name,
  oid,
  type Profile,
  sequence,
  tlv,
} from '../test/make-certificate.ts';
import { Certificate } from './index.ts';

const parses = (profile: Profile): boolean => Certificate.tryParse(issue(profile).der) !== undefined;
const text = (tag: number, octets: readonly number[] | string) => (): Buffer =>
  tlv(tag, typeof octets === 'string' ? Buffer.from(octets) : Buffer.from(octets));
const problems = (one: Extension): readonly string[] =>
  Certificate.parse(issue({ keyIds: false, extensions: [one] }).der).extensions.problems;

describe('the outline of a certificate', () => {
  test.each<[string, Profile, boolean]>([
    ['as it should be', {}, true],
    ['no name', { subject: '' }, true],
    ['a name of PrintableString', { subject: name('CN=a', text(0x13, 'a')) }, true],
    ['a name of BIT STRING', { subject: name('CN=a', text(0x03, [0, 1])) }, true],
    ['a name of UTF8String that is none', { subject: name('CN=a', text(0x0c, [0xff])) }, false],
    ['a name of BMPString of odd length', { subject: name('CN=a', text(0x1e, [0, 0x61, 0])) }, false],
    ['a name of UniversalString', { subject: name('CN=a', text(0x1c, [0, 0, 0, 0x61])) }, true],
    ['a name of UniversalString cut short', { subject: name('CN=a', text(0x1c, [0, 0, 0x61])) }, false],
    ['a name of UTCTime', { subject: name('CN=a', text(0x17, '260101000000Z')) }, false],
    ['a name of a constructed string', { subject: name('CN=a', text(0x36, '')) }, false],
    ['a name that is no set of pairs', { subject: sequence(tlv(0x31, tlv(0x31))) }, false],
    ['a serial number of no octets', { serial: new Uint8Array() }, false],
    ['a serial number with an octet too many', { serial: Uint8Array.of(0, 1) }, false],
    ['the same, negative', { serial: Uint8Array.of(0xff, 0x81) }, false],
    ['a serial number of 80 and more', { serial: Uint8Array.of(0, 0x81) }, true],
    [
      'a key with unused bits',
      { spki: tlv(0x30, sequence(oid('1.2.3')), tlv(0x03, Buffer.from([7, 0x80]))) },
      true,
    ],
    [
      'a key with more of them than an octet has',
      { spki: sequence(sequence(oid('1.2.3')), tlv(0x03, Buffer.from([8, 0]))) },
      false,
    ],
    ['an algorithm with two parameters', { algorithm: sequence(oid('1.2.3'), tlv(0x05), tlv(0x05)) }, false],
    ['an algorithm without identifier', { algorithm: sequence() }, false],
    [
      'an algorithm whose identifier has an octet too many',
      { algorithm: sequence(tlv(6, Buffer.from([42, 0x80, 1]))) },
      false,
    ],
  ])('%s', (_, profile, want) => expect(parses(profile)).toBe(want));
});

describe('extensions', () => {
  const san = (...names: readonly Uint8Array[]): Extension => ({
    oid: '2.5.29.17',
    value: sequence(...names),
  });
  const point = (value: Uint8Array): Extension => ({ oid: '2.5.29.31', value });
  const uri = tlv(0x86, Buffer.from('http://a.test/'));
  test.each<[string, Extension, number]>([
    ['a DNS name', san(tlv(0x82, Buffer.from('a'))), 0],
    ['a DNS name, constructed', san(tlv(0xa2, tlv(0x82))), 1],
    ['a directory name, primitive', san(tlv(0x84, sequence())), 1],
    ['a directory name', san(tlv(0xa4, name('CN=a'))), 0],
    ['a directory name that cannot be read', san(tlv(0xa4, name('CN=a', text(0x0c, [0xff])))), 1],
    ['an other name', san(tlv(0xa0, oid('1.2.3'), explicit(0, integer(1)))), 0],
    ['an other name without value', san(tlv(0xa0, oid('1.2.3'))), 1],
    ['an EDI party', san(tlv(0xa5, explicit(1, tlv(0x13)))), 0],
    ['an EDI party without name', san(tlv(0xa5)), 1],
    ['a registered identifier', san(tlv(0x88, Buffer.from([42]))), 0],
    ['a registered identifier that is none', san(tlv(0x88)), 1],
    ['a kind of name that there is not', san(tlv(0x89)), 1],
    ['a distribution point', point(sequence(sequence(explicit(0, explicit(0, uri))))), 0],
    ['a distribution point without its sequence', point(sequence(explicit(0, explicit(0, uri)))), 1],
    ['a distribution point of no name', point(sequence(sequence(explicit(0)))), 1],
    ['a key usage of no bits', extension.keyUsage(), 1],
    ['a key usage of unused bits', { oid: '2.5.29.15', value: tlv(0x03, Buffer.from([3, 4])) }, 1],
    ['a flag of two octets', { oid: '2.5.29.19', value: sequence(tlv(0x01, Buffer.from([0, 0xff]))) }, 1],
    [
      'a path length with an octet too many',
      { oid: '2.5.29.19', value: sequence(tlv(0x02, Buffer.from([0, 1]))) },
      1,
    ],
    [
      'an authority by serial number alone',
      { oid: '2.5.29.35', value: sequence(tlv(0x82, Buffer.from([1]))) },
      0,
    ],
    ['an authority by a serial number of no octets', { oid: '2.5.29.35', value: sequence(tlv(0x82)) }, 1],
  ])('%s', (_, one, want) => expect(problems(one)).toHaveLength(want));

  test('names that cannot be read are none, and no reason to go by the common name', () => {
    const odd = issue({ subject: 'CN=a.test', extensions: [san(tlv(0xa2))] });
    expect(Certificate.parse(odd.der).extensions.unreadableNames).toBe(true);
  });

  test('a proxy is told', () => {
    const proxy = issue({ extensions: [{ oid: '1.3.6.1.5.5.7.1.14', value: sequence() }] });
    expect(Certificate.parse(proxy.der).extensions.proxy).toBe(true);
  });
});
