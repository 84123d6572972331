/**
 * The findings of a check: code, default severity, and what senders do because of it. The texts of a single case are made where it
 * is found. Codes are stable: scripts and profiles go by them.
 */
import type { Finding, Severity } from './verdict.ts';

interface Entry {
  readonly severity: Severity;
  readonly effect: string;
}

const DEFER = 'Senders that validate DANE defer mail for this host, and return it if nothing changes.';
const NOBODY = 'DANE protects no mail to this host; an attacker on the way can read and change it.';

export const FINDINGS = {
  // The mail domain
  'domain-unsigned': {
    severity: 'warning',
    effect:
      'An attacker can forge the MX records and lead mail to a host of his own; DANE cannot prevent it.',
  },
  'domain-bogus': {
    severity: 'error',
    effect: 'Every validating resolver refuses the answer: senders behind one defer all mail.',
  },
  'mx-lookup-fails': { severity: 'error', effect: 'Senders defer mail until the lookup succeeds.' },
  'mx-none': { severity: 'notice', effect: "Senders deliver to the domain's own address." },
  'mx-null': { severity: 'info', effect: 'Senders return mail for the domain at once.' },
  'mx-null-mixed': {
    severity: 'warning',
    effect: 'Some senders ignore the null MX, others return all mail.',
  },
  'mx-address': {
    severity: 'error',
    effect: 'Many senders do not deliver to it at all, and DANE never applies to it.',
  },
  'mx-unresolvable': { severity: 'error', effect: 'Senders cannot deliver to this host.' },
  'mx-unsigned-host': { severity: 'warning', effect: NOBODY },
  'mx-partial': {
    severity: 'warning',
    effect: 'An attacker blocks the hosts with TLSA and intercepts mail on its way to the others.',
  },
  'mx-cname': {
    severity: 'notice',
    effect: 'RFC 5321 wants MX hosts that are no aliases; some senders refuse them.',
  },
  // SRV records of a service
  'srv-lookup-fails': {
    severity: 'error',
    effect: 'Clients that validate do not connect (RFC 7673 section 3.1).',
  },
  'srv-none': { severity: 'notice', effect: 'Clients that look for the service find nothing, or guess.' },
  'srv-not-offered': { severity: 'info', effect: 'Clients do not look further.' },
  'srv-mixed': { severity: 'warning', effect: 'Some clients take the service for not offered.' },
  'srv-unsigned': {
    severity: 'warning',
    effect:
      'An attacker can forge the SRV records and lead clients to a server of his own; DANE does not apply.',
  },
  'srv-partial': {
    severity: 'warning',
    effect: 'An attacker blocks the servers with TLSA and intercepts clients on their way to the others.',
  },
  'srv-cname': {
    severity: 'notice',
    effect: 'RFC 2782 wants targets that are no aliases; some clients refuse them.',
  },
  'srv-address': {
    severity: 'error',
    effect: 'Many clients do not connect to it at all, and DANE never applies.',
  },
  'mx-backup-greylists': {
    severity: 'info',
    effect: 'Mail that senders leave at the backup host stays there, if that host validates DANE too.',
  },
  // DNS behaviour
  'tlsa-lookup-fails': { severity: 'error', effect: DEFER },
  'denial-broken': { severity: 'error', effect: DEFER },
  'servers-disagree': {
    severity: 'error',
    effect: 'Mail is delivered or deferred, by which server a sender happens to ask.',
  },
  'signature-expires': { severity: 'warning', effect: 'From then on senders that validate defer mail.' },
  'nsec3-iterations': {
    severity: 'notice',
    effect: 'Every denial costs the servers and all who validate it more, and protects nothing.',
  },
  'algorithm-weak': {
    severity: 'warning',
    effect: 'More and more validators treat the zone as unsigned: DANE protects no mail there.',
  },
  'ds-sha1': {
    severity: 'warning',
    effect: 'Validators that have given up SHA-1 treat the zone as unsigned: DANE protects no mail there.',
  },
  'key-small': {
    severity: 'warning',
    effect: 'Whoever can afford to factor such a key forges every record of the zone.',
  },
  'dnskey-no-ds': {
    severity: 'warning',
    effect: 'Senders treat the zone as unsigned: DANE protects no mail there.',
  },
  'ds-no-key': {
    severity: 'error',
    effect: 'Every validating resolver refuses all of the zone: senders behind one defer all mail.',
  },
  'ttl-long': {
    severity: 'notice',
    effect: 'After a change of keys senders go by the old records for as long.',
  },
  'ttl-short': {
    severity: 'notice',
    effect: 'Senders ask at nearly every delivery, and an outage of the name servers reaches mail at once.',
  },
  // TLSA records
  'tlsa-none': { severity: 'warning', effect: NOBODY },
  'tlsa-mismatch': { severity: 'error', effect: DEFER },
  'tlsa-unusable': {
    severity: 'error',
    effect: 'Senders encrypt but authenticate nobody: an attacker can pose as the host.',
  },
  'tlsa-usage-pkix': {
    severity: 'error',
    effect: 'Senders ignore the record (RFC 7672 section 3.1.3).',
  },
  'tlsa-stale': {
    severity: 'warning',
    effect: 'Whoever has one of those former keys can pose as the host.',
  },
  'tlsa-combination-unmatched': {
    severity: 'warning',
    effect: 'Senders that go by these records alone, as RFC 7671 section 8 lets them, defer mail.',
  },
  'tlsa-full-certificate': {
    severity: 'warning',
    effect: 'The first renewal without a new record makes senders that validate DANE defer mail.',
  },
  'tlsa-fake-rollover': {
    severity: 'warning',
    effect: 'The set looks prepared for a change of keys and is not: the change will break mail.',
  },
  'tlsa-too-many': {
    severity: 'warning',
    effect: 'A large sender fails hosts with more than 12 records; a response may not fit a packet.',
  },
  'tlsa-shared-key': {
    severity: 'notice',
    effect: 'One mistake with the key, or its loss, takes all hosts at once.',
  },
  'ta-public-ca-retired': {
    severity: 'warning',
    effect: 'The next renewal comes from another CA: senders that validate DANE then defer mail.',
  },
  'ta-selector-0': {
    severity: 'notice',
    effect: 'None now; mail is deferred once the CA has its certificate renewed or cross-signed.',
  },
  'record-agility-512-only': {
    severity: 'info',
    effect: 'A sender without SHA2-512 cannot use any of them: it encrypts and authenticates nobody.',
  },
  'record-agility-mixed': {
    severity: 'info',
    effect: 'None as long as the records of each digest match what the host presents.',
  },
  'tlsa-no-next': {
    severity: 'notice',
    effect: 'The first sender that meets a new key before the new record has spread defers its mail.',
  },
  'ta-not-sent': { severity: 'error', effect: DEFER },
  'ta-name': { severity: 'error', effect: DEFER },
  'ta-expiry': { severity: 'warning', effect: 'From that day on senders that validate DANE defer mail.' },
  // The host
  'starttls-missing': { severity: 'error', effect: DEFER },
  'starttls-selective': {
    severity: 'error',
    effect: 'Senders that validate DANE deliver or defer, by the connection that they happen to get.',
  },
  'starttls-refused': { severity: 'error', effect: DEFER },
  'starttls-injection': { severity: 'error', effect: DEFER },
  'tls-fails': { severity: 'error', effect: DEFER },
  'tls-old': { severity: 'warning', effect: 'Senders that require TLS 1.2 cannot encrypt.' },
  'tls-old-beside': {
    severity: 'notice',
    effect:
      'Senders with DANE use the newer version; guidelines and RFC 8996 want the old ones switched off.',
  },
  'address-differs': {
    severity: 'error',
    effect: 'Mail is delivered or deferred, by which address a sender happens to use.',
  },
  'algorithm-differs': {
    severity: 'warning',
    effect:
      'Senders that are presented the other certificate, by what they and the server agree on, defer mail.',
  },
  'chain-order': {
    severity: 'notice',
    effect: 'Senders that build the path by the order alone cannot verify it; most sort it themselves.',
  },
  'chain-large': {
    severity: 'notice',
    effect: 'Some senders limit depth or size of a chain and give up; all receive it with every message.',
  },
  'host-unreachable': { severity: 'warning', effect: 'Senders try the next address or host, or defer.' },
  'certificate-expired': {
    severity: 'notice',
    effect: 'None for DANE with usage 3, where dates do not count; other senders may mind.',
  },
  // Beside DANE
  'sts-absent': {
    severity: 'notice',
    effect: 'Senders that know MTA-STS and not DANE can be made to deliver in cleartext.',
  },
  'sts-invalid': {
    severity: 'warning',
    effect:
      'Senders go on as if the domain had no MTA-STS, or by a policy that they have kept until it ends.',
  },
  'sts-mx-mismatch': {
    severity: 'warning',
    effect: 'Senders that honour MTA-STS do not deliver to that host.',
  },
  'sts-expiry': {
    severity: 'warning',
    effect:
      'From then on no sender fetches the policy: those that have kept it go by it until it ends, others have none.',
  },
  'tlsrpt-absent': {
    severity: 'notice',
    effect: 'Senders that fail to deliver securely tell nobody.',
  },
  'tlsrpt-invalid': { severity: 'warning', effect: 'Senders send no reports.' },
  'check-incomplete': { severity: 'info', effect: 'The verdict does not cover this.' },
} as const satisfies Readonly<Record<string, Entry>>;

export type FindingCode = keyof typeof FINDINGS;

/** A finding with the table's severity and effect unless told otherwise. */
export function finding(
  code: FindingCode,
  subject: string,
  text: string,
  more: { fix?: string | undefined; severity?: Severity; effect?: string } = {},
): Finding {
  const { severity, effect } = FINDINGS[code];
  return {
    code,
    severity: more.severity ?? severity,
    subject,
    text,
    effect: more.effect ?? effect,
    ...(more.fix === undefined ? {} : { fix: more.fix }),
  };
}
