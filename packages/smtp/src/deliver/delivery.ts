/** One delivery under way: hosts tried so far, what is told of them, and the bounds that all of them share. */
import { deadlineAfter } from '../deadline.ts';
import { deliveryPolicy, type StsOfHost } from '../delivery-policy.ts';
import { deepFreeze } from '../freeze.ts';
import type { LookupContext } from '../lookup.ts';
import { allowsMx } from '../mta-sts/match.ts';
import type { StsPolicy } from '../mta-sts/policy.ts';
import { type StsFinding, type StsSource, sharedSts } from '../mta-sts/sts-cache.ts';
import type { TlsRptEvent } from '../tlsrpt/event.ts';
import type { DomainDns, HostPlan } from '../verdict.ts';
import type { HostDemand } from './demand.ts';
import { connectHost, type HostContext, type ReadyAt } from './host.ts';
import { HOST_PART, MX_LIMITS, type MxLimits } from './limits.ts';
import { failed, failsRequireTls, type Outcome, ofAttempts } from './outcome.ts';
import { passedOver } from './passed-over.ts';
import { mxLookupEvent, type Reported, sessionEvent, stsEvent } from './report.ts';
import type {
  ConnectMxOptions,
  MxAttempt,
  MxConnected,
  MxConnection,
  MxDeferred,
  MxFailed,
} from './types.ts';

export interface DeliveryPlace {
  /** Whose MTA-STS policy and reports it is: the recipient domain or the relay (rfc8461#section-3.4); null for an address literal. */
  readonly domain: string | null;
  readonly context: LookupContext;
  /** Aborts with the caller, and when the time is up. */
  readonly signal: AbortSignal;
}

export class Delivery {
  readonly #options: ConnectMxOptions;
  readonly #place: DeliveryPlace;
  readonly #limits: MxLimits;
  readonly #reported: Reported;
  readonly #attempts: MxAttempt[] = [];
  readonly #events: TlsRptEvent[] = [];
  readonly #told: Promise<unknown>[] = [];
  #sts: Promise<StsFinding | undefined> | undefined;
  #sessions: number;

  constructor(options: ConnectMxOptions, place: DeliveryPlace) {
    this.#options = options;
    this.#place = place;
    this.#limits = { ...MX_LIMITS, ...options.limits };
    this.#reported = { domain: place.domain ?? '', clock: options.clock ?? Date.now };
    this.#sessions = this.#limits.sessions;
  }

