/** TLSA records to publish, as master-file lines that can be copied. */
import type { CertificateReport, HostCheck, TlsaRecord } from './verdict.ts';

/** Seconds. */
const TTL = 3600;

/** Where this host's records belong: `_25._tcp.mx1.example.org`, or the name it is an alias of. */
export function tlsaOwner({ host, port, tlsa }: Pick<HostCheck, 'host' | 'port' | 'tlsa'>): string {
  const question = tlsa.questions.find(({ base }) => base === tlsa.base);
  return question?.aliases.at(-1)?.target ?? question?.name ?? `_${port}._tcp.${tlsa.base ?? host}`;
}

export function tlsaLine(host: Pick<HostCheck, 'host' | 'port' | 'tlsa'>, record: TlsaRecord): string {
  const { usage, selector, matching, data } = record;
  return `${tlsaOwner(host)}. ${TTL} IN TLSA ${usage} ${selector} ${matching} ${data}`;
}

/** `3 1 1` of the server's own key. Undefined where there is no certificate that can be read. */
export function leafRecord(chain: readonly CertificateReport[]): TlsaRecord | undefined {
  const data = chain[0]?.spkiSha256;
  return data ? { usage: 3, selector: 1, matching: 1, data } : undefined;
}

/** `2 1 1` of the CA that issued the server's certificate, where it was sent. */
export function issuerRecord(chain: readonly CertificateReport[]): TlsaRecord | undefined {
  const [leaf, ...others] = chain;
  const issuer = others.find(({ subject, ca }) => ca && subject === leaf?.issuer);
  return issuer?.spkiSha256 ? { usage: 2, selector: 1, matching: 1, data: issuer.spkiSha256 } : undefined;
}
