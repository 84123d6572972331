/** What a validating resolver must find for each destination: MX, and address and TLSA records of its hosts. */

export interface Statuses {
  readonly mx: string;
  /** Of each MX host, by preference. */
  readonly address?: readonly string[];
  readonly tlsa?: readonly string[];
}

const GOOD: Statuses = { mx: 'secure answer', address: ['secure answer'], tlsa: ['secure answer'] };
const ABSENT: Statuses = { ...GOOD, tlsa: ['secure nxdomain'] };
const UNSIGNED: Statuses = { mx: 'insecure answer', address: ['insecure answer'], tlsa: ['insecure answer'] };
const BOGUS: Statuses = { mx: 'bogus failure' };

const TWO_HOSTS: Statuses = {
  mx: 'secure answer',
  address: ['secure answer', 'secure answer'],
  tlsa: ['secure answer', 'secure answer'],
};

/** Those that differ from a good one. */
export const DIFFERENT: Readonly<Record<string, Statuses>> = {
  'no-mx.example': { mx: 'secure nodata' },
  'alias-to-unsigned.example': { ...GOOD, address: ['insecure answer'] },
  'expired.example': BOGUS,
  'forged-mx.example': BOGUS,
  'bogus-ds.example': BOGUS,
  'expired-tlsa.example': { ...GOOD, tlsa: ['bogus failure'] },
  'broken-denial.example': { ...GOOD, tlsa: ['bogus failure'] },
  'tlsa-servfail.example': { ...GOOD, tlsa: ['indeterminate failure'] },
  'unsigned.example': { ...GOOD, mx: 'insecure answer' },
  'unsigned.test': UNSIGNED,
  'unknown-algorithm.example': UNSIGNED,
  'signed-unsigned-host.example': { ...UNSIGNED, mx: 'secure answer' },
  'no-tlsa.example': ABSENT,
  'null-mx.example': { mx: 'secure answer' },
  'no-such-domain.example': { mx: 'secure nxdomain' },
  'partial.example': {
    mx: 'secure answer',
    address: ['secure answer', 'secure answer'],
    tlsa: ['secure answer', 'secure nxdomain'],
  },
  'backup-down.example': TWO_HOSTS,
  'keys-without-ds.example': UNSIGNED,
  'mx-address.example': { mx: 'secure answer', address: ['secure nxdomain'], tlsa: ['secure nxdomain'] },
  'mx-unresolvable.example': {
    mx: 'secure answer',
    address: ['secure answer', 'secure nxdomain'],
    tlsa: ['secure answer', 'secure nxdomain'],
  },
  'primary-broken.example': TWO_HOSTS,
  'shared-key.example': TWO_HOSTS,
  'sha1-zone.example': UNSIGNED,
  'ds-sha1.example': UNSIGNED,
  'sts-only.example': ABSENT,
  'sts-only-name.example': ABSENT,
  'sts-only-untrusted.example': ABSENT,
  'sts-only-unlisted.example': ABSENT,
  'sts-only-testing.example': ABSENT,
};

export function statusesOf(domain: string): Statuses {
  return DIFFERENT[domain] ?? GOOD;
}

/** The TLSA base domain of an MX host: where its records are. */
export function tlsaBase(host: string): string {
  return host === 'mx.cname-mx.example' ? 'mail.cname-mx.example' : host;
}
