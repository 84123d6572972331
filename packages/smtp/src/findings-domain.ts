/** Findings on the mail domain and its MX records. */
import { isIP } from 'node:net';
import { finding } from './finding-table.ts';
import type { Collected } from './findings.ts';
import { outcomeWeight } from './standing.ts';
import { leafRecord, tlsaLine } from './tlsa-fix.ts';
import type { DomainDns, Finding, HostCheck } from './verdict.ts';

export function domainFindings({ kind, dns, hosts }: Collected): Finding[] {
  if (dns.outcome === 'not-asked' || dns.srv) return hosts.flatMap((host) => hostNameFindings(host, dns));
  return [
    ...lookupFindings(dns),
    ...mxFindings(kind, dns, hosts),
    ...hosts.flatMap((host) => hostNameFindings(host, dns)),
    ...partialFinding(dns.domain, hosts),
    ...backupFinding(dns.domain, hosts),
    ...sharedKeyFinding(dns.domain, hosts),
  ];
}

function lookupFindings(dns: DomainDns): Finding[] {
  const { domain, reason, status } = dns;
  const explain = `mailanchor resolve ${domain} MX --explain`;
  const why = reason ? `: ${reason.text}` : '';
  if (status === 'bogus') {
    return [
      finding('domain-bogus', domain, `The MX records of ${domain} fail validation${why}.`, { fix: explain }),
    ];
  }
  if (status === 'indeterminate') {
    return [
      finding('mx-lookup-fails', domain, `The MX records of ${domain} could not be looked up${why}.`, {
        fix: explain,
      }),
    ];
  }
  return status === 'insecure' && dns.negativeTrustAnchor === undefined ? [unsignedFinding(dns)] : [];
}

function unsignedFinding(dns: DomainDns): Finding {
  const { domain, unsigned } = dns;
  const zone = unsigned?.zone ?? unsignedPart(dns);
  const leads = zone === domain || domain.endsWith(`.${zone}`);
  const which =
    zone === domain ? domain : leads ? `The zone ${zone} of ${domain}` : `${domain} leads to ${zone}, which`;
  const note = unsigned?.note ? ` (${unsigned.note})` : '';
  const text = `${which} is not signed with DNSSEC${note}.`;
  const above = unsigned?.parent
    ? `the zone above, ${printableZone(unsigned.parent)}, which is signed`
    : 'the zone above';
  if (unsigned && unsigned.ds.length > 0) {
    const known = `${which} signs with DNSSEC, but there is no DS record for it in ${above}: nobody can validate it.`;
    return finding('domain-unsigned', domain, known, {
      fix: `Hand this to the registrar (or the operator of the zone above):\n${unsigned.ds.join('\n')}`,
    });
  }
  const fix = `Sign the zone ${zone}, then hand the DS record that the signer prints to the registrar: it belongs in ${above}.`;
  return finding('domain-unsigned', domain, text, { fix });
}

function printableZone(zone: string): string {
  return zone === '.' ? 'the root' : zone;
}

/** Where the alias chain of the domain leaves the signed tree. */
function unsignedPart({ domain, expandedDomain, aliases }: DomainDns): string {
  if (aliases.length === 0) return domain;
  const broken = aliases.find(({ status }) => status !== 'secure');
  return broken ? broken.owner : expandedDomain;
}

function mxFindings(kind: Collected['kind'], dns: DomainDns, hosts: readonly HostCheck[]): Finding[] {
  const { domain, mx } = dns;
  if (kind === 'no-such-domain') {
    return [
      finding('mx-none', domain, `${domain} does not exist.`, {
        severity: 'error',
        effect: 'Senders return mail for it at once.',
        fix: `If it is spelled right, register it or have it delegated:\ndig ${domain}. NS`,
      }),
    ];
  }
  if (kind === 'null-mx') {
    return [finding('mx-null', domain, `${domain} says that it takes no mail (null MX).`)];
  }
  const findings: Finding[] = [];
  if (dns.outcome === 'nodata') {
    const unreachable = hosts.every(({ problem }) => problem?.stage === 'no-address');
    findings.push(
      unreachable
        ? finding('mx-none', domain, `${domain} has neither MX records nor an address.`, {
            severity: 'error',
            effect: 'Senders return mail for it at once.',
            fix: `If it is to take no mail, say so:\n${domain}. 3600 IN MX 0 .`,
          })
        : finding('mx-none', domain, `${domain} has no MX records.`, {
            fix: `${domain}. 3600 IN MX 10 ${domain}.`,
          }),
    );
  }
  if (mx.some(({ exchange }) => exchange === '.')) {
    const text = `${domain} publishes a null MX beside other MX records (RFC 7505 section 3 forbids it).`;
    findings.push(finding('mx-null-mixed', domain, text, { fix: `Remove:\n${domain}. IN MX 0 .` }));
  }
  return findings;
}

