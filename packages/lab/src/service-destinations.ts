/** Services of other protocols than mail transfer, found through SRV records (rfc7673): good ones, and each way to be broken. */
import { RRType } from '@mailanchor/dns';
import type { CertificateSpec, HostSpec, ServiceSpec, TlsaSpec, ZoneSpec } from './destination-spec.ts';
import type { ServiceDialect } from './mail/service-session.ts';

const ROOT_ANCHOR: TlsaSpec = { usage: 2, selector: 1, matching: 1, of: 'root' };
const PAST_KEY: TlsaSpec = { usage: 3, selector: 1, matching: 1, of: 'past' };

/** Label of the SRV records and what is spoken there. */
const GOOD: readonly (readonly [label: string, dialect: ServiceDialect | 'smtp', title: string])[] = [
  ['imaps', 'tls', 'IMAP, TLS from the first octet'],
  ['imap', 'imap', 'IMAP with STARTTLS'],
  ['pop3s', 'tls', 'POP3, TLS from the first octet'],
  ['pop3', 'pop3', 'POP3 with STLS'],
  ['submission', 'smtp', 'submission with STARTTLS'],
  ['submissions', 'tls', 'submission, TLS from the first octet'],
  ['sieve', 'sieve', 'ManageSieve with STARTTLS'],
  ['xmpp-client', 'xmpp', 'XMPP for clients'],
  ['xmpp-server', 'xmpp', 'XMPP between servers'],
  ['ldaps', 'tls', 'LDAP, TLS from the first octet'],
];

interface Variation extends Pick<ServiceSpec, 'title' | 'special' | 'verdict'> {
  readonly zone?: Partial<ZoneSpec>;
  readonly host?: Partial<HostSpec>;
  readonly hostVerdict?: ServiceSpec['hostVerdicts'][number][1];
  readonly kind?: ServiceSpec['kind'];
  readonly findings?: readonly string[];
  /** As the SRV records name it; default the host's own. */
  readonly hostName?: string;
  /** None: the host is not named by SRV records. */
  readonly srv?: false;
}

/** `_<label>._tcp.<name>-service.example`, in a zone of its own, at one host. */
function service(label: string, name: string, variation: Variation): ServiceSpec {
  const { zone, host, hostVerdict, findings = [], srv, hostName, ...rest } = variation;
  const domain = `${name}-service.example`;
  const owner = `_${label}._tcp.${domain}`;
  const server = `server.${domain}`;
  const located = srv === false ? {} : { srv: owner };
  return {
    target: owner,
    zones: [{ origin: domain, ...zone }],
    hosts: [{ name: server, ...located, ...host }],
    hostVerdicts: hostVerdict ? [[hostName ?? server, hostVerdict]] : [],
    findings,
    ...rest,
  };
}

const issuedFor = (name: string): CertificateSpec => ({ issuer: 'root', send: ['root'], names: [name] });
const good = { verdict: 'protected', hostVerdict: 'verified' } as const;
const nothing = { verdict: 'unprotected', kind: 'no-such-service', srv: false } as const;

export const SERVICE_SPECS: readonly ServiceSpec[] = [
  ...GOOD.map(([label, dialect, title]) =>
    service(label, label, {
      title,
      special: 'SRV, address and TLSA records are signed, and the key is the one that is published.',
      ...good,
      host: dialect === 'smtp' ? {} : { dialect },
    }),
  ),
  service('imaps', 'domain-name', {
    title: '2 1 1, certificate for the domain',
    special: 'The certificate may be for the domain that the service is of as well as for the server.',
    ...good,
    host: { dialect: 'tls', certificate: issuedFor('domain-name-service.example'), tlsa: [ROOT_ANCHOR] },
  }),
  service('imaps', 'wrong-name', {
    title: '2 1 1, certificate for another name',
    special: 'The certificate is neither for the server nor for the domain: clients do not connect.',
    verdict: 'broken',
    hostVerdict: 'mismatch',
    findings: ['ta-name'],
    host: { dialect: 'tls', certificate: issuedFor('other.example'), tlsa: [ROOT_ANCHOR] },
  }),
  service('imaps', 'renewed-key', {
    title: 'mismatch after a renewed key',
    special: 'The TLSA record still names the old key: clients do not connect.',
    verdict: 'broken',
    hostVerdict: 'mismatch',
    findings: ['tlsa-mismatch'],
    host: { dialect: 'tls', tlsa: [PAST_KEY] },
  }),
  ...(['imap', 'pop3', 'sieve', 'xmpp'] as const).flatMap((dialect) => {
    const label = dialect === 'xmpp' ? 'xmpp-client' : dialect;
    return [
      service(label, `${dialect}-injected`, {
        title: `${dialect}: data behind STARTTLS`,
        special: 'Text in clear follows the answer to STARTTLS: somebody injects it (CVE-2011-0411).',
        verdict: 'broken',
        hostVerdict: 'deferred',
        findings: ['starttls-injection'],
        host: { dialect, fault: 'injected-data' },
      }),
      service(label, `${dialect}-refused`, {
        title: `${dialect}: STARTTLS refused`,
        special: 'TLSA records promise TLS, and STARTTLS is answered with no.',
        verdict: 'broken',
        hostVerdict: 'deferred',
        findings: ['starttls-refused'],
        host: { dialect, fault: 'starttls-refused' },
      }),
    ];
  }),
  service('xmpp-client', 'xmpp-plain', {
    title: 'XMPP without STARTTLS',
    special: 'TLSA records promise TLS, and it is not offered.',
    verdict: 'broken',
    hostVerdict: 'deferred',
    findings: ['starttls-missing'],
    host: { dialect: 'xmpp', fault: 'no-starttls' },
  }),
  service('imaps', 'unsigned', {
    title: 'unsigned SRV records',
    special: 'Anybody can forge where the service is; what the server proves is worth nothing.',
    verdict: 'unprotected',
    hostVerdict: 'no-dane',
    findings: ['srv-unsigned'],
    zone: { algorithm: 'unsigned' },
    host: { dialect: 'tls' },
  }),
  service('imaps', 'alias', {
    title: 'target that is an alias',
    special: 'The SRV record names an alias, which RFC 2782 forbids; DANE goes by what it leads to.',
    ...good,
    findings: ['srv-cname'],
    zone: { records: 'alias CNAME server' },
    host: { dialect: 'tls', srvTarget: 'alias.alias-service.example' },
    hostName: 'alias.alias-service.example',
  }),
  service('imaps', 'not-offered', {
    title: 'service not offered',
    special: 'The target of the SRV record is the root: clients do not look further.',
    ...nothing,
    findings: ['srv-not-offered'],
    zone: { records: '_imaps._tcp SRV 0 0 0 .' },
    host: { dialect: 'tls' },
  }),
  service('imaps', 'no-srv', {
    title: 'no SRV records',
    special: 'The domain does not say where the service is.',
    ...nothing,
    findings: ['srv-none'],
    host: { dialect: 'tls' },
  }),
  service('imaps', 'mixed', {
    title: 'offered and not offered',
    special: 'One SRV record says that the service is not offered, another where it is.',
    ...good,
    findings: ['srv-mixed'],
    zone: { records: '_imaps._tcp SRV 0 0 0 .' },
    host: { dialect: 'tls' },
  }),
  service('imaps', 'expired', {
    title: 'expired signature of the SRV records',
    special: 'Clients that validate do not connect.',
    verdict: 'broken',
    findings: ['domain-bogus'],
    zone: { signingFaults: [{ kind: 'expired', types: [RRType.SRV] }] },
    host: { dialect: 'tls' },
  }),
];
