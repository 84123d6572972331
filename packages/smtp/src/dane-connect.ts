/**
 * A TLS connection for programs, to the server that DNSSEC names or to none: the socket is handed out when its chain has matched a
 * TLSA record, and never before. Services of a host, and those of a domain that SRV records locate (rfc7673).
 *
 * What a lookup failure or a record says is never given up for something weaker: 'dane-or-pkix' goes by the public CAs only where DNSSEC
 * proves that DANE does not apply, or that no record can be used (rfc6698#section-4.1).
 */
import { X509Certificate } from 'node:crypto';
import { Name } from '@mailanchor/dns';
import { type Attempt, type AttemptContext, attemptAddress, type Connected } from './dane-connect-attempt.ts';
import type {
  DaneConnection,
  DaneConnectOptions,
  DaneConnectRefusal,
  DaneRefused,
} from './dane-connect-types.ts';
import { deadlineAfter } from './deadline.ts';
import { SmtpError } from './errors.ts';
import { firstToSucceed, interleaveFamilies } from './happy-eyeballs.ts';
import type { LookupContext } from './lookup.ts';
import { type HostQuestion, planHost } from './plan-host.ts';
import { outlineService } from './plan-service.ts';
import { SERVICES, type Service } from './service.ts';
import { requireHelo } from './session.ts';
import { parseDomain, srvTarget } from './target.ts';
import type { DomainDns, HostPlan } from './verdict.ts';

/**
 * Connects to `{ host, service }` or `{ domain, service }`. Resolves with `kind` 'connected' and a `tls.TLSSocket` whose peer is verified, or
 * 'refused' with a reason; the network never makes it reject. Rejects with `SmtpError` for options that cannot be, and with the reason of
 * `signal`. Of SMTP the socket stands behind the handshake: EHLO is the next thing to say.
 */
export async function daneConnect(options: DaneConnectOptions): Promise<DaneConnection> {
  const service = serviceOf(options);
  options.signal?.throwIfAborted();
  const timeout = new AbortController();
  const deadline = deadlineAfter(options.timeoutMs ?? 30_000);
  const timer = setTimeout(() => timeout.abort(), deadline.remainingMs());
  const signal = options.signal ? AbortSignal.any([options.signal, timeout.signal]) : timeout.signal;
  // Lookups of servers that are not needed any more end with the whole.
  const done = new AbortController();
  const lookups = options.signal ? AbortSignal.any([options.signal, done.signal]) : done.signal;
  const context: LookupContext = { resolver: options.resolver, deadline, signal: lookups };
  try {
    const found = await questionsOf(options, service, context);
    if ('kind' in found) return found;
    // All plans are under way at the same time; servers are tried in their order.
    const plans = found.questions.map((question) => planHost(context, question));
    for (const plan of plans) plan.catch(() => {});
    const refusals: DaneRefused[] = [];
    for (const pending of plans) {
      const plan = await pending;
      const outcome = await connectHost(plan, { options, service, dns: found.dns, signal, deadline });
      options.signal?.throwIfAborted();
      if (outcome.kind === 'connected') return outcome;
      refusals.push(outcome);
      if (timeout.signal.aborted) break;
    }
    return gravest(refusals);
  } finally {
    clearTimeout(timer);
    done.abort();
  }
}

function serviceOf(options: DaneConnectOptions): Service {
  const { service, port, helo, host, domain } = options;
  if (service === undefined || !Object.hasOwn(SERVICES, service)) {
    throw new SmtpError('bad-option', `service must be one of ${Object.keys(SERVICES).join(', ')}`);
  }
  if ((host === undefined) === (domain === undefined)) {
    throw new SmtpError('bad-option', 'give a host, or a domain whose SRV records name it: one of them');
  }
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new SmtpError('bad-option', 'the port must be 1 to 65535');
  }
  requireHelo(helo);
  return SERVICES[service];
}

interface Found {
  readonly questions: readonly HostQuestion[];
  /** Of the SRV lookup. */
  readonly dns?: DomainDns;
}

async function questionsOf(
  options: DaneConnectOptions,
  service: Service,
  context: LookupContext,
): Promise<Found | DaneRefused> {
  if (options.domain === undefined) {
    const host = Name.fromText(parseDomain(options.host));
    const origin = { kind: 'direct', nextHop: host } as const;
    const port = options.port ?? service.port;
    const mailTransfer = options.service === 'smtp';
    return { questions: [{ host, preference: null, port, origin, insecureMx: 'dane', mailTransfer }] };
  }
  const target = srvTarget(options.service, options.domain, service.srvFirst ? service.port : null);
  const outline = await outlineService(context, target, options.random);
  if (outline.kind === 'hosts') return { questions: outline.questions, dns: outline.dns };
  if (outline.kind === 'no-such-service') {
    return refused('not-offered', `${target.domain} does not offer ${options.service} by SRV records`);
  }
  const { status, reason } = outline.dns;
  const why = `the SRV lookup of ${target.owner} failed: ${reason?.text ?? status}`;
  return refused(status === 'bogus' ? 'bogus' : 'lookup-failed', why);
}

