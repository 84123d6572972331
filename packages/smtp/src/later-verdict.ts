/**
 * The second verdict of a check with `days`: what would come out so many days from now if nothing were renewed meanwhile, certificates and
 * signatures of the destination's own zones alike. The zones above go on as they are: nobody here can renew those.
 */
import { isIP } from 'node:net';
import { Name, RRType, rrTypeToText } from '@mailanchor/dns';
import { domainVerdict, type HostStanding } from './domain-verdict.ts';
import type { Collected } from './findings.ts';
import { type SignedUntil, signedUntil } from './findings-signatures.ts';
import { nameText } from './name-text.ts';
import { acceptsMail, standingOf } from './standing.ts';
import type { AliasReport, DomainVerdict, HostCheck, LaterVerdict, SessionReport } from './verdict.ts';
import type { Inspection } from './zone-inspection/zone-inspection.ts';

const DAY_MS = 86_400_000;
/** Reasons that are told. */
const MAX_REASONS = 8;

export interface LaterOptions {
  readonly days: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly connected: boolean;
}

export function laterVerdict(
  { kind, dns, hosts, verdict }: Collected,
  inspection: Inspection,
  { days, now, connected }: LaterOptions,
): LaterVerdict {
  const at = now + days * DAY_MS;
  const ended = endedBy(inspection, at);
  const because: string[] = [];
  const mx = ended.filter((entry) => concerns(entry, [dns.domain, ...targets(dns.aliases)], MX_TYPES));
  because.push(...mx.map(signatureReason));
  const standings = hosts.map((host): HostStanding => {
    const names = [host.host, ...targets(host.aliases), ...tlsaNames(host)];
    const own = ended.filter((entry) => concerns(entry, names, HOST_TYPES));
    because.push(...own.map(signatureReason), ...certificateReasons(host));
    const sessions = host.sessions.map((session) => ({
      ...atLater(session),
      ...(session.probes && { probes: session.probes.map(atLater) }),
    }));
    const standing = own.length > 0 ? 'bogus' : standingOf({ ...host, sessions }, connected);
    return { standing, accepts: !connected || isIP(host.host) !== 0 || acceptsMail(host.sessions) };
  });
  const mxStatus = mx.length > 0 ? 'bogus' : dns.status;
  const reasons = [...new Set(because)];
  return {
    days,
    at: `${new Date(at).toISOString().slice(0, 19)}Z`,
    verdict: reasons.length === 0 ? verdict : laterOf(kind, { mxStatus, hosts: standings }, verdict),
    because: reasons.slice(0, MAX_REASONS),
  };
}

function atLater<T extends Pick<SessionReport, 'match' | 'laterMatch'>>(report: T): T {
  return { ...report, match: report.laterMatch ?? report.match };
}

function laterOf(
  kind: Collected['kind'],
  standing: Parameters<typeof domainVerdict>[0],
  now: DomainVerdict,
): DomainVerdict {
  // Of what takes no mail only its own proof can break.
  if (standing.hosts.length === 0) return standing.mxStatus === 'bogus' ? 'broken' : now;
  return kind === 'address-literal' ? now : domainVerdict(standing);
}

const MX_TYPES: readonly number[] = [RRType.MX, RRType.CNAME, RRType.DNAME];
const HOST_TYPES: readonly number[] = [RRType.A, RRType.AAAA, RRType.TLSA, RRType.CNAME, RRType.DNAME];
/** Without these nothing of a zone holds, or nothing that it denies. */
const ZONE_TYPES: readonly number[] = [RRType.DNSKEY, RRType.NSEC, RRType.NSEC3];

/** RRsets whose signatures will have ended at every server that showed them. */
function endedBy(inspection: Inspection, at: number): SignedUntil[] {
  if (!inspection || !('zones' in inspection)) return [];
  const limit = Math.floor(at / 1000);
  return inspection.zones
    .filter(({ status }) => status !== 'insecure')
    .flatMap((zone) => {
      const best = new Map<string, SignedUntil>();
      for (const entry of signedUntil(zone)) {
        const key = `${entry.type} ${entry.owner.key}`;
        const known = best.get(key);
        if (!known || isLater(entry.signature.expiration, known.signature.expiration)) best.set(key, entry);
      }
      return [...best.values()].filter(({ signature }) => isLater(limit, signature.expiration));
    });
}

/** Serial number arithmetic (rfc4034#section-3.1.5). */
function isLater(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}

/** Whether one of the names depends on the RRset: by owner and type, or as part of its zone. */
function concerns(
  { owner, type, signature }: SignedUntil,
  names: readonly string[],
  types: readonly number[],
): boolean {
  if (types.includes(type)) return names.includes(nameText(owner));
  return ZONE_TYPES.includes(type) && names.some((name) => Name.fromText(name).isAtOrBelow(signature.signer));
}

function signatureReason({ owner, type, signature }: SignedUntil): string {
  const end = new Date((signature.expiration >>> 0) * 1000).toISOString().slice(0, 10);
  return `the signature over ${rrTypeToText(type)} of ${nameText(owner)} by key ${signature.keyTag} ends on ${end}`;
}

function certificateReasons({ sessions, host }: HostCheck): string[] {
  return sessions.flatMap(({ match, laterMatch, chain }) => {
    if (match?.kind !== 'match' || laterMatch?.kind !== 'mismatch') return [];
    const ends = chain.slice(0, match.depth + 1).map(({ notAfter }) => notAfter);
    const first = ends
      .filter((end) => end !== '')
      .sort()[0]
      ?.slice(0, 10);
    return [
      `the certificate of ${host}, or of its CA, ends on ${first ?? 'an earlier day'}, which counts under usage ${match.usage}`,
    ];
  });
}

function targets(aliases: readonly AliasReport[]): string[] {
  return aliases.map(({ target }) => target);
}

function tlsaNames({ tlsa }: HostCheck): string[] {
  return tlsa.questions.flatMap(({ name, aliases }) => [name, ...targets(aliases)]);
}
