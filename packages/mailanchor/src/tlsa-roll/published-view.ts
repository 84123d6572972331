/**
 * Where the TLSA records of a host belong, and what every authoritative server has there. Every answer is validated by our own resolver
 * from the root; what is not secure shows nothing. Asked anew each time: resolver and inspector are the look's own.
 */

import type { PlaceSight, ServerSight } from '@mailanchor/dane';
import { DnsError, decodeSoa, decodeTlsa, Name, RRType, rcodeToText, type TlsaData } from '@mailanchor/dns';
import type {
  HostPlan,
  InspectionResult,
  ServerAnswer,
  ZoneInspection,
  ZoneInspector,
} from '@mailanchor/smtp';
import type { HostSettings } from './settings.ts';

/** A place, and what it takes to publish there. */
export interface Place {
  readonly sight: PlaceSight;
  /** Owner for changes: of a host under a wildcard the wildcard. */
  readonly owner: Name;
  /** The name that was asked for. */
  readonly asked: Name;
  /** Apex of the zone that holds it. */
  readonly zone: Name | undefined;
  /** Seconds, of the RRset; undefined where there is none. */
  readonly ttl: number | undefined;
}

export interface PublishedOptions {
  readonly inspector: Pick<ZoneInspector, 'inspect'>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** `plans`: the host at each of its ports. */
export async function publishedView(
  host: HostSettings,
  plans: readonly HostPlan[],
  { inspector, timeoutMs, signal }: PublishedOptions,
): Promise<Place[]> {
  const owners = new Map<string, { asked: Name; base: string; ports: number[]; problem?: string }>();
  for (const plan of plans) {
    const found = placeOf(host, plan);
    if (!found) continue;
    const known = owners.get(found.asked.key);
    if (known) known.ports.push(plan.port);
    else owners.set(found.asked.key, { ...found, ports: [plan.port] });
  }
  const end = performance.now() + timeoutMs;
  const inspection = await inspector.inspect(
    [...owners.values()].map(({ asked }) => ({ name: asked, type: RRType.TLSA })),
    { deadline: { remainingMs: () => Math.max(0, end - performance.now()) }, signal },
  );
  return [...owners.values()].map((found) => placeSeen(host, found, inspection));
}

/** Why a plan shows no place, for those that do not; a sentence fragment. */
export function whyNoPlace({ policy, problem, addressStatus, addresses }: HostPlan): string {
  if (problem && policy === 'unreachable') return problem.text;
  if (addresses.length > 0 && addressStatus !== 'secure')
    return 'its addresses are not signed, so DANE does not apply to it: sign its zone first';
  return 'DANE does not apply to it';
}

function placeOf(
  host: HostSettings,
  { tlsa, port, host: name, problem: fault }: HostPlan,
): { asked: Name; base: string; problem?: string } | undefined {
  const { questions } = tlsa;
  const original = questions.find(({ base }) => base === name);
  const target = questions.find(({ base }) => base !== name);
  const answered = questions.find(({ outcome }) => outcome === 'answer');
  const chosen =
    host.tlsaBase === 'host'
      ? (original ?? baseQuestion(name, port))
      : host.tlsaBase === 'target'
        ? target
        : (answered ?? questions[0]);
  if (!chosen) return undefined;
  const last = 'aliases' in chosen ? chosen.aliases.at(-1)?.target : undefined;
  // Records at the target come first for senders (rfc7672#section-2.2.3): those at the host would not be looked at.
  const shadowed = host.tlsaBase === 'host' && answered !== undefined && answered.base !== name;
  const problem = shadowed
    ? `senders find the records at ${answered.name} first: tlsa-base is wrong`
    : fault?.stage === 'tlsa'
      ? `our resolver gets no TLSA answer that can be believed: ${fault.text}`
      : undefined;
  return {
    asked: Name.fromText(last ?? chosen.name),
    base: chosen.base,
    ...(problem !== undefined && { problem }),
  };
}

function baseQuestion(base: string, port: number): { base: string; name: string } {
  return { base, name: `_${port}._tcp.${base}` };
}

function placeSeen(
  host: HostSettings,
  found: { asked: Name; base: string; ports: readonly number[]; problem?: string },
  inspection: InspectionResult,
): Place {
  const { asked, base, ports } = found;
  const zone = inspection.zones.find(({ zone: apex, answers }) =>
    answers.length > 0
      ? answers.some(({ name }) => name.equals(asked)) || asked.isAtOrBelow(apex)
      : asked.isAtOrBelow(apex),
  );
  const owner = ownerOf(host, asked);
  const servers = zone ? serverSights(zone, asked) : [];
  const seen = zone
    ? placeProblem(zone, asked)
    : inspection.leftOut.join(', ') || `no zone found for ${asked}`;
  const problem = found.problem ?? seen;
  const ttls = (zone?.answers ?? []).flatMap((answer) =>
    answer.type === RRType.TLSA && answer.outcome === 'answer' && answer.name.equals(asked)
      ? [answer.ttl]
      : [],
  );
  return {
    owner,
    asked,
    zone: zone?.zone,
    ttl: ttls.length > 0 ? Math.max(...ttls) : undefined,
    sight: {
      owner: text(owner),
      ports,
      names: [base],
      servers,
      assumedTtl: host.ttl,
      ...(problem !== undefined && { problem }),
    },
  };
}

/** Records of names under a wildcard lie at the wildcard (RFC 4592): `_25._tcp.probe.mx.example.org` is answered from `*.mx.example.org`. */
function ownerOf(host: HostSettings, asked: Name): Name {
  const below = host.name.startsWith('*.') ? Name.fromText(host.name.slice(2)) : undefined;
  return below && asked.isBelow(below) ? below.prepend('*') : asked;
}

function text(name: Name): string {
  return name.toString().replace(/(.)\.$/, '$1');
}

/** Bogus or unsigned answers of any server are a fault of the zone. */
function placeProblem(zone: ZoneInspection, asked: Name): string | undefined {
  if (zone.status === 'bogus') return `the zone ${zone.zone} is bogus`;
  if (zone.status === 'insecure') return `the zone ${zone.zone} is not signed, or its parent does not say so`;
  for (const answer of zone.answers) {
    if (answer.type !== RRType.TLSA || !answer.name.equals(asked) || !('status' in answer)) continue;
    const why = answer.reason ? `: ${answer.reason.text}` : '';
    if (answer.status === 'bogus') return `what ${serverText(answer)} answers is bogus${why}`;
    if (answer.status === 'insecure') return `what ${serverText(answer)} answers is not signed${why}`;
  }
  return undefined;
}

function serverSights(zone: ZoneInspection, asked: Name): ServerSight[] {
  const sights = zone.servers.map((server): ServerSight => {
    const own = zone.answers.filter((answer) => answer.server === server);
    const soa = own.find(({ type }) => type === RRType.SOA);
    const answer = own.find(({ type, name }) => type === RRType.TLSA && name.equals(asked));
    return { server: `${text(server.name)} (${server.address})`, ...sightOf(answer, soa) };
  });
  const addressless = zone.addressless.map(
    (name): ServerSight => ({
      server: text(name),
      kind: 'failed',
      text: 'its name has no address that can be asked from here',
    }),
  );
  const leftOut = zone.leftOut
    ? [
        {
          server: `further servers of ${zone.zone}`,
          kind: 'failed',
          text: `${zone.leftOut} not asked`,
        } as const,
      ]
    : [];
  return [...sights, ...addressless, ...leftOut];
}

type Seen =
  | { readonly kind: 'records'; readonly records: readonly TlsaData[]; readonly ttl: number }
  | { readonly kind: 'failed'; readonly text: string };

function sightOf(answer: ServerAnswer | undefined, soa: ServerAnswer | undefined): Seen {
  const failed = (why: string): Seen => ({ kind: 'failed', text: why });
  const told = answer ?? soa;
  if (!told) return failed('was not asked');
  switch (told.outcome) {
    case 'silent':
    case 'not-asked':
      return failed(told.text);
    case 'refused':
      return failed(`answers ${rcodeToText(told.rcode)}`);
    case 'referral':
      return failed('sends elsewhere');
    case 'alias':
      return failed('has an alias there');
    default:
      break;
  }
  if (!answer || !told.authoritative) return failed('does not have the zone');
  if (told.status !== 'secure') return failed(told.reason?.text ?? `could not be validated: ${told.status}`);
  if (told.outcome !== 'answer') return { kind: 'records', records: [], ttl: negativeTtl(soa) };
  try {
    return { kind: 'records', records: told.records.map(({ rdata }) => decodeTlsa(rdata)), ttl: told.ttl };
  } catch (error) {
    if (error instanceof DnsError) return failed(`TLSA records that cannot be read: ${error.message}`);
    throw error;
  }
}

/** rfc2308#section-5 */
function negativeTtl(soa: ServerAnswer | undefined): number {
  if (soa?.outcome !== 'answer') return 0;
  try {
    return Math.min(soa.ttl, decodeSoa(soa.records[0]!.rdata).minimum);
  } catch (error) {
    if (error instanceof DnsError) return 0;
    throw error;
  }
}

function serverText({ server }: ServerAnswer): string {
  return `${text(server.name)} (${server.address})`;
}
