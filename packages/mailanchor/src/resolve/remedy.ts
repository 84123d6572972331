/** What would fix a break, said to whoever can: the zone's operator mostly, sometimes the one who asks. */
import { Ede } from '@mailanchor/dns';
import type { KeyInfo, Resolution, ZoneLink } from '@mailanchor/dnssec';

const SEP = 0x0001;

/** One sentence, or nothing where there is no break or nothing is known that helps. */
export function remedyOf(resolution: Resolution): string | undefined {
  const { reason } = resolution;
  if (!reason || resolution.status === 'secure') return undefined;
  if (reason.text.startsWith("this machine's clock")) {
    return "set this machine's clock, and let a time server keep it right";
  }
  if (/(removes DNSSEC records|EDNS|does not support DNSSEC|clears the CD bit)/.test(reason.text)) {
    return 'ask another resolver, or none at all: --resolver iterate';
  }
  const zone = (reason.zone ?? resolution.chain.at(-1)?.zone)?.toString() ?? 'the zone';
  const link = resolution.chain.findLast(({ status }) => status === 'bogus');
  switch (reason.ede) {
    case Ede.SIGNATURE_EXPIRED:
      return `${zone} has to be signed anew, on every name server; see why its signer no longer does so by itself`;
    case Ede.SIGNATURE_NOT_YET_VALID:
      return `set the clock of the machine that signs ${zone}, or the one of this machine`;
    case Ede.SIGNATURE_EXPIRED_BEFORE_VALID:
      return `${zone} has to be signed anew: see the validity that its signer is set to`;
    case Ede.DNSKEY_MISSING:
      return link
        ? missingKey(link)
        : `publish the key that ${zone} is signed with, or sign with one that is published`;
    case Ede.RRSIGS_MISSING:
      return `sign all of ${zone} on every name server, or have its DS taken out of the parent zone`;
    case Ede.NSEC_MISSING:
      return `the name servers of ${zone} have to prove what does not exist: see that all of them serve the signed zone, with NSEC or NSEC3`;
    case Ede.DNSSEC_BOGUS:
      return `sign ${zone} anew and compare what its name servers give: something was changed after it was signed, or on the way`;
    case Ede.UNSUPPORTED_NSEC3_ITERATIONS:
      return `sign ${zone} with 0 NSEC3 iterations (RFC 9276)`;
    case Ede.UNSUPPORTED_DNSKEY_ALGORITHM:
    case Ede.UNSUPPORTED_DS_DIGEST:
      return `sign ${zone} with algorithm 13 (ECDSAP256SHA256) and publish a DS with digest type 2 (SHA-256)`;
    case Ede.NO_REACHABLE_AUTHORITY:
    case Ede.NETWORK_ERROR:
      return `see that the name servers of ${zone} answer, over UDP and TCP, and that this machine can reach them`;
    default:
      return undefined;
  }
}

/** What vouches for the zone names one key, the zone signs with another. */
function missingKey({ zone, via, ds, keys }: ZoneLink): string {
  const named = list(ds.map(({ keyTag }) => keyTag));
  const signing = list(signers(keys).map(({ tag }) => tag));
  if (via === 'anchor') {
    return `the trust anchor of ${zone} is of key ${named}${signing && `, the zone signs with ${signing}`}: correct the trust anchor, after making sure of the key by other means`;
  }
  if (signing === '') {
    return `the parent's DS is of key ${named}, and ${zone} shows no key: have all its name servers serve the signed zone, or take the DS out of the parent zone`;
  }
  if (named === signing) {
    return `the digest in the parent's DS is not that of key ${signing}: have the DS in the parent zone replaced by one made of the key as it is published`;
  }
  const renewed = `have the DS in the parent zone replaced by one of key ${signing}, or sign with key ${named} again`;
  return `the parent's DS is of key ${named}, the zone signs with ${signing}: ${renewed}`;
}

/** Keys meant to be vouched for, or all where none is marked. */
function signers(keys: readonly KeyInfo[]): readonly KeyInfo[] {
  const marked = keys.filter(({ flags }) => (flags & SEP) !== 0);
  return marked.length > 0 ? marked : keys;
}

function list(tags: readonly number[]): string {
  return [...new Set(tags)].join(', ');
}
