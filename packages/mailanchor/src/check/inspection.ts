/** Whether every authoritative server is asked by itself, and by what. */
import { ZoneInspector } from '@mailanchor/smtp';
import { type Lookup, openLookup } from '../lookup.ts';
import type { CheckSettings } from './settings.ts';

/** Octets of answers kept for a list: what many targets share is used all the time; of the rest each target needs its own once. */
const LIST_CACHE = 16 << 20;

/** What checks look up with. `inspection` is undefined where one good answer is all that is wanted. */
export interface CheckLookup extends Lookup {
  readonly inspection: ZoneInspector | { readonly leftOut: string } | undefined;
}

/** `list`: targets come from a list, of which each is asked no more than needed. Throws `UsageError`. */
export async function openCheckLookup(settings: CheckSettings, list: boolean): Promise<CheckLookup> {
  const lookup = await openLookup(settings.lookup, list ? { cacheOctets: LIST_CACHE } : {});
  const inspection = inspectionFor(settings, lookup, list);
  return {
    ...lookup,
    inspection,
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
