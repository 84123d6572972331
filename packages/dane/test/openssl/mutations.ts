/**
 * Cases from a seed whose certificates are spoilt octet by octet. A spoilt certificate is often signed anew, or named by a
 * record as it is, so that it is the reading that decides and not the signature.
 */
import { createHash, sign } from 'node:crypto';
import { Certificate, type TlsaRecord } from '../../src/index.ts';
import {
  AT,
  extension,
  type Issued,
  issue,
  makeCa,
  makeKey,
  name,
  purpose,
  sequence,
  tlv,
} from '../make-certificate.ts';
import type { DaneCase } from './cases.ts';
import { Random } from './random.ts';
import { HOST } from './twists.ts';

interface Base {
  readonly leaf: Issued;
  readonly issuer: Issued;
  readonly root: Issued;
}

/** A chain with every extension that is read. */
function makeBase(): Base {
  const ia5 = (text: string): Buffer => tlv(0x16, Buffer.from(text));
  const root = makeCa('O=Example, CN=Root', undefined, {
    key: makeKey(),
    pathLength: 2,
    extensions: [
      extension.nameConstraints(
        ['dns:example.org', 'email:example.org', 'dir:O=Example', 'ip:192.0.2.0/255.255.255.0'],
        ['dns:secret.example.org', 'uri:.secret.example.org'],
      ),
    ],
  });
  const issuer = makeCa('O=Example, CN=Issuer', root, {
    key: makeKey(),
    pathLength: 0,
    extensions: [extension.extendedKeyUsage(purpose.serverAuth, purpose.clientAuth)],
  });
  const leaf = issue({
    subject: name('O=Example, CN=leaf, emailAddress=a@example.org', ia5),
    issuer,
    key: makeKey(),
    keyIds: false,
    extensions: [
      extension.basicConstraints(false),
      extension.keyUsage(0, 2),
      extension.extendedKeyUsage(purpose.serverAuth),
      extension.subjectKeyId(Buffer.from('0123456789', 'hex')),
      extension.authorityCertificate(
        'dir:O=Example, CN=Root',
        Certificate.parse(issuer.der).serial,
        issuer.key.id,
      ),
      extension.netscapeType(1),
      extension.subjectAltName(
        `dns:${HOST}`,
        'ip:192.0.2.1',
        'email:a@example.org',
        'uri:https://a.example.org/',
      ),
      { oid: '2.5.29.32', value: sequence(sequence(tlv(0x06, Buffer.from([0x2a, 3, 4])))) },
      { oid: '1.2.3.4', value: Buffer.from('0500', 'hex') },
    ],
  });
  return { leaf, issuer, root };
}

export function* makeMutations(seed: number, count: number): Generator<DaneCase> {
  const random = new Random(seed);
  const base = makeBase();
  for (let n = 0; n < count; n++) yield mutate(`${seed}/${n}`, random, base);
}

function mutate(id: string, random: Random, { leaf, issuer, root }: Base): DaneCase {
  const target = random.pick([leaf, leaf, leaf, issuer, root]);
  const signer = target === leaf ? issuer : root;
  const resigned = random.chance(0.7);
  const { tbs, signatureAlgorithm } = Certificate.parse(target.der);
  const [what, der] = resigned
    ? signedAnew(random, tbs, signatureAlgorithm, signer)
    : spoil(random, target.der);
  const spoilt = { ...target, der };
  const chain = [leaf, issuer, root].map((one) => (one === target ? spoilt : one));
  // Above, at, or below what is spoilt; selector 1 in the octets as they are, if they can be found.
  const named = random.pick(chain);
  const usage = named === chain[0] ? random.pick([3, 1]) : random.pick([2, 2, 0]);
  const selector = random.below(2);
  const selected = selector === 0 ? named.der : (Certificate.tryParse(named.der)?.spki ?? named.key.spki);
  const matching = random.pick([0, 1]);
  const data = matching === 0 ? selected : createHash('sha256').update(selected).digest();
  const record: TlsaRecord = { usage, selector, matching, data };
  return {
    id,
    twists: [
      `${target === leaf ? 'leaf' : target === issuer ? 'issuer' : 'root'}: ${what}${resigned ? ', signed anew' : ''}`,
    ],
    records: [record],
    chain: chain.map((one) => one.der),
    names: [HOST],
    at: AT,
    mode: usage < 2 ? 'general' : 'smtp',
    ca: usage < 2 ? [chain[2]!.der] : [],
    eeNames: false,
  };
}

function signedAnew(
  random: Random,
  tbs: Uint8Array,
  algorithm: Uint8Array,
  signer: Issued,
): [string, Buffer] {
  const [what, spoilt] = spoil(random, tbs);
  const signature = sign('sha256', spoilt, signer.key.privateKey);
  return [what, sequence(spoilt, algorithm, tlv(0x03, Buffer.from([0]), signature))];
}

function spoil(random: Random, der: Uint8Array): [string, Buffer] {
  const copy = Buffer.from(der);
  const at = random.below(copy.length);
  switch (random.below(8)) {
    case 0:
      copy[at] = random.below(256);
      return [`octet ${at} changed`, copy];
    case 1:
      copy[at] = random.pick([0, 1, 0x7f, 0x80, 0x81, 0x84, 0xff, 0x1f, 0x30, 0x31]);
      return [`octet ${at} set to ${copy[at]}`, copy];
    case 2:
      copy[at]! += random.chance(0.5) ? 1 : -1;
      return [`octet ${at} one more or less`, copy];
    case 3: {
      const cut = 1 + random.below(4);
      return [
        `${cut} octets cut out at ${at}`,
        Buffer.concat([copy.subarray(0, at), copy.subarray(at + cut)]),
      ];
    }
    case 4: {
      const extra = Buffer.from([random.below(256)]);
      return [`an octet put in at ${at}`, Buffer.concat([copy.subarray(0, at), extra, copy.subarray(at)])];
    }
    default:
      copy[at]! ^= 1 << random.below(8);
      return [`a bit of octet ${at} changed`, copy];
  }
}
