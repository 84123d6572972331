/** Findings on a host's TLSA records, by themselves and beside what the host presents. */
import { Ede } from '@mailanchor/dns';
import { finding } from './finding-table.ts';
import type { FindingOptions } from './findings.ts';
import { tlsaSetFindings } from './findings-tlsa-set.ts';
import { presented } from './presented.ts';
import { mistakenFor } from './record-identity.ts';
import { leafRecord, tlsaLine, tlsaOwner } from './tlsa-fix.ts';
import type { Finding, HostCheck, SessionReport, TlsaRecord } from './verdict.ts';

export function tlsaFindings(host: HostCheck, options: FindingOptions): Finding[] {
  return [
    ...lookupFindings(host),
    ...absentFindings(host),
    ...unusableFindings(host),
    ...mismatchFindings(host),
    ...tlsaSetFindings(host, options),
    ...dateFindings(host, options),
  ];
}

function lookupFindings({ host, problem, tlsa }: HostCheck): Finding[] {
  if (problem?.stage !== 'tlsa') return [];
  const name = tlsa.questions.at(-1)?.name ?? host;
  const fix = `mailanchor resolve ${name} TLSA --explain`;
  if (problem.status !== 'bogus') {
    return [
      finding('tlsa-lookup-fails', host, `The TLSA lookup of ${name} fails: ${problem.text}.`, { fix }),
    ];
  }
  if (isDenial(problem.ede, problem.text)) {
    const text = `The proof that ${name} has no TLSA records does not hold: ${problem.text}.`;
    return [finding('denial-broken', host, text, { fix })];
  }
  const effect = 'Senders that validate DANE defer mail for this host, and return it if nothing changes.';
  const text = `The TLSA records of ${name} fail validation: ${problem.text}.`;
  return [finding('domain-bogus', host, text, { fix, effect })];
}

function isDenial(ede: number, text: string): boolean {
  return ede === Ede.NSEC_MISSING || /\bNSEC3?\b|denial/i.test(text);
}

/** Everything is in place for DANE but the record. */
function absentFindings(host: HostCheck): Finding[] {
  if (host.policy !== 'none' || host.tlsa.status === 'not-asked') return [];
  const insecure = host.tlsa.status === 'insecure' ? ' that are signed' : '';
  const text = `${host.host} has no TLSA records${insecure} at ${tlsaOwner(host)}.`;
  const lines = host.sessions
    .flatMap(presented)
    .flatMap(({ chain }) => leafRecord(chain) ?? [])
    .map((record) => tlsaLine(host, record));
  const fix =
    lines.length > 0
      ? [...new Set(lines)].join('\n')
      : `mailanchor tlsa generate --from ${host.host}:${host.port}, then publish the line it prints`;
  return [finding('tlsa-none', host.host, text, { fix })];
}

function unusableFindings(host: HostCheck): Finding[] {
  const { records, usable, unusable } = host.tlsa;
  const findings: Finding[] = [];
  const live = host.sessions.find(({ chain }) => chain.length > 0);
  const replacement = live && leafRecord(live.chain);
  const fix = replacement && tlsaLine(host, replacement);
  const pkix = unusable.filter(({ record }) => isPkix(records[record]));
  for (const { record } of pkix) {
    const { usage, selector, matching } = records[record]!;
    const text = `TLSA record ${usage} ${selector} ${matching} has usage ${usage}, which does not apply to SMTP.`;
    findings.push(finding('tlsa-usage-pkix', host.host, text, { fix }));
  }
  const others = unusable.filter(({ record }) => !isPkix(records[record]));
  if (unusable.length > 0 && usable.length === 0) {
    const text = `None of the ${records.length} TLSA records can be used: ${reasons(unusable)}.`;
    findings.push(finding('tlsa-unusable', host.host, text, { fix }));
  } else if (others.length > 0) {
    const text = `${others.length} of ${records.length} TLSA records cannot be used: ${reasons(others)}.`;
    const effect = 'Senders ignore them and go by the others.';
    const lines = others.flatMap(({ record }) => (records[record] ? [tlsaLine(host, records[record])] : []));
    const removal = `Remove:\n${lines.join('\n')}`;
    findings.push(finding('tlsa-unusable', host.host, text, { severity: 'warning', effect, fix: removal }));
  }
  return findings;
}

function isPkix(record: TlsaRecord | undefined): boolean {
  return record !== undefined && record.usage <= 1;
}

