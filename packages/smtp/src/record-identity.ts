/** What a TLSA record that does not match really is the digest of: the whole certificate for the key, the CA for the server, nothing at all. */
import { createHash } from 'node:crypto';
import type { CertificateReport, TlsaRecord } from './verdict.ts';

/** A few words, or undefined where the data is not that of anything that the host sends. */
export function mistakenFor(
  { usage, data }: TlsaRecord,
  chains: readonly (readonly CertificateReport[])[],
): string | undefined {
  if (EMPTY.has(data)) return 'the digest of nothing: the command that made it was given an empty file';
  for (const chain of chains) {
    for (const [depth, certificate] of chain.entries()) {
      const form = formOf(certificate, data);
      if (!form) continue;
      const [selector, matching] = form;
      const right = depth === 0 ? 3 : 2;
      const what = selector === 0 ? 'certificate' : 'key';
      const whose = depth === 0 ? `the server's own ${what}` : `the ${what} of the CA ${certificate.subject}`;
      const digest = matching === 1 ? 'SHA2-256' : 'SHA2-512';
      // Of a self-signed certificate the server is its own CA.
      const wanted = usage === 2 && certificate.selfSigned ? 2 : right;
      return `the ${digest} of ${whose}, which is written ${wanted} ${selector} ${matching}`;
    }
  }
  return undefined;
}

const EMPTY: ReadonlySet<string> = new Set(
  ['sha256', 'sha512'].map((algorithm) => createHash(algorithm).update('').digest('hex')),
);

/** Selector and matching type under which the certificate has this digest. */
function formOf(certificate: CertificateReport, data: string): readonly [0 | 1, 1 | 2] | undefined {
  switch (data) {
    case certificate.sha256:
      return [0, 1];
    case certificate.sha512:
      return [0, 2];
    case certificate.spkiSha256:
      return [1, 1];
    case certificate.spkiSha512:
      return [1, 2];
    default:
      return undefined;
  }
}
