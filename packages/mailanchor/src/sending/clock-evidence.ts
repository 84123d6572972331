/** What the clock is judged by: signatures of the root, of large zones that are signed all the time and of the targets' zones, and name servers' clocks. */
import {
  createTransport,
  decodeA,
  decodeSingleName,
  Name,
  type ResourceRecord,
  RRType,
} from '@mailanchor/dns';
import type { ValidatingResolver } from '@mailanchor/dnssec';
import { type Lookup, openResolver } from '../lookup.ts';
import type { ClockEvidence, SignedSet } from './clock-check.ts';
import { askClocks } from './server-clocks.ts';
import type { SendingSettings } from './settings.ts';

/** Beside the root, of which a set is signed twice a day: zones that change every few minutes and are signed as they do. */
const BUSY_ZONES = ['com.', 'org.'];
/** Zones whose servers' clocks are asked for, and servers of each. */
const MAX_ZONES = 6;
const MAX_SERVERS = 6;

type Limits = { readonly signal: AbortSignal; readonly timeoutMs: number };

/** `rootSignatures`: over the SOA record of the root, as the resolvers of this machine give them; used where we get at none. */
export async function gatherEvidence(
  targets: readonly string[],
  rootSignatures: readonly Uint8Array[],
  settings: SendingSettings,
  { resolver, clock }: Lookup,
  limits: Limits,
): Promise<ClockEvidence> {
  const zones = zonesOf(targets);
  const [sets, servers] = await Promise.all([
    signedSets(zones, rootSignatures, resolver, limits),
    // Behind a forwarder the servers may well be out of reach; its own clock is often this machine's.
    settings.lookup.mode.kind === 'forward' ? [] : serverClocks(zones, settings, { resolver, clock }, limits),
  ]);
  return {
    sets,
    servers,
    now: Math.floor(clock() / 1000),
    holdsAt: async (zone, seconds) => {
      const then = await openResolver(settings.lookup, { clock: () => seconds * 1000 });
      try {
        return (await then.resolve(zone, RRType.SOA, limits)).status === 'secure';
      } finally {
        then.close();
      }
    },
  };
}

/** The root first, then the busy ones, then each target and the zone at the top of it. */
function zonesOf(targets: readonly string[]): Name[] {
  const names = [
    ...BUSY_ZONES,
    ...targets.flatMap((target) => [`${target.split('.').at(-1)}.`, `${target}.`]),
  ];
  const zones = new Map<string, Name>([['.', Name.root]]);
  for (const text of names) {
    const name = nameOf(text);
    if (name) zones.set(name.toString(), name);
  }
  return [...zones.values()];
}

/** Undefined for an address literal and the like. */
function nameOf(text: string): Name | undefined {
  if (!/^([a-z0-9_-]+\.)+$/i.test(text)) return undefined;
  try {
    return Name.fromText(text.toLowerCase());
  } catch {
    return undefined;
  }
}

async function signedSets(
  zones: readonly Name[],
  rootSignatures: readonly Uint8Array[],
  resolver: ValidatingResolver,
  limits: Limits,
): Promise<SignedSet[]> {
  const sets = await Promise.all(
    zones.flatMap((zone) =>
      [RRType.SOA, RRType.DNSKEY].map(async (type) => {
        const { answer } = await resolver.resolveUnchecked(zone, type, limits);
        // An alias would lead to records of another zone.
        const signatures = answer.flatMap((record) =>
          record.type === RRType.RRSIG && record.name.equals(zone) ? [record.rdata] : [],
        );
        return { zone, signatures };
      }),
    ),
  );
  const found = sets.filter(({ signatures }) => signatures.length > 0);
  if (found.some(({ zone }) => zone.isRoot) || rootSignatures.length === 0) return found;
  return [...found, { zone: Name.root, signatures: rootSignatures }];
}

async function serverClocks(
  zones: readonly Name[],
  { lookup }: SendingSettings,
  { resolver, clock }: Pick<Lookup, 'resolver' | 'clock'>,
  limits: Limits,
): Promise<ClockEvidence['servers']> {
  const ask = async (name: Name, type: number) =>
    (await resolver.resolveUnchecked(name, type, limits)).answer;
  const addresses = await Promise.all(
    zones.slice(0, MAX_ZONES).map(async (zone) => {
      const servers = decodeAll(await ask(zone, RRType.NS), RRType.NS, decodeSingleName);
      return Promise.all(
        servers
          .slice(0, MAX_SERVERS)
          .map(async (server) => decodeAll(await ask(server, RRType.A), RRType.A, decodeA)),
      );
    }),
  );
  const transport = createTransport();
  try {
    return await askClocks(addresses.flat(2), {
      transport,
      port: lookup.dnsPort,
      clock,
      signal: limits.signal,
    });
  } finally {
    await transport.close();
  }
}

function decodeAll<T>(
  records: readonly ResourceRecord[],
  wanted: number,
  decode: (rdata: Uint8Array) => T,
): T[] {
  return records.flatMap(({ type, rdata }) => {
    if (type !== wanted) return [];
    try {
      return [decode(rdata)];
    } catch {
      return [];
    }
  });
}
