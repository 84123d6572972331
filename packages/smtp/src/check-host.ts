/**
 * One mail host end to end: a session to every one of its addresses, and what DANE says to each chain. All addresses count, since
 * senders choose among them.
 */
import { isIP } from 'node:net';
import type { DaneMode } from '@mailanchor/dane';
import { checkAddress } from './check-address.ts';
import type { CheckOptions } from './check-options.ts';
import type { Deadline } from './deadline.ts';
import { limiter } from './limiter.ts';
import type { ServiceProtocol } from './service.ts';
import { hostVerdict, standingOf } from './standing.ts';
import type { HostCheck, HostPlan, SessionReport } from './verdict.ts';

/** Addresses of one host that are connected to. */
const MAX_ADDRESSES = 32;

export interface HostCheckOptions extends CheckOptions {
  readonly deadline: Deadline;
  readonly protocol: ServiceProtocol;
  readonly mode: DaneMode;
  /** The domain that the service is of, where that is not the host. */
  readonly domain?: string;
}

export async function checkHost(plan: HostPlan, options: HostCheckOptions): Promise<HostCheck> {
  const connected = options.connect !== false;
  // rfc7672#section-2.1.2: a host whose lookups fail is not connected to, whatever addresses are known.
  const sessions = connected && plan.policy !== 'unreachable' ? await sessionsOf(plan, options) : [];
  const verdict = hostVerdict(standingOf({ ...plan, sessions }, connected));
  return { ...plan, sessions, verdict };
}

function sessionsOf(plan: HostPlan, options: HostCheckOptions): Promise<SessionReport[]> {
  const limit = limiter(options.sessionsPerHost ?? 4);
  return Promise.all(
    plan.addresses.map((address, index) => {
      const skipped = whyNotTried(address, index, options);
      return skipped
        ? { ...skipped, address, port: plan.port }
        : limit(() => checkAddress(plan, address, options));
    }),
  );
}

type Skipped = Omit<SessionReport, 'address' | 'port'>;

function whyNotTried(address: string, index: number, options: HostCheckOptions): Skipped | undefined {
  const { localAddress } = options;
  if (index >= MAX_ADDRESSES) return skipped('deadline', 'more addresses than a check takes on');
  if (localAddress !== undefined && isIP(localAddress) !== isIP(address)) {
    return skipped('not-tried', 'of another family than the address to connect from');
  }
  return undefined;
}

function skipped(outcome: 'deadline' | 'not-tried', text: string): Skipped {
  return {
    outcome,
    text,
    starttls: null,
    tls: null,
    chain: [],
    match: null,
    matchedRecords: [],
    durationMs: 0,
  };
}
