/**
 * What a check returns: plain frozen data, JSON as it stands. Host and domain names are text without trailing dot; octets are
 * lower-case hex; times are ISO 8601.
 *
 *   DomainCheck    the target: MX lookup, hosts, findings, verdict
 *   HostCheck      one mail host: its DNS data, the DANE policy that follows from it, a session to each address, verdict
 *   SessionReport  one connection: how it ended, TLS, the presented chain, what DANE says to it
 *   Finding        one thing an operator should know, with what to do
 */
import type { DaneVerdict } from '@mailanchor/dane';
import type { Status } from '@mailanchor/dnssec';
import type { BesideDane } from './beside-dane.ts';
import type { StarttlsByName } from './starttls-by-name.ts';
import type { TlsVersionReport } from './tls-versions.ts';

export type DomainVerdict = 'protected' | 'broken' | 'unprotected' | 'partial' | 'unknown';
export const DOMAIN_VERDICTS: readonly DomainVerdict[] = [
  'protected',
  'broken',
  'unprotected',
  'partial',
  'unknown',
];

/** verified: every session matched. mismatch: a session did not. unauthenticated: TLS required, no usable record. */
export type HostVerdict = 'verified' | 'mismatch' | 'unauthenticated' | 'no-dane' | 'deferred';

/** What a DANE client does with the host, from DNS alone (rfc7672#section-2.2). */
export type HostPolicy = 'dane' | 'dane-unusable' | 'none' | 'unreachable';

/**
 * What the target turned out to be. A null MX (rfc7505) and a domain that does not exist take no mail at all. A service that a domain
 * says by SRV records where it is, or that it does not offer (rfc7673).
 */
export type TargetKind =
  | 'mail-domain'
  | 'null-mx'
  | 'no-such-domain'
  | 'address-literal'
  | 'host'
  | 'srv-service'
  | 'no-such-service';

export interface DomainCheck {
  /** As the caller gave it. */
  readonly target: string;
  readonly kind: TargetKind;
  readonly verdict: DomainVerdict;
  /** ISO 8601, by the check's clock. */
  readonly checkedAt: string;
  readonly dns: DomainDns;
  /** MTA-STS and TLSRPT of a mail domain with hosts; absent where it was not looked for. */
  readonly beside?: BesideDane;
  /** In order of preference. */
  readonly hosts: readonly HostCheck[];
  /** Where days ahead were asked for. */
  readonly later?: LaterVerdict;
  /** The zones that the destination rests on, as each of their servers has them. Absent where servers were not asked one by one. */
  readonly zones?: readonly ZoneReport[];
  readonly findings: readonly Finding[];
}

/** What would come out some days from now if nothing were renewed meanwhile. */
export interface LaterVerdict {
  readonly days: number;
  /** ISO 8601. */
  readonly at: string;
  readonly verdict: DomainVerdict;
  /** What will have ended, a sentence fragment each; empty where nothing that counts ends. */
  readonly because: readonly string[];
}

/** A zone in short. */
export interface ZoneReport {
  readonly zone: string;
  readonly parent: string | null;
  /** Whether a chain of trust leads to it. */
  readonly status: Status;
  readonly servers: readonly {
    readonly name: string;
    readonly address: string;
    /** Whose NS records name it. */
    readonly listedBy: 'zone' | 'parent' | 'both';
    /** 'answers', 'lame', 'silent', 'not-asked', or the response code with which it refuses. */
    readonly state: string;
    readonly serial?: number;
  }[];
  readonly keys: readonly {
    readonly tag: number;
    readonly algorithm: number;
    readonly flags: number;
    readonly bits: number;
  }[];
  readonly ds: readonly {
    readonly keyTag: number;
    readonly algorithm: number;
    readonly digestType: number;
  }[];
  /** Absent where absence is proven by NSEC. */
  readonly nsec3Iterations?: number;
  /** The earliest end of a signature that a server showed, ISO 8601. */
  readonly signedUntil?: string;
}

/** Why a lookup failed or is insecure. */
export interface LookupReason {
  /** Extended DNS Error code (rfc8914). */
  readonly ede: number;
  readonly text: string;
  readonly zone?: string;
}

/** One alias followed by a lookup. */
export interface AliasReport {
  readonly kind: 'CNAME' | 'DNAME';
  readonly owner: string;
  readonly target: string;
  readonly status: Status;
}

