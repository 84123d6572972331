/** One target checked. */
import { hostname } from 'node:os';
import {
  type CheckOptions,
  type CheckProgress,
  checkDestination,
  type DomainCheck,
  type Target,
} from '@mailanchor/smtp';
import type { CheckLookup } from './inspection.ts';
import type { CheckSettings } from './settings.ts';

export async function checkTarget(
  text: string,
  target: Target,
  settings: CheckSettings,
  lookup: CheckLookup,
  signal: AbortSignal,
  onProgress: (event: CheckProgress) => void,
  more: Pick<CheckOptions, 'sessionLimits' | 'openSession' | 'days' | 'signatureDays' | 'tlsVersions'> = {},
): Promise<DomainCheck> {
  const port = target.kind === 'service' ? target.port : settings.port;
  return checkDestination(text, {
    resolver: lookup.resolver,
    clock: lookup.clock,
    connect: settings.connect,
    timeoutMs: settings.lookup.timeoutMs,
    signal,
    onProgress,
    ...(port !== undefined && { port }),
    ...(lookup.fetchPolicy ? { fetchPolicy: lookup.fetchPolicy } : { besideDane: false }),
    ...(lookup.inspection && { inspection: lookup.inspection }),
    ...(settings.days !== undefined && { days: settings.days }),
    ...(settings.helo !== undefined && { helo: settings.helo }),
    ...otherName(settings.helo),
    ...(settings.fromAddresses.length > 0 && { localAddress: settings.fromAddresses }),
    ...more,
  });
}

/** What the second connection to a host greets with: the address where the first has a name, the name of this machine where it has the address. */
function otherName(helo: string | undefined): { otherHelo?: string | null } {
  if (helo !== undefined) return { otherHelo: null };
  const name = hostname();
  // A name that is none to others is refused by many.
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(name) ? { otherHelo: name } : {};
}

export function progressText(target: string, event: CheckProgress): string {
  switch (event.kind) {
    case 'lookup':
      return `${target}: asking for ${event.type} of ${event.name}`;
    case 'planned':
      return `${target}: ${event.hosts.length} mail ${event.hosts.length === 1 ? 'host' : 'hosts'}`;
    case 'session-start':
      return `${target}: connecting to ${event.host} [${event.address}]`;
    case 'session-end':
      return `${target}: ${event.host} [${event.address}] ${event.outcome}`;
  }
}
