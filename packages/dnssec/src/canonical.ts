/** Canonical form and order of RRsets, and the octets a signature is made over (rfc4034#section-6, rfc4034#section-3.1.8.1). */
import { embeddedNames, type Name, type RRset } from '@mailanchor/dns';

/**
 * RDATA in canonical form (rfc4034#section-6.2, rfc6840#section-5.1): embedded names of the listed types in lower case. Returns the
 * argument itself where nothing changes, which is nearly always.
 */
export function canonicalRdata(type: number, rdata: Uint8Array): Uint8Array {
  const names = embeddedNames(type, rdata);
  if (names.length === 0) return rdata;
  let copy: Uint8Array | undefined;
  for (const { offset, length } of names) {
    // Length octets are below 'A', so whole names can be lowered octet by octet.
    for (let i = offset; i < offset + length; i++) {
      const octet = rdata[i]!;
      if (octet >= 0x41 && octet <= 0x5a) {
        copy ??= rdata.slice();
        copy[i] = octet + 0x20;
      }
    }
  }
  return copy ?? rdata;
}

/** Order of two RDATA as left-justified octet strings (rfc4034#section-6.3). */
export function canonicalOrder(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

/** Records from which on their order is kept for the next signature over them. */
const MANY = 32;
const ordered = new WeakMap<RRset, readonly Uint8Array[]>();

/** The data of an RRset in canonical form and order, duplicates left out. */
function canonicalRdatas(rrset: RRset): readonly Uint8Array[] {
  const { type } = rrset;
  if (rrset.rdatas.length === 1) return [canonicalRdata(type, rrset.rdatas[0]!)];
  const known = rrset.rdatas.length >= MANY ? ordered.get(rrset) : undefined;
  if (known) return known;
  const sorted = rrset.rdatas.map((rdata) => canonicalRdata(type, rdata)).sort(canonicalOrder);
  const rdatas = sorted.filter((rdata, i) => i === 0 || Buffer.compare(rdata, sorted[i - 1]!) !== 0);
  if (rrset.rdatas.length >= MANY) ordered.set(rrset, rdatas);
  return rdatas;
}

/** Octets of an RRSIG's RDATA before its signer name (rfc4034#section-3.1). */
export const RRSIG_FIXED_OCTETS = 18;

/**
 * The octets that the signature covers: the RRSIG's RDATA without the signature, its signer name in lower case, then every record
 * in canonical form and order, duplicates left out, with the original TTL, and with the wildcard as owner where the labels
 * field says that the records came from one (rfc4035#section-5.3.2).
 */
export function signedData(rrsigRdata: Uint8Array, signer: Name, rrset: RRset): Uint8Array {
  const labels = rrsigRdata[3]!;
  let owner = rrset.name.toLowerCase();
  const ownerLabels = owner.isWildcard ? owner.labelCount - 1 : owner.labelCount;
  if (labels < ownerLabels) owner = owner.ancestor(labels).prepend('*');

  const rdatas = canonicalRdatas(rrset);
  const signerWire = signer.toLowerCase().wire;
  const ownerWire = owner.wire;
  let octets = RRSIG_FIXED_OCTETS + signerWire.length;
  for (const rdata of rdatas) octets += ownerWire.length + 10 + rdata.length;

  const data = new Uint8Array(octets);
  data.set(rrsigRdata.subarray(0, RRSIG_FIXED_OCTETS));
  data.set(signerWire, RRSIG_FIXED_OCTETS);
  let at = RRSIG_FIXED_OCTETS + signerWire.length;
  for (const rdata of rdatas) {
    data.set(ownerWire, at);
    at += ownerWire.length;
    data[at++] = rrset.type >>> 8;
    data[at++] = rrset.type & 0xff;
    data[at++] = rrset.class >>> 8;
    data[at++] = rrset.class & 0xff;
    // Original TTL: octets 4 to 7 of the RRSIG's RDATA.
    data.set(rrsigRdata.subarray(4, 8), at);
    at += 4;
    data[at++] = rdata.length >>> 8;
    data[at++] = rdata.length & 0xff;
    data.set(rdata, at);
    at += rdata.length;
  }
  return data;
}
