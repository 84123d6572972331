/** Findings on servers of one zone that do not say the same, or nothing, or what validates at others only. */
import { Ede, type Name, RRType, rcodeToText, rrTypeToText } from '@mailanchor/dns';
import { finding } from './finding-table.ts';
import { nameText } from './name-text.ts';
import type { Finding } from './verdict.ts';
import { hexRdata } from './zone-inspection/rdata-key.ts';
import { soaSerial } from './zone-inspection/serial.ts';
import { byQuestion, serverList, verb, zoneText } from './zone-inspection/words.ts';
import {
  type AuthoritativeServer,
  hasSpoken,
  type ServerAnswer,
  type SpokenAnswer,
  type ZoneInspection,
} from './zone-inspection/zone-inspection.ts';

export function serverFindings(inspection: ZoneInspection): Finding[] {
  return [
    ...lameFindings(inspection),
    ...delegationFindings(inspection),
    ...serialFindings(inspection),
    ...dataFindings(inspection),
    ...bogusFindings(inspection),
  ];
}

const NONE_ANSWERS = {
  severity: 'error',
  effect: 'Nothing of the zone can be looked up: senders defer mail.',
} as const;
const OTHERS_ANSWER = {
  severity: 'warning',
  effect: 'Lookups take longer, and fail where the other servers cannot be reached.',
} as const;

/** Servers that the zone has by its NS records and that do not answer for it. */
function lameFindings({ zone, answers, servers: known }: ZoneInspection): Finding[] {
  const lame = new Map<string, AuthoritativeServer[]>();
  for (const answer of answers) {
    if (answer.type !== RRType.SOA || !answer.name.equals(zone)) continue;
    const why = whyLame(answer);
    if (why) lame.set(why, [...(lame.get(why) ?? []), answer.server]);
  }
  const none = [...lame.values()].flat().length === known.length;
  const level = none ? NONE_ANSWERS : OTHERS_ANSWER;
  return [...lame].map(([why, servers]) => {
    const text = `${serverList(servers)}: ${why} for ${zoneText(zone)}.`;
    const fix = `Set the zone up there, or take the server out of the NS records of ${zoneText(zone)} and of its delegation:\ndig +norecurse @${servers[0]!.address} ${zone} SOA`;
    return finding('servers-disagree', nameText(zone), text, { ...level, fix });
  });
}

function whyLame(answer: ServerAnswer): string | undefined {
  switch (answer.outcome) {
    case 'silent':
      return 'no answer';
    case 'refused':
      return `${rcodeToText(answer.rcode)} instead of an answer`;
    case 'referral':
      return 'a referral instead of an answer';
    case 'not-asked':
      return undefined;
    default:
      if (answer.outcome === 'answer' && answer.authoritative) return undefined;
      return 'no answer with authority';
  }
}

/** The delegation and the zone name different servers, or one without address (rfc1034#section-4.2.1). */
function delegationFindings({ zone, listed, addressless }: ZoneInspection): Finding[] {
  const findings: Finding[] = [];
  const subject = nameText(zone);
  const missing = (from: readonly Name[], of: readonly Name[]): string =>
    of
      .filter((name) => !from.some((other) => other.equals(name)))
      .map(nameText)
      .join(', ');
  if (listed.zone.length > 0 && listed.parent.length > 0) {
    const parentOnly = missing(listed.zone, listed.parent);
    const zoneOnly = missing(listed.parent, listed.zone);
    const parts = [
      ...(parentOnly ? [`the delegation names ${parentOnly}, the zone does not`] : []),
      ...(zoneOnly ? [`the zone names ${zoneOnly}, the delegation does not`] : []),
    ];
    if (parts.length > 0) {
      const text = `The name servers of ${subject} differ: ${parts.join('; ')}.`;
      const fix = `Hand the registrar the same NS records as the zone has:\n${listed.zone.map((name) => `${zone} IN NS ${name}`).join('\n')}`;
      const effect = 'Which servers are asked depends on what a resolver has seen before.';
      findings.push(finding('servers-disagree', subject, text, { severity: 'warning', effect, fix }));
    }
  }
  if (addressless.length > 0) {
    const text = `${addressless.map(nameText).join(', ')} of the name servers of ${subject} ${addressless.length === 1 ? 'has' : 'have'} no address.`;
    const fix = `Give each an address record, or take it out of the NS records of ${subject}.`;
    const effect = 'Lookups rest on fewer servers than it seems.';
    findings.push(finding('servers-disagree', subject, text, { severity: 'warning', effect, fix }));
  }
  return findings;
}