  /** Tries the hosts in their order. Rejects only when the caller aborts. */
  async walk(dns: DomainDns | null, plans: readonly Promise<HostPlan>[]): Promise<MxConnection> {
    // It will be asked for in any case: meanwhile the hosts are looked up.
    if (dns?.status === 'insecure') this.#findSts();
    const exclude = new Set(this.#options.exclude?.map((host) => host.toLowerCase().replace(/\.$/, '')));
    let tried = 0;
    for (const [index, pending] of plans.entries()) {
      const plan = await pending;
      this.#options.signal?.throwIfAborted();
      if (exclude.has(plan.host)) continue;
      if (++tried > this.#limits.hosts) {
        this.#attempts.push(attemptAt(plan, 'limit', 'more hosts than are tried'));
        break;
      }
      const connected = await this.#tryHost(plan, index === plans.length - 1);
      this.#options.signal?.throwIfAborted();
      if (connected) return this.#result(dns, connected);
      if (this.#place.signal.aborted) {
        if (index < plans.length - 1) this.#attempts.push(attemptAt(plan, 'timeout', 'no time left'));
        break;
      }
    }
    if (this.#options.requireTls && failsRequireTls(this.#attempts)) {
      const { text } = ofAttempts(this.#attempts);
      return this.#result(dns, failed('requiretls', `the message requires TLS all the way: ${text}`));
    }
    return this.#result(dns, ofAttempts(this.#attempts));
  }

  /** Ends before any host is known. */
  end(dns: DomainDns, outcome: Outcome<MxDeferred | MxFailed>): Promise<MxConnection> {
    const event = mxLookupEvent(this.#reported, dns);
    if (event) this.#tell(event);
    return this.#result(dns, outcome);
  }

  async #tryHost(plan: HostPlan, last: boolean): Promise<Outcome<MxConnected> | undefined> {
    const {
      mode = 'opportunistic',
      insecureMx = 'dane',
      requireTls = false,
      tlsRequiredNo = false,
    } = this.#options;
    const finding = asksSts(plan) ? await this.#findSts() : undefined;
    const sts = stsOfHost(finding?.policy, plan.host);
    const policy = deliveryPolicy({ host: plan, sts, mode, insecureMx, requireTls, tlsRequiredNo });
    if (policy.kind === 'pass') {
      const { attempt, event } = passedOver(this.#reported, plan, policy.why, finding?.policy);
      this.#attempts.push(attempt);
      if (event) this.#tell(event);
      return undefined;
    }
    const demand: HostDemand = { plan, policy, sts };
    const left = this.#place.context.deadline.remainingMs();
    const deadline = last ? this.#place.context.deadline : deadlineAfter(left * HOST_PART);
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), deadline.remainingMs());
    try {
      const signal = AbortSignal.any([this.#place.signal, over.signal]);
      const ready = await connectHost(this.#hostContext(demand, finding?.policy, { deadline, signal }));
      return ready && connectedBy(ready, demand);
    } finally {
      clearTimeout(timer);
    }
  }

  #hostContext(
    demand: HostDemand,
    sts: StsPolicy | undefined,
    bounds: Pick<HostContext, 'deadline' | 'signal'>,
  ): HostContext {
    const { helo, ca, ownHosts = [], localAddress, dial, attemptDelayMs = 250 } = this.#options;
    const ownNames = [...ownHosts, ...(helo === undefined ? [] : [helo])];
    return {
      ...bounds,
      demand,
      helo,
      ca,
      dial,
      attemptDelayMs,
      limits: this.#limits,
      ownNames: new Set(ownNames.map((name) => name.toLowerCase())),
      localAddresses: [localAddress ?? []].flat(),
      at: Math.floor(this.#reported.clock() / 1000),
      takeSession: () => this.#sessions-- > 0,
      onAttempt: (attempt) => void this.#attempts.push(attempt),
      onSession: (flaw, sight) => {
        // A session that failed for what is no matter of TLS is not counted.
        if (flaw && !flaw.result) return;
        this.#tell(sessionEvent(this.#reported, demand, sts, flaw?.result ?? null, sight));
      },
    };
  }

  /** Once for all hosts. Undefined: MTA-STS is not looked at. */
  #findSts(): Promise<StsFinding | undefined> {
    this.#sts ??= this.#askSts();
    this.#sts.catch(() => {});
    return this.#sts;
  }

  async #askSts(): Promise<StsFinding | undefined> {
    const { domain, context } = this.#place;
    const source: StsSource | false = this.#options.sts ?? sharedSts();
    if (!source || domain === null) return undefined;
    const { resolver, signal, deadline } = context;
    const timeoutMs = Math.min(STS_MS, deadline.remainingMs() / 2);
    const finding = await source.find(domain, { resolver, signal, timeoutMs });
    const event = stsEvent(this.#reported, finding.discovery);
    if (event) this.#tell(event);
    return finding;
  }

  #tell(event: TlsRptEvent): void {
    // No recipient domain: nobody to report to.
    if (event.domain === '') return;
    this.#events.push(deepFreeze(event));
    const { report } = this.#options;
    if (report) this.#told.push((async () => report(event))());
  }

  async #result(dns: DomainDns | null, outcome: Outcome<MxConnection>): Promise<MxConnection> {
    await this.#allTold();
    if (outcome.kind === 'connected' && this.#options.signal?.aborted) outcome.socket.destroy();
    this.#options.signal?.throwIfAborted();
    const attempts = deepFreeze(this.#attempts);
    return Object.freeze({ ...outcome, dns: deepFreeze(dns), attempts, events: Object.freeze(this.#events) });
  }

  /** What fails or takes too long there stops no mail. */
  async #allTold(): Promise<void> {
    if (this.#told.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, REPORT_MS);
    });
    await Promise.race([Promise.allSettled(this.#told), late]);
    clearTimeout(timer);
  }
}

/** Milliseconds for which a sink of events is waited for. */
const REPORT_MS = 5_000;
/** Milliseconds for a domain's MTA-STS policy. */
const STS_MS = 20_000;

/** Where DANE speaks for a securely named host, MTA-STS has nothing to say (rfc8461#section-2). */
function asksSts({ policy, mxStatus }: HostPlan): boolean {
  if (policy === 'unreachable') return false;
  return policy === 'none' || mxStatus !== 'secure';
}

function stsOfHost(policy: StsPolicy | undefined, host: string): StsOfHost {
  if (!policy || policy.mode === 'none') return { mode: 'none' };
  return { mode: policy.mode, listed: allowsMx(policy.mx, host) };
}

function attemptAt({ host }: HostPlan, reason: MxAttempt['reason'], text: string): MxAttempt {
  return { host, address: null, reason, text, match: null };
}

function connectedBy(ready: ReadyAt, { plan, policy }: HostDemand): Outcome<MxConnected> {
  const { socket, authenticated, match, tls, flaw, address, capabilities, greeting } = ready;
  const vouchedFor = authenticated === 'dane' || authenticated === 'pkix';
  return {
    kind: 'connected',
    socket,
    authenticated,
    secure: policy.secure && vouchedFor,
    match,
    tls,
    flaw: flaw && { reason: flaw.reason, text: flaw.text },
    host: plan.host,
    port: plan.port,
    address,
    plan,
    policy,
    capabilities,
    greeting,
    requireTls: policy.requireTls,
  };
}
