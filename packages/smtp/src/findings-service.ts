/**
 * Findings on a service that is not mail transfer: its SRV records, and the words in which the other findings speak of it. Those are
 * written for mail; a client of another service does not defer, it does not connect.
 */
import { isIP } from 'node:net';
import { FINDINGS, type FindingCode, finding } from './finding-table.ts';
import type { Collected } from './findings.ts';
import type { ServiceProtocol } from './service.ts';
import type { DomainDns, Finding, HostCheck, SrvReport } from './verdict.ts';

export function srvFindings({ kind, dns, hosts }: Collected): Finding[] {
  const { srv } = dns;
  if (!srv) return [];
  return [
    ...lookupFindings(dns, srv),
    ...offerFindings(kind, dns, srv),
    ...(kind === 'srv-service' ? hosts.flatMap(targetFindings) : []),
    ...partialFinding(srv.owner, hosts),
  ];
}

function lookupFindings(
  { status, reason, domain, unsigned, negativeTrustAnchor }: DomainDns,
  { owner }: SrvReport,
): Finding[] {
  const fix = `mailanchor resolve ${owner} SRV --explain`;
  const why = reason ? `: ${reason.text}` : '';
  switch (status) {
    case 'secure':
      return [];
    case 'bogus':
      return [finding('domain-bogus', owner, `The SRV records of ${owner} fail validation${why}.`, { fix })];
    case 'indeterminate':
      return [
        finding('srv-lookup-fails', owner, `The SRV records of ${owner} could not be looked up${why}.`, {
          fix,
        }),
      ];
    case 'insecure': {
      if (negativeTrustAnchor !== undefined) return [];
      const zone = unsigned?.zone ?? domain;
      const text = `The SRV records of ${owner} are not signed with DNSSEC (zone ${zone}).`;
      return [finding('srv-unsigned', owner, text, { fix: signing(zone, unsigned?.ds ?? []) })];
    }
  }
}

function signing(zone: string, ds: readonly string[]): string {
  if (ds.length === 0) return `Sign the zone ${zone} and hand its DS record to the registrar.`;
  return `Hand this to the registrar (or the operator of the zone above):\n${ds.join('\n')}`;
}

function offerFindings(
  kind: Collected['kind'],
  { domain, outcome }: DomainDns,
  { owner, records }: SrvReport,
): Finding[] {
  const roots = records.filter(({ target }) => target === '.').length;
  if (kind === 'no-such-service') {
    return roots > 0
      ? [
          finding(
            'srv-not-offered',
            owner,
            `${domain} says that it does not offer this service (SRV target .).`,
          ),
        ]
      : [finding('srv-none', owner, `${domain} has no SRV records for this service.`)];
  }
  if (outcome === 'nodata' || outcome === 'nxdomain') {
    return [
      finding(
        'srv-none',
        owner,
        `${domain} has no SRV records for this service; clients go to ${domain} itself.`,
      ),
    ];
  }
  if (roots === 0) return [];
  const text = `${owner} says beside other SRV records that the service is not offered.`;
  return [finding('srv-mixed', owner, text, { fix: `Remove the record of ${owner} with target .` })];
}

function targetFindings({ host, aliases, preference }: HostCheck): Finding[] {
  if (isIP(host) !== 0) {
    const text = `The SRV record names the address ${host}; it must name a host.`;
    return [
      finding('srv-address', host, text, {
        fix: 'Give the host a name with an address record, and name it in the SRV record.',
      }),
    ];
  }
  const end = aliases.at(-1)?.target;
  if (end === undefined || preference === null) return [];
  const fix = `Name ${end} itself in the SRV record.`;
  return [finding('srv-cname', host, `${host} is an alias of ${end}.`, { fix })];
}

function partialFinding(owner: string, hosts: readonly HostCheck[]): Finding[] {
  const without = hosts.filter(({ policy, tlsa }) => policy === 'none' && tlsa.status !== 'not-asked');
  const withDane = hosts.filter(({ policy }) => policy === 'dane' || policy === 'dane-unusable');
  if (without.length === 0 || withDane.length === 0) return [];
  const names = without.map(({ host }) => host).join(', ');
  const text = `${withDane.length} of ${hosts.length} servers have TLSA records; without are ${names}.`;
  return [finding('srv-partial', owner, text)];
}

/** What clients of a service do, where mail servers would defer. */
const CLIENT_EFFECTS: Partial<Record<FindingCode, string>> = {
  'domain-bogus': 'Every validating resolver refuses the answer: clients behind one do not connect.',
  'mx-unresolvable': 'Clients cannot connect to this server.',
  'mx-unsigned-host': 'DANE does not protect connections to this server.',
  'tlsa-none': 'DANE does not protect connections to this server; what the public CAs say of it has to do.',
  'tlsa-unusable': 'Clients go by the public CAs alone, or refuse to connect.',
  'tlsa-usage-pkix': 'Clients ignore the record.',
  'tlsa-no-next': 'The first client that meets a new key before the new record has spread does not connect.',
  'ta-expiry': 'From that day on clients that verify DANE do not connect.',
  'tls-old': 'Clients that require TLS 1.2 cannot connect.',
  'tls-old-beside': 'Clients use the newer version; guidelines and RFC 8996 want the old ones switched off.',
  'address-differs': 'Clients connect or do not, by which address they happen to use.',
  'host-unreachable': 'Clients try the next address or server, or give up.',
};

const DEFERS = /\bdefers?\b.*\bmail\b|\bmail\b.*\bdefers?\b/i;
const CLIENTS_REFUSE = 'Clients that verify DANE do not connect.';
const WITHOUT_TLS = 'Clients go on in cleartext, or not at all if they require TLS.';

/** The same findings for whoever runs the service. */
export function inClientWords(findings: readonly Finding[], protocol: ServiceProtocol): Finding[] {
  return findings.map((found) => {
    const { code, effect = '', fix } = found;
    const own = effect === tableEffect(code) ? clientEffect(code) : undefined;
    const said =
      own ?? (DEFERS.test(effect) ? CLIENTS_REFUSE : /cleartext/.test(effect) ? WITHOUT_TLS : effect);
    const { fix: _, ...rest } = found;
    const words = said.replace(/\bSenders\b/g, 'Clients').replace(/\bsenders\b/g, 'clients');
    // Settings of a mail transfer agent are no help with another server.
    const useful = fix !== undefined && (protocol === 'smtp' || !/^Postfix:/.test(fix));
    return { ...rest, ...(found.effect === undefined ? {} : { effect: words }), ...(useful ? { fix } : {}) };
  });
}

function isCode(code: string): code is FindingCode {
  return Object.hasOwn(FINDINGS, code);
}

function tableEffect(code: string): string | undefined {
  return isCode(code) ? FINDINGS[code].effect : undefined;
}

function clientEffect(code: string): string | undefined {
  return isCode(code) ? CLIENT_EFFECTS[code] : undefined;
}
