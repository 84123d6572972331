/** The resolver and the clock that the settings ask for. */
import type { ResourceRecord } from '@mailanchor/dns';
import {
  createResolver,
  parseRootHints,
  parseTrustAnchors,
  type ResolverOptions,
  rootTrustAnchors,
  type ValidatingResolver,
} from '@mailanchor/dnssec';
import { type Clock, clockFrom } from './clock.ts';
import { messageOf, UsageError } from './errors.ts';
import { readTextFile } from './file.ts';
import type { LookupSettings, NamedFile } from './options/lookup.ts';
import { openServers } from './upstream.ts';

export interface Lookup {
  readonly resolver: ValidatingResolver;
  readonly clock: Clock;
  close(): Promise<void>;
}

/** Reads the files that the settings name and makes the resolver. Throws `UsageError` for a file that cannot be used. */
export async function openLookup(
  settings: LookupSettings,
  more: Pick<ResolverOptions, 'onQuery' | 'cacheOctets'> = {},
): Promise<Lookup> {
  const clock = clockFrom(settings.at);
  // A check and a lookup at the command line show what the servers say, not what an earlier denial lets one conclude.
  const resolver = await openResolver(settings, { clock, aggressiveDenial: false, ...more });
  return { resolver, clock, close: async () => resolver.close() };
}

/** The resolver alone; `extra` is what no setting says. Throws `UsageError`. */
export async function openResolver(
  settings: LookupSettings,
  extra: ResolverOptions,
): Promise<ValidatingResolver> {
  const [rootHints, trustAnchors] = await Promise.all([
    readRecords(settings.rootHints, parseRootHints, 'root server'),
    settings.trustAnchor && readTrustAnchors(settings, extra.clock),
  ]);
  const { mode } = settings;
  return createResolver({
    mode: mode.kind === 'forward' ? { kind: 'forward', servers: await openServers(mode.servers) } : mode,
    forwardZones: await Promise.all(
      settings.forwardZones.map(async ({ zone, servers }) => ({ zone, servers: await openServers(servers) })),
    ),
    negativeTrustAnchors: [...settings.insecureZones],
    dnsPort: settings.dnsPort,
    nsec3Iterations: settings.nsec3Iterations,
    qnameMinimisation: settings.qnameMinimisation,
    ...(rootHints && { rootHints }),
    ...(trustAnchors && { trustAnchors }),
    ...extra,
  });
}

/** The anchors that the settings name, or the built-in ones of the root. Throws `UsageError`. */
export async function readTrustAnchors(
  { trustAnchor }: LookupSettings,
  clock?: Clock,
): Promise<readonly ResourceRecord[]> {
  // Keys of a root-anchors.xml are valid by the clock that signatures are (rfc7958#section-2.1.2).
  const parse = (text: string, source: string) => parseTrustAnchors(text, source, clock);
  return (await readRecords(trustAnchor, parse, 'DS or DNSKEY record')) ?? rootTrustAnchors();
}

async function readRecords<T>(
  file: NamedFile | undefined,
  parse: (text: string, source: string) => T[],
  kind: string,
): Promise<T[] | undefined> {
  if (!file) return undefined;
  const text = await readTextFile(file.path, file.from);
  let records: T[];
  try {
    records = parse(text, file.path);
  } catch (error) {
    const message = messageOf(error);
    throw new UsageError(message.includes(file.path) ? message : `${file.path}: ${message}`, {
      cause: error,
    });
  }
  // An empty anchor file must not fall back to the built-in anchors, nor to no validation.
  if (records.length === 0) throw new UsageError(`${file.from}: ${file.path} holds no ${kind}`);
  return records;
}
