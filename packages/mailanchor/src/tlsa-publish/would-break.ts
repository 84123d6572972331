/**
 * Whether a change of TLSA records would break deliveries: the host is asked for what it presents, at every address, and that is judged by the
 * records as they are and as they would be.
 */
import { encodeTlsa, type Name, type ResourceRecord, RRClass, RRType, type TlsaData } from '@mailanchor/dns';
import type { Clock, Resolution, ResolveOptions, Resolver } from '@mailanchor/dnssec';
import { checkDestination, type HostCheck, presented, type SessionReport } from '@mailanchor/smtp';
import type { TlsaChange } from './publisher.ts';
import { resultOf } from './tlsa-set.ts';

export type Breakage =
  | { readonly kind: 'none' }
  /** One line each, without a full stop. */
  | { readonly kind: 'breaks'; readonly texts: readonly string[] };

export interface HostAccess {
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Fails closed: what cannot be seen counts as broken. */
export async function wouldBreak(change: TlsaChange, access: HostAccess): Promise<Breakage> {
  const { host, port } = access;
  const result = resultOf(change);
  if (result.length === 0)
    return change.expected.length === 0
      ? { kind: 'none' }
      : {
          kind: 'breaks',
          texts: [`${host}:${port} would have no TLSA records: mail to it would no longer be authenticated`],
        };
  const after = await checkWith(result, change, access);
  const failing = mismatches(after);
  const unseen = unseenAddresses(after);
  if (failing.length === 0) return unseen.length === 0 ? { kind: 'none' } : { kind: 'breaks', texts: unseen };
  // What does not match now either is not broken by this.
  const before =
    change.expected.length === 0 ? [] : mismatches(await checkWith(change.expected, change, access));
  const broken = failing.filter((text) => !before.includes(text));
  const texts = [...broken.map((text) => `${text} with none of the records that would be left`), ...unseen];
  return texts.length === 0 ? { kind: 'none' } : { kind: 'breaks', texts };
}

/** The host as a sender would find it if these were its records. */
async function checkWith(
  records: readonly TlsaData[],
  { owner, ttl }: TlsaChange,
  { resolver, clock, host, port, timeoutMs, signal }: HostAccess,
): Promise<HostCheck | undefined> {
  const overlay: Resolver = {
    resolve: async (name: Name, type: number, options?: ResolveOptions) =>
      overlaid(await resolver.resolve(name, type, options), owner, ttl, records),
    close() {},
  };
  const check = await checkDestination(`${host}:${port}`, {
    resolver: overlay,
    clock,
    port,
    timeoutMs,
    signal,
    besideDane: false,
  });
  return check.hosts[0];
}

/** A resolution with these records in place of those at the owner. What is not proven stays as it is. */
function overlaid(
  resolution: Resolution,
  owner: Name,
  ttl: number,
  records: readonly TlsaData[],
): Resolution {
  const { type, canonicalName, kind } = resolution;
  if (type !== RRType.TLSA || kind === 'failure' || !canonicalName.equals(owner)) return resolution;
  const rrset = records.map(
    (record): ResourceRecord => ({
      name: owner,
      type: RRType.TLSA,
      class: RRClass.IN,
      ttl,
      rdata: encodeTlsa(record),
    }),
  );
  return { ...resolution, kind: 'answer', rcode: 0, records: rrset, answer: rrset };
}

/** `mx1.example.org [192.0.2.1] presents EC P-256 c0ffee..., which matches`: what does not match, one text for each chain. */
function mismatches(host: HostCheck | undefined): string[] {
  return (host?.sessions ?? []).flatMap((session) =>
    presented(session)
      .filter(({ match }) => match !== null && match.kind === 'mismatch')
      .map(({ chain }) => {
        const [leaf] = chain;
        return `${host!.host} [${session.address}] presents ${leaf?.key || 'a certificate'} (SPKI SHA2-256 ${leaf?.spkiSha256.slice(0, 16)}...), which matches`;
      }),
  );
}

function unseenAddresses(host: HostCheck | undefined): string[] {
  if (!host || host.sessions.length === 0)
    return [`${host?.host ?? 'the host'} has no address at which it could be seen what it presents`];
  return host.sessions
    .filter((session: SessionReport) => presented(session).length === 0)
    .map(({ address, text }) => `${host.host} [${address}] does not show what it presents: ${text}`);
}
