/** How a destination is made: zones, hosts and what is wrong with them, as data. `build-zones.ts` and `build-hosts.ts` read it. */
import type { DenialFault } from './authority/served-zone.ts';
import type { ServerFault } from './authority/server-fault.ts';
import type { LabGroup, LabHostVerdict, LabVerdict } from './destination.ts';
import type { DsKind, SigningAlgorithm } from './keys/signing-key.ts';
import type { MailFault } from './mail/mail-fault.ts';
import type { ServiceDialect } from './mail/service-session.ts';
import type { SigningFault } from './zone/signing-fault.ts';

export interface ZoneSpec {
  /** Without trailing dot; a child of a top-level domain of the lab. */
  readonly origin: string;
  /** Default 'ecdsa-p256'. 'unsigned': no DNSSEC, and no DS. */
  readonly algorithm?: SigningAlgorithm | 'unsigned';
  /** A key-signing and a zone-signing key; default one key for both. */
  readonly twoKeys?: boolean;
  /** Default 'nsec'. */
  readonly denial?: 'nsec' | 'nsec3';
  /** Further NSEC3 iterations; default 0. */
  readonly iterations?: number;
  /** A further key that signs everything too and that no DS names. */
  readonly spareKey?: boolean;
  /** Default 'good'. */
  readonly ds?: DsKind;
  /** Master-file text, names relative to the origin. SOA, NS, and what the hosts need are added. */
  readonly records?: string;
  readonly signingFaults?: readonly SigningFault[];
  readonly denialFault?: DenialFault;
  /** Of both operators' servers, or of the second alone; limited to this zone. */
  readonly serverFault?: Omit<ServerFault, 'below'> & { readonly secondOnly?: boolean };
  /** The version that the second operator's server has in place of this one. */
  readonly second?: SecondVersion;
}

/** How it differs. Its hosts have their `tlsaAtSecond`. */
export interface SecondVersion {
  readonly serial?: number;
  /** In place of the zone's own. */
  readonly records?: string;
  readonly signingFaults?: readonly SigningFault[];
}

export interface CertificateSpec {
  /** Default 'self'. */
  readonly issuer?: 'self' | 'root' | 'intermediate';
  /** DNS names; default the host's. */
  readonly names?: readonly string[];
  /** What is sent behind the leaf; default nothing. */
  readonly send?: readonly ('intermediate' | 'root')[];
  /** Days until its end; default 90. */
  readonly days?: number;
  /** Certificates of strangers that are sent behind all that; default none. */
  readonly strangers?: number;
  /** Octets by which the leaf, and each stranger, is larger than it needs to be. */
  readonly padding?: number;
  /** Its time is over since ten days; default false. */
  readonly expired?: boolean;
  /** Which of the host's keys; default 'present'. */
  readonly key?: KeyLabel;
}

/** Keys that a host had, has and will have, all P-256, and the RSA key of the lab. */
export type KeyLabel = 'past' | 'present' | 'next' | 'rsa';

export interface TlsaSpec {
  readonly usage: number;
  readonly selector: number;
  readonly matching: number;
  /** The certificate, or the key of the host, or hexadecimal data as it is. */
  readonly of: KeyLabel | 'intermediate' | 'root' | { readonly data: string };
}

export interface HostSpec {
  /** Without trailing dot; within one of the destination's zones. */
  readonly name: string;
  readonly certificate?: CertificateSpec;
  /** A second certificate at the same address, with an RSA key, for those who ask for it. */
  readonly rsaCertificate?: CertificateSpec;
  /** A second address that presents this. */
  readonly secondAddress?: CertificateSpec;
  /** Default `3 1 1` of the present key. */
  readonly tlsa?: readonly TlsaSpec[];
  /** What the second operator's server has in place of them, where it has a version of its own. */
  readonly tlsaAtSecond?: readonly TlsaSpec[];
  /** Seconds; default 3600. */
  readonly tlsaTtl?: number;
  /** The host whose keys it has; default its own. */
  readonly keysOf?: string;
  /** Where the TLSA records are, if not below `name`: the TLSA base domain. */
  readonly tlsaBase?: string;
  /** 'refused': nothing listens there. */
  readonly fault?: MailFault | 'refused';
  /** Another protocol than SMTP; of the faults those of STARTTLS apply. */
  readonly dialect?: ServiceDialect;
  /** Owner of an SRV record that names the host and the lab's port: `_imaps._tcp.<domain>`. */
  readonly srv?: string;
  /** What that record names instead of the host: an alias of it. */
  readonly srvTarget?: string;
}

/** A service that is found through SRV records. */
export interface ServiceSpec
  extends Pick<DestinationSpec, 'title' | 'special' | 'verdict' | 'hostVerdicts' | 'zones'> {
  /** Owner of the SRV records, without trailing dot. */
  readonly target: string;
  /** Default 'srv-service'. */
  readonly kind?: 'no-such-service' | undefined;
  readonly findings: readonly string[];
  readonly hosts: readonly HostSpec[];
}

/** What is wrong with the server of an MTA-STS policy. */
export type PolicyFault = 'redirect' | 'huge' | 'html' | 'self-signed' | 'not-found' | 'closed';

/** MTA-STS (rfc8461). */
export interface StsSpec {
  /** The TXT record; default a good one. */
  readonly record?: string;
  /** The policy, with LF; default enforces the MX hosts. */
  readonly policy?: string;
  readonly fault?: PolicyFault;
}

export interface DestinationSpec {
  readonly domain: string;
  readonly title: string;
  readonly special: string;
  readonly slow?: boolean;
  /** Default 'main'. */
  readonly group?: LabGroup;
  readonly verdict: LabVerdict;
  /** Host and verdict, in order of preference. */
  readonly hostVerdicts: readonly (readonly [host: string, verdict: LabHostVerdict])[];
  readonly findings?: readonly string[];
  readonly zones: readonly ZoneSpec[];
  readonly hosts?: readonly HostSpec[];
  /** Default: no MTA-STS. */
  readonly sts?: StsSpec;
  /** The TXT record at `_smtp._tls` (rfc8460); default none. */
  readonly tlsrpt?: string;
  /** Records of the top-level domain, relative to it. */
  readonly parentRecords?: string;
}
