/**
 * One connection of a server of another protocol than SMTP, as far as clients need it to come to TLS and to see that it stands: what is
 * said before the handshake, then a greeting. By a fault STARTTLS is not offered, refused, or followed by data in clear (CVE-2011-0411).
 */
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

/** 'tls': the handshake first, as for imaps, pop3s, submissions, https and ldaps. */
export type ServiceDialect = 'imap' | 'pop3' | 'sieve' | 'xmpp' | 'tls';
export type ServiceFault = 'no-starttls' | 'starttls-refused' | 'injected-data';

const SERVICE_FAULTS: ReadonlySet<string> = new Set<ServiceFault>([
  'no-starttls',
  'starttls-refused',
  'injected-data',
]);

export function isServiceFault(fault: string): fault is ServiceFault {
  return SERVICE_FAULTS.has(fault);
}

export interface ServiceOptions {
  readonly name: string;
  readonly dialect: ServiceDialect;
  readonly fault: ServiceFault | undefined;
  readonly secureContext: SecureContext;
}

interface Words {
  /** Said when the connection stands; the second where STARTTLS is not offered. */
  readonly greeting: (name: string, starttls: boolean) => string;
  /** What a client's words end with. */
  readonly end: string;
  /** Said to words that are not STARTTLS, undefined: nothing. */
  readonly answer?: (text: string, name: string, starttls: boolean) => string | undefined;
  readonly starttls: RegExp;
  readonly yes: string;
  readonly no: string;
  readonly injected: string;
}

const TLS = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'";

const WORDS: Readonly<Record<Exclude<ServiceDialect, 'tls'>, Words>> = {
  imap: {
    greeting: (name, starttls) =>
      `* OK [CAPABILITY IMAP4rev2${starttls ? ' STARTTLS' : ''} LOGINDISABLED] ${name} ready\r\n`,
    end: '\r\n',
    answer: (text) => (/LOGOUT/i.test(text) ? '* BYE\r\n' : `${text.split(' ')[0]} BAD not here\r\n`),
    starttls: /^\S+ STARTTLS$/i,
    // The tag is the client's own.
    yes: '$tag OK begin TLS\r\n',
    no: '$tag NO not now\r\n',
    injected: '* CAPABILITY IMAP4rev2 AUTH=PLAIN\r\n',
  },
  pop3: {
    greeting: (name) => `+OK ${name} ready\r\n`,
    end: '\r\n',
    answer: (text) => (/^QUIT/i.test(text) ? '+OK bye\r\n' : '-ERR not here\r\n'),
    starttls: /^STLS$/i,
    yes: '+OK begin TLS\r\n',
    no: '-ERR not now\r\n',
    injected: '+OK\r\n',
  },
  sieve: {
    greeting: (name, starttls) =>
      `"IMPLEMENTATION" "lab ${name}"\r\n${starttls ? '"STARTTLS"\r\n' : ''}"SASL" ""\r\nOK\r\n`,
    end: '\r\n',
    answer: () => 'NO "not here"\r\n',
    starttls: /^STARTTLS$/i,
    yes: 'OK "begin TLS"\r\n',
    no: 'NO "not now"\r\n',
    injected: 'OK\r\n',
  },
  xmpp: {
    greeting: () => '',
    end: '>',
    answer: (text, name, starttls) => {
      const stream = /^<stream:stream .*xmlns='(jabber:\w+)'/.exec(text.trim());
      if (!stream) return undefined;
      const features = starttls ? `<starttls ${TLS}><required/></starttls>` : "<bind xmlns='x'/>";
      return `<?xml version='1.0'?><stream:stream from='${name}' id='lab' version='1.0' xmlns='${stream[1]}' xmlns:stream='http://etherx.jabber.org/streams'><stream:features>${features}</stream:features>`;
    },
    starttls: /^<starttls [^>]*\/$/,
    yes: `<proceed ${TLS}/>`,
    no: `<failure ${TLS}/></stream:stream>`,
    injected: '<message/>',
  },
};

/** Octets of a client's words that are still waited for. */
const MAX_OCTETS = 4096;

export function serveService(socket: Socket, options: ServiceOptions): void {
  socket.on('error', () => {});
  const { dialect, name, fault } = options;
  if (dialect === 'tls') {
    secure(socket, options);
    return;
  }
  const words = WORDS[dialect];
  const offered = fault !== 'no-starttls';
  const greeting = words.greeting(name, offered);
  if (greeting !== '') socket.write(greeting);
  let pending = '';
  const onData = (chunk: Buffer): void => {
    pending += chunk.toString('latin1');
    if (pending.length > MAX_OCTETS) socket.destroy();
    for (let end = pending.indexOf(words.end); end >= 0; end = pending.indexOf(words.end)) {
      const text = pending.slice(0, end);
      pending = pending.slice(end + words.end.length);
      if (!words.starttls.test(text)) {
        socket.write(words.answer?.(text, name, offered) ?? '');
        continue;
      }
      const say = (reply: string): void => void socket.write(reply.replace('$tag', text.split(' ')[0] ?? ''));
      if (!offered || fault === 'starttls-refused') {
        say(words.no);
        continue;
      }
      socket.off('data', onData);
      say(fault === 'injected-data' ? words.yes + words.injected : words.yes);
      secure(socket, options);
      return;
    }
  };
  socket.on('data', onData);
}

/** After TLS it greets, whatever the protocol, and listens. */
function secure(socket: Socket, { name, secureContext }: ServiceOptions): void {
  const stream = new TLSSocket(socket, { isServer: true, secureContext });
  stream.on('error', () => socket.destroy());
  stream.once('secure', () => stream.write(`* OK ${name} ready, under TLS\r\n`));
  stream.on('end', () => stream.end());
  stream.resume();
}
