/** One look at a target: everything of `check`, by what the servers say now. */
import { Name, RRType } from '@mailanchor/dns';
import type { ValidatingResolver } from '@mailanchor/dnssec';
import { type DomainCheck, type FetchPolicy, policyFetcher, ZoneInspector } from '@mailanchor/smtp';
import { checkTarget } from '../check/run.ts';
import { type Clock, clockFrom } from '../clock.ts';
import { readTextFile } from '../file.ts';
import { openResolver } from '../lookup.ts';
import type { WatchSettings } from './settings.ts';
import type { WatchTarget } from './targets.ts';

export type Looked =
  | { readonly kind: 'checked'; readonly check: DomainCheck }
  /** Nothing can be seen from here: says nothing of the target. */
  | { readonly kind: 'blind'; readonly text: string };

/** Days before the end of a zone's signatures from which that is told. */
export type SignatureDays = (target: string, zone: string) => number;

/** Seconds that answers are kept at most: a burst of checks shares what is above them, and no check goes by what was so at the one before. */
const MAX_KEPT_SECONDS = 30;
/** Milliseconds for the question whether anything answers, and for which its answer holds. */
const SIGHT_MS = 5_000;
const SIGHT_KEPT_MS = 10_000;

export type LookSettings = Pick<WatchSettings, 'check' | 'days' | 'targets' | 'retryMs'>;

function keptSeconds({ targets, retryMs }: LookSettings): number {
  const shortest = Math.min(retryMs, ...targets.map(({ intervalMs }) => intervalMs));
  return Math.max(1, Math.min(MAX_KEPT_SECONDS, Math.floor(shortest / 2000)));
}

export class Looker {
  readonly #settings: LookSettings;
  readonly #resolver: ValidatingResolver;
  readonly #fetchPolicy: FetchPolicy;
  readonly #signatureDays: SignatureDays;
  readonly clock: Clock;
  #sight: { readonly at: number; readonly seen: Promise<boolean> } | undefined;

  /** Throws `UsageError` for files that cannot be used. */
  static async open(settings: LookSettings, signatureDays: SignatureDays): Promise<Looker> {
    const { lookup, sts } = settings.check;
    const clock = clockFrom(lookup.at);
    const pem = sts.ca && (await readTextFile(sts.ca.path, sts.ca.from));
    const kept = keptSeconds(settings);
    const resolver = await openResolver(lookup, {
      clock,
      aggressiveDenial: false,
      budgets: { maxTtl: kept, maxNegativeTtl: kept },
    });
    const fetchPolicy = policyFetcher({
      privateAddresses: sts.privateAddresses,
      ...(sts.port && { port: sts.port }),
      ...(pem && { ca: [pem] }),
    });
    return new Looker(settings, { resolver, fetchPolicy, signatureDays, clock });
  }

  private constructor(
    settings: LookSettings,
    made: {
      resolver: ValidatingResolver;
      fetchPolicy: FetchPolicy;
      signatureDays: SignatureDays;
      clock: Clock;
    },
  ) {
    this.#settings = settings;
    this.#resolver = made.resolver;
    this.#fetchPolicy = made.fetchPolicy;
    this.#signatureDays = made.signatureDays;
    this.clock = made.clock;
  }

  /** Rejects only where `signal` aborts. */
  async look({ text, target }: WatchTarget, signal: AbortSignal): Promise<Looked> {
    const { check: settings, days } = this.#settings;
    const { mode, dnsPort, forwardZones } = settings.lookup;
    // Each look has its own: it keeps in mind which servers are silent.
    const inspection =
      mode.kind === 'forward' || settings.servers === 'one'
        ? undefined
        : new ZoneInspector({
            resolver: this.#resolver,
            port: dnsPort,
            except: forwardZones.map(({ zone }) => zone),
          });
    try {
      const lookup = {
        resolver: this.#resolver,
        clock: this.clock,
        inspection,
        fetchPolicy: this.#fetchPolicy,
        close: async () => {},
      };
      const check = await checkTarget(text, target, settings, lookup, signal, () => {}, {
        ...(days !== CHECKS_OWN_DAYS && { days }),
        signatureDays: (zone) => this.#signatureDays(text, zone),
      });
      if (check.verdict === 'unknown' && !(await this.canSee(signal)))
        return {
          kind: 'blind',
          text: 'no name server answers: neither those of the root nor the resolver that is set',
        };
      return { kind: 'checked', check };
    } finally {
      await inspection?.close();
    }
  }

  /** Whether any server answers at all. */
  canSee(signal: AbortSignal): Promise<boolean> {
    const now = performance.now();
    if (this.#sight && now - this.#sight.at < SIGHT_KEPT_MS) return this.#sight.seen;
    const asked = this.#resolver.resolveUnchecked(Name.root, RRType.NS, {
      fresh: true,
      timeoutMs: SIGHT_MS,
      signal,
    });
    const seen = asked.then(
      ({ reason }) => reason === undefined,
      () => false,
    );
    this.#sight = { at: now, seen };
    return seen;
  }

  async close(): Promise<void> {
    await this.#resolver.close();
  }
}

/** What `check` looks ahead without being told; told so, it works out a second verdict besides. */
const CHECKS_OWN_DAYS = 14;