/** What the name of a host and its address lookups say. */
function hostNameFindings(host: HostCheck, dns: DomainDns): Finding[] {
  const { host: name, problem, aliases, tlsa } = host;
  if (isIP(name) !== 0) {
    if (host.preference === null || dns.srv) return [];
    const record = `mx.${dns.domain}. 3600 IN ${isIP(name) === 4 ? 'A' : 'AAAA'} ${name}`;
    return [
      finding('mx-address', name, `The MX record names the address ${name}; it must name a host.`, {
        fix: `Give the host a name, and name that in the MX record:\n${record}\n${dns.domain}. 3600 IN MX ${host.preference} mx.${dns.domain}.`,
      }),
    ];
  }
  const findings: Finding[] = [];
  if (problem?.stage === 'no-address') {
    const named = host.preference !== null && !dns.srv;
    const fix = named
      ? `Give it an address record, or remove:\n${dns.domain}. IN MX ${host.preference} ${name}.`
      : 'Give it an address record (A or AAAA).';
    findings.push(finding('mx-unresolvable', name, `${name} has no address (${problem.text}).`, { fix }));
  } else if (problem?.stage === 'addresses') {
    const fix = `mailanchor resolve ${name} A --explain`;
    findings.push(
      problem.status === 'bogus'
        ? finding('domain-bogus', name, `The addresses of ${name} fail validation: ${problem.text}.`, { fix })
        : finding(
            'mx-unresolvable',
            name,
            `The addresses of ${name} could not be looked up: ${problem.text}.`,
            {
              severity: 'warning',
              fix,
            },
          ),
    );
  } else if (problem?.stage === 'limit') {
    findings.push(finding('check-incomplete', name, `${name} was not checked: ${problem.text}.`));
  }
  const [first] = aliases;
  // An alias matters for MX hosts only (RFC 5321 5.1).
  if (first && host.preference !== null && !dns.srv) {
    const end = aliases.at(-1)?.target ?? first.target;
    const base = tlsa.records.length > 0 ? `; senders take the TLSA records of ${tlsa.base}` : '';
    const fix = `Name ${end} itself in the MX record.`;
    findings.push(finding('mx-cname', name, `${name} is an alias of ${end}${base}.`, { fix }));
  }
  // The domain as its own host is said to be unsigned once.
  const said = (host.preference === null || dns.srv !== undefined) && dns.status === 'insecure';
  if (host.addressStatus === 'insecure' && tlsa.status === 'not-asked' && !problem && !said) {
    const zone = aliases.find(({ status }) => status !== 'secure')?.owner ?? aliases.at(-1)?.target ?? name;
    const text = `The address of ${name} is not signed with DNSSEC${zone === name ? '' : ` (at ${zone})`}, so senders look for no TLSA records.`;
    const fix = `Sign the zone of ${zone} and hand its DS record to the zone above${host.preference === null || dns.srv ? '' : ', or name an MX host in a signed zone'}.`;
    findings.push(finding('mx-unsigned-host', name, text, { fix }));
  }
  return findings;
}

function partialFinding(domain: string, hosts: readonly HostCheck[]): Finding[] {
  const withDane = hosts.filter(({ policy }) => policy === 'dane' || policy === 'dane-unusable');
  const without = hosts.filter(({ policy }) => policy === 'none');
  if (withDane.length === 0 || without.length === 0) return [];
  const text = `${withDane.length} of ${hosts.length} mail hosts have TLSA records; without are ${without
    .map(({ host }) => host)
    .join(', ')}.`;
  return [finding('mx-partial', domain, text, { fix: missingRecords(without) })];
}

/** The records of hosts that have none, or how to make them. */
function missingRecords(hosts: readonly HostCheck[]): string {
  return hosts
    .map((host) => {
      const live = host.sessions.find(({ chain }) => chain.length > 0);
      const record = live && host.addressStatus === 'secure' ? leafRecord(live.chain) : undefined;
      return record ? tlsaLine(host, record) : `mailanchor tlsa generate --from ${host.host}:${host.port}`;
    })
    .join('\n');
}

/** The best host is broken, and a worse one takes the mail: whether it can pass it on depends on whether it validates. */
function backupFinding(domain: string, hosts: readonly HostCheck[]): Finding[] {
  const best = Math.min(...hosts.map(({ preference }) => preference ?? 0));
  const primary = hosts.filter(({ preference }) => (preference ?? 0) === best);
  const backup = hosts.filter(
    ({ preference, sessions }) =>
      (preference ?? 0) > best && sessions.some(({ outcome }) => outcome === 'established'),
  );
  if (backup.length === 0 || !primary.every(refusedByDane)) return [];
  const names = (list: readonly HostCheck[]): string => list.map(({ host }) => host).join(', ');
  const text = `Senders that validate DANE pass over ${names(primary)} and deliver to ${names(backup)}, which piles up mail if it validates DANE itself.`;
  const fix = `Mend ${names(primary)} first; then have the queue of ${names(backup)} tried again.`;
  return [finding('mx-backup-greylists', domain, text, { fix })];
}

/** Whether senders that validate refuse to deliver there, whatever the connection is like. */
function refusedByDane({ verdict, policy, problem, sessions }: HostCheck): boolean {
  if (verdict === 'mismatch' || problem?.status === 'bogus' || problem?.stage === 'tlsa') return true;
  const dane = policy === 'dane' || policy === 'dane-unusable';
  return dane && sessions.length > 0 && sessions.every(({ outcome }) => outcomeWeight(outcome) === 'refuses');
}

/** Hosts that present the same key. */
function sharedKeyFinding(domain: string, hosts: readonly HostCheck[]): Finding[] {
  const byKey = new Map<string, Set<string>>();
  for (const { host, policy, sessions } of hosts) {
    if (policy !== 'dane') continue;
    for (const { chain } of sessions) {
      const key = chain[0]?.spkiSha256;
      if (key) byKey.set(key, (byKey.get(key) ?? new Set()).add(host));
    }
  }
  return [...byKey.values()]
    .filter((sharing) => sharing.size > 1)
    .map((sharing) => {
      const text = `${[...sharing].join(', ')} have the same key.`;
      const fix = 'Give each host a key of its own, and a record of its own to go with it.';
      return finding('tlsa-shared-key', domain, text, { fix });
    });
}
