/** One connection of a mail host that misbehaves: a few lines of SMTP (rfc5321#section-4.1), then what the fault says. */
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { MailFault, OrdinaryFault } from './mail-fault.ts';

/** The others are left to the ordinary server. */
export type HostileFault = Exclude<MailFault, OrdinaryFault>;

export interface HostileOptions {
  readonly name: string;
  readonly fault: HostileFault;
  readonly secureContext: SecureContext;
  /** Milliseconds between the octets of 'byte-a-second'. */
  readonly octetIntervalMs: number;
}

const RENEGOTIATIONS = 1000;
const FLOOD_OCTETS = 10_000_000;
/** Octets of a command that is still waited for. */
const LINE_OCTETS = 4096;

export function serveHostile(socket: Socket, options: HostileOptions): void {
  const { name, fault } = options;
  socket.on('error', () => {});
  switch (fault) {
    case 'silent':
      socket.resume();
      return;
    case 'greeting-refused':
      socket.end(`554 ${name} takes no mail\r\n`);
      return;
    case 'banner-flood':
      flood(socket, Buffer.from(`220-${'flood '.repeat(80)}\r\n`));
      return;
    case 'endless-line':
      flood(socket, Buffer.from('220 '), Buffer.alloc(4096, 'endless '));
      return;
    case 'byte-a-second':
      trickle(socket, `220 ${name} ESMTP and quite slow\r\n`, options.octetIntervalMs);
      return;
    default:
      socket.write(`220 ${name} ESMTP\r\n`);
      onLine(socket, (line) => converse(socket, line, options));
  }
}

function converse(socket: Socket, line: string, options: HostileOptions): void {
  const verb = line.slice(0, 8).toUpperCase().trimEnd();
  if (verb.startsWith('EHLO') && options.fault === 'ehlo-flood') {
    flood(socket, Buffer.from(`250-${'FLOOD '.repeat(80)}\r\n`));
  } else if (verb.startsWith('EHLO')) socket.write(`250-${options.name}\r\n250-8BITMIME\r\n250 STARTTLS\r\n`);
  else if (verb.startsWith('QUIT')) socket.end('221 bye\r\n');
  else if (verb === 'STARTTLS') starttls(socket, options);
  else socket.write('502 not here\r\n');
}

function starttls(socket: Socket, options: HostileOptions): void {
  const { name, fault, secureContext } = options;
  switch (fault) {
    case 'closing-at-starttls':
      socket.end(`421 ${name} closes\r\n`);
      return;
    case 'slow-handshake':
      socket.removeAllListeners('data');
      socket.write('220 go ahead\r\n');
      // The head of a handshake record of 16 kB, and then its octets.
      socket.once('data', () =>
        trickle(socket, '\x16\x03\x03\x40\x00\x02'.padEnd(100, '\x01'), options.octetIntervalMs),
      );
      return;
    case 'old-tls':
    case 'renegotiation': {
      socket.removeAllListeners('data');
      socket.write('220 go ahead\r\n');
      const secured = new TLSSocket(socket, { isServer: true, secureContext });
      secured.on('error', () => socket.destroy());
      onLine(secured, (line) => {
        converse(secured, line, options);
        if (fault === 'renegotiation') renegotiate(secured, RENEGOTIATIONS);
      });
      return;
    }
    case 'starttls-refused':
      socket.write('454 TLS not available due to temporary reason\r\n');
      return;
    case 'injected-data':
      // One write: both replies reach the client together.
      socket.write(`220 go ahead\r\n250-${name}\r\n250 AUTH PLAIN\r\n`);
      return;
    case 'no-handshake':
      socket.removeAllListeners('data');
      socket.write('220 go ahead\r\n');
      socket.once('data', () => socket.end('500 what is this?\r\n'));
      return;
    case 'closing-after-starttls': {
      socket.removeAllListeners('data');
      socket.write('220 go ahead\r\n');
      const secured = new TLSSocket(socket, { isServer: true, secureContext });
      secured.on('error', () => socket.destroy());
      onLine(secured, () => secured.end(`421 ${name} closes\r\n`));
      return;
    }
    default:
      socket.write('502 not here\r\n');
  }
}

/** Asks the client for one handshake after the other. */
function renegotiate(secured: TLSSocket, times: number): void {
  if (times === 0 || secured.destroyed) return;
  secured.renegotiate({}, () => renegotiate(secured, times - 1));
}

function onLine(socket: Socket, take: (line: string) => void): void {
  let pending = '';
  socket.on('data', (chunk) => {
    pending += chunk.toString('latin1');
    for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      take(line);
    }
    if (pending.length > LINE_OCTETS) socket.destroy();
  });
}

/** `first`, then `repeated` (default: `first` again) until 10 MB are written, no faster than they are read. */
function flood(socket: Socket, first: Buffer, repeated: Buffer = first): void {
  socket.resume();
  let left = FLOOD_OCTETS;
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      left -= repeated.length;
      if (!socket.write(repeated)) return;
    }
    if (left <= 0) socket.end();
  };
  socket.on('drain', more);
  socket.write(first);
  more();
}

function trickle(socket: Socket, text: string, intervalMs: number): void {
  socket.resume();
  let at = 0;
  const timer = setInterval(() => {
    if (at < text.length) socket.write(text[at++]!, 'latin1');
    else clearInterval(timer);
  }, intervalMs);
  socket.on('close', () => clearInterval(timer));
}
