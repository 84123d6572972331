/**
 * The findings for a reader, in sections: when each is told and what mends it in general. A check says it for the case, with the record or
 * command to copy. docs/findings.md is made from this table.
 */
import type { FindingCode } from './finding-table.ts';
import type { Severity } from './verdict.ts';

export interface FindingAdvice {
  readonly when: string;
  readonly fix: string;
  /** Other severities than the table's, by case. */
  readonly also?: readonly Severity[];
}

export interface FindingSection {
  readonly title: string;
  readonly findings: Readonly<Partial<Record<FindingCode, FindingAdvice>>>;
}

const MAIL_DOMAIN: FindingSection['findings'] = {
  'domain-unsigned': {
    when: 'the domain is not signed, or signs and has no DS in its parent',
    fix: 'sign the zone; hand the DS records that are printed to the registrar',
  },
  'domain-bogus': {
    when: 'validation of its MX records, or of addresses or TLSA records of its hosts, fails: link, key, signature and since when are told',
    fix: '`mailanchor resolve NAME TYPE --explain` shows the broken link and what would mend it',
  },
  'mx-lookup-fails': {
    when: 'no server gives a usable answer for the MX records',
    fix: 'see what the servers say, one by one, in the other findings',
  },
  'mx-none': {
    when: 'no MX records; an error where there is no address either, or no such domain',
    fix: 'publish an MX record, or a null MX; register the domain',
    also: ['error'],
  },
  'mx-null': { when: 'a null MX: the domain takes no mail', fix: 'nothing, if that is meant' },
  'mx-null-mixed': { when: 'a null MX beside other MX records', fix: 'remove one or the other' },
  'mx-address': {
    when: 'an MX record names an address',
    fix: 'give the host a name, and name that in the MX record',
  },
  'mx-unresolvable': {
    when: 'an MX host has no address, or its addresses cannot be looked up',
    fix: 'give it an address, or take it out of the MX records',
    also: ['warning'],
  },
  'mx-unsigned-host': {
    when: 'the addresses of an MX host are not signed',
    fix: 'sign that zone, or name an MX host in a signed one',
  },
  'mx-partial': {
    when: 'some MX hosts have TLSA records and others have none',
    fix: 'publish TLSA records for all of them',
  },
  'mx-cname': {
    when: 'an MX host is an alias; which TLSA records senders use is told',
    fix: 'name the host itself in the MX record',
  },
  'mx-backup-greylists': {
    when: 'senders that validate pass over a broken primary and leave mail at the backup',
    fix: 'mend the primary, then have the queue of the backup tried again',
  },
};

const SRV: FindingSection['findings'] = {
  'srv-lookup-fails': {
    when: 'the SRV records fail validation or cannot be looked up',
    fix: 'as `domain-bogus`',
  },
  'srv-none': { when: 'no SRV records for the service', fix: 'publish one' },
  'srv-not-offered': {
    when: 'the domain says that it does not offer the service',
    fix: 'nothing, if that is meant',
  },
  'srv-mixed': { when: 'a "not offered" record beside others', fix: 'remove one or the other' },
  'srv-unsigned': { when: 'the SRV records are not signed', fix: 'sign the zone' },
  'srv-partial': {
    when: 'some targets have TLSA records and others have none',
    fix: 'publish TLSA records for all of them',
  },
  'srv-cname': { when: 'a target is an alias', fix: 'name the host itself in the SRV record' },
  'srv-address': { when: 'a target is an address', fix: 'give it a name, and name that in the SRV record' },
};

