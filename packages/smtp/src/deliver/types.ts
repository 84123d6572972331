/** What `connectMx` takes and gives. Results are told apart by `kind`; a socket is in 'connected' alone. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock, Resolver } from '@mailanchor/dnssec';
import type { DeliveryPolicy, DeliveryQuestion } from '../delivery-policy.ts';
import type { StsSource } from '../mta-sts/sts-cache.ts';
import type { Connect } from '../tcp-connect.ts';
import type { TlsRptEvent, TlsRptSink } from '../tlsrpt/event.ts';
import type { DomainDns, HostPlan, MatchReport, TlsReport } from '../verdict.ts';
import type { MxLimits } from './limits.ts';

export interface ConnectMxOptions {
  /** Default: one that iterates by the built-in trust anchors, shared by the whole process. */
  readonly resolver?: Resolver;
  /** Default 25. The TLSA name follows it. */
  readonly port?: number;
  /** A host to hand the mail to instead of the domain's own, by its own TLSA records (rfc7672#section-2.2). `port` is its port. */
  readonly relay?: string;
  /** Default 'opportunistic': the decision table. 'dane-only': authenticated by DANE, or deferred. 'audit': failures are reported, and the mail goes. */
  readonly mode?: DeliveryQuestion['mode'];
  /** The message asks for REQUIRETLS (rfc8689#section-4.2.1). */
  readonly requireTls?: boolean;
  /** The message has the header field `TLS-Required: No` (rfc8689#section-5). Of both, REQUIRETLS counts. */
  readonly tlsRequiredNo?: boolean;
  /** How TLSA records count where the MX records are not signed. Default 'dane': they must match, and never make the delivery secure. */
  readonly insecureMx?: DeliveryQuestion['insecureMx'];
  /** MTA-STS: a cache of one's own, or false. Default: one that the whole process shares. */
  readonly sts?: StsSource | false;
  /** EHLO name. Set it to the name of the machine as others see it; default: the connection's own address. */
  readonly helo?: string;
  /** Source address of connections, one of each family at most; only addresses of these families are then connected to. */
  readonly localAddress?: string | readonly string[];
  /** Names of the asking mail server: it and hosts of the same or a worse preference are dropped (RFC 5321 5.1). */
  readonly ownHosts?: readonly string[];
  /** Hosts to leave out, since they were tried for this message. */
  readonly exclude?: readonly string[];
  /** CA certificates in PEM, one each, in place of Node's list, for MTA-STS and REQUIRETLS. */
  readonly ca?: readonly string[];
  /** Takes what a TLS report counts (rfc8460). Waited for, five seconds at most; that it fails stops no mail. */
  readonly report?: TlsRptSink;
  /** Milliseconds for everything, lookups included. Default 120000. */
  readonly timeoutMs?: number;
  readonly limits?: Partial<MxLimits>;
  /** Ends it at once: the promise rejects with the signal's reason. A socket that was handed out is the caller's. */
  readonly signal?: AbortSignal;
  /** Milliseconds since the epoch. Default Date.now. PKIX goes by the system's clock. */
  readonly clock?: Clock;
  /** 0 to 1, for the order among equal preferences. Default Math.random. */
  readonly random?: () => number;
  /** Milliseconds until the next address is tried beside one that does not answer (RFC 8305 section 5). Default 250. */
  readonly attemptDelayMs?: number;
  /** Opens TCP connections. Default net.connect. */
  readonly dial?: Connect;
}

/** What vouches for the session; 'encrypted': nobody says with whom. */
export type MxAuthentication = 'dane' | 'pkix' | 'encrypted' | 'cleartext';

