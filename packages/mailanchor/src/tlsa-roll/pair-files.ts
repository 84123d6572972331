/**
 * A certificate and its key as they are on disk. Whoever renews them may be at it just now, so both are read, and believed only where they
 * are whole and belong together; and what is deployed later are the very octets that were judged here.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { Certificate, certificatesFromPem, timeToText } from '@mailanchor/dane';
import { messageOf } from '../errors.ts';
import { readOctets } from '../file.ts';
import type { NamedFile } from '../options/lookup.ts';

export type PairFiles =
  | {
      readonly kind: 'pair';
      /** DER, leaf first. */
      readonly chain: readonly Uint8Array[];
      readonly leaf: Certificate;
      readonly privateKey: KeyObject;
      /** The files as they were read. */
      readonly octets: { readonly certificate: Uint8Array; readonly key: Uint8Array };
    }
  /** `text` says of which file what is wrong, and is one line. */
  | { readonly kind: 'unfit'; readonly text: string };

/** Never rejects for what the files hold. `datesCount`: whether senders look at the dates (usage 2). */
export async function readPairFiles(
  files: { readonly certificate: NamedFile; readonly key: NamedFile },
  { at, datesCount }: { readonly at: number; readonly datesCount: boolean },
): Promise<PairFiles> {
  try {
    const certificate = await readOctets(files.certificate.path, files.certificate.from);
    const key = await readOctets(files.key.path, files.key.from);
    return judgePair({ certificate, key }, files, { at, datesCount });
  } catch (error) {
    return { kind: 'unfit', text: messageOf(error) };
  }
}

function judgePair(
  octets: { readonly certificate: Uint8Array; readonly key: Uint8Array },
  files: { readonly certificate: NamedFile; readonly key: NamedFile },
  { at, datesCount }: { readonly at: number; readonly datesCount: boolean },
): PairFiles {
  const unfit = (text: string): PairFiles => ({ kind: 'unfit', text });
  const chain = certificatesFromPem(octets.certificate, files.certificate.path);
  const leaf = Certificate.parse(chain[0]!);
  for (const [n, der] of chain.entries()) {
    if (!Certificate.tryParse(der))
      return unfit(`${files.certificate.path}: certificate ${n} cannot be read`);
  }
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(Buffer.from(octets.key));
  } catch {
    return unfit(`${files.key.path} holds no whole private key`);
  }
  // Compared as keys: the encoding in the certificate may differ.
  const own = leaf.publicKey;
  if (!own) return unfit(`${files.certificate.path}: the key in the certificate cannot be decoded`);
  if (!createPublicKey(privateKey).equals(own))
    return unfit(`${files.key.path} is not the key of ${files.certificate.path}`);
  const now = at / 1000;
  if (datesCount && leaf.notAfter !== null && leaf.notAfter < now)
    return unfit(
      `${files.certificate.path} expired at ${timeToText(leaf.notAfter)}, which counts under usage 2`,
    );
  return { kind: 'pair', chain, leaf, privateKey, octets };
}

/** `rsa`, `ecdsa`, `ed25519`. */
export function keyLabel(key: KeyObject): string {
  const type = key.asymmetricKeyType ?? 'key';
  return type === 'ec' ? 'ecdsa' : type;
}

/** First digits of SHA2-256, to name what was deployed. */
export function fingerprint(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}
