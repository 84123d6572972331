/** A mail host in the process, on loopback: it speaks SMTP with STARTTLS by a script, and has a switch for each fault. */
import * as net from 'node:net';
import * as tls from 'node:tls';
import type { MadeCertificate } from './certificates.ts';

export interface MailHostScript {
  /** A line, 'silent', 'flood' (10 MB without a line end), 'lines' (a greeting that never ends), 'trickle' (octet by octet) or 'close'. */
  readonly greeting?: string;
  /** Lines of the EHLO reply; 'close', 'silent'. */
  readonly ehlo?: string;
  readonly helo?: string;
  /** Reply to STARTTLS; 'close', 'silent', 'reset'. Default: 220. */
  readonly starttls?: string;
  /** Octets sent in the same packet as the STARTTLS reply. */
  readonly inject?: string;
  /** What comes instead of a handshake: 'silent', 'close', 'garbage'. */
  readonly handshake?: 'silent' | 'close' | 'garbage';
  readonly afterTls?: 'close' | 'silent' | string;
  /** Leaf first. */
  readonly chain?: readonly MadeCertificate[];
  /** For those who ask for RSA, or for ECDSA, whichever `chain` is not. */
  readonly secondChain?: readonly MadeCertificate[];
  /** Chains by turns, connection by connection, instead of `chain`. */
  readonly chains?: readonly (readonly MadeCertificate[])[];
  /** Every other connection is not offered STARTTLS. */
  readonly selective?: boolean;
  /** Whose EHLO is refused. */
  readonly refuses?: RegExp;
  /** Who is not offered STARTTLS, by the name in EHLO. */
  readonly plainTo?: RegExp;
  /** Connections at a time; one more is greeted with 421. */
  readonly atATime?: number;
  readonly secureContext?: tls.SecureContextOptions;
  /** Another protocol than SMTP: the command that begins TLS, and the answers to it that say yes and no. */
  readonly dialect?: keyof typeof DIALECTS;
  /** What an XMPP server answers to the opening of a stream. */
  readonly stream?: string;
  /** TLS from the first octet. */
  readonly implicitTls?: boolean;
  /** Accepts connections, and never says a word. */
  readonly mute?: boolean;
  readonly quit?: 'silent';
  /** Another address than 127.0.0.1. */
  readonly address?: string;
  readonly port?: number;
}

export interface MailHost {
  readonly address: string;
  readonly port: number;
  /** Commands received on all connections, without line end; those under TLS begin with `tls `. */
  readonly commands: readonly string[];
  /** Names given by SNI; '' for none. */
  readonly servernames: readonly string[];
  /** Resolves when the last connection is gone. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

const DIALECTS = {
  smtp: { command: /^STARTTLS$/i, yes: '220 go ahead\r\n', end: '\r\n' },
  imap: { command: /^a1 STARTTLS$/, yes: '* CAPABILITY IMAP4rev2\r\na1 OK begin\r\n', end: '\r\n' },
  pop3: { command: /^STLS$/, yes: '+OK begin\r\n', end: '\r\n' },
  sieve: { command: /^STARTTLS$/, yes: 'OK "Begin TLS negotiation now."\r\n', end: '\r\n' },
  xmpp: { command: /^<starttls /, yes: "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", end: '>' },
} as const;

/** What an XMPP server opens its stream with. */
export const XMPP_STREAM =
  "<?xml version='1.0'?><stream:stream from='example.org' id='1' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
export const XMPP_STARTTLS =
  "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>";

const EHLO = '250-mail.test\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n';

export async function startMailHost(script: MailHostScript = {}): Promise<MailHost> {
  const dialect = DIALECTS[script.dialect ?? 'smtp'];
  const commands: string[] = [];
  const servernames: string[] = [];
  let accepted = 0;
  const sockets = new Set<net.Socket>();
  const waiting: (() => void)[] = [];
  const server = net.createServer((socket) => {
    sockets.add(socket);
    const turn = accepted++;
    socket.on('error', () => {});
    socket.once('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0) for (const wake of waiting.splice(0)) wake();
    });
    if (sockets.size > (script.atATime ?? Number.POSITIVE_INFINITY)) {
      socket.end('421 too many connections\r\n');
    } else if (script.mute) socket.resume();
    else if (script.implicitTls) secure(socket, turn, () => {});
    else {
      if (script.dialect !== 'xmpp') greet(socket, script.greeting ?? '220 mail.test ESMTP');
      converse(socket, turn, false);
    }
  });

