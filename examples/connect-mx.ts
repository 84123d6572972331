/**
 * Delivers one message straight to the mail host of its recipient, over a session that DANE or MTA-STS vouches for where the domain asks
 * for that; says why not otherwise.
 *
 *     npx node examples/connect-mx.ts you@example.com postmaster@example.org
 *
 * With the lab, which prints them (`npx mailanchor lab`): LAB_HINTS, LAB_ANCHOR, LAB_DNS_PORT and LAB_PORT.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createResolver, parseRootHints, parseTrustAnchors } from '@mailanchor/dnssec';
import { type ConnectMxOptions, connectMx, type MxConnected } from '@mailanchor/smtp';

const [from = '', to = ''] = process.argv.slice(2);
if (!from.includes('@') || !to.includes('@')) {
  console.error('usage: connect-mx.ts SENDER RECIPIENT');
  process.exit(2);
}

const result = await connectMx(to.slice(to.lastIndexOf('@') + 1), labOptions());
for (const { host, address, reason, text } of result.attempts)
  console.log(`tried: ${host} ${address ?? ''} ${reason}: ${text}`);
if (result.kind === 'connected') {
  const { host, address, authenticated, secure } = result;
  console.log(`session: ${host} [${address}], ${authenticated}${secure ? ', secure' : ''}`);
  await deliver(result);
} else {
  console.log(`${result.kind}: ${result.status} ${result.reason}: ${result.text}`);
  process.exitCode = result.kind === 'failed' ? 1 : 75;
}

/** The shortest way to send a message: one command, one reply. */
async function deliver({ socket, requireTls }: MxConnected): Promise<void> {
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const reply = async (): Promise<string> => {
    for (;;) {
      const { value: line = '', done } = await lines.next();
      if (done || line[3] !== '-') return line;
    }
  };
  const date = new Date().toUTCString().replace('GMT', '+0000');
  const message = [`From: <${from}>`, `To: <${to}>`, `Date: ${date}`, 'Subject: hello', '', 'Hello.'];
  for (const command of [
    `MAIL FROM:<${from}>${requireTls ? ' REQUIRETLS' : ''}`,
    `RCPT TO:<${to}>`,
    'DATA',
    [...message, '.'].join('\r\n'),
  ]) {
    socket.write(`${command}\r\n`);
    const answer = await reply();
    if (!/^[23]/.test(answer)) {
      console.log(`refused: ${answer}`);
      process.exitCode = /^4/.test(answer) ? 75 : 1;
      break;
    }
    if (command.endsWith('\r\n.')) console.log(`delivered: ${answer}`);
  }
  socket.end('QUIT\r\n');
}

/** Nothing is needed outside the lab. */
function labOptions(): ConnectMxOptions {
  const { LAB_HINTS: hints, LAB_ANCHOR: anchor, LAB_DNS_PORT: dnsPort, LAB_PORT: port } = process.env;
  if (!hints || !anchor) return {};
  const resolver = createResolver({
    rootHints: parseRootHints(readFileSync(hints, 'utf8')),
    trustAnchors: parseTrustAnchors(readFileSync(anchor, 'utf8')),
    dnsPort: Number(dnsPort ?? 53),
  });
  return { resolver, port: Number(port ?? 25), sts: false };
}