export type MxReason =
  /** A chain was presented that no TLSA record matches, or by a wrong name, or expired. */
  | 'mismatch'
  /** There are TLSA records, and none can be used: encrypted, and nobody says with whom. */
  | 'unusable'
  /** MTA-STS or REQUIRETLS: the CAs do not vouch for the host. */
  | 'pkix-failed'
  /** A lookup fails DNSSEC validation. */
  | 'bogus'
  /** STARTTLS is demanded, and not offered, refused, or followed by data in clear. */
  | 'starttls'
  | 'tls-failed'
  /** A lookup got no answer. Never taken for "no DANE". */
  | 'lookup-failed'
  /** `mode` 'dane-only', and the host has no DANE. */
  | 'dane-required'
  /** The enforced MTA-STS policy does not name the host. */
  | 'not-listed'
  /** REQUIRETLS: the host is not securely the domain's, or does not offer it itself. */
  | 'requiretls'
  /** The host greets as ourselves. */
  | 'loop'
  /** The server turns the session away: by its greeting, at EHLO, or with 421. */
  | 'rejected'
  | 'protocol-error'
  | 'timeout'
  | 'unreachable'
  | 'no-address'
  /** More hosts or addresses than are tried. */
  | 'limit';

/** A host that was passed over, or an address that did not lead to a session. */
export interface MxAttempt {
  readonly host: string;
  /** Null: the host was not connected to. */
  readonly address: string | null;
  readonly reason: MxReason;
  /** One sentence without its full stop, printable. */
  readonly text: string;
  /** What DANE says to the chain that was presented; null where there was none. */
  readonly match: MatchReport | null;
}

/** A failure that the rules let pass: the mail may go on all the same. */
export interface MxFlaw {
  readonly reason: MxReason;
  readonly text: string;
}

interface Common {
  /** The MX lookup; null where there was none: a relay, an address literal. */
  readonly dns: DomainDns | null;
  /** What did not lead to the session, in order. */
  readonly attempts: readonly MxAttempt[];
  /** What a TLS report counts of this, also given to `report`. */
  readonly events: readonly TlsRptEvent[];
}

export interface MxConnected extends Common {
  readonly kind: 'connected';
  /** EHLO is answered: MAIL FROM is the next thing to say. Nothing is unread. A `TLSSocket` unless `authenticated` is 'cleartext'. */
  readonly socket: Socket | TLSSocket;
  readonly authenticated: MxAuthentication;
  /** Whether host and session are what the recipient's domain says, by DNSSEC or an enforced MTA-STS policy. */
  readonly secure: boolean;
  /** The match of a TLSA record; null without. */
  readonly match: MatchReport | null;
  readonly tls: TlsReport | null;
  /** What was not as demanded, and let pass by `mode` 'audit', MTA-STS in testing, `TLS-Required: No`, or since nothing demands it. */
  readonly flaw: MxFlaw | null;
  readonly host: string;
  readonly port: number;
  readonly address: string;
  /** What DNS says of the host. */
  readonly plan: HostPlan;
  /** What was demanded of it. */
  readonly policy: Extract<DeliveryPolicy, { kind: 'connect' }>;
  /** Keywords of the last EHLO reply in upper case, with their parameters; that after TLS where there is TLS. Empty: the server knows HELO only. */
  readonly capabilities: ReadonlyMap<string, string>;
  /** First line of the greeting, printable. */
  readonly greeting: string;
  /** Whether MAIL FROM must have REQUIRETLS. */
  readonly requireTls: boolean;
}

export interface MxDeferred extends Common {
  readonly kind: 'deferred';
  /** The gravest of what was met. */
  readonly reason: MxReason;
  /** One sentence without its full stop, for a postmaster. */
  readonly text: string;
  /** Enhanced status code (RFC 3463), class 4. */
  readonly status: string;
}

export interface MxFailed extends Common {
  readonly kind: 'failed';
  /** 'null-mx': rfc7505. 'no-such-domain': NXDOMAIN, signed or not. 'loop': the asking host is the best. 'requiretls': rfc8689#section-4.2.1. */
  readonly reason: 'null-mx' | 'no-such-domain' | 'loop' | 'requiretls';
  readonly text: string;
  /** Class 5. */
  readonly status: string;
}

export type MxConnection = MxConnected | MxDeferred | MxFailed;
