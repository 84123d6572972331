/**
 * Findings on the set of a host's TLSA records: whether a change of keys will go unnoticed (rfc7671#section-8). At all times each combination of
 * usage, selector and matching type has a record that matches what the host presents, since senders may go by any of them; beside it may
 * stand the record of the next key, or of the CA.
 *
 * A record that matches nothing may be that of the next key or of a former one: nobody can tell them apart from outside. One such record beside
 * a good one is what a prepared change looks like, and only a notice; two cannot both be of the next key.
 */
import { finding } from './finding-table.ts';
import type { FindingOptions } from './findings.ts';
import { matchesRecord, presented } from './presented.ts';
import { mistakenFor } from './record-identity.ts';
import { retiredCa } from './retired-cas.ts';
import { issuerRecord, leafRecord, tlsaLine } from './tlsa-fix.ts';
import type { CertificateReport, Finding, HostCheck, TlsaRecord } from './verdict.ts';

/** Records beyond which a large sender fails. */
const MAX_RECORDS = 12;

export function tlsaSetFindings(host: HostCheck, options: FindingOptions): Finding[] {
  return [
    ...tooManyFinding(host),
    ...agilityFindings(host),
    ...retiredFindings(host, options),
    ...selectorFindings(host),
    ...liveFindings(host),
  ];
}

function tooManyFinding(host: HostCheck): Finding[] {
  const count = host.tlsa.records.length;
  if (count <= MAX_RECORDS) return [];
  const text = `${host.host} has ${count} TLSA records, more than ${MAX_RECORDS}.`;
  const fix =
    'Remove those that match nothing; the present key, the next one and the issuing CA need one each.';
  return [finding('tlsa-too-many', host.host, text, { fix })];
}

/** What digest agility makes of the set (rfc7671#section-9). */
function agilityFindings(host: HostCheck): Finding[] {
  const { usable } = host.tlsa;
  const findings: Finding[] = [];
  if (usable.length > 0 && usable.every(({ matching }) => matching === 2)) {
    const text = `All TLSA records of ${host.host} are of SHA2-512, which senders may do without; SHA2-256 they must have.`;
    const live = chainsOf(host)[0];
    const record = live && leafRecord(live);
    const fix = record && tlsaLine(host, record);
    findings.push(finding('record-agility-512-only', host.host, text, { fix }));
  }
  const mixed = [...grouped(usable, ({ usage, selector }) => `${usage} ${selector}`)].filter(
    ([, records]) =>
      records.some(({ matching }) => matching === 1) && records.some(({ matching }) => matching === 2),
  );
  for (const [kind, records] of mixed) {
    const weaker = records.filter(({ matching }) => matching === 1).length;
    const text = `Of the ${kind} records of ${host.host} senders that know SHA2-512 go by that alone and leave aside the ${weaker} of SHA2-256.`;
    const fix = 'One digest is enough: keep 3 1 1.';
    findings.push(finding('record-agility-mixed', host.host, text, { fix }));
  }
  return findings;
}

/** Usage 2 with an issuing CA that its operator has retired, by the table. */
function retiredFindings(host: HostCheck, { now }: FindingOptions): Finding[] {
  const certificates = chainsOf(host).flat();
  const findings = new Map<string, Finding>();
  for (const record of host.tlsa.usable) {
    if (record.usage !== 2) continue;
    const named = certificates.find((certificate) => isOf(record, certificate));
    const entry = retiredCa(named?.spkiSha256 ?? record.data);
    if (!entry) continue;
    const past = Date.parse(entry.since) <= now;
    const text = `TLSA record ${short(record)} names ${entry.ca}, which ${past ? 'issues no more since' : 'will issue no more from'} ${entry.since} on (${entry.source}).`;
    const fix = `${chainsOf(host).length > 0 ? replacement(host) : 'Publish 3 1 1 of the server key.'}\nThen remove:\n${tlsaLine(host, record)}`;
    findings.set(entry.ca, finding('ta-public-ca-retired', host.host, text, { fix }));
  }
  return [...findings.values()];
}

function replacement(host: HostCheck): string {
  const record = leafRecord(chainsOf(host)[0]!);
  return record
    ? `Publish the server's own key:\n${tlsaLine(host, record)}`
    : 'Publish 3 1 1 of the server key.';
}

function isOf({ data }: TlsaRecord, { sha256, sha512, spkiSha256, spkiSha512 }: CertificateReport): boolean {
  return [sha256, sha512, spkiSha256, spkiSha512].includes(data);
}