/** The MX lookup of a mail domain, the SRV lookup of its service. For a host or an address literal nothing is asked: `outcome` is 'not-asked', `status` 'secure'. */
export interface DomainDns {
  readonly status: Status;
  readonly outcome: LookupOutcome | 'not-asked';
  /** The next-hop domain. */
  readonly domain: string;
  /** The domain after its aliases, where it has any (rfc7672#section-2.2.1). */
  readonly expandedDomain: string;
  readonly aliases: readonly AliasReport[];
  /** As published, sorted by preference. `.` is the null MX. */
  readonly mx: readonly { readonly preference: number; readonly exchange: string }[];
  /** Of a service found through SRV records; `mx` is then empty. Sorted by priority. Target `.`: the service is not offered. */
  readonly srv?: SrvReport;
  /** The negative trust anchor (rfc7646) that made the answer insecure. */
  readonly negativeTrustAnchor?: string;
  readonly reason?: LookupReason;
  /** Set by a check where `status` is 'insecure' and the place is known. */
  readonly unsigned?: UnsignedZone;
}

export interface SrvReport {
  /** e.g. `_imaps._tcp.example.org`. */
  readonly owner: string;
  readonly records: readonly {
    readonly priority: number;
    readonly weight: number;
    readonly port: number;
    readonly target: string;
  }[];
}

/** The first zone without DNSSEC on the way from the root. The zone above it is signed. */
export interface UnsignedZone {
  readonly zone: string;
  readonly parent: string | null;
  /** What proves it. */
  readonly note?: string;
  /** Where the zone has keys and only the DS above it is missing: the records to hand in, in master-file form. */
  readonly ds: readonly string[];
}

export type LookupOutcome = 'answer' | 'nodata' | 'nxdomain' | 'failure';

/** A TLSA record as published. `data` is hex. */
export interface TlsaRecord {
  readonly usage: number;
  readonly selector: number;
  readonly matching: number;
  readonly data: string;
}

/** One TLSA question: `_<port>._tcp.<base>`. */
export interface TlsaQuestion {
  readonly base: string;
  readonly name: string;
  readonly status: Status;
  readonly outcome: LookupOutcome;
  readonly aliases: readonly AliasReport[];
  readonly reason?: LookupReason;
}

export interface TlsaReport {
  /** Of the answer that decides: the records', the failure's, or the last denial's. 'not-asked': the addresses are insecure or unknown, so no TLSA is looked for. */
  readonly status: Status | 'not-asked';
  /** TLSA base domain (rfc7672#section-2.2.3): where records were found, else the first candidate; null if there is none. */
  readonly base: string | null;
  /** Secure records, in the order of the answer; empty where the answer is not secure. */
  readonly records: readonly TlsaRecord[];
  /** Those of `records` that a client can use, before digest agility. */
  readonly usable: readonly TlsaRecord[];
  readonly unusable: readonly { readonly record: number; readonly why: string }[];
  /** Seconds. */
  readonly ttl?: number;
  /** Every TLSA question asked, in order. */
  readonly questions: readonly TlsaQuestion[];
}

/** What kept a host from being used, before any connection. */
export interface HostProblem {
  /** Where: the address lookup, no address at all, the TLSA lookup, or beyond our own limit of hosts. */
  readonly stage: 'addresses' | 'no-address' | 'tlsa' | 'limit';
  /** Of the lookup that failed; 'bogus' is a fault of the zone, 'indeterminate' may lie with the network. */
  readonly status: Status;
  readonly ede: number;
  readonly text: string;
  readonly zone?: string;
}

/** One mail host as DNS has it, before any connection. */
export interface HostPlan {
  readonly host: string;
  /** MX preference or SRV priority; null where there is neither. */
  readonly preference: number | null;
  readonly port: number;
  readonly policy: HostPolicy;
  /** Of the MX or SRV RRset that names the host; 'secure' for a host that the caller named. */
  readonly mxStatus: Status;
  /** 'secure' where one address family is securely known (rfc7672#section-2.1.2); else that of the answer, denial or failure. */
  readonly addressStatus: Status;
  readonly addresses: readonly string[];
  /** Aliases from the host to its addresses. */
  readonly aliases: readonly AliasReport[];
  readonly tlsa: TlsaReport;
  /** Names a certificate may bear under usage 2 (rfc7672#section-3.2.2). */
  readonly referenceNames: readonly string[];
  /** Set where `policy` is 'unreachable'. */
  readonly problem?: HostProblem;
}

export interface HostCheck extends HostPlan {
  /** One for each address, in the order of `addresses`; empty where nothing is connected to. */
  readonly sessions: readonly SessionReport[];
  /** Null where DANE applies and no connection was asked for. */
  readonly verdict: HostVerdict | null;
}

