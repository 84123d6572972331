/**
 * Connects to a TLS service whose server DNSSEC names, and says what it says first.
 *
 *     npx node examples/dane-connect.ts imap.example.org imaps          a host
 *     npx node examples/dane-connect.ts imap.example.org imaps 9993     at another port
 *     npx node examples/dane-connect.ts @example.org imaps              a domain, by its SRV records
 *
 * With the lab: LAB_HINTS, LAB_ANCHOR and LAB_DNS_PORT name its root hints, its trust anchor and the port of its name servers.
 */
import { readFileSync } from 'node:fs';
import { createResolver, parseRootHints, parseTrustAnchors, type ResolverOptions } from '@mailanchor/dnssec';
import { daneConnect, SERVICES, type ServiceName } from '@mailanchor/smtp';

const [where = '', service = 'imaps', port] = process.argv.slice(2);
const known = (name: string): name is ServiceName => Object.hasOwn(SERVICES, name);
if (where === '' || !known(service)) {
  console.error(`usage: dane-connect.ts HOST|@DOMAIN ${Object.keys(SERVICES).join('|')} [PORT]`);
  process.exit(2);
}

const resolver = createResolver(labOptions());
const place = where.startsWith('@')
  ? { domain: where.slice(1) }
  : { host: where, ...(port === undefined ? {} : { port: Number(port) }) };
const result = await daneConnect({ ...place, service, resolver, timeoutMs: 10_000 });
await resolver.close();

if (result.kind === 'refused') {
  console.log(`refused: ${result.reason}: ${result.text}`);
  process.exitCode = 1;
} else {
  const { socket, host, address, match } = result;
  console.log(`verified: ${host} [${address}] by ${JSON.stringify(match)}`);
  socket.on('error', (error) => console.log(`lost: ${error.message}`));
  socket.once('data', (data) => {
    console.log(`says: ${JSON.stringify(String(data).split('\r\n')[0])}`);
    socket.end();
  });
  socket.setTimeout(2_000, () => socket.destroy());
}

function labOptions(): ResolverOptions {
  const { LAB_HINTS: hints, LAB_ANCHOR: anchor, LAB_DNS_PORT: dnsPort } = process.env;
  if (!hints || !anchor) return {};
  return {
    rootHints: parseRootHints(readFileSync(hints, 'utf8')),
    trustAnchors: parseTrustAnchors(readFileSync(anchor, 'utf8')),
    ...(dnsPort === undefined ? {} : { dnsPort: Number(dnsPort) }),
  };
}
