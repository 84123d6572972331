/**
 * Asks every authoritative server of every zone that a destination rests on. Bounded in zones, servers, questions and time; what had to
 * be left out is said.
 */
import { networkInterfaces } from 'node:os';
import { createTransport, type Name, RRType, type Transport } from '@mailanchor/dns';
import type { Resolution, Status } from '@mailanchor/dnssec';
import type { Deadline } from '../deadline.ts';
import { readAnswer } from './server-answer.ts';
import { ServerAsker } from './server-asker.ts';
import type {
  AuthoritativeServer,
  InspectedQuestion,
  InspectionResult,
  ServerAnswer,
  ZoneInspection,
} from './zone-inspection.ts';
import {
  apexOf,
  type InspectionContext,
  type InspectionResolver,
  lookupMs,
  zoneServers,
} from './zone-servers.ts';

/** Zones of one destination, and questions about names of one zone. */
const MAX_ZONES = 16;
const MAX_QUESTIONS = 48;
/** Asked of every zone beside what it is inspected for. The SOA comes first, by itself: who does not have that is asked nothing more. */
const ZONE_TYPES: readonly number[] = [RRType.NS, RRType.DNSKEY, RRType.NSEC3PARAM];

export interface ZoneInspectorOptions {
  readonly resolver: InspectionResolver;
  /** Default: UDP, and TCP where needed. Closed with the inspector. */
  readonly transport?: Transport;
  /** Port of authoritative servers; default 53. */
  readonly port?: number;
  /** Address families of the servers that are asked; default: IPv6 only where the machine has a global IPv6 address. */
  readonly families?: { readonly ipv4: boolean; readonly ipv6: boolean };
  /** Zones that are not inspected, with all below them: those that lookups go to other servers for. */
  readonly except?: readonly Name[];
}

export interface InspectionLimits {
  readonly deadline: Deadline;
  readonly signal?: AbortSignal | undefined;
}

/** Serves many checks: what it has asked a server it does not ask again for a minute. */
export class ZoneInspector {
  readonly #options: ZoneInspectorOptions;
  readonly #asker: ServerAsker;
  readonly #families: { readonly ipv4: boolean; readonly ipv6: boolean };

  constructor(options: ZoneInspectorOptions) {
    this.#options = options;
    this.#asker = new ServerAsker({
      transport: options.transport ?? createTransport(),
      port: options.port ?? 53,
    });
    this.#families = options.families ?? { ipv4: true, ipv6: hasGlobalIpv6() };
  }

  /** Rejects only where `signal` aborts. */
  async inspect(
    questions: readonly InspectedQuestion[],
    limits: InspectionLimits,
  ): Promise<InspectionResult> {
    const { resolver } = this.#options;
    const context = { ...limits, resolver, asker: this.#asker, families: this.#families };
    const { zones, homeless } = await this.#byZone(questions, context);
    const taken = zones.slice(0, MAX_ZONES);
    const inspected = await Promise.all(taken.map(([zone, asked]) => inspectZone(context, zone, asked)));
    const leftOut = [
      ...homeless.map((name) => `no zone found for ${name}`),
      ...zones.slice(MAX_ZONES).map(([zone]) => `${zone} (more zones than a check takes on)`),
    ];
    return { zones: inspected, leftOut };
  }

  close(): void | Promise<void> {
    return this.#asker.close();
  }

  async #byZone(
    questions: readonly InspectedQuestion[],
    context: InspectionContext,
  ): Promise<{ zones: [Name, InspectedQuestion[]][]; homeless: Name[] }> {
    const { except = [] } = this.#options;
    const apexes = new Map<string, Promise<Name | undefined>>();
    const zones = new Map<string, [Name, InspectedQuestion[]]>();
    const homeless = new Map<string, Name>();
    const asked = new Set<string>();
    for (const { name } of questions) {
      if (!apexes.has(name.key)) apexes.set(name.key, apexOf(context, name));
    }
    for (const question of questions) {
      const { name, type } = question;
      const key = `${type} ${name.key}`;
      if (asked.has(key) || except.some((zone) => name.isAtOrBelow(zone))) continue;
      asked.add(key);
      const apex = await apexes.get(name.key);
      if (!apex) homeless.set(name.key, name);
      else {
        const zone = zones.get(apex.key) ?? [apex, []];
        zone[1].push(question);
        zones.set(apex.key, zone);
      }
    }
    return { zones: [...zones.values()], homeless: [...homeless.values()] };
  }
}

async function inspectZone(
  context: InspectionContext,
  zone: Name,
  asked: readonly InspectedQuestion[],
): Promise<ZoneInspection> {
  const parent = zone.isRoot ? undefined : await apexOf(context, zone.parent);
  const [{ servers, listed, addressless, beyond }, ds, own, above] = await Promise.all([
    zoneServers(context, zone, parent),
    proven(context, zone, RRType.DS),
    proven(context, zone, RRType.SOA),
    parent ? proven(context, parent, RRType.SOA) : undefined,
  ]);
  const questions = [
    ...ZONE_TYPES.map((type) => ({ name: zone, type })),
    ...asked.filter(({ name, type }) => !(name.equals(zone) && ZONE_TYPES.includes(type))),
  ];
  const taken = questions.slice(0, MAX_QUESTIONS);
  const answers = await Promise.all(servers.map((server) => askServer(context, zone, server, taken)));
  const leftOut = [
    ...(beyond > 0 ? [`${beyond} name servers`] : []),
    ...(questions.length > MAX_QUESTIONS ? [`${questions.length - MAX_QUESTIONS} names`] : []),
  ].join(' and ');
  return {
    zone,
    parent,
    status: own.status,
    parentStatus: above?.status ?? ('secure' satisfies Status),
    servers,
    listed,
    addressless,
    ds: ds.kind === 'failure' ? undefined : ds.records.map(({ rdata }) => rdata),
    answers: answers.flat(),
    ...(leftOut && { leftOut }),
  };
}

/** All that one server says. A server that does not know the zone, or is silent, is not bothered with the rest. */
async function askServer(
  context: InspectionContext,
  zone: Name,
  server: AuthoritativeServer,
  questions: readonly InspectedQuestion[],
): Promise<ServerAnswer[]> {
  const soa = await askOne(context, zone, server, { name: zone, type: RRType.SOA });
  if (soa.outcome !== 'answer' || !soa.authoritative) return [soa];
  const others = questions.filter(({ name, type }) => !(name.equals(zone) && type === RRType.SOA));
  return [soa, ...(await Promise.all(others.map((question) => askOne(context, zone, server, question))))];
}

async function askOne(
  { asker, resolver, deadline, signal }: InspectionContext,
  zone: Name,
  server: AuthoritativeServer,
  { name, type }: InspectedQuestion,
): Promise<ServerAnswer> {
  const reply = await asker.ask(server.address, name, type, { deadline, signal });
  const timeoutMs = Math.max(1, deadline.remainingMs());
  return readAnswer(reply, server, { name, type, zone }, (message, question) =>
    resolver.judgeResponse(message, question, { timeoutMs }),
  );
}

function proven(
  { resolver, deadline, signal }: InspectionContext,
  name: Name,
  type: number,
): Promise<Resolution> {
  const timeoutMs = lookupMs(deadline);
  return resolver.resolve(name, type, { timeoutMs, ...(signal && { signal }) });
}

/** Whether any interface has an IPv6 address that reaches beyond the link. */
function hasGlobalIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(
      ({ family, internal, address }) => family === 'IPv6' && !internal && !/^f[ed]/i.test(address),
    ),
  );
}
