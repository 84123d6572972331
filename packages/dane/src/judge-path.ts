/**
 * Is a path good, from the leaf to what anchors it? The rules in the order in which OpenSSL's verifier has them, so that of
 * several flaws the one is told that most senders log: extensions, strength of keys and digests, the leaf's names,
 * signatures and dates from the anchor downwards, name constraints.
 */
import type { Certificate } from './certificate.ts';
import type { SignatureChecks } from './certificate-path.ts';
import { constraintFlaw, dateFlaw, describe, extensionFlaw, type Flaw } from './path-rules.ts';
import { weakDigest, weakKey } from './signature.ts';
import type { LeafNames } from './verdict.ts';

export interface PathContext {
  /** epoch seconds */
  readonly at: number;
  /** what is wrong with the leaf's names, found out once for all paths */
  readonly leafNames: LeafNames;
  readonly signatures: SignatureChecks;
  /** What is above the path is a bare key, which has signed the uppermost certificate. */
  readonly bareKey: boolean;
}

/** The first flaw of a path, leaf first; undefined if there is none. */
export function pathFlaw(path: readonly Certificate[], context: PathContext): Flaw | undefined {
  return (
    extensionFlaw(path) ??
    weakness(path) ??
    context.leafNames.flaw ??
    brokenOrLate(path, context) ??
    constraintFlaw(path, context.signatures.budget)
  );
}

function weakness(path: readonly Certificate[]): Flaw | undefined {
  for (const [depth, certificate] of path.entries()) {
    const who = describe(certificate, depth);
    const { publicKey } = certificate;
    const small = depth > 0 && (publicKey ? weakKey(publicKey) : 'a key that cannot be decoded');
    if (small) return { reason: 'bad-signature', text: `${who} has ${small}, which is too weak` };
    // What signed the anchor itself does not matter: it is trusted by name.
    const digest = depth < path.length - 1 ? weakDigest(certificate) : undefined;
    if (digest)
      return { reason: 'bad-signature', text: `${who} is signed with ${digest}, which is too weak` };
  }
  return undefined;
}

function brokenOrLate(path: readonly Certificate[], context: PathContext): Flaw | undefined {
  const top = path.length - 1;
  for (let depth = top; depth >= 0; depth--) {
    const certificate = path[depth]!;
    // An intermediate that a record names as anchor is trusted by its record, whatever its dates; a root's are looked at.
    if (depth === top && top > 0 && !context.bareKey && !certificate.selfSigned) continue;
    const issuer = path[depth + 1];
    if (issuer) {
      const result = context.signatures.check(certificate, issuer);
      if (!result.ok) {
        const reason = context.signatures.budget.exhausted ? 'untrusted' : 'bad-signature';
        return { reason, text: `${describe(certificate, depth)} ${result.why}` };
      }
    }
    const late = dateFlaw(certificate, depth, context.at);
    if (late) return late;
  }
  return undefined;
}
