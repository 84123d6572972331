/** What a TLSA record is made of: a certificate or a key, out of a file. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { Certificate, certificatesFromPem, publicKeyFromPem } from '@mailanchor/dane';
import { messageOf, UsageError } from '../errors.ts';
import { readOctets } from '../file.ts';
import type { Given } from '../options/given.ts';

export type Material =
  | { readonly kind: 'certificate'; readonly der: Uint8Array }
  /** SubjectPublicKeyInfo. */
  | { readonly kind: 'key'; readonly spki: Uint8Array };

/** A file of one certificate; of several the first. */
export async function certificateMaterial(given: Given, usage: number): Promise<Material> {
  const der = (await certificates(given))[0];
  if (!der) throw new UsageError(`${given.from}: ${given.value} holds no certificate`);
  const certificate = parse(der, given);
  if (namesCa(usage) && certificate.extensions.basicConstraints?.ca !== true) {
    throw new UsageError(
      `${given.from}: usage ${usage} names a CA, and the certificate of ${given.value} is none. Give the CA's certificate, or use --usage 3`,
    );
  }
  return { kind: 'certificate', der };
}

/** A chain, leaf first: the leaf, or for the usages that name a CA the certificate that issued the leaf. */
export function chainMaterial(chain: readonly Uint8Array[], given: Given, usage: number): Material {
  const leafDer = chain[0];
  if (!leafDer) throw new UsageError(`${given.from}: ${given.value} holds no certificate`);
  if (!namesCa(usage)) return { kind: 'certificate', der: leafDer };
  const leaf = parse(leafDer, given);
  const issuer = chain.slice(1).find((der) => {
    const certificate = Certificate.tryParse(der);
    return certificate?.subjectKey === leaf.issuerKey && certificate.extensions.basicConstraints?.ca === true;
  });
  if (!issuer) {
    throw new UsageError(
      `${given.from}: usage ${usage} names a CA that the server sends along, and the chain of ${given.value} does not hold the leaf's issuer`,
    );
  }
  return { kind: 'certificate', der: issuer };
}

/** A private key, a public key or a request. */
export async function keyMaterial(given: Given): Promise<Material> {
  const octets = await readOctets(given.value, given.from);
  try {
    const spki =
      octets[0] === 0x30 ? spkiFromDer(octets) : publicKeyFromPem(octets.toString('latin1'), given.value);
    return { kind: 'key', spki };
  } catch (error) {
    throw new UsageError(`${given.from}: ${messageOf(error)}`, { cause: error });
  }
}

/** DER has no label that says what it is: each form of a private key is tried. */
function spkiFromDer(der: Buffer): Uint8Array {
  for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const) {
    try {
      const key = createPrivateKey({ key: der, format: 'der', type });
      return createPublicKey(key).export({ format: 'der', type: 'spki' });
    } catch {
      // Another form, or none: a public key is judged by whoever uses it.
    }
  }
  return der;
}

export async function certificates(given: Given): Promise<Uint8Array[]> {
  const octets = await readOctets(given.value, given.from);
  try {
    return certificatesFromPem(octets, given.value);
  } catch (error) {
    throw new UsageError(`${given.from}: ${messageOf(error)}`, { cause: error });
  }
}

function parse(der: Uint8Array, given: Given): Certificate {
  try {
    return Certificate.parse(der);
  } catch (error) {
    throw new UsageError(`${given.from}: ${given.value}: ${messageOf(error)}`, { cause: error });
  }
}

/** Usages 0 and 2 name a certificate above the leaf. */
function namesCa(usage: number): boolean {
  return usage === 0 || usage === 2;
}

/** The one name that a leaf certificate is for, if there is exactly one and it is a host's. */
export function onlyName(der: Uint8Array): string | undefined {
  const certificate = Certificate.tryParse(der);
  const names = certificate?.dnsNames ?? [];
  const name = names[0];
  return names.length === 1 && name && /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/i.test(name)
    ? name.toLowerCase()
    : undefined;
}
