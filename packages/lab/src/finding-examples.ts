/** Findings of a check, by code: a destination of the lab that shows it, and one that must not. */

export interface FindingExample {
  readonly shownBy: string;
  /** Mostly one that comes near. */
  readonly notBy: string;
}

function example(shownBy: string, notBy: string): FindingExample {
  return { shownBy: `${shownBy}.example`, notBy: `${notBy}.example` };
}

export const FINDING_EXAMPLES: Readonly<Record<string, FindingExample>> = {
  // The mail domain
  'domain-unsigned': example('keys-without-ds', 'signed-unsigned-host'),
  'domain-bogus': example('forged-mx', 'expired-at-one'),
  'mx-none': example('no-mx', 'null-mx'),
  'mx-null': example('null-mx', 'null-mx-mixed'),
  'mx-null-mixed': example('null-mx-mixed', 'null-mx'),
  'mx-address': example('mx-address', 'mx-unresolvable'),
  'mx-unresolvable': example('mx-unresolvable', 'backup-down'),
  'mx-unsigned-host': example('signed-unsigned-host', 'no-tlsa'),
  'mx-partial': example('partial', 'backup-down'),
  'mx-cname': example('cname-mx', 'alias'),
  'mx-backup-greylists': example('primary-broken', 'backup-down'),
  // DNS behaviour
  'tlsa-lookup-fails': example('tlsa-servfail-one', 'lame-server'),
  'denial-broken': example('ent-nxdomain', 'no-tlsa'),
  'servers-disagree': example('two-versions', 'expired-at-one'),
  'signature-expires': example('expired-at-one', 'good-311'),
  'nsec3-iterations': example('nsec3-iterated', 'nsec3'),
  'algorithm-weak': example('sha1-zone', 'rsa'),
  'ds-sha1': example('ds-sha1', 'rsa'),
  'key-small': example('key-small', 'rsa'),
  'dnskey-no-ds': example('spare-key', 'rsa'),
  'ds-no-key': example('ds-left-over', 'spare-key'),
  'ttl-long': example('ttl-long', 'good-311'),
  'ttl-short': example('ttl-short', 'good-311'),
  // TLSA records
  'tlsa-none': example('no-tlsa', 'unusable'),
  'tlsa-mismatch': example('renewed-key', 'rollover'),
  'tlsa-unusable': example('some-unusable', 'many-records'),
  'tlsa-usage-pkix': example('unusable', 'some-unusable'),
  'tlsa-stale': example('stale-records', 'one-key-twice'),
  'tlsa-combination-unmatched': example('combination', 'rollover'),
  'tlsa-full-certificate': example('full-certificate', 'ta-certificate'),
  'tlsa-no-next': example('good-311', 'rollover'),
  'tlsa-fake-rollover': example('one-key-twice', 'rollover'),
  'tlsa-too-many': example('many-records', 'rollover'),
  'tlsa-shared-key': example('shared-key', 'backup-down'),
  'ta-not-sent': example('ta-not-sent', 'good-211'),
  'ta-name': example('wrong-name', 'good-211'),
  'ta-expiry': example('ta-ending', 'good-211'),
  'ta-public-ca-retired': example('retired-ca', 'combination'),
  'ta-selector-0': example('ta-certificate', 'good-211'),
  'record-agility-512-only': example('sha512-only', 'one-key-twice'),
  'record-agility-mixed': example('agility', 'sha512-only'),
  // The host
  'starttls-missing': example('no-starttls', 'starttls-selective'),
  'starttls-selective': example('starttls-selective', 'no-starttls'),
  'starttls-refused': example('starttls-refused', 'closing-at-starttls'),
  'starttls-injection': example('injected-data', 'no-handshake'),
  'tls-fails': example('too-large-chain', 'old-tls'),
  'tls-old': example('old-tls', 'no-handshake'),
  'tls-old-beside': example('old-tls-too', 'old-tls'),
  'address-differs': example('one-bad-address', 'both-algorithms'),
  'algorithm-differs': example('algorithm-differs', 'both-algorithms'),
  'host-unreachable': example('closing-at-starttls', 'renegotiation'),
  'chain-order': example('chain-order', 'good-211'),
  'chain-large': example('large-chain', 'chain-order'),
  'certificate-expired': example('expired-certificate', 'good-311'),
  // Beside DANE
  'sts-absent': example('good-311', 'sts-record-invalid'),
  'sts-invalid': example('sts-redirect', 'sts-testing'),
  'sts-mx-mismatch': example('sts-mismatch', 'sts-testing'),
  'tlsrpt-absent': example('good-311', 'tlsrpt-invalid'),
  'tlsrpt-invalid': example('tlsrpt-invalid', 'sts-good'),
};

const SERVICES = 'a finding on services, which the lab has besides its destinations';

/** Findings that no destination shows, and why. */
export const NOT_IN_THE_LAB: Readonly<Record<string, string>> = {
  'mx-lookup-fails': 'the lab answers; a resolver that cannot reach anything is shown by the unit tests',
  'check-incomplete': 'says that a check ran out of time or means, not what is wrong',
  'sts-expiry': 'the policy host of the lab has one certificate; shown by the unit tests',
  'srv-lookup-fails': SERVICES,
  'srv-none': SERVICES,
  'srv-not-offered': SERVICES,
  'srv-mixed': SERVICES,
  'srv-address': SERVICES,
  'srv-cname': SERVICES,
  'srv-unsigned': SERVICES,
  'srv-partial': SERVICES,
};
