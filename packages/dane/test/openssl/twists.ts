/** What may be odd about a certificate: tables of changes to a draft of it, each with its name. */
import {
  AT,
  DAY,
  type Extension,
  extension,
  type Issued,
  type Key,
  type NameText,
  name,
  octetString,
  purpose,
  type SignatureKind,
  sequence,
  tlv,
  YEAR,
} from '../make-certificate.ts';

export const HOST = 'mx1.example.org';

/** What is known of a certificate before it is issued; a twist changes it. */
export interface Draft {
  subject: string | Uint8Array;
  key: Key;
  issuer: Pick<Issued, 'subject' | 'key'> | undefined;
  issuerSerial: Uint8Array;
  serial: Uint8Array;
  notBefore: number;
  notAfter: number;
  version: 1 | 3;
  signature: SignatureKind;
  basic: Extension | undefined;
  usage: Extension | undefined;
  subjectKeyId: Uint8Array | undefined;
  authority: Extension | undefined;
  extra: Extension[];
}

export type Twist = readonly [name: string, (draft: Draft) => void];

const unknownCritical: Extension = { oid: '1.2.3.4', critical: true, value: Buffer.from('0500', 'hex') };
const critical = (one: Extension): Extension => ({ ...one, critical: true });

/** Of every certificate. */
export const ANY: readonly Twist[] = [
  ['expired', (d) => (d.notAfter = AT - 1)],
  ['expired long ago', (d) => Object.assign(d, { notBefore: AT - 2 * YEAR, notAfter: AT - YEAR })],
  ['not yet valid', (d) => (d.notBefore = AT + 1)],
  ['valid to this second', (d) => (d.notAfter = AT)],
  ['valid to the next second', (d) => (d.notAfter = AT + 1)],
  ['valid from this second', (d) => (d.notBefore = AT)],
  ['dates the wrong way round', (d) => Object.assign(d, { notBefore: AT + DAY, notAfter: AT - DAY })],
  ['no SKID', (d) => (d.subjectKeyId = undefined)],
  ['no AKID', (d) => (d.authority = undefined)],
  ['wrong AKID', (d) => (d.authority = extension.authorityKeyId(Buffer.from('0102030405', 'hex')))],
  [
    'AKID with serial number',
    (d) => {
      if (d.issuer) d.authority = extension.authorityCertificate('dir:CN=Root', d.issuerSerial);
    },
  ],
  [
    'AKID with a wrong serial number',
    (d) => (d.authority = extension.authorityCertificate('dir:CN=Root', Uint8Array.of(7), d.issuer?.key.id)),
  ],
  [
    'AKID with a wrong issuer',
    (d) => (d.authority = extension.authorityCertificate('dir:CN=Nobody', d.issuerSerial, d.issuer?.key.id)),
  ],
  ['unknown critical extension', (d) => d.extra.push(unknownCritical)],
  ['unknown extension', (d) => d.extra.push({ ...unknownCritical, critical: false })],
  ['key usage twice', (d) => d.extra.push(extension.keyUsage(0, 5), extension.keyUsage(0, 5))],
  ['unknown extension twice', (d) => d.extra.push(...Array(2).fill({ ...unknownCritical, critical: false }))],
  ['EKU serverAuth', (d) => d.extra.push(extension.extendedKeyUsage(purpose.serverAuth))],
  ['EKU critical', (d) => d.extra.push(critical(extension.extendedKeyUsage(purpose.serverAuth)))],
  ['EKU clientAuth', (d) => d.extra.push(extension.extendedKeyUsage(purpose.clientAuth))],
  ['EKU both', (d) => d.extra.push(extension.extendedKeyUsage(purpose.clientAuth, purpose.serverAuth))],
  ['EKU any', (d) => d.extra.push(extension.extendedKeyUsage(purpose.any))],
  ['EKU step-up', (d) => d.extra.push(extension.extendedKeyUsage('2.16.840.1.113730.4.1'))],
  ['EKU empty', (d) => d.extra.push(extension.extendedKeyUsage())],
  ['EKU unreadable', (d) => d.extra.push({ oid: '2.5.29.37', value: Buffer.from('3003', 'hex') })],
  ['critical policies', (d) => d.extra.push({ oid: '2.5.29.32', critical: true, value: POLICIES })],
  ['critical SKID', (d) => d.extra.push(critical(extension.subjectKeyId(d.key.id)))],
  ['proxy', (d) => d.extra.push({ oid: '1.3.6.1.5.5.7.1.14', critical: true, value: PROXY })],
  ['CRL distribution point', (d) => d.extra.push({ oid: '2.5.29.31', critical: true, value: POINT })],
  [
    'unreadable CRL distribution point',
    (d) => d.extra.push({ oid: '2.5.29.31', value: Buffer.from('3002300104', 'hex') }),
  ],
  ['Netscape client', (d) => d.extra.push(extension.netscapeType(0))],
  ['Netscape server', (d) => d.extra.push(critical(extension.netscapeType(1)))],
  [
    'Netscape CA',
    (d) => Object.assign(d, { basic: undefined, usage: undefined }).extra.push(extension.netscapeType(5)),
  ],
  ['version 1', (d) => (d.version = 1)],
  ['SHA-1', (d) => (d.signature = 'sha1')],
  ['MD5', (d) => (d.signature = 'md5')],
  ['SHA-224', (d) => (d.signature = 'sha224')],
  ['SHA-384', (d) => (d.signature = 'sha384')],
  ['SHA-512', (d) => (d.signature = 'sha512')],
  ['PSS', (d) => (d.signature = 'pss')],
  ['negative serial', (d) => (d.serial = Uint8Array.of(0x80, 1, 2))],
  ['long serial', (d) => (d.serial = new Uint8Array(40).fill(0x55))],
  ['zero serial', (d) => (d.serial = Uint8Array.of(0))],
  ['empty key usage', (d) => (d.usage = extension.keyUsage())],
];
/** Unlimited, inheriting all. */
const PROXY = sequence(sequence(tlv(0x06, Buffer.from('2b06010505071501', 'hex'))));
const POINT = sequence(sequence(tlv(0xa0, tlv(0xa0, tlv(0x86, Buffer.from('http://crl.example.org/'))))));
const POLICIES = sequence(sequence(tlv(0x06, Buffer.from([0x55, 0x1d, 0x20, 0]))));

