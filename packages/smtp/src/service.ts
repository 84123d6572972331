/**
 * The TLS services that are known by name: port, what is said before the handshake, and the label under which SRV records locate them.
 * The name is also the scheme of a URL.
 */

/** What begins TLS on a connection; 'tls': the handshake itself. */
export type ServiceProtocol = 'smtp' | 'imap' | 'pop3' | 'sieve' | 'xmpp-client' | 'xmpp-server' | 'tls';

export interface Service {
  readonly port: number;
  readonly protocol: ServiceProtocol;
  /** Of the owner name of its SRV records, `_<label>._tcp.<domain>`, where a client finds it so (RFC 2782, 6120, 6186, 8314, 5804). */
  readonly srv?: string;
  /** A client always asks for SRV records first, and goes to the domain itself where there are none (rfc6120#section-3.2). */
  readonly srvFirst?: true;
}

export const SERVICES = {
  https: { port: 443, protocol: 'tls' },
  imaps: { port: 993, protocol: 'tls', srv: 'imaps' },
  imap: { port: 143, protocol: 'imap', srv: 'imap' },
  pop3s: { port: 995, protocol: 'tls', srv: 'pop3s' },
  pop3: { port: 110, protocol: 'pop3', srv: 'pop3' },
  smtp: { port: 25, protocol: 'smtp' },
  smtps: { port: 465, protocol: 'tls', srv: 'submissions' },
  submission: { port: 587, protocol: 'smtp', srv: 'submission' },
  submissions: { port: 465, protocol: 'tls', srv: 'submissions' },
  sieve: { port: 4190, protocol: 'sieve', srv: 'sieve' },
  'xmpp-client': { port: 5222, protocol: 'xmpp-client', srv: 'xmpp-client', srvFirst: true },
  'xmpp-server': { port: 5269, protocol: 'xmpp-server', srv: 'xmpp-server', srvFirst: true },
  'xmpps-client': { port: 5223, protocol: 'tls', srv: 'xmpps-client', srvFirst: true },
  'xmpps-server': { port: 5270, protocol: 'tls', srv: 'xmpps-server', srvFirst: true },
  ldaps: { port: 636, protocol: 'tls', srv: 'ldaps' },
} as const satisfies Readonly<Record<string, Service>>;

export type ServiceName = keyof typeof SERVICES;

export function isServiceName(name: string): name is ServiceName {
  return Object.hasOwn(SERVICES, name);
}

/** The service whose SRV records are at `_<label>._tcp`, in any case of letters. */
export function serviceOfLabel(label: string): ServiceName | undefined {
  const wanted = label.toLowerCase();
  // 'submissions' before its other name.
  const named = isServiceName(wanted) ? [wanted] : [];
  return [...named, ...Object.keys(SERVICES).filter(isServiceName)].find((name) => {
    const service: Service = SERVICES[name];
    return service.srv === wanted;
  });
}

const STARTTLS_PORTS: Readonly<Record<number, ServiceProtocol>> = {
  25: 'smtp',
  587: 'smtp',
  2525: 'smtp',
  143: 'imap',
  110: 'pop3',
  4190: 'sieve',
  5222: 'xmpp-client',
  5269: 'xmpp-server',
};
const TLS_PORTS: ReadonlySet<number> = new Set([
  443, 465, 563, 636, 853, 990, 992, 993, 994, 995, 5223, 5270, 5671, 8443, 8883,
]);

/** What is spoken at a port: SMTP where nothing else is known. */
export function protocolOfPort(port: number): ServiceProtocol {
  return STARTTLS_PORTS[port] ?? (TLS_PORTS.has(port) ? 'tls' : 'smtp');
}