  function converse(socket: net.Socket, turn: number, secured: boolean): void {
    let text = '';
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const lineEnd = dialect.end;
      for (let end = text.indexOf(lineEnd); end >= 0; end = text.indexOf(lineEnd)) {
        const line = text.slice(0, end);
        text = text.slice(end + lineEnd.length);
        commands.push(secured ? `tls ${line}` : line);
        if (dialect.command.test(line) && !secured && !script.starttls) {
          socket.off('data', onData);
          socket.write(`${dialect.yes}${script.inject ?? ''}`);
          if (script.handshake) misshake(socket, script.handshake);
          else secure(socket, turn, (stream) => converse(stream, turn, true));
          return;
        }
        answer(socket, line, turn, secured);
      }
    };
    socket.on('data', onData);
  }

  function answer(socket: net.Socket, line: string, turn: number, secured: boolean): void {
    const verb = line.split(' ')[0]!.toUpperCase();
    if (verb === 'EHLO' && script.refuses?.test(line)) say(socket, '550 no such name\r\n');
    else if (verb === 'EHLO') {
      const chosen = script.plainTo?.test(line) ?? (script.selective && turn % 2 === 1);
      const plain = chosen ? '250 mail.test\r\n' : (script.ehlo ?? EHLO);
      say(socket, secured ? (script.afterTls ?? EHLO.replace('250-STARTTLS\r\n', '')) : plain);
    } else if (verb === 'HELO') say(socket, script.helo ?? '502 no\r\n');
    else if (verb === '<STREAM:STREAM') socket.write(script.stream ?? XMPP_STREAM + XMPP_STARTTLS);
    else if (verb.startsWith('<?XML')) return;
    else if (dialect.command.test(line)) say(socket, script.starttls ?? '503 no\r\n');
    else if (verb === 'QUIT') {
      if (script.quit !== 'silent') socket.end('221 bye\r\n');
    } else say(socket, '502 no\r\n');
  }

  function secure(socket: net.Socket, turn: number, then: (stream: tls.TLSSocket) => void): void {
    const { chains, chain = [], secondChain } = script;
    const presented = [chains?.[turn % chains.length] ?? chain, ...(secondChain ? [secondChain] : [])];
    const stream = new tls.TLSSocket(socket, {
      isServer: true,
      secureContext: tls.createSecureContext({
        key: presented.flatMap(([first]) => first?.key ?? []),
        cert: presented.map((each) => each.map(({ pem }) => pem).join('')).filter((pem) => pem !== ''),
        ...script.secureContext,
      }),
      SNICallback: (_name, done) => done(null),
    });
    stream.on('error', () => socket.destroy());
    stream.once('secure', () => {
      servernames.push((stream as { servername?: string | false }).servername || '');
      then(stream);
    });
  }

  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen({ host: script.address ?? '127.0.0.1', port: script.port ?? 0 }, listening);
  });
  const { address, port } = server.address() as net.AddressInfo;
  return {
    address,
    port,
    commands,
    servernames,
    idle: () => (sockets.size === 0 ? Promise.resolve() : new Promise((wake) => waiting.push(wake))),
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function say(socket: net.Socket, what: string): void {
  if (what === 'close') socket.end();
  else if (what === 'reset') socket.resetAndDestroy();
  else if (what !== 'silent') socket.write(what.endsWith('\n') ? what : `${what}\r\n`);
}

function greet(socket: net.Socket, greeting: string): void {
  if (greeting === 'flood') pour(socket, 'x'.repeat(65_536), 160);
  else if (greeting === 'lines') pour(socket, '220-and more\r\n'.repeat(1000), 1000);
  else if (greeting === 'trickle') {
    const timer = setInterval(() => socket.write('2'), 5);
    socket.once('close', () => clearInterval(timer));
  } else say(socket, greeting);
}

/** As much as the peer takes. */
function pour(socket: net.Socket, chunk: string, times: number): void {
  for (let left = times; left > 0; left--) {
    if (socket.destroyed) return;
    if (!socket.write(chunk)) {
      socket.once('drain', () => pour(socket, chunk, left - 1));
      return;
    }
  }
}

function misshake(socket: net.Socket, how: 'silent' | 'close' | 'garbage'): void {
  socket.resume();
  if (how === 'close') socket.end();
  if (how === 'garbage') socket.write('this is no TLS record, not at all\r\n');
}