const CONSTRAINTS: readonly (readonly [readonly NameText[], readonly NameText[]])[] = [
  [['dns:example.org'], []],
  [['dns:.example.org'], []],
  [['dns:EXAMPLE.org'], []],
  [['dns:example.net'], []],
  [['dns:ample.org'], []],
  [['dns:'], []],
  [['dns:example.net', 'dns:org'], []],
  [[], ['dns:example.org']],
  [[], ['dns:example.net']],
  [[], [`dns:${HOST}`]],
  [[], ['dns:mx2.example.org']],
  [['dns:example.org'], [`dns:${HOST}`]],
  [['dir:O=Example'], []],
  [['dir:O=Other'], []],
  [[], ['dir:O=Example']],
  [[], ['dir:']],
  [['email:example.org'], []],
  [['email:.example.org'], []],
  [['email:a@example.org'], []],
  [[], ['email:example.org']],
  [['ip:192.0.2.0/255.255.255.0'], []],
  [[], ['ip:192.0.2.0/255.255.255.0']],
  [['uri:.example.org'], []],
  [['uri:www.example.org'], []],
  [[], ['uri:example.org']],
  [['other:'], []],
  [[], ['other:']],
];

/** Of a CA certificate. */
export const CA: readonly Twist[] = [
  ['no basic constraints', (d) => (d.basic = undefined)],
  ['no basic constraints, no key usage', (d) => Object.assign(d, { basic: undefined, usage: undefined })],
  ['CA:FALSE', (d) => (d.basic = extension.basicConstraints(false))],
  ['CA:FALSE with a path length', (d) => (d.basic = extension.basicConstraints(false, 1))],
  ['path length 0', (d) => (d.basic = extension.basicConstraints(true, 0))],
  ['path length 1', (d) => (d.basic = extension.basicConstraints(true, 1))],
  ['negative path length', (d) => (d.basic = { ...extension.basicConstraints(true), value: NEGATIVE })],
  ['no keyCertSign', (d) => (d.usage = extension.keyUsage(0, 6))],
  ['no key usage', (d) => (d.usage = undefined)],
  ['wrong SKID', (d) => (d.subjectKeyId = Buffer.from('0908070605', 'hex'))],
  ...CONSTRAINTS.map(
    ([permitted, excluded]): Twist => [
      `name constraints ${JSON.stringify([permitted, excluded])}`,
      (d) => d.extra.push(extension.nameConstraints(permitted, excluded)),
    ],
  ),
  [
    'a constraint with a minimum',
    (d) =>
      d.extra.push({
        oid: '2.5.29.30',
        critical: true,
        value: sequence(
          tlv(0xa0, sequence(tlv(0x82, Buffer.from('example.org')), tlv(0x80, Buffer.from([1])))),
        ),
      }),
  ],
];
const NEGATIVE = sequence(tlv(0x01, Buffer.from([0xff])), tlv(0x02, Buffer.from([0xff])));

const bmp = (text: string): Buffer => tlv(0x1e, Buffer.from(text, 'utf16le').swap16());
const t61 = (text: string): Buffer => tlv(0x14, Buffer.from(text, 'latin1'));
export const printable = (text: string): Buffer => tlv(0x13, Buffer.from(text, 'latin1'));
const ia5 = (text: string): Buffer => tlv(0x16, Buffer.from(text, 'latin1'));

