/**
 * One mail host end to end: a session to every one of its addresses, and what DANE says to each chain. All addresses count, since
 * senders choose among them.
 */
import { isIP } from 'node:net';
import type { DaneMode } from '@mailanchor/dane';
import { checkAddress, localAddressFor } from './check-address.ts';
import type { CheckOptions } from './check-options.ts';
import type { Deadline } from './deadline.ts';
import { limiter } from './limiter.ts';
import type { ServiceProtocol } from './service.ts';
import { hostVerdict, standingOf } from './standing.ts';
import type { HostCheck, HostPlan, SessionReport } from './verdict.ts';

/** Addresses of one host that are connected to; of a host with more as many of each family. */
const MAX_ADDRESSES = 32;

/** Why an address beyond them was not. */
export const TOO_MANY_ADDRESSES = `a check takes on ${MAX_ADDRESSES} addresses of a host, and it has more`;

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
  const chosen = chooseAddresses(plan.addresses);
  return Promise.all(
    plan.addresses.map((address) => {
      const skipped = whyNotTried(address, chosen, options);
      return skipped
        ? { ...skipped, address, port: plan.port }
        : limit(() => checkAddress(plan, address, options));
    }),
  );
}

type Skipped = Omit<SessionReport, 'address' | 'port'>;

function whyNotTried(
  address: string,
  chosen: ReadonlySet<string>,
  { localAddress }: HostCheckOptions,
): Skipped | undefined {
  if (localAddress !== undefined && localAddressFor(address, localAddress) === undefined) {
    return skipped('not-tried', 'of another family than the address to connect from');
  }
  if (!chosen.has(address)) return skipped('deadline', TOO_MANY_ADDRESSES);
  return undefined;
}

/** The first of each family by turns: a host with many of one would hide those of the other. */
function chooseAddresses(addresses: readonly string[]): ReadonlySet<string> {
  if (addresses.length <= MAX_ADDRESSES) return new Set(addresses);
  const families = [6, 4].map((family) => addresses.filter((address) => isIP(address) === family));
  const turns = addresses.flatMap((_, i) => families.flatMap((family) => family[i] ?? []));
  return new Set(turns.slice(0, MAX_ADDRESSES));
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
