/** Findings on TLSA questions that servers fail, and on absence that they do not prove: what makes senders defer mail for hosts without DANE too. */
import { Ede, type Name, RRType, rcodeToText, rrTypeToText } from '@mailanchor/dns';
import { finding } from './finding-table.ts';
import { nameText } from './name-text.ts';
import type { Finding } from './verdict.ts';
import { byQuestion, serverList, verb, zoneText } from './zone-inspection/words.ts';
import {
  type AuthoritativeServer,
  hasSpoken,
  type ServerAnswer,
  type ZoneInspection,
} from './zone-inspection/zone-inspection.ts';

export function denialFindings(inspection: ZoneInspection): Finding[] {
  return [
    ...lookupFindings(inspection),
    ...unprovenFindings(inspection),
    ...emptyNonTerminalFindings(inspection),
  ];
}

/** Servers that know the zone and yet fail TLSA questions (rfc7672#section-2.1.2): old software, or something in between. */
function lookupFindings({ answers }: ZoneInspection): Finding[] {
  const findings: Finding[] = [];
  for (const same of byQuestion(answers.filter(({ type }) => type === RRType.TLSA))) {
    const failing = new Map<string, AuthoritativeServer[]>();
    for (const answer of same) {
      const how = howFailing(answer);
      if (how !== undefined) failing.set(how, [...(failing.get(how) ?? []), answer.server]);
    }
    const { name } = same[0]!;
    for (const [how, servers] of failing) {
      const all = servers.length === same.length;
      const fails =
        how === ''
          ? verb(servers, 'gives no answer', 'give no answer')
          : `${verb(servers, 'answers', 'answer')} ${how}`;
      const text = `${serverList(servers)} ${fails} to the TLSA question for ${nameText(name)}, and ${verb(servers, 'answers', 'answer')} others.`;
      const effect = all
        ? undefined
        : 'Resolvers have to ask again elsewhere; some give up, and senders that validate DANE defer mail.';
      const fix = `Update the name server, or have what stands before it let TLSA (type 52) through:\ndig +norecurse +dnssec @${servers[0]!.address} ${name} TLSA`;
      findings.push(finding('tlsa-lookup-fails', hostOf(name), text, { fix, ...(effect && { effect }) }));
    }
  }
  return findings;
}

/** The response code, empty where there is no response at all; undefined where the server does not fail. */
function howFailing(answer: ServerAnswer): string | undefined {
  if (answer.outcome === 'refused') return rcodeToText(answer.rcode);
  return answer.outcome === 'silent' ? '' : undefined;
}

/** Dates have a finding of their own. */
const DATES: ReadonlySet<number> = new Set([Ede.SIGNATURE_EXPIRED, Ede.SIGNATURE_NOT_YET_VALID]);

/** Denials that do not hold (rfc4035#section-5.4, rfc5155#section-8). */
function unprovenFindings({ answers }: ZoneInspection): Finding[] {
  // Where nothing at all of the zone validates, its proofs are not what is wrong.
  if (!answers.some((answer) => hasSpoken(answer) && answer.status === 'secure')) return [];
  const broken = new Map<
    string,
    { servers: AuthoritativeServer[]; what: string[]; name: Name; type: number; why: string }
  >();
  for (const same of byQuestion(answers)) {
    const { name, type } = same[0]!;
    const failing = same
      .filter(hasSpoken)
      .filter(({ records, status }) => records.length === 0 && status === 'bogus');
    const told = failing.filter(({ reason }) => reason !== undefined && !DATES.has(reason.ede));
    if (told.length === 0) continue;
    const servers = told.map(({ server }) => server);
    const key = `${hostOf(name)} ${serverList(servers)}`;
    const entry = broken.get(key) ?? { servers, what: [], name, type, why: told[0]!.reason!.text };
    entry.what.push(`${rrTypeToText(type)} of ${nameText(name)}`);
    broken.set(key, entry);
  }
  return [...broken.values()].map(({ servers, what, name, type, why }) => {
    const text = `The proof of ${serverList(servers)} that there is no ${what.join(', no ')} does not hold: ${why}.`;
    const fix = `Sign the zone anew, with the NSEC or NSEC3 chain made from all of its names:\ndig +norecurse +dnssec @${servers[0]!.address} ${name} ${rrTypeToText(type)}`;
    return finding('denial-broken', hostOf(name), text, { fix });
  });
}

/** NXDOMAIN for a name with names below it (rfc8020#section-2): resolvers that minimise names go no further. */
function emptyNonTerminalFindings({ zone, answers }: ZoneInspection): Finding[] {
  const spoken = answers.filter(hasSpoken);
  const existing = spoken.filter(({ outcome }) => outcome === 'answer' || outcome === 'alias');
  const findings: Finding[] = [];
  for (const same of byQuestion(spoken.filter(({ outcome }) => outcome === 'nxdomain'))) {
    const { name } = same[0]!;
    const below = existing.find((answer) => answer.name.isBelow(name));
    if (!below) continue;
    const servers = same.map(({ server }) => server);
    const text = `${serverList(servers)} ${verb(servers, 'says', 'say')} NXDOMAIN for ${nameText(name)}, though ${nameText(below.name)} exists below it.`;
    const fix = `Update the name server of ${zoneText(zone)}: a name with names below it exists, and is answered with NOERROR:\ndig +norecurse +dnssec @${servers[0]!.address} ${name} A`;
    findings.push(finding('denial-broken', hostOf(name), text, { fix }));
  }
  return findings;
}

/** The host that a TLSA name is for; other names as they are. */
function hostOf(name: Name): string {
  return nameText(name).replace(/^(_\d+\.)?_(tcp|udp|sctp)\./, '');
}
