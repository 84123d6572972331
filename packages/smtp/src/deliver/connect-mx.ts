/**
 * A session to deliver mail in, with the server that the recipient's domain names, or the reason why there is none.
 *
 *   domain ─▶ MX ─▶ each host in order: what DNSSEC and MTA-STS demand of it ─▶ addresses ─▶ session ─▶ MAIL FROM may be said
 *                        │ passed over                                        │ not met: next address, next host
 *                        └────────────────────────────────────────────────────┴─▶ none left: deferred, for the gravest reason
 *
 * The demand is the decision table of rfc7672#section-2.2, with MTA-STS (rfc8461#section-5) where DANE says nothing, and REQUIRETLS
 * (rfc8689#section-4.2.1). A lookup that fails is never "no DANE". A session that does not meet the demand is handed out in `mode` 'audit'
 * alone.
 */
import { isIP } from 'node:net';
import { deadlineAfter } from '../deadline.ts';
import { defaultResolver } from '../default-resolver.ts';
import { SmtpError } from '../errors.ts';
import type { LookupContext } from '../lookup.ts';
import { requireHelo } from '../session.ts';
import { parseDestination, parseDomain } from '../target.ts';
import { Delivery } from './delivery.ts';
import { mxHosts } from './hosts.ts';
import type { ConnectMxOptions, MxConnection } from './types.ts';

/**
 * `destination`: a mail domain (`example.org`) or an address literal (`[192.0.2.1]`). Resolves with `kind` 'connected', 'deferred' (try again
 * later) or 'failed' (permanent); neither DNS nor a server can make it reject. Rejects with `SmtpError` for arguments that cannot be, and
 * with the reason of `signal`.
 */
export async function connectMx(destination: string, options: ConnectMxOptions = {}): Promise<MxConnection> {
  const target = parseDestination(destination);
  checkOptions(options);
  options.signal?.throwIfAborted();
  const deadline = deadlineAfter(options.timeoutMs ?? 120_000);
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), deadline.remainingMs());
  // Lookups of hosts that are not needed any more end with the whole.
  const done = new AbortController();
  const withCaller = (signal: AbortSignal): AbortSignal =>
    options.signal ? AbortSignal.any([options.signal, signal]) : signal;
  const context: LookupContext = {
    resolver: options.resolver ?? defaultResolver(),
    deadline,
    signal: withCaller(done.signal),
  };
  const own = target.kind === 'mail-domain' ? target.domain : null;
  const domain = (options.relay === undefined ? own : parseDomain(options.relay))?.toLowerCase() ?? null;
  const delivery = new Delivery(options, { domain, context, signal: withCaller(timeout.signal) });
  try {
    const found = await mxHosts(target, options, context);
    options.signal?.throwIfAborted();
    if (found.kind === 'none') return await delivery.end(found.dns, found.outcome);
    return await delivery.walk(found.dns, found.plans);
  } finally {
    clearTimeout(timer);
    done.abort();
  }
}

function checkOptions({ helo, port, relay, localAddress, ownHosts = [] }: ConnectMxOptions): void {
  requireHelo(helo);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new SmtpError('bad-option', 'the port must be 1 to 65535');
  }
  for (const name of [...ownHosts, ...(relay === undefined ? [] : [relay])]) parseDomain(name);
  for (const address of [localAddress ?? []].flat()) {
    if (isIP(address) === 0) throw new SmtpError('bad-option', 'localAddress must be an IP address');
  }
}