interface HostContext {
  readonly options: DaneConnectOptions;
  readonly service: Service;
  readonly dns: DomainDns | undefined;
  readonly signal: AbortSignal;
  readonly deadline: LookupContext['deadline'];
}

async function connectHost(plan: HostPlan, context: HostContext): Promise<DaneConnection> {
  const { options, service, dns, signal, deadline } = context;
  const how = howToVerify(plan, options);
  if (typeof how !== 'string') return how;
  const attempt: AttemptContext = {
    plan,
    how,
    protocol: service.protocol,
    mode: options.service === 'smtp' ? 'smtp' : 'general',
    // rfc7673#section-4.1: the name of a target from insecure SRV records is an attacker's to choose.
    pkixNames: [...(dns ? [dns.domain] : []), ...(dns?.status === 'insecure' ? [] : [plan.host])],
    domain: dns?.domain ?? plan.host,
    ca: options.ca,
    caDer: options.ca?.map((pem) => Uint8Array.from(new X509Certificate(pem).raw)),
    at: Math.floor((options.clock ?? Date.now)() / 1000),
    deadline,
    options,
  };
  const { winner, failures } = await firstToSucceed<Connected, Attempt>(
    interleaveFamilies(plan.addresses),
    (address, lost) => attemptAddress(address, attempt, AbortSignal.any([signal, lost])),
    { delayMs: options.attemptDelayMs ?? 250, signal, discard: ({ socket }) => socket.destroy() },
  );
  if (winner) {
    const { address, socket, match, tls } = winner;
    const { host, port } = plan;
    return { kind: 'connected', socket, authenticated: how, match, host, port, address, tls, plan };
  }
  if (failures.length === 0) return refused('timeout', 'no time left', plan);
  const { reason, text } = worst(failures);
  return refused(reason, text, plan, failures);
}

/** By which rules the server is verified; a refusal where it must not even be connected to. */
function howToVerify(
  plan: HostPlan,
  { require = 'dane' }: Pick<DaneConnectOptions, 'require'>,
): 'dane' | 'pkix' | DaneRefused {
  const { policy, problem, host } = plan;
  switch (policy) {
    case 'dane':
      return 'dane';
    case 'unreachable': {
      const reason =
        problem?.status === 'bogus'
          ? 'bogus'
          : problem?.stage === 'no-address'
            ? 'no-address'
            : 'lookup-failed';
      return refused(reason, `${host}: ${problem?.text ?? 'the lookup failed'}`, plan);
    }
    case 'dane-unusable':
      if (require === 'dane-or-pkix') return 'pkix';
      return refused('unusable', `no TLSA record of ${host} can be used`, plan);
    case 'none':
      if (require === 'dane-or-pkix') return 'pkix';
      return refused('no-dane', `${host} has no DANE: ${whyNone(plan)}`, plan);
  }
}

function whyNone({ mxStatus, addressStatus, tlsa }: HostPlan): string {
  if (mxStatus === 'insecure') return 'the SRV records are not signed';
  if (tlsa.status === 'not-asked') return `the address is ${addressStatus}`;
  return tlsa.status === 'secure' ? 'no TLSA records' : `the TLSA answer is ${tlsa.status}`;
}

/** The gravest first: what an operator, or an attacker, is behind. */
const ORDER: readonly DaneConnectRefusal[] = [
  'mismatch',
  'pkix-failed',
  'bogus',
  'starttls',
  'tls-failed',
  'lookup-failed',
  'unusable',
  'no-dane',
  'timeout',
  'unreachable',
  'no-address',
  'not-offered',
];

function worst<T extends { readonly reason: DaneConnectRefusal }>(failures: readonly T[]): T {
  return failures.toSorted((a, b) => ORDER.indexOf(a.reason) - ORDER.indexOf(b.reason))[0]!;
}

function gravest(refusals: readonly DaneRefused[]): DaneRefused {
  if (refusals.length === 0) return refused('not-offered', 'there is no server to try');
  const { reason, text, plan } = worst(refusals);
  return refused(
    reason,
    text,
    plan,
    refusals.flatMap(({ attempts }) => attempts),
  );
}

function refused(
  reason: DaneConnectRefusal,
  text: string,
  plan?: HostPlan,
  attempts: readonly Attempt[] = [],
): DaneRefused {
  return { kind: 'refused', reason, text, attempts, ...(plan ? { plan } : {}) };
}