/** Names of leaves: subject and subjectAltName. */
const NAMES: readonly (readonly [string | Uint8Array, readonly NameText[]])[] = [
  ['CN=x', ['dns:mx2.example.org']],
  ['CN=x', ['dns:mx2.example.org', `dns:${HOST}`]],
  ['CN=x', ['dns:MX1.Example.ORG']],
  ['CN=x', ['dns:*.example.org']],
  ['CN=x', ['dns:*.EXAMPLE.org']],
  ['CN=x', ['dns:*.org']],
  ['CN=x', ['dns:*']],
  ['CN=x', ['dns:mx*.example.org']],
  ['CN=x', ['dns:*1.example.org']],
  ['CN=x', ['dns:m*1.example.org']],
  ['CN=x', ['dns:mx1.*.org']],
  ['CN=x', ['dns:*.*.org']],
  ['CN=x', ['dns:**.example.org']],
  ['CN=x', ['dns:*.a_b.example.org']],
  ['CN=x', ['dns:*.-a.example.org', 'dns:*.example.org-']],
  ['CN=x', ['dns:*..example.org']],
  ['CN=x', ['dns:.example.org']],
  ['CN=x', ['dns:xn--bcher-kva.example.org']],
  ['CN=x', ['dns:*.xn--bcher-kva.example.org']],
  ['CN=x', [`dns:${HOST}.`]],
  ['CN=x', ['dns:*.example.org.']],
  ['CN=x', [`dns:${HOST}\0.evil.test`]],
  ['CN=x', [`dns:${HOST}\0`]],
  ['CN=x', [`dns: ${HOST}`]],
  ['CN=x', ['dns:']],
  [`CN=${HOST}`, ['dns:']],
  [`CN=${HOST}`, ['dns:mx2.example.org']],
  [`CN=${HOST}`, ['ip:192.0.2.1']],
  [`CN=${HOST}`, ['email:a@example.org']],
  [`CN=${HOST}`, ['uri:https://www.example.org/']],
  [`CN=${HOST}`, ['other:']],
  [`CN=${HOST}`, ['dir:CN=x']],
  [`CN=${HOST}`, []],
  ['CN=MX1.example.ORG', []],
  ['CN=*.example.org', []],
  ['CN=*.org', []],
  [`CN=a.test, CN=${HOST}`, []],
  [`CN=${HOST}, CN=a.test`, []],
  [`CN=${HOST}+O=Example`, []],
  [`CN=${HOST}\0`, []],
  [`CN=${HOST}\0.evil.test`, []],
  [name(`CN=${HOST}`, bmp), []],
  [name(`CN=${HOST}`, t61), []],
  [name(`CN=${HOST}`, printable), []],
  [name(`CN=${HOST}`, ia5), []],
  [`O=${HOST}`, []],
  ['', []],
  ['', [`dns:${HOST}`]],
  ['O=Example', [`dns:${HOST}`, 'ip:192.0.2.9']],
  ['O=Example', [`dns:${HOST}`, 'ip:192.0.3.9']],
  ['O=Example', [`dns:${HOST}`, 'email:a@example.org']],
  ['O=Example', [`dns:${HOST}`, 'email:a@b.example.org']],
  ['O=Example', [`dns:${HOST}`, 'email:nobody']],
  ['O=Example', [`dns:${HOST}`, 'uri:https://www.example.org/']],
  ['O=Example', [`dns:${HOST}`, 'uri:https://www.evil.test/']],
  ['O=Example', [`dns:${HOST}`, 'other:']],
  [name('O=Example, emailAddress=a@example.org', ia5), [`dns:${HOST}`]],
  [name('O=Other, emailAddress=a@evil.test', ia5), [`dns:${HOST}`]],
];

/** Of a leaf. */
export const LEAF: readonly Twist[] = [
  ['key usage digitalSignature', (d) => (d.usage = extension.keyUsage(0))],
  ['key usage keyEncipherment', (d) => (d.usage = extension.keyUsage(2))],
  ['key usage keyAgreement', (d) => (d.usage = extension.keyUsage(4))],
  ['key usage cRLSign', (d) => (d.usage = extension.keyUsage(6))],
  ['key usage nonRepudiation', (d) => (d.usage = extension.keyUsage(1))],
  ['leaf is a CA', (d) => (d.basic = extension.basicConstraints(true))],
  ['leaf is no CA', (d) => (d.basic = extension.basicConstraints(false))],
  [
    'SAN unreadable beside a common name',
    (d) => {
      d.subject = `CN=${HOST}`;
      d.extra = [{ oid: '2.5.29.17', value: octetString(Buffer.alloc(1)) }];
    },
  ],
  ['SAN unreadable', (d) => d.extra.push({ oid: '2.5.29.17', value: octetString(Buffer.alloc(1)) })],
  ...NAMES.map(
    ([subject, names]): Twist => [
      `named ${JSON.stringify([typeof subject === 'string' ? subject : 'DER', names])}`,
      (d) => {
        d.subject = subject;
        d.extra = d.extra.filter(({ oid }) => oid !== '2.5.29.17');
        if (names.length > 0) d.extra.push(extension.subjectAltName(...names));
      },
    ],
  ),
];