function selectorFindings(host: HostCheck): Finding[] {
  const records = host.tlsa.usable.filter(({ usage, selector }) => usage === 2 && selector === 0);
  const [first] = records;
  if (!first) return [];
  const certificate = chainsOf(host)
    .flat()
    .find((candidate) => isOf(first, candidate));
  const text = `TLSA record ${short(first)} names the certificate of a CA, not its key: a renewed or cross-signed certificate of that CA does not match.`;
  const fix = certificate?.spkiSha256
    ? tlsaLine(host, { usage: 2, selector: 1, matching: 1, data: certificate.spkiSha256 })
    : 'Publish 2 1 1 of the same CA in its place.';
  return [finding('ta-selector-0', host.host, text, { fix })];
}

/** What only shows beside what the host presents. */
function liveFindings(host: HostCheck): Finding[] {
  const chains = chainsOf(host);
  if (chains.length === 0) return [];
  if (host.verdict === 'mismatch') return droppedFinding(host);
  if (host.verdict !== 'verified') return [];
  const { usable } = host.tlsa;
  const unmatched = usable.filter((record) => !isMatched(host, record));
  const mistaken = unmatched.flatMap((record) => {
    const what = mistakenFor(record, chains);
    return what ? [{ record, what }] : [];
  });
  const rest = unmatched.filter((record) => !mistaken.some((other) => other.record === record));
  const combinations = grouped(usable, combination);
  const lost = [...combinations].filter(([, records]) => records.every((record) => rest.includes(record)));
  const stale = rest.filter((record) => !lost.some(([, records]) => records.includes(record)));
  return [
    ...lost.map(([kind, records]) => combinationFinding(host, kind, records)),
    ...staleFindings(host, stale),
    ...fullCertificateFinding(host, chains),
    ...nextFindings(host, chains, rest, mistaken),
  ];
}

/** A record would match, but digest agility leaves it aside for a stronger one that does not. */
function droppedFinding(host: HostCheck): Finding[] {
  const { usable } = host.tlsa;
  const good = usable.find((record) => isMatched(host, record));
  const stronger =
    good &&
    usable.find(
      ({ usage, selector, matching }) =>
        usage === good.usage && selector === good.selector && matching > good.matching && good.matching > 0,
    );
  if (!good || !stronger || isMatched(host, stronger)) return [];
  const text = `TLSA record ${short(good)} matches, but senders that know SHA2-512 go by ${short(stronger)}, which does not.`;
  const effect = 'Senders that validate DANE defer mail for this host, and return it if nothing changes.';
  const fix = `Remove:\n${tlsaLine(host, stronger)}`;
  return [finding('tlsa-combination-unmatched', host.host, text, { severity: 'error', effect, fix })];
}

function combinationFinding(host: HostCheck, kind: string, records: readonly TlsaRecord[]): Finding {
  const text = `None of the ${kind} records of ${host.host} matches what it presents; senders that go by them alone cannot verify it.`;
  const usage = records[0]!.usage;
  const chain = chainsOf(host)[0]!;
  const live = usage === 2 ? issuerRecord(chain) : leafRecord(chain);
  const remove = `Remove:\n${records.map((record) => tlsaLine(host, record)).join('\n')}`;
  const fix =
    live && combination(live) === kind
      ? `Publish the record of what is in use:\n${tlsaLine(host, live)}\nor\n${remove}`
      : remove;
  return finding('tlsa-combination-unmatched', host.host, text, { fix });
}

function staleFindings(host: HostCheck, stale: readonly TlsaRecord[]): Finding[] {
  const findings: Finding[] = [];
  for (const records of grouped(stale, combination).values()) {
    const [first, ...more] = records;
    if (!first) continue;
    const remove = records.map((record) => tlsaLine(host, record)).join('\n');
    if (first.usage === 3 && more.length > 0) {
      const some = `${records.slice(0, 3).map(short).join(', ')}${records.length > 3 ? ' and more' : ''}`;
      const text = `${records.length} TLSA records, ${some}, match nothing that ${host.host} presents, and not all can be of the next key.`;
      const effect = 'Whoever has one of those former keys can pose as the host.';
      const fix = `Remove those that are not of the next key:\n${remove}`;
      findings.push(finding('tlsa-stale', host.host, text, { effect, fix }));
      continue;
    }
    for (const record of records) {
      const text = `TLSA record ${short(record)} matches nothing that ${host.host} presents.`;
      const next = record.usage === 3 ? 'of the next key' : 'of a CA that may issue the next certificate';
      const fix = `Keep it if it is that ${next}; otherwise remove:\n${tlsaLine(host, record)}`;
      const effect = `Nothing now, if it is the record ${next}; otherwise whoever has that key can pose as the host.`;
      findings.push(finding('tlsa-stale', host.host, text, { severity: 'notice', effect, fix }));
    }
  }
  return findings;
}