function reasons(unusable: readonly { readonly why: string }[]): string {
  const different = [...new Set(unusable.map(({ why }) => why))];
  const more = different.length > 3 ? '; and more' : '';
  return different.slice(0, 3).join('; ') + more;
}

/** One finding for each distinct chain that fails, since several addresses mostly fail for the same reason. */
function mismatchFindings(host: HostCheck): Finding[] {
  const findings = new Map<string, Finding>();
  for (const session of host.sessions) {
    for (const found of sessionMismatch(host, session)) {
      findings.set(`${found.code} ${found.text} ${found.fix}`, found);
    }
  }
  return [...findings.values()];
}

function sessionMismatch(host: HostCheck, { match, chain }: SessionReport): Finding[] {
  if (match?.kind !== 'mismatch') return [];
  const record = leafRecord(chain);
  const fix = record && tlsaLine(host, record);
  switch (match.reason) {
    case 'name-mismatch': {
      const names = host.referenceNames.join(', ');
      return [
        finding('ta-name', host.host, `Under usage 2 names count: ${match.text}.`, {
          fix: `Have the certificate issued for one of: ${names}. Or publish the key itself:\n${fix ?? ''}`.trim(),
        }),
      ];
    }
    case 'expired':
    case 'not-yet-valid': {
      const effect = 'Dates count under usage 2: senders that validate DANE defer mail for this host.';
      return [
        finding('certificate-expired', host.host, `${sentence(match.text)}.`, {
          severity: 'error',
          effect,
          fix: 'Renew the certificate.',
        }),
      ];
    }
    default: {
      const found = finding('tlsa-mismatch', host.host, `${sentence(match.text)}${mistake(host, chain)}.`, {
        fix,
      });
      return [found, ...anchorNotSent(host, chain)];
    }
  }
}

/** What a record says in place of what was meant, where that can be seen. */
function mistake({ tlsa }: HostCheck, chain: SessionReport['chain']): string {
  for (const record of tlsa.usable) {
    const what = mistakenFor(record, [chain]);
    if (what) return `; the data of ${record.usage} ${record.selector} ${record.matching} is ${what}`;
  }
  return '';
}

/** Usage 2 names a CA, and no certificate of the chain is it. */
function anchorNotSent(host: HostCheck, chain: SessionReport['chain']): Finding[] {
  const { usable } = host.tlsa;
  const anchors = usable.filter(({ usage, matching }) => usage === 2 && matching !== 0);
  const sent = new Set(chain.flatMap((c) => [c.sha256, c.sha512, c.spkiSha256, c.spkiSha512]));
  const missing = anchors.find(({ data }) => !sent.has(data));
  if (!missing || usable.some(({ usage }) => usage === 3)) return [];
  const { usage, selector, matching, data } = missing;
  const text = `TLSA record ${usage} ${selector} ${matching} ${data.slice(0, 16)}... names a CA whose certificate is not among the ${chain.length} that the host sends.`;
  const own = leafRecord(chain);
  const fix = `Append the certificate of that CA, a self-signed root too, to the chain file that the mail server sends:\ncat ca.pem >> /path/to/chain.pem${own ? `\nOr publish the server's own key:\n${tlsaLine(host, own)}` : ''}`;
  return [finding('ta-not-sent', host.host, text, { fix })];
}

const DAY_MS = 86_400_000;

function dateFindings(host: HostCheck, { now, warnDays }: FindingOptions): Finding[] {
  const findings = new Map<string, Finding>();
  for (const { match, chain } of host.sessions) {
    const [leaf] = chain;
    if (match?.kind !== 'match' || !leaf?.notAfter) continue;
    if (match.usage === 3) {
      if (Date.parse(leaf.notAfter) >= now) continue;
      const text = `The certificate of ${host.host} expired on ${leaf.notAfter}.`;
      findings.set(text, finding('certificate-expired', host.host, text));
      continue;
    }
    const path = chain.slice(0, match.depth + 1).filter(({ notAfter }) => notAfter !== '');
    const first = path.toSorted((a, b) => Date.parse(a.notAfter) - Date.parse(b.notAfter))[0];
    if (!first || Date.parse(first.notAfter) - now > warnDays * DAY_MS) continue;
    const text = `Under usage 2 dates count: the certificate of ${first.subject} ends on ${first.notAfter}.`;
    findings.set(text, finding('ta-expiry', host.host, text, { fix: 'Renew the certificate before that.' }));
  }
  return [...findings.values()];
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
