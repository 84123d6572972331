/** A zone seen at every authoritative server: as a parent has to before it goes by CDS records. */
import { DnsError, type Name, RRType, rcodeToText } from '@mailanchor/dns';
import { canonicalRdata } from '@mailanchor/dnssec';
import type { AuthoritativeServer, ServerAnswer, ZoneInspection, ZoneInspector } from '@mailanchor/smtp';
import { limitsOf, standingOf, type ViewOptions } from './view-by-resolver.ts';
import type { BootstrapSignal, SignedRecords, ZoneCopy, ZoneView } from './zone-view.ts';

export interface ServersViewOptions extends ViewOptions {
  readonly inspector: ZoneInspector;
}

/** Rejects only where `signal` aborts. */
export async function viewByServers(zone: Name, options: ServersViewOptions): Promise<ZoneView> {
  const { resolver, inspector, signal } = options;
  const limits = limitsOf(options);
  const questions = [RRType.CDS, RRType.CDNSKEY].map((type) => ({ name: zone, type }));
  const deadline = { remainingMs: () => limits().timeoutMs };
  const [{ zones }, soa] = await Promise.all([
    inspector.inspect(questions, { deadline, signal }),
    resolver.resolve(zone, RRType.SOA, limits()),
  ]);
  const inspection = zones.find((each) => each.zone.equals(zone));
  const standing = await standingOf(zone, soa, options, limits);
  if (!inspection) {
    // Servers that answer for a zone above it, or none at all.
    const problem = soa.kind === 'failure' ? soa.reason.text : 'its name servers could not be found';
    const isZone = standing.isZone && zones.length === 0;
    return { ...standing, isZone, copies: isZone ? [{ problem }] : [] };
  }
  const { parent } = inspection;
  const signals = await signalsOf(inspection, options, limits);
  return {
    ...standing,
    isZone: true,
    ...(parent && { parent }),
    copies: copiesOf(inspection),
    ...(signals && { signals }),
  };
}

function copiesOf(inspection: ZoneInspection): ZoneCopy[] {
  const { zone, servers, answers, addressless, leftOut } = inspection;
  return [
    ...servers.map((server) =>
      copyOf(
        zone,
        server,
        answers.filter((answer) => answer.server === server),
      ),
    ),
    ...addressless.map((name) => ({ server: `${name}`, problem: 'has no address' })),
    ...(leftOut === undefined ? [] : [{ notAsked: leftOut }]),
  ];
}

function copyOf(
  zone: Name,
  { name, address }: AuthoritativeServer,
  answers: readonly ServerAnswer[],
): ZoneCopy {
  const server = `${name} [${address}]`;
  const soa = answers.find(({ type }) => type === RRType.SOA);
  if (!soa || soa.outcome === 'not-asked') return { server, notAsked: soa?.text ?? 'not asked' };
  if (soa.outcome === 'silent') return { server, problem: `does not answer (${soa.text})` };
  if (soa.outcome === 'refused') return { server, problem: `answers ${rcodeToText(soa.rcode)}` };
  if (soa.outcome !== 'answer' || !soa.authoritative)
    return { server, problem: 'does not serve the zone (lame)' };
  const at = (type: number): SignedRecords | undefined => {
    const answer = answers.find((each) => each.type === type && each.name.equals(zone));
    if (answer?.outcome !== 'answer' && answer?.outcome !== 'nodata') return undefined;
    const rdatas = answer.outcome === 'answer' ? answer.records.map(({ rdata }) => rdata) : [];
    const covering = answer.signatures.filter(
      ({ typeCovered, owner }) => typeCovered === type && owner.equals(zone),
    );
    return { ttl: answer.ttl, rdatas, signatures: covering.map(({ rdata }) => rdata) };
  };
  const [own, keys, cds, cdnskey] = [RRType.SOA, RRType.DNSKEY, RRType.CDS, RRType.CDNSKEY].map(at);
  return {
    server,
    ...(own && { soa: own }),
    ...(keys && { keys }),
    ...(cds && { cds }),
    ...(cdnskey && { cdnskey }),
  };
}

const MAX_SIGNALS = 4;

/** Asked for where there is something to be set up: CDS records, and no DS yet. */
async function signalsOf(
  { zone, ds, answers, listed, parentStatus }: ZoneInspection,
  { resolver }: ServersViewOptions,
  limits: ReturnType<typeof limitsOf>,
): Promise<BootstrapSignal[] | undefined> {
  const cds = answers.find((answer) => answer.type === RRType.CDS && answer.outcome === 'answer');
  if (ds?.length !== 0 || parentStatus !== 'secure' || cds?.outcome !== 'answer') return undefined;
  const wanted = keyOf(cds.records);
  // A server within the zone itself cannot vouch for it.
  const outside = listed.parent.filter((server) => !server.isAtOrBelow(zone)).slice(0, MAX_SIGNALS);
  const found = await Promise.all(
    outside.map(async (nameServer) => {
      const owner = signalName(zone, nameServer);
      if (!owner) return undefined;
      const { status, kind, records } = await resolver.resolve(owner, RRType.CDS, limits());
      return kind === 'answer' ? { nameServer, status, same: keyOf(records) === wanted } : undefined;
    }),
  );
  return found.filter((signal) => signal !== undefined);
}

/** `_dsboot.<zone>._signal.<name server>`; undefined where that is too long a name. */
function signalName(zone: Name, nameServer: Name): Name | undefined {
  try {
    return zone.prepend('_dsboot').concat(nameServer.prepend('_signal'));
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    return undefined;
  }
}

function keyOf(records: readonly { readonly type: number; readonly rdata: Uint8Array }[]): string {
  return records
    .map(({ type, rdata }) => Buffer.from(canonicalRdata(type, rdata)).toString('hex'))
    .sort()
    .join(' ');
}
