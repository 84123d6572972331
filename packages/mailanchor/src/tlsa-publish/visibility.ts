/**
 * Whether TLSA records are to be seen: every authoritative server of the zone, asked by itself, has exactly the RRset, signed, and our own
 * resolver validates it from the trust anchor. Asked anew each time: nothing comes from a cache.
 */
import { type Name, RRType, type TlsaData } from '@mailanchor/dns';
import type { Clock, Resolution, ValidatingResolver } from '@mailanchor/dnssec';
import { type InspectionResult, ZoneInspector, type ZoneInspectorOptions } from '@mailanchor/smtp';
import { openLookup } from '../lookup.ts';
import type { LookupSettings } from '../options/lookup.ts';
import {
  isExactly,
  newestSerial,
  type ServerView,
  setText,
  tryDecode,
  viewOf,
  viewText,
  withoutAddress,
} from './server-view.ts';

export interface Seeing {
  /** Apex of the zone that the owner lies in, by its servers. */
  readonly zone: string | null;
  readonly servers: readonly ServerView[];
  /** Seconds: the largest TTL of the RRset that any server gives out; null where none has one. */
  readonly ttl: number | null;
  /** Milliseconds since the epoch, by the clock of the lookups, when the servers were asked. */
  readonly at: number;
}

/** `text` is one line, without a full stop. */
export type Visibility =
  | ({ readonly kind: 'everywhere' } & Seeing)
  /** Servers answer, but not all of them this. */
  | ({ readonly kind: 'not-yet'; readonly text: string } & Seeing)
  /** The zone is not signed, or nothing at its parent says so: DANE does not apply to it. */
  | ({ readonly kind: 'unsigned'; readonly text: string } & Seeing)
  | ({ readonly kind: 'bogus'; readonly text: string } & Seeing)
  /** It could not be found out. */
  | ({ readonly kind: 'failed'; readonly text: string } & Seeing);

export interface VisibilityOptions {
  readonly lookup: LookupSettings;
  /** Milliseconds for the whole. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** As of `ZoneInspector`. */
  readonly families?: ZoneInspectorOptions['families'];
}

/** `expected` empty: there must be no TLSA records. Rejects only where `signal` aborts, and with `UsageError` for files of the settings. */
export async function visibility(
  owner: Name,
  expected: readonly TlsaData[],
  options: VisibilityOptions,
): Promise<Visibility> {
  const { lookup: settings, families, ...limits } = options;
  const { resolver, clock, close } = await openLookup(settings);
  const inspector = new ZoneInspector({ resolver, port: settings.dnsPort, ...(families && { families }) });
  try {
    return await visibilityBy(owner, expected, { resolver, inspector, clock, ...limits });
  } finally {
    await inspector.close();
    await close();
  }
}

/** As `visibility`, by a resolver and an inspector that have looked nothing up before. */
export async function visibilityBy(
  owner: Name,
  expected: readonly TlsaData[],
  by: {
    readonly resolver: Pick<ValidatingResolver, 'resolve'>;
    readonly inspector: ZoneInspector;
    readonly clock: Clock;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  },
): Promise<Visibility> {
  const { resolver, inspector, clock, timeoutMs, signal } = by;
  const end = performance.now() + timeoutMs;
  const deadline = { remainingMs: () => Math.max(0, end - performance.now()) };
  const abort = signal ? { signal } : {};
  const [inspection, resolution] = await Promise.all([
    inspector.inspect([{ name: owner, type: RRType.TLSA }], { deadline, ...abort }),
    resolver.resolve(owner, RRType.TLSA, { timeoutMs, ...abort }),
  ]);
  return judge(owner, expected, inspection, resolution, clock());
}

function judge(
  owner: Name,
  expected: readonly TlsaData[],
  inspection: InspectionResult,
  resolution: Resolution,
  at: number,
): Visibility {
  const [zone] = inspection.zones;
  if (!zone) {
    const seeing = { zone: null, servers: [], ttl: null, at };
    return { kind: 'failed', text: inspection.leftOut.join(', ') || `no zone found for ${owner}`, ...seeing };
  }
  const servers = [
    ...zone.servers.map((server) => viewOf(server, zone.answers, owner, expected)),
    ...zone.addressless.map(withoutAddress),
  ];
  const ttls = zone.answers.flatMap((answer) =>
    answer.type === RRType.TLSA && answer.outcome === 'answer' ? [answer.ttl] : [],
  );
  const seeing: Seeing = {
    zone: zone.zone.toString(),
    servers,
    ttl: ttls.length > 0 ? Math.max(...ttls) : null,
    at,
  };
  const leftOut = [...inspection.leftOut, ...(zone.leftOut ? [`${zone.leftOut} of ${zone.zone}`] : [])];
  return { ...verdictOf(seeing, resolution, expected, leftOut), ...seeing };
}

type Verdict =
  | { readonly kind: 'everywhere' }
  | { readonly kind: Exclude<Visibility['kind'], 'everywhere'>; readonly text: string };

/** The worst that is seen counts, and what was not seen is never taken for good. */
function verdictOf(
  { servers }: Seeing,
  resolution: Resolution,
  expected: readonly TlsaData[],
  leftOut: readonly string[],
): Verdict {
  const inState = (...states: ServerView['state'][]) => servers.filter(({ state }) => states.includes(state));
  const newest = newestSerial(servers);
  const tell = (views: readonly ServerView[]) => views.map((view) => viewText(view, newest)).join('; ');
  const reason = resolution.reason?.text ?? resolution.status;

  const bogus = inState('bogus');
  if (bogus.length > 0) return { kind: 'bogus', text: tell(bogus) };
  if (resolution.status === 'bogus') return { kind: 'bogus', text: `our resolver: ${reason}` };
  const unsigned = inState('unsigned');
  if (unsigned.length > 0) return { kind: 'unsigned', text: tell(unsigned) };
  if (resolution.status === 'insecure') return { kind: 'unsigned', text: `our resolver: ${reason}` };

  const others = inState('differs', 'no-answer', 'not-asked');
  const answering = inState('differs', 'has-it');
  if (answering.length > 0 && inState('differs', 'no-answer').length > 0)
    return { kind: 'not-yet', text: tell(others) };
  if (others.length > 0) return { kind: 'failed', text: tell(others) };
  if (servers.length === 0) return { kind: 'failed', text: 'the zone has no name servers that can be asked' };
  if (leftOut.length > 0) return { kind: 'failed', text: `not asked: ${leftOut.join(', ')}` };
  if (resolution.status !== 'secure') return { kind: 'failed', text: `our resolver: ${reason}` };
  const resolved = resolution.records.map(({ rdata }) => tryDecode(rdata));
  if (resolution.aliases.length > 0 || !isExactly(resolved, expected))
    return { kind: 'not-yet', text: `our resolver got ${setText(resolved)}` };
  return { kind: 'everywhere' };
}
