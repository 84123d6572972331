/**
 * Sends one message with nodemailer straight to the mail hosts of its recipients, authenticated by DANE, and says what became of each
 * recipient.
 *
 *     npx node examples/nodemailer.ts you@example.com a@example.org b@example.net
 *
 * With the lab, which prints them (`npx mailanchor lab`): LAB_HINTS, LAB_ANCHOR, LAB_DNS_PORT and LAB_PORT.
 */
import { readFileSync } from 'node:fs';
import { createResolver, parseRootHints, parseTrustAnchors } from '@mailanchor/dnssec';
import { DaneSendError, type DaneTransportOptions, daneTransport } from '@mailanchor/nodemailer';
import { createTransport } from 'nodemailer';

const [from = '', ...to] = process.argv.slice(2);
if (!from.includes('@') || to.length === 0) {
  console.error('usage: nodemailer.ts SENDER RECIPIENT...');
  process.exit(2);
}

const mailer = createTransport(daneTransport(labOptions()));
try {
  const info = await mailer.sendMail({ from, to, subject: 'hello', text: 'Hello.\n' });
  tell(info);
} catch (error) {
  if (!(error instanceof DaneSendError)) throw error;
  if (error.info) tell(error.info);
  else console.log(error.message);
  // A queue would keep the message for later in the one case, and return it in the other.
  process.exitCode = error.code === 'EDEFERRED' ? 75 : 1;
}

function tell({ results }: NonNullable<DaneSendError['info']>): void {
  for (const { recipient, kind, host, authenticated, text } of results) {
    const where = host ? ` by ${host} (${authenticated})` : '';
    console.log(`${recipient}: ${kind}${where}: ${text}`);
  }
}

/** Nothing is needed outside the lab but the name of the machine, as `helo`. */
function labOptions(): DaneTransportOptions {
  const { LAB_HINTS: hints, LAB_ANCHOR: anchor, LAB_DNS_PORT: dnsPort, LAB_PORT: port } = process.env;
  if (!hints || !anchor) return {};
  const resolver = createResolver({
    rootHints: parseRootHints(readFileSync(hints, 'utf8')),
    trustAnchors: parseTrustAnchors(readFileSync(anchor, 'utf8')),
    dnsPort: Number(dnsPort ?? 53),
  });
  return { resolver, port: Number(port ?? 25), sts: false };
}
