/** Findings on the chain that a host sends, whatever DANE says to it: its order and its size. */
import { finding } from './finding-table.ts';
import { presented } from './presented.ts';
import type { CertificateReport, Finding, HostCheck } from './verdict.ts';

/** Octets of certificates above which some senders give up: OpenSSL's own limit is 100 kB, with all that stands around them. */
const LARGE_CHAIN = 65_536;

/** Postfix goes no deeper by default (`smtp_tls_scert_verifydepth`). */
const LONG_CHAIN = 9;

/** OpenSSL's word for a chain above its limit: the handshake fails. */
export const TOO_LARGE = 'ERR_SSL_EXCESSIVE_MESSAGE_SIZE';

/** Each distinct chain of the host once, those shown to RSA or ECDSA alone included. */
export function presentedFindings(host: HostCheck): Finding[] {
  const chains = new Map<string, readonly CertificateReport[]>();
  for (const { chain } of host.sessions.flatMap(presented)) {
    chains.set(chain.map(({ sha256 }) => sha256).join(), chain);
  }
  const findings = [...chains.values()].flatMap((chain) => [
    ...orderFinding(host.host, chain),
    ...sizeFinding(host.host, chain),
  ]);
  return [...new Map(findings.map((found) => [`${found.code} ${found.text}`, found])).values()];
}

/** Leaf first, then each the issuer of the one before (RFC 5246 7.4.2; TLS 1.3 only advises it). A surplus root is no fault. */
function orderFinding(host: string, chain: readonly CertificateReport[]): Finding[] {
  const at = chain.findIndex((certificate, i) => i > 0 && certificate.subject !== chain[i - 1]!.issuer);
  if (at < 0 || chain.some(({ error }) => error !== undefined)) return [];
  const place = ordinal(at + 1);
  const { subject } = chain[at]!;
  const same = chain.slice(0, at).some(({ sha256 }) => sha256 === chain[at]!.sha256);
  const why = same ? 'is there twice' : `did not issue the one before it`;
  const text = `${host} sends ${chain.length} certificates out of order: the ${place} (${subject}) ${why}.`;
  const fix =
    "Put the certificates into the chain file in this order: the server's own, the CA that issued it, the CA above that; each once.";
  return [finding('chain-order', host, text, { fix })];
}

function sizeFinding(host: string, chain: readonly CertificateReport[]): Finding[] {
  const octets = chain.reduce((sum, certificate) => sum + certificate.octets, 0);
  if (octets <= LARGE_CHAIN && chain.length <= LONG_CHAIN + 1) return [];
  const kilobytes = `${Math.ceil(octets / 1024)} kB`;
  const text =
    chain.length === 1
      ? `${host} sends a certificate of ${kilobytes}.`
      : `${host} sends ${chain.length} certificates of ${kilobytes} together.`;
  return [finding('chain-large', host, text, { fix: LEAVE_OUT })];
}

export const LEAVE_OUT =
  "Leave out of the chain file what nobody needs: the server's own certificate and the CAs between it and the root are enough.";

function ordinal(place: number): string {
  return ['', 'first', 'second', 'third', 'fourth', 'fifth'][place] ?? `${place}th`;
}
