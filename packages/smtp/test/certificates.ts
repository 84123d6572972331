/** Certificates for tests: a few fields of rfc5280#section-4.1, written as DER and signed with P-256 or RSA. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export interface MadeCertificate {
  /** PEM. */
  readonly key: string;
  readonly pem: string;
  readonly der: Uint8Array;
  /** SHA2-256 of the certificate and of its SPKI, hex. */
  readonly sha256: string;
  readonly spkiSha256: string;
  readonly cn: string;
  readonly privateKey: KeyObject;
}

export interface Wanted {
  readonly cn: string;
  readonly names?: readonly string[];
  readonly issuer?: MadeCertificate;
  readonly ca?: boolean;
  /** With an RSA key, the same for all of them; default P-256. */
  readonly rsa?: boolean;
  /** Octets of an extension that says nothing. */
  readonly padding?: number;
  /** ISO 8601. */
  readonly notBefore?: string;
  readonly notAfter?: string;
}

let serial = 1;
let rsaKeys: ReturnType<typeof generateKeyPairSync> | undefined;

function keysOf({ rsa }: Wanted): ReturnType<typeof generateKeyPairSync> {
  if (!rsa) return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  rsaKeys ??= generateKeyPairSync('rsa', { modulusLength: 2048 });
  return rsaKeys;
}

export function makeCertificate(wanted: Wanted): MadeCertificate {
  const { publicKey, privateKey } = keysOf(wanted);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const signer = wanted.issuer?.privateKey ?? privateKey;
  const algorithm =
    signer.asymmetricKeyType === 'rsa'
      ? sequence(oid('2a864886f70d01010b'), der(0x05))
      : sequence(oid('2a8648ce3d040302'));
  const extensions = [
    extension('551d13', true, sequence(...(wanted.ca ? [der(0x01, Buffer.of(0xff))] : []))),
    ...(wanted.names
      ? [extension('551d11', false, sequence(...wanted.names.map((name) => der(0x82, Buffer.from(name)))))]
      : []),
    ...(wanted.padding ? [extension('2b06010401', false, der(0x04, Buffer.alloc(wanted.padding)))] : []),
  ];
  const tbs = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(0x01, serial >> 8, serial++ & 0xff)),
    algorithm,
    nameOf(wanted.issuer?.cn ?? wanted.cn),
    sequence(
      time(wanted.notBefore ?? '2020-01-01T00:00:00Z'),
      time(wanted.notAfter ?? '2049-01-01T00:00:00Z'),
    ),
    nameOf(wanted.cn),
    spki,
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', tbs, signer);
  const octets = sequence(tbs, algorithm, der(0x03, Buffer.of(0), signature));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    pem: `-----BEGIN CERTIFICATE-----\n${octets.toString('base64')}\n-----END CERTIFICATE-----\n`,
    der: Uint8Array.from(octets),
    sha256: createHash('sha256').update(octets).digest('hex'),
    spkiSha256: createHash('sha256').update(spki).digest('hex'),
    cn: wanted.cn,
    privateKey,
  };
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 128
      ? [tag, length]
      : length < 256
        ? [tag, 0x81, length]
        : length < 65_536
          ? [tag, 0x82, length >> 8, length & 255]
          : [tag, 0x83, length >> 16, (length >> 8) & 255, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function nameOf(cn: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(cn)))));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [der(0x01, Buffer.of(0xff))] : []), der(0x04, value));
}

function time(iso: string): Buffer {
  return der(0x17, Buffer.from(`${iso.replace(/[-:T]/g, '').slice(2, 14)}Z`));
}