/** How a session ended. 'established': TLS stands and the server still talks. A later failure may have a chain as well. */
export type SessionOutcome =
  | 'established'
  /** TCP: refused, timed out, no route, reset before the banner. */
  | 'connect-refused'
  | 'connect-timeout'
  | 'connect-failed'
  /** This machine has no route or no source address for the address: says nothing about the server. */
  | 'no-route'
  /** The server's greeting: 4xx or 5xx, or 421 at any time. */
  | 'greeting-refused'
  | 'service-closing'
  | 'ehlo-refused'
  | 'starttls-not-offered'
  | 'starttls-refused'
  /** Octets between the STARTTLS reply and the handshake (CVE-2011-0411). */
  | 'injected-data'
  | 'tls-failed'
  | 'tls-timeout'
  /** Not SMTP, or beyond its limits: a flood, an endless line. */
  | 'protocol-error'
  | 'too-much-data'
  /** A reply or the whole session took too long. */
  | 'reply-timeout'
  /** The server closed or reset the connection. */
  | 'closed'
  /** The caller's deadline for the target ended before the session could. */
  | 'deadline'
  /** Not connected to: another family than `localAddress`, or beyond our limit of addresses. */
  | 'not-tried';

export interface TlsReport {
  /** e.g. `TLSv1.3`. */
  readonly protocol: string;
  readonly cipher: string;
  /** Name sent as SNI; null if none was. */
  readonly servername: string | null;
}

/** A presented certificate, in wire order (0 is the leaf). */
export interface CertificateReport {
  readonly subject: string;
  readonly issuer: string;
  /** DNS names of the subject alternative name. */
  readonly names: readonly string[];
  readonly notBefore: string;
  readonly notAfter: string;
  /** e.g. `RSA 2048`, `EC P-256`, `Ed25519`. */
  readonly key: string;
  readonly ca: boolean;
  readonly selfSigned: boolean;
  /** SHA2-256 and SHA2-512 of the certificate (selector 0) and of its SPKI (selector 1). */
  readonly sha256: string;
  readonly sha512: string;
  readonly spkiSha256: string;
  readonly spkiSha512: string;
  /** Octets of the certificate. */
  readonly octets: number;
  /** Set where the certificate does not parse; the other fields are then empty but for the digests of the whole. */
  readonly error?: string;
}

/** As `matchDane` of `@mailanchor/dane` returns it. */
export type MatchReport = DaneVerdict;

export interface SessionReport {
  readonly address: string;
  readonly port: number;
  readonly outcome: SessionOutcome;
  /** One sentence on the outcome, the server's words included, made printable. */
  readonly text: string;
  /** OpenSSL's or the system's error code, e.g. `ERR_SSL_UNSUPPORTED_PROTOCOL`. */
  readonly errorCode?: string;
  /** The server's greeting, first line, made printable. */
  readonly greeting?: string;
  /** Whether STARTTLS was offered; null where the session did not get that far, or TLS began at once. */
  readonly starttls: boolean | null;
  readonly tls: TlsReport | null;
  readonly chain: readonly CertificateReport[];
  /** Null where DANE does not apply or there is no chain. */
  readonly match: MatchReport | null;
  /** What DANE would say some days from now, where that was asked for. */
  readonly laterMatch?: MatchReport;
  /** Records (indices) that match this chain when taken one by one. */
  readonly matchedRecords: readonly number[];
  /** Milliseconds. */
  readonly durationMs: number;
  /** Further connections to the address, in the order in which they were begun; absent where there were none. */
  readonly probes?: readonly ProbeReport[];
  /** That STARTTLS goes by the name in EHLO; absent where it does not, or names were not compared. */
  readonly starttlsByName?: StarttlsByName;
  /** Versions of TLS that it takes, the newest first; absent where that was not asked for, or TLS does not stand. */
  readonly tlsVersions?: readonly TlsVersionReport[];
}

/**
 * A further connection to an address, with another offer: which certificate the server presents to those who ask for RSA or for ECDSA,
 * and whether it speaks only older versions of TLS.
 */
export interface ProbeReport {
  readonly offer: 'rsa' | 'ecdsa' | 'old-tls';
  readonly outcome: SessionOutcome;
  readonly text: string;
  readonly errorCode?: string;
  readonly starttls: boolean | null;
  readonly tls: TlsReport | null;
  /** Whether it presents what the session did: `chain` is then left out. */
  readonly sameChain: boolean;
  readonly chain: readonly CertificateReport[];
  readonly match: MatchReport | null;
  /** As in the session's report. */
  readonly laterMatch?: MatchReport;
  readonly matchedRecords: readonly number[];
  readonly durationMs: number;
}

export type Severity = 'error' | 'warning' | 'notice' | 'info';

export interface Finding {
  /** Stable, see the table of findings. */
  readonly code: string;
  readonly severity: Severity;
  /** The domain, host or `host [address]` it is about. */
  readonly subject: string;
  /** One sentence: what is wrong. */
  readonly text: string;
  /** What senders do because of it. */
  readonly effect?: string;
  /** What to do; where possible the record, command or setting to copy. */
  readonly fix?: string;
}
