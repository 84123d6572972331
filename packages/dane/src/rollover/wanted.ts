/** From keys and certificates to the records that a policy wants of them. */
import { hash } from 'node:crypto';
import { Certificate } from '../certificate.ts';
import { sameOctets } from '../der.ts';
import { tlsaFromCertificate, tlsaFromPublicKey } from '../generate.ts';
import { mayHaveIssued } from '../issuer.ts';
import { Matching, type TlsaRecord, Usage } from '../tlsa.ts';
import { joinRecords } from './record-set.ts';
import type { HostMemory, HostView, Identity } from './view.ts';

const DEFAULT_MATCHING: readonly number[] = [Matching.SHA2_256];

/** SHA2-256, hex: names a key. */
export function keyDigest(spki: Uint8Array): string {
  return hash('sha256', spki);
}

/** `3 1 x` of a key (rfc7671#section-5.1: the key outlives its certificates, and raw public keys match it too). */
export function keyRecords(
  spki: Uint8Array,
  matching: readonly number[] = DEFAULT_MATCHING,
): readonly TlsaRecord[] {
  return matching.map((type) => tlsaFromPublicKey(spki, { matching: type }));
}

/** `2 1 x` of the CA certificate in the chain that issued its leaf; nothing where the chain does not hold it. */
export function issuerRecords(
  chain: readonly Uint8Array[],
  matching: readonly number[] = DEFAULT_MATCHING,
): readonly TlsaRecord[] {
  const leaf = chain[0] && Certificate.tryParse(chain[0]);
  if (!leaf) return [];
  const issuer = chain.slice(1).find((der) => {
    const certificate = Certificate.tryParse(der);
    return certificate && mayHaveIssued(certificate, leaf);
  });
  if (!issuer) return [];
  return matching.map((type) => tlsaFromCertificate(issuer, { usage: Usage.DANE_TA, matching: type }));
}

/** SubjectPublicKeyInfo of the certificate on disk. */
export function diskKey({ disk }: Identity): Uint8Array | undefined {
  const leaf = disk.kind === 'pair' ? disk.chain[0] : undefined;
  return leaf && Certificate.tryParse(leaf)?.spki;
}

/** The next key, where it is one: not the one that is on disk already. */
export function nextKey(identity: Identity): Uint8Array | undefined {
  const own = diskKey(identity);
  if (!identity.next || (own && sameOctets(identity.next, own))) return undefined;
  return identity.next;
}

/** Whether a next key is to be there and published. */
export function wantsNext(view: HostView, memory: HostMemory, { label }: Identity): boolean {
  return view.policy === 'current-next' || memory.replacing[label] !== undefined;
}

/** What is to be published for the files of the host, whatever is presented. */
export function wantedOfDisk(view: HostView, memory: HostMemory): readonly TlsaRecord[] {
  const { matching } = view;
  return joinRecords(
    ...view.identities.map((identity) => {
      const own = diskKey(identity);
      const next = wantsNext(view, memory, identity) ? nextKey(identity) : undefined;
      const issuer =
        view.policy === 'current-issuer' && identity.disk.kind === 'pair'
          ? issuerRecords(identity.disk.chain, matching)
          : [];
      return [
        ...(own ? keyRecords(own, matching) : []),
        ...issuer,
        ...(next ? keyRecords(next, matching) : []),
      ];
    }),
  );
}