const DNS: FindingSection['findings'] = {
  'tlsa-lookup-fails': {
    when: 'a server answers TLSA questions with SERVFAIL, NOTIMP, REFUSED or not at all, and others well',
    fix: 'update the name server or what stands before it',
  },
  'denial-broken': {
    when: 'the NSEC or NSEC3 records of a denial do not hold, or a name with names below it is NXDOMAIN',
    fix: 'sign the zone anew; update the name server',
  },
  'servers-disagree': {
    when: 'servers differ in TLSA, MX or DNSKEY records, serials or validation; one is lame, silent or without address; the delegation names others',
    fix: 'bring all servers to one version; mend the NS records',
    also: ['warning'],
  },
  'signature-expires': {
    when: 'signatures end within 3 days (`--days N`), or have ended at a server',
    fix: 'see that the signer runs; transfer the zone anew',
    also: ['error'],
  },
  'nsec3-iterations': {
    when: 'NSEC3 with iterations; above 50 a warning',
    fix: 'set the iterations to 0 and the salt to none (RFC 9276)',
    also: ['warning'],
  },
  'algorithm-weak': { when: 'keys of RSA/SHA-1 and older algorithms', fix: 'roll to algorithm 13' },
  'ds-sha1': { when: 'all DS records are SHA-1 digests', fix: 'hand the SHA-256 DS to the registrar' },
  'key-small': { when: 'RSA keys under 2048 bits', fix: 'roll to algorithm 13, or to 2048 bits' },
  'dnskey-no-ds': {
    when: 'a key-signing key that the parent has no DS for',
    fix: 'hand its DS to the registrar, or remove the key',
  },
  'ds-no-key': {
    when: 'a DS of a key that the zone does not publish; a warning while another DS matches',
    fix: 'hand the right DS to the registrar, or have the old one removed',
    also: ['warning'],
  },
  'ttl-long': { when: 'TLSA records with a TTL above a day', fix: '1800 to 3600 seconds' },
  'ttl-short': { when: 'TLSA records with a TTL under five minutes', fix: '1800 to 3600 seconds' },
};

const RECORDS: FindingSection['findings'] = {
  'tlsa-none': { when: 'everything is in place but the record', fix: 'publish the record that is printed' },
  'tlsa-mismatch': {
    when: 'no usable record matches what the host presents; what a record really is the digest of is told where that can be seen',
    fix: 'publish the record that is printed',
  },
  'tlsa-unusable': {
    when: 'none of the records can be used, or, as a warning, some cannot',
    fix: 'replace them by the record that is printed',
    also: ['warning'],
  },
  'tlsa-usage-pkix': { when: 'usage 0 or 1, which does not apply to SMTP', fix: 'publish 3 1 1' },
  'tlsa-stale': {
    when: 'records that match nothing live and cannot all be of the next key; one alone, which may be of the next key, is a notice',
    fix: 'remove those of former keys',
    also: ['notice'],
  },
  'tlsa-combination-unmatched': {
    when: 'all records of one usage, selector and matching type miss; an error where digest agility picks them',
    fix: 'publish one that matches, or remove them',
    also: ['error'],
  },
  'tlsa-full-certificate': {
    when: '3 0 x of a certificate that will be renewed',
    fix: 'publish 3 1 1 and keep the key at renewals',
  },
  'tlsa-no-next': {
    when: 'records of the present key alone',
    fix: 'publish 3 1 1 of the next key, or 2 1 1 of the CA',
  },
  'tlsa-fake-rollover': {
    when: 'a second record that prepares nothing: of the same key, unusable, or the digest of something else',
    fix: 'publish 3 1 1 of the next key, or 2 1 1 of the CA',
  },
  'tlsa-too-many': { when: 'more than 12 records', fix: 'remove those that match nothing' },
  'tlsa-shared-key': {
    when: 'several MX hosts present the same key',
    fix: 'give each host a key of its own',
  },
  'ta-not-sent': {
    when: 'usage 2 names a CA certificate that the host does not send',
    fix: 'append it to the chain that the server sends',
  },
  'ta-name': {
    when: 'usage 2, and the certificate is for another name',
    fix: 'have it issued for the right name, or publish 3 1 1',
  },
  'ta-expiry': {
    when: 'usage 2, and a certificate of the path ends within 14 days (`--days N`)',
    fix: 'renew it',
  },
  'ta-public-ca-retired': {
    when: 'usage 2 names an issuing CA that has been retired or is about to be, by a dated table',
    fix: "publish 3 1 1 of the server's own key",
  },
  'ta-selector-0': { when: '2 0 x', fix: 'publish 2 1 1 of the same CA' },
  'record-agility-512-only': { when: 'all records are SHA2-512', fix: 'publish 3 1 1' },
  'record-agility-mixed': {
    when: 'SHA2-256 and SHA2-512 side by side: the stronger alone counts for senders that know both',
    fix: 'keep one of them',
  },
};

