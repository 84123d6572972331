/** Whether every authoritative server is asked by itself, and by what. */
import { type FetchPolicy, policyFetcher, ZoneInspector } from '@mailanchor/smtp';
import { readTextFile } from '../file.ts';
import { type Lookup, openLookup } from '../lookup.ts';
import type { CheckSettings } from './settings.ts';

/** Octets of answers kept for a list: what many targets share is used all the time; of the rest each target needs its own once. */
const LIST_CACHE = 16 << 20;

/** What checks look up with. `inspection` is undefined where one good answer is all that is wanted. */
export interface CheckLookup extends Lookup {
  readonly inspection: ZoneInspector | { readonly leftOut: string } | undefined;
  /** Undefined where MTA-STS and TLSRPT are not looked at: an HTTPS request for each of thousands of targets is more than is wanted. */
  readonly fetchPolicy: FetchPolicy | undefined;
}

/** `list`: targets come from a list, of which each is asked no more than needed. Throws `UsageError`. */
export async function openCheckLookup(settings: CheckSettings, list: boolean): Promise<CheckLookup> {
  const lookup = await openLookup(settings.lookup, list ? { cacheOctets: LIST_CACHE } : {});
  const inspection = inspectionFor(settings, lookup, list);
  const { ca, port, privateAddresses } = settings.sts;
  const pem = ca && (await readTextFile(ca.path, ca.from));
  const fetchPolicy = list
    ? undefined
    : policyFetcher({ privateAddresses, ...(port && { port }), ...(pem && { ca: [pem] }) });
  return {
    ...lookup,
    inspection,
    fetchPolicy,
    async close() {
      if (inspection instanceof ZoneInspector) await inspection.close();
      await lookup.close();
    },
  };
}

function inspectionFor(
  { servers, lookup: { mode, dnsPort, forwardZones } }: CheckSettings,
  { resolver }: Lookup,
  list: boolean,
): CheckLookup['inspection'] {
  if ((servers ?? (list ? 'one' : 'all')) === 'one') return undefined;
  // Behind a forwarder the servers themselves may well be out of reach: that is what it is there for.
  if (mode.kind === 'forward') return { leftOut: 'lookups go through the resolver that --resolver names' };
  return new ZoneInspector({ resolver, port: dnsPort, except: forwardZones.map(({ zone }) => zone) });
}
