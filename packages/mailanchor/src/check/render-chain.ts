/** A presented chain, a certificate a line, the one that matched marked. */
import type { CertificateReport, Presented } from '@mailanchor/smtp';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';
import type { RenderOptions } from './render.ts';

/** Certificates beyond which a chain is cut short: nobody reads a hundred. */
const SHOWN = 6;

export function renderChain(session: Presented, { paint, verbose }: RenderOptions): string[] {
  const { chain, match } = session;
  // Where nothing is verified the chain is of little interest.
  const wanted = verbose ? chain.length : match === null ? 1 : SHOWN;
  const rows = chain.slice(0, wanted).map((certificate, depth) => {
    const hit = match?.kind === 'match' && match.depth === depth;
    const miss = match?.kind === 'mismatch' && match.depth === depth;
    return [
      paint.dim(String(depth)),
      printable(certificate.error ? `unreadable: ${certificate.error}` : subject(certificate)),
      paint.dim(printable(certificate.key)),
      paint.dim(certificate.notAfter ? `until ${certificate.notAfter.slice(0, 10)}` : ''),
      hit ? paint.good('◂ matched') : miss ? paint.bad(`◂ ${match.reason}`) : '',
    ];
  });
  const lines = table(rows, { indent: '        ' });
  if (chain.length > wanted) lines.push(`        ${paint.dim(`… and ${chain.length - wanted} more`)}`);
  return lines;
}

function subject(certificate: CertificateReport): string {
  const names = certificate.names.slice(0, 2).join(', ');
  const more = certificate.names.length > 2 ? ` and ${certificate.names.length - 2} more` : '';
  const own = certificate.selfSigned ? 'self-signed' : `by ${certificate.issuer}`;
  if (certificate.ca) return `${certificate.subject} (CA, ${own})`;
  return names ? `${names}${more} (${own})` : `${certificate.subject} (${own})`;
}
