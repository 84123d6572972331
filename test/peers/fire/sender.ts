/**
 * Runs inside the namespace for as long as the rollover goes on. Twice a second Postfix's client opens an authenticated session with the domain, and a
 * message is delivered over ours, both as senders do: through Unbound and its cache, and through a cache of our own. A line of JSON for each on
 * standard output. Ends with SIGTERM, when what is under way is done.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import { createResolver, parseTrustAnchors } from '@mailanchor/dnssec';
import { connectMx, type MxConnected } from '@mailanchor/smtp';

export interface Delivered {
  /** Milliseconds since the epoch, when it was begun. */
  readonly at: number;
  readonly by: 'postfix' | 'mailanchor';
  /** Empty: delivered to the authenticated server. */
  readonly problem: string;
}

const EVERY_MS = 500;
/** Milliseconds for one delivery. */
const PATIENCE_MS = 15_000;

const [folder = '', domain = '', resolverAddress = ''] = process.argv.slice(2);

/** What Postfix's own client says. */
async function byPostfix(): Promise<string> {
  const command = ['-t', '10', '-T', '10', '-c', '-l', 'dane-only', domain];
  const child = spawn('posttls-finger', command, {
    env: { ...process.env, MAIL_CONFIG: join(folder, 'postfix/etc') },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE_MS,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  await once(child, 'close');
  return /\bVerified TLS connection established to mx1\.fire\b/.test(output)
    ? ''
    : output.trim() || 'it says nothing';
}

const resolver = createResolver({
  mode: { kind: 'forward', servers: [{ address: resolverAddress, port: 53 }] },
  trustAnchors: parseTrustAnchors(readFileSync(join(folder, 'root.key'), 'utf8'), 'root.key'),
});

/** A message over our own session, to the server's word that it has it. */
async function byMailanchor(): Promise<string> {
  const options = {
    resolver,
    mode: 'dane-only',
    sts: false,
    helo: 'sender.fire',
    timeoutMs: PATIENCE_MS,
  } as const;
  const connection = await connectMx(domain, options);
  if (connection.kind !== 'connected') return JSON.stringify({ ...connection, events: undefined });
  return sendMessage(connection).finally(() => connection.socket.destroy());
}

async function sendMessage({ socket, authenticated }: MxConnected): Promise<string> {
  if (authenticated !== 'dane') return `the session is ${authenticated}`;
  const said: string[] = [];
  const lines = [
    'MAIL FROM:<a@sender.fire>',
    `RCPT TO:<b@${domain}>`,
    'DATA',
    'Subject: roll\r\n\r\nunder fire\r\n.',
    'QUIT',
  ];
  let pending = '';
  socket.setEncoding('utf8');
  socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no reply')));
  socket.write(`${lines[0]}\r\n`);
  for await (const text of socket as AsyncIterable<string>) {
    pending += text;
    for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
      const reply = pending.slice(0, end);
      pending = pending.slice(end + 2);
      if (/^\d{3}-/.test(reply)) continue;
      said.push(reply);
      if (!/^[23]/.test(reply)) return `${lines[said.length - 1]}: ${reply}`;
      // The fourth is the answer to the message itself.
      if (said.length === 4) return '';
      socket.write(`${lines[said.length]}\r\n`);
    }
  }
  return `the connection ended after ${said.length} replies`;
}

const ways = { postfix: byPostfix, mailanchor: byMailanchor } as const;
const underWay = new Set<Promise<void>>();
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

function deliver(by: Delivered['by']): void {
  const at = Date.now();
  const delivery = ways[by]()
    .catch((error: unknown) => String(error))
    .then((problem) => {
      process.stdout.write(`${JSON.stringify({ at, by, problem } satisfies Delivered)}\n`);
      underWay.delete(delivery);
    });
  underWay.add(delivery);
}

try {
  for await (const _ of setInterval(EVERY_MS, undefined, { signal: stop.signal })) {
    deliver('postfix');
    deliver('mailanchor');
  }
} catch (error) {
  if (!stop.signal.aborted) throw error;
}
await Promise.all(underWay);
await resolver.close();