const DAY_MS = 86_400_000;
/** No public CA may issue for longer, so what lasts longer was made to stay. */
const RENEWED_WITHIN_DAYS = 400;

function fullCertificateFinding(
  host: HostCheck,
  chains: readonly (readonly CertificateReport[])[],
): Finding[] {
  const record = host.tlsa.usable.find(
    (candidate) => candidate.usage === 3 && candidate.selector === 0 && isMatched(host, candidate),
  );
  if (!record) return [];
  const leaf = chains
    .map(([first]) => first)
    .find((first) => first && (record.matching === 0 || isOf(record, first)));
  if (!leaf) return [];
  const days = (Date.parse(leaf.notAfter) - Date.parse(leaf.notBefore)) / DAY_MS;
  if (leaf.selfSigned && days > RENEWED_WITHIN_DAYS) return [];
  const key = leafRecord([leaf]);
  const text = `TLSA record ${short(record)} names the whole certificate, which is renewed by ${leaf.notAfter.slice(0, 10)}: each renewal needs a new record first.`;
  const fix = key
    ? `Publish the key in its place, and keep the key when the certificate is renewed:\n${tlsaLine(host, key)}`
    : undefined;
  return [finding('tlsa-full-certificate', host.host, text, { fix })];
}

/** Whether anything is there for the next key, and whether what looks like it is (rfc7671#section-8.1). */
function nextFindings(
  host: HostCheck,
  chains: readonly (readonly CertificateReport[])[],
  rest: readonly TlsaRecord[],
  mistaken: readonly { readonly record: TlsaRecord; readonly what: string }[],
): Finding[] {
  const { records, usable, unusable } = host.tlsa;
  const useful = usable.filter((record) => !mistaken.some((other) => other.record === record));
  // A record of the issuing CA, or of a key that is not in use yet.
  if (rest.length > 0 || useful.some(({ usage }) => usage === 2) || useful.length === 0) return [];
  const keys = new Set(chains.map(([leaf]) => leaf?.spkiSha256));
  const issuer = issuerRecord(chains[0]!);
  const fix = issuer
    ? `Publish the record of the next key before it is used, or that of the issuing CA:\n${tlsaLine(host, issuer)}`
    : 'Publish the 3 1 1 record of the next key two TTLs before the key is used.';
  if (records.length <= keys.size) {
    const one =
      records.length === 1
        ? 'one usable TLSA record, that of its present key,'
        : 'TLSA records of its present keys alone,';
    const text = `${host.host} has ${one} and none for the next.`;
    return [finding('tlsa-no-next', host.host, text, { fix })];
  }
  const [first] = mistaken;
  const why = first
    ? `${short(first.record)} is ${first.what}`
    : unusable.length > 0
      ? `${short(records[unusable[0]!.record]!)} cannot be used (${unusable[0]!.why})`
      : 'all are of the present key';
  const text = `${host.host} has ${records.length} TLSA records, and none of them is for the next key: ${why}.`;
  return [finding('tlsa-fake-rollover', host.host, text, { fix })];
}

function chainsOf(host: HostCheck): (readonly CertificateReport[])[] {
  return host.sessions.flatMap(presented).map(({ chain }) => chain);
}

function isMatched({ tlsa, sessions }: HostCheck, record: TlsaRecord): boolean {
  const index = tlsa.records.indexOf(record);
  return sessions.some((session) => matchesRecord(session, index));
}

function combination({ usage, selector, matching }: TlsaRecord): string {
  return `${usage} ${selector} ${matching}`;
}

function short(record: TlsaRecord): string {
  return `${combination(record)} ${record.data.slice(0, 16)}...`;
}

function grouped(
  records: readonly TlsaRecord[],
  keyOf: (record: TlsaRecord) => string,
): Map<string, TlsaRecord[]> {
  const groups = new Map<string, TlsaRecord[]>();
  for (const record of records) {
    const key = keyOf(record);
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return groups;
}