function serialFindings({ zone, answers }: ZoneInspection): Finding[] {
  const serials = new Map<number, AuthoritativeServer[]>();
  for (const answer of answers) {
    const serial = answer.name.equals(zone) ? soaSerial(answer) : undefined;
    if (serial !== undefined) serials.set(serial, [...(serials.get(serial) ?? []), answer.server]);
  }
  if (serials.size < 2) return [];
  const by = [...serials].map(([serial, servers]) => `${serial} at ${serverList(servers)}`).join('; ');
  const text = `The servers of ${zoneText(zone)} have different versions of it: serial ${by}.`;
  const effect = 'None if it lasts for minutes after a change; otherwise some senders see old records.';
  const fix = `If it stays, have the zone transferred anew to the servers with the older serial:\n${[...serials.values()].map((servers) => `dig +norecurse @${servers[0]!.address} ${zone} SOA`).join('\n')}`;
  return [finding('servers-disagree', nameText(zone), text, { severity: 'warning', effect, fix })];
}

/** Types whose records are the same at every server; addresses are not among them: they often depend on who asks. */
const COMPARED = [
  {
    type: RRType.TLSA,
    severity: 'error',
    effect: 'Mail is delivered or deferred, by which server a sender happens to ask.',
  },
  {
    type: RRType.MX,
    severity: 'error',
    effect: 'Where mail goes depends on which server a sender happens to ask.',
  },
  {
    type: RRType.DNSKEY,
    severity: 'warning',
    effect: 'Signatures of one server may not verify with the keys of another.',
  },
] as const;

function dataFindings({ zone, answers }: ZoneInspection): Finding[] {
  const findings: Finding[] = [];
  for (const { type, severity, effect } of COMPARED) {
    for (const same of byQuestion(answers.filter((answer) => answer.type === type))) {
      const versions = new Map<string, SpokenAnswer[]>();
      for (const answer of same) {
        if (!hasSpoken(answer)) continue;
        const key = versionKey(answer);
        versions.set(key, [...(versions.get(key) ?? []), answer]);
      }
      if (versions.size < 2) continue;
      const groups = [...versions.values()];
      const { name } = groups[0]![0]!;
      const said = groups.map(
        (group) => `${serverList(group.map(({ server }) => server))} ${contents(group[0]!)}`,
      );
      const text = `The servers of ${zoneText(zone)} differ in the ${rrTypeToText(type)} records of ${nameText(name)}: ${said.join('; ')}.`;
      const fix = `Bring every server to the same version:\n${groups.map((group) => `dig +norecurse @${group[0]!.server.address} ${name} ${rrTypeToText(type)}`).join('\n')}`;
      findings.push(finding('servers-disagree', nameText(zone), text, { severity, effect, fix }));
    }
  }
  return findings;
}

function versionKey({ outcome, records }: SpokenAnswer): string {
  // That there is nothing is the same whether or not the name exists; `denial-broken` looks at that.
  if (records.length === 0) return 'none';
  return `${outcome} ${records.map(hexRdata).sort().join(' ')}`;
}

function contents({ outcome, records }: SpokenAnswer): string {
  if (outcome === 'alias') return 'has an alias';
  if (records.length === 0) return 'has none';
  return `has ${records.length}`;
}

/** What fails validation at some servers and holds at others. Dates and denials have findings of their own. */
function bogusFindings({ zone, answers }: ZoneInspection): Finding[] {
  const reasons = new Map<string, AuthoritativeServer[]>();
  for (const same of byQuestion(answers)) {
    const spoken = same.filter(hasSpoken);
    if (!spoken.some(({ status }) => status === 'secure')) continue;
    for (const { status, reason, records, server } of spoken) {
      if (status !== 'bogus' || records.length === 0 || !reason || DATES.has(reason.ede)) continue;
      reasons.set(reason.text, [...(reasons.get(reason.text) ?? []), server]);
    }
  }
  return [...reasons].map(([reason, servers]) => {
    const text = `What ${serverList(servers)} ${verb(servers, 'says', 'say')} fails validation, though other servers of ${zoneText(zone)} do well: ${reason}.`;
    const fix = `Have the zone transferred anew to that server:\ndig +norecurse +dnssec @${servers[0]!.address} ${zone} DNSKEY`;
    const effect = 'Resolvers that validate have to ask again elsewhere; some give up, and senders defer.';
    return finding('servers-disagree', nameText(zone), text, { effect, fix });
  });
}

const DATES: ReadonlySet<number> = new Set([Ede.SIGNATURE_EXPIRED, Ede.SIGNATURE_NOT_YET_VALID]);