const BESIDE: FindingSection['findings'] = {
  'sts-absent': {
    when: 'no TXT record at `_mta-sts`',
    fix: 'serve a policy over HTTPS, then publish the record',
  },
  'sts-invalid': {
    when: 'the TXT record or the policy is not as RFC 8461 wants it, or the policy cannot be fetched: which part is told',
    fix: 'mend the part that is told',
  },
  'sts-mx-mismatch': {
    when: 'no pattern of the policy matches an MX host; a notice in testing mode',
    fix: 'add the host to the policy and change the id',
    also: ['notice'],
  },
  'sts-expiry': {
    when: 'the certificate of the policy host ends within 14 days, or those of `--days`',
    fix: 'renew the certificate of the web server',
  },
  'tlsrpt-absent': { when: 'no TXT record at `_smtp._tls`', fix: 'publish the record that is printed' },
  'tlsrpt-invalid': {
    when: 'the record is not as RFC 8460 wants it',
    fix: 'publish the record that is printed',
  },
};

const HOST: FindingSection['findings'] = {
  'starttls-missing': {
    when: 'STARTTLS is not offered',
    fix: 'switch TLS on in the mail server',
    also: ['warning'],
  },
  'starttls-selective': {
    when: 'of two connections a moment apart, which greet with different names, one is offered STARTTLS and the other is not (where each name fares alike when tried again, the finding says that it goes by the name); or strangers are answered by the greylisting daemon spamd, which knows no STARTTLS; a warning without TLSA records',
    fix: 'set up alike all servers behind the address; have filters leave STARTTLS alone',
    also: ['warning'],
  },
  'starttls-refused': {
    when: 'STARTTLS is offered and refused',
    fix: 'see the log of the mail server',
    also: ['warning'],
  },
  'starttls-injection': {
    when: 'text in clear follows the reply to STARTTLS (CVE-2011-0411)',
    fix: 'update the mail server or what stands before it',
    also: ['warning'],
  },
  'tls-fails': { when: 'the TLS handshake fails', fix: 'see the log of the mail server', also: ['warning'] },
  'tls-old': { when: 'nothing newer than TLS 1.1', fix: 'allow TLS 1.2 and 1.3', also: ['error'] },
  'tls-old-beside': {
    when: 'with `--tls-versions`, or a profile that asks for it: TLS 1.0 or 1.1 is taken beside newer versions',
    fix: 'allow TLS 1.2 and 1.3 only',
  },
  'address-differs': { when: 'one address verifies and another does not', fix: 'set up every address alike' },
  'algorithm-differs': {
    when: 'of the RSA and the ECDSA certificate only one is named by a record; an error where senders are presented the other',
    fix: 'publish the record that is printed as well, or present one certificate only',
    also: ['error'],
  },
  'chain-order': {
    when: 'a certificate of the chain did not issue the one before it, or is there twice',
    fix: "order the chain file: the server's own, the CA that issued it, the CA above that",
  },
  'chain-large': {
    when: 'more than 64 kB of certificates, or more than ten',
    fix: 'leave out what nobody needs',
  },
  'host-unreachable': {
    when: 'an address takes no connection or no mail',
    fix: 'see that the server runs and is let through',
  },
  'certificate-expired': {
    when: 'the certificate has expired: harmless under usage 3, an error under usage 2',
    fix: 'renew the certificate',
    also: ['error'],
  },
  'check-incomplete': {
    when: 'something was left out, and what',
    fix: 'more time (`--timeout`), or another place to check from',
  },
};

export const FINDING_GUIDE: readonly FindingSection[] = [
  { title: 'The mail domain', findings: MAIL_DOMAIN },
  { title: 'SRV records of a service', findings: SRV },
  { title: 'DNS behaviour, at every authoritative server', findings: DNS },
  { title: 'TLSA records', findings: RECORDS },
  { title: 'The host', findings: HOST },
  { title: 'Beside DANE', findings: BESIDE },
];
