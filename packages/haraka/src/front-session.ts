/**
 * One conversation with Haraka. The greeting waits for the session; EHLO is answered with what the mail host offers, but for STARTTLS and AUTH,
 * which are our affair or nobody's; from MAIL FROM on it is the mail host that answers.
 */
import type { Socket } from 'node:net';
import type { MxConnected, MxConnection } from '@mailanchor/smtp';
import type { OpenSession } from './front.ts';

/** Extensions that are not handed on. */
const NOT_HANDED_ON: ReadonlySet<string> = new Set(['STARTTLS', 'AUTH', 'REQUIRETLS']);
/** Octets of Haraka's commands before MAIL FROM. */
const MAX_WAITING = 4_096;

export function serveFront(client: Socket, open: OpenSession): void {
  const gone = new AbortController();
  client.once('close', () => gone.abort());
  client.on('error', () => client.destroy());
  open(gone.signal).then(
    (session) => {
      if (session.kind !== 'connected') refuse(client, refusalOf(session));
      else if (client.destroyed) session.socket.destroy();
      else serve(client, session);
    },
    (error: unknown) => {
      if (!client.destroyed) refuse(client, `451 4.3.0 ${oneLine(messageOf(error))}`);
    },
  );
}

/** What Haraka writes into its log and into the message that it returns. */
export function refusalOf(session: Exclude<MxConnection, { kind: 'connected' }>): string {
  const code = session.kind === 'deferred' ? 451 : session.reason === 'null-mx' ? 556 : 550;
  return `${code} ${session.status} ${session.reason}: ${oneLine(session.text)}`;
}

function refuse(client: Socket, line: string): void {
  client.end(`${line}\r\n`);
  client.resume();
}

function serve(client: Socket, session: MxConnected): void {
  const host = session.socket;
  client.once('close', () => host.destroy());
  // With what it said last: a reply must not be lost since the connection ends behind it.
  host.once('close', () => client.end());
  host.on('error', () => host.destroy());
  client.write(`220 ${session.host} ESMTP\r\n`);
  let waiting = '';
  const onData = (chunk: Buffer): void => {
    waiting += chunk.toString('latin1');
    for (let at = waiting.indexOf('\r\n'); at >= 0; at = waiting.indexOf('\r\n')) {
      const line = waiting.slice(0, at);
      if (/^MAIL /i.test(line)) {
        client.off('data', onData);
        const rest = waiting.slice(at);
        // Sent as it came: only the parameter is ours, and Haraka does not know it.
        host.write(Buffer.from(`${line}${session.requireTls ? ' REQUIRETLS' : ''}${rest}`, 'latin1'));
        client.pipe(host);
        host.pipe(client);
        return;
      }
      waiting = waiting.slice(at + 2);
      answer(client, host, line, session);
    }
    if (waiting.length > MAX_WAITING) client.destroy();
  };
  client.on('data', onData);
}

function answer(client: Socket, host: Socket, line: string, session: MxConnected): void {
  const [verb = ''] = line.toUpperCase().split(' ');
  if (verb === 'EHLO' || verb === 'HELO') client.write(ehloReply(session));
  else if (verb === 'QUIT') {
    host.end('QUIT\r\n');
    client.end('221 2.0.0 bye\r\n');
  } else client.write(verb === 'RSET' || verb === 'NOOP' ? '250 2.0.0 ok\r\n' : '503 5.5.1 MAIL first\r\n');
}

export function ehloReply({ host, capabilities }: Pick<MxConnected, 'host' | 'capabilities'>): string {
  const offered = [...capabilities].filter(([keyword]) => !NOT_HANDED_ON.has(keyword));
  const lines = [host, ...offered.map(([keyword, value]) => `${keyword} ${oneLine(value)}`.trim())];
  return lines.map((line, i) => `250${i === lines.length - 1 ? ' ' : '-'}${line}\r\n`).join('');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function oneLine(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 400);
}
