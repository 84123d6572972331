/** One target checked. */
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
    ...(settings.fromAddress !== undefined && { localAddress: settings.fromAddress }),
    ...more,
  });
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
