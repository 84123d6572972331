/** One zone looked at and judged. */
import type { Name } from '@mailanchor/dns';
import type { ValidatingResolver } from '@mailanchor/dnssec';
import type { ZoneInspector } from '@mailanchor/smtp';
import type { Clock } from '../clock.ts';
import { judge } from './judge.ts';
import { reportRequest } from './request-report.ts';
import { viewByResolver } from './view-by-resolver.ts';
import { viewByServers } from './view-by-servers.ts';
import type { ZoneStatus } from './zone-status.ts';

export interface LookOptions {
  readonly resolver: ValidatingResolver;
  /** Where every authoritative server is asked by itself. */
  readonly inspector: ZoneInspector | undefined;
  readonly clock: Clock;
  /** Milliseconds for the zone. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly days: number;
  readonly digestTypes: readonly number[];
}

/** Rejects only where `signal` aborts. */
export async function lookAt(zone: Name, options: LookOptions): Promise<ZoneStatus> {
  const { inspector, clock, days, digestTypes } = options;
  const view = inspector
    ? await viewByServers(zone, { ...options, inspector })
    : await viewByResolver(zone, options);
  const now = clock();
  const report = await reportRequest(view, Math.floor(now / 1000));
  return judge(view, report, { now, days, digestTypes });
}
