/**
 * What a domain asks of its mail hosts, asked of our own resolver when a log is read, shortly after the sessions that it tells of. One lookup
 * for many lines; nothing older than an hour.
 */
import type { Resolver } from '@mailanchor/dnssec';
import {
  allowsMx,
  type DestinationPlan,
  type HostPlan,
  planDestination,
  type StsPolicy,
  shortestTtl,
  stsPolicy,
  tlsaPolicy,
} from '@mailanchor/smtp';
import type { StsMemory } from '../policy-service/sts-memory.ts';
import type { KnownPolicy } from './session-event.ts';

export interface PolicyLookupOptions {
  readonly resolver: Resolver;
  readonly sts: Pick<StsMemory, 'find'>;
  /** For one domain. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Domains kept; default 20000. */
  readonly max?: number;
}

interface Destination {
  readonly plan: DestinationPlan;
  readonly sts: StsPolicy | undefined;
  readonly enforced: boolean;
}

interface Kept {
  readonly destination: Promise<Destination | undefined>;
  /** Of the clock that only runs on. */
  until: number;
}

const LONGEST_S = 3_600;
/** A failure: what is under way with the name servers now may be over soon. */
const FAILURE_S = 15;

export class PolicyLookup {
  readonly #options: PolicyLookupOptions;
  readonly #kept = new Map<string, Kept>();

  constructor(options: PolicyLookupOptions) {
    this.#options = options;
  }

  /** Rejects only where `signal` aborts. */
  async find(domain: string, host: { readonly name: string; readonly port: number }): Promise<KnownPolicy> {
    const destination = await this.#destination(domain, host.port);
    return destination ? ofHost(destination, domain, host.name) : { kind: 'unknown' };
  }

  #destination(domain: string, port: number): Promise<Destination | undefined> {
    const key = `${domain} ${port}`;
    const kept = this.#kept.get(key);
    if (kept && performance.now() < kept.until) return kept.destination;
    this.#kept.delete(key);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size < (this.#options.max ?? 20_000)) break;
      this.#kept.delete(oldest);
    }
    const entry: Kept = {
      destination: this.#lookUp(domain, port, (seconds) => {
        entry.until = performance.now() + seconds * 1000;
      }),
      until: Number.POSITIVE_INFINITY,
    };
    this.#kept.set(key, entry);
    entry.destination.catch(() => this.#kept.delete(key));
    return entry.destination;
  }

  async #lookUp(
    domain: string,
    port: number,
    keepFor: (seconds: number) => void,
  ): Promise<Destination | undefined> {
    const { timeoutMs, signal, sts } = this.#options;
    const seen = shortestTtl(this.#options.resolver);
    const how = { resolver: seen.resolver, port, timeoutMs, signal };
    try {
      const plan = await planDestination(domain, how);
      const found = await sts.find(domain, how);
      keepFor(seen.failed() ? FAILURE_S : Math.min(seen.ttl(), found.ttl, LONGEST_S));
      return { plan, sts: found.sts ?? found.unenforced, enforced: found.sts !== undefined };
    } catch {
      signal?.throwIfAborted();
      keepFor(FAILURE_S);
      return undefined;
    }
  }
}

function ofHost({ plan, sts, enforced }: Destination, domain: string, name: string): KnownPolicy {
  if (plan.kind === 'failure') return { kind: 'unknown' };
  const host = plan.kind === 'hosts' ? plan.hosts.find((one) => one.host === name) : undefined;
  if (!host) return { kind: 'other-host' };
  if (host.policy === 'unreachable') return { kind: 'unknown' };
  const dane = host.policy !== 'none' && !overruled(plan, host, sts, enforced);
  if (dane) {
    const usable = host.policy === 'dane';
    return { kind: 'tlsa', policy: tlsaPolicy(host), usable, secureMx: host.mxStatus === 'secure' };
  }
  if (!sts || sts.mode === 'none') return { kind: 'none' };
  return { kind: 'sts', policy: stsPolicy(domain, sts), enforced };
}

/** Hosts that anybody could have named: an enforced MTA-STS comes first there, see `domainPolicy`. */
function overruled(
  plan: DestinationPlan,
  host: HostPlan,
  sts: StsPolicy | undefined,
  enforced: boolean,
): boolean {
  return (
    plan.kind === 'hosts' &&
    host.mxStatus !== 'secure' &&
    enforced &&
    sts !== undefined &&
    allowsMx(sts.mx, host.host)
  );
}
