/** Findings on the dates of signatures: ended at a server, or about to end without a sign of renewal. */
import { type Name, RRType, rrTypeToText } from '@mailanchor/dns';
import { finding } from './finding-table.ts';
import type { FindingOptions } from './findings.ts';
import { nameText } from './name-text.ts';
import type { Finding } from './verdict.ts';
import { serverList, zoneText } from './zone-inspection/words.ts';
import {
  type AuthoritativeServer,
  hasSpoken,
  type SeenSignature,
  type ZoneInspection,
} from './zone-inspection/zone-inspection.ts';

const DAY = 86_400;

/** An RRset at one server, with that of its signatures that lasts longest: any one good signature is enough (rfc6840#section-5.11). */
export interface SignedUntil {
  readonly owner: Name;
  readonly type: number;
  readonly server: AuthoritativeServer;
  readonly signature: SeenSignature;
}

/** Every RRset of the zone that a server showed, signed by the zone itself. */
export function signedUntil({ zone, answers }: ZoneInspection): SignedUntil[] {
  const longest = new Map<string, SignedUntil>();
  for (const answer of answers) {
    if (!hasSpoken(answer)) continue;
    for (const signature of answer.signatures) {
      const { owner, typeCovered: type, signer, expiration } = signature;
      if (!signer.equals(zone)) continue;
      const key = `${answer.server.address} ${type} ${owner.key}`;
      const known = longest.get(key);
      if (known && !isLater(expiration, known.signature.expiration)) continue;
      longest.set(key, { owner, type, server: answer.server, signature });
    }
  }
  return [...longest.values()];
}

/** Serial number arithmetic (rfc4034#section-3.1.5). */
function isLater(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}

export function signatureFindings(inspection: ZoneInspection, options: FindingOptions): Finding[] {
  // What nobody validates may expire.
  if (inspection.status === 'insecure') return [];
  const now = Math.floor(options.now / 1000);
  const seen = signedUntil(inspection);
  const left = ({ signature }: SignedUntil): number => (signature.expiration - now) | 0;
  const expired = seen.filter((entry) => left(entry) <= 0);
  if (expired.length > 0) return [expiredFinding(inspection, expired, seen)];
  const days = options.signatureDays(nameText(inspection.zone));
  const ending = seen.filter((entry) => left(entry) < days * DAY);
  return ending.length > 0 ? [endingFinding(inspection, ending, now)] : [];
}

function expiredFinding(
  { zone, servers }: ZoneInspection,
  expired: readonly SignedUntil[],
  seen: readonly SignedUntil[],
): Finding {
  const at = expired.map(({ server }) => server);
  const everywhere = new Set(at.map(({ address }) => address)).size === servers.length;
  const where = everywhere ? 'at every server' : `at ${serverList(at)} only`;
  const text = `Signatures of ${zoneText(zone)} have expired ${where}: ${described(expired)}.`;
  const effect = everywhere
    ? 'Senders that validate defer mail.'
    : 'Resolvers that validate have to ask again elsewhere; some give up, and senders defer.';
  const fix = everywhere
    ? `Sign the zone anew, and find out why the signer has stopped:\n${resign(zone)}`
    : `Have the zone transferred anew to ${serverList(at)}; ${seen.length > expired.length ? 'the other servers have fresh signatures' : 'sign it anew'}:\ndig +norecurse +dnssec @${at[0]!.address} ${zone} SOA`;
  return finding('signature-expires', nameText(zone), text, { severity: 'error', effect, fix });
}

function endingFinding({ zone }: ZoneInspection, ending: readonly SignedUntil[], now: number): Finding {
  const first = ending.toSorted((a, b) => (a.signature.expiration - b.signature.expiration) | 0)[0]!;
  const left = (first.signature.expiration - now) | 0;
  const when =
    left < 2 * DAY ? `${Math.max(1, Math.round(left / 3600))} hours` : `${Math.floor(left / DAY)} days`;
  const text = `Signatures of ${zoneText(zone)} end in ${when} unless they are renewed: ${described(ending)}.`;
  const effect = 'From then on senders that validate defer mail.';
  const fix = `Make sure that the signer runs, and have it sign now:\n${resign(zone)}`;
  return finding('signature-expires', nameText(zone), text, { effect, fix });
}

function resign(zone: Name): string {
  return `rndc sign ${nameText(zone)}\nor, with Knot:\nknotc zone-sign ${zone}`;
}

/** RRsets that are named in one sentence. */
const NAMED = 3;

function described(entries: readonly SignedUntil[]): string {
  const lines = entries
    // The keys of a zone and the records of mail say more than its NSEC chain.
    .toSorted((a, b) => weight(a.type) - weight(b.type))
    .map(
      ({ owner, type, signature }) =>
        `${rrTypeToText(type)} of ${nameText(owner)} by key ${signature.keyTag}, ${timeText(signature.expiration)}`,
    );
  const different = [...new Set(lines)];
  const more = different.length > NAMED ? `; and ${different.length - NAMED} more` : '';
  return different.slice(0, NAMED).join('; ') + more;
}

const FIRST: readonly number[] = [RRType.TLSA, RRType.MX, RRType.DNSKEY, RRType.A, RRType.AAAA, RRType.SOA];

function weight(type: number): number {
  const at = FIRST.indexOf(type);
  return at < 0 ? FIRST.length : at;
}

function timeText(seconds: number): string {
  return `${new Date((seconds >>> 0) * 1000).toISOString().slice(0, 16)}Z`;
}
