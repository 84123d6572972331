/**
 * The findings of `check --sending`: what each may be, when it is told, what it does to mail that leaves, what mends it in general. Codes
 * are stable. docs/findings.md is made from this table.
 */
import type { Finding, Severity } from '@mailanchor/smtp';

interface Entry {
  /** The usual severity first. */
  readonly severities: readonly [Severity, ...Severity[]];
  readonly when: string;
  readonly effect: string;
  readonly fix: string;
}

const NO_DANE = 'Mail goes out without DANE, to domains that publish it too.';

export const SENDING_FINDINGS = {
  'resolver-not-validating': {
    severities: ['error'],
    when: 'a resolver of resolv.conf, asked for the SOA record of the root, gives its signature and no AD bit; or it answers for the name that `--bogus-name` gives',
    effect: 'Nothing counts as secure: mail goes out without DANE. What is forged is believed.',
    fix: 'switch validation on in the resolver, or run one that validates',
  },
  'resolver-strips': {
    severities: ['error', 'warning'],
    when: 'a resolver of resolv.conf leaves out the signature of the SOA record of the root, though asked for it; a warning where it sets the AD bit',
    effect: 'Nobody behind it can validate; without the AD bit mail goes out without DANE.',
    fix: 'run a validating resolver on this machine instead',
  },
  'resolver-no-answer': {
    severities: ['warning', 'error'],
    when: 'a resolver of resolv.conf does not answer, or not with data; an error where none does',
    effect: 'Mail waits for it, and stays in the queue where no other resolver answers.',
    fix: 'see that it runs and is let through, or take it out of resolv.conf',
  },
  'resolver-remote': {
    severities: ['warning'],
    when: 'resolv.conf names another machine',
    effect: 'Whoever is on the way can forge TLSA records, or hide them.',
    fix: 'run a validating resolver on this machine and name it alone',
  },
  'resolv-conf-trust-ad': {
    severities: ['warning'],
    when: 'resolv.conf has no `options trust-ad`',
    effect: 'glibc 2.31 and newer takes the AD bit away from what programs see, and they do no DANE.',
    fix: '`options trust-ad edns0`',
  },
  'clock-wrong': {
    severities: ['error', 'warning'],
    when: "by this machine's clock signatures of the root, or of two zones, are not valid yet, or no signature is valid any more, and they hold at another time; a warning where it is not proven so, and most of three or more name servers have clocks (in their DNS cookies, RFC 9018) that agree and are more than five minutes away. Where no servers tell, a clock that is an hour or less behind, or some days ahead, goes unseen: what was looked at says how much",
    effect: 'To a validating resolver with this clock every signed name is bogus: mail is deferred.',
    fix: 'set the clock, and let a time service keep it',
  },
  'postfix-unreadable': {
    severities: ['warning'],
    when: 'Postfix is installed and `postconf` fails, so that its settings were not seen; the exit status is 5 where nothing else is wrong',
    effect: 'Whether Postfix sends with DANE is unknown; with an error in main.cf it sends nothing at all.',
    fix: 'run it as a user who may read main.cf, or mend what it complains of',
  },
  'postfix-dane-off': {
    severities: ['error', 'notice'],
    when: 'smtp_tls_security_level is not dane; a notice where smtp_tls_policy_maps may set others',
    effect: NO_DANE,
    fix: '`postconf -e smtp_tls_security_level=dane`',
  },
  'postfix-dnssec-off': {
    severities: ['error'],
    when: 'smtp_dns_support_level is not dnssec',
    effect: NO_DANE,
    fix: '`postconf -e smtp_dns_support_level=dnssec`',
  },
  'postfix-search-list': {
    severities: ['warning'],
    when: 'Postfix finds hosts other than by DNS, or appends local domains',
    effect: 'Hosts found that way are delivered to without DANE, or are others than were meant.',
    fix: '`postconf -e smtp_host_lookup=dns smtp_dns_resolver_options=`',
  },
  'postfix-insecure-mx': {
    severities: ['warning'],
    when: 'smtp_tls_dane_insecure_mx_policy is may',
    effect: 'Mail to unsigned domains at hosts with DANE goes out less protected than it could.',
    fix: '`postconf -e smtp_tls_dane_insecure_mx_policy=dane`',
  },
  'postfix-chroot': {
    severities: ['error', 'warning'],
    when: 'the smtp client runs in a chroot whose etc/resolv.conf is not there (a warning where 127.0.0.1 is a resolver all the same), or is another than the system has (a warning)',
    effect: 'The client asks other resolvers than the system does: 127.0.0.1 where there is no file.',
    fix: 'no chroot for the client, or the file copied into the queue directory',
  },
  'port-25-blocked': {
    severities: ['error', 'warning'],
    when: 'of the mail hosts of the domains that are given with `--sending`, no address takes a connection: refused or not answered; a warning where it was one host only',
    effect: 'No mail goes out at all.',
    fix: 'have port 25 opened outwards, or send through a relay',
  },
  'check-incomplete': {
    severities: ['info'],
    when: 'something could not be looked at, and why',
    effect: 'The result does not cover this.',
    fix: 'mend what is in the way, and look again',
  },
} as const satisfies Readonly<Record<string, Entry>>;

export type SendingCode = keyof typeof SENDING_FINDINGS;

export interface SendingFinding extends Finding {
  readonly code: SendingCode;
}

/** A finding with the table's usual severity and its effect, unless told otherwise. */
export function sendingFinding(
  code: SendingCode,
  subject: string,
  text: string,
  more: { severity?: Severity; effect?: string; fix?: string } = {},
): SendingFinding {
  const { severities, effect } = SENDING_FINDINGS[code];
  return { code, severity: severities[0], subject, text, effect, ...more };
}

/** What was not looked at, and why. */
export function incomplete(subject: string, text: string): SendingFinding {
  return sendingFinding('check-incomplete', subject, text);
}
