/** Postfix's settings for outgoing mail, as postconf(5) has them, and what is in the way of DANE. */
import type { Severity } from '@mailanchor/smtp';
import type { SendingCode, SendingFinding } from './finding-table.ts';

export type Postconf = ReadonlyMap<string, string>;

/** The output of `postconf`: `name = value`, a line each. */
export function parsePostconf(text: string): Postconf {
  const settings = new Map<string, string>();
  for (const line of text.split('\n')) {
    const setting = /^([A-Za-z0-9_]+) =(?: (.*))?$/.exec(line);
    if (setting) settings.set(setting[1]!, (setting[2] ?? '').trim());
  }
  return settings;
}

export function postfixFindings(settings: Postconf): SendingFinding[] {
  const value = (name: string): string => settings.get(name) ?? '';
  const findings: SendingFinding[] = [];
  const add = (code: SendingCode, severity: Severity, text: string, effect: string, fix: string): unknown =>
    findings.push({ code, severity, subject: 'Postfix', text, effect, fix });
  const off = 'Mail goes out without DANE, to domains that publish it too.';
  const level = value('smtp_tls_security_level');
  const dane = level === 'dane' || level === 'dane-only';
  if (!dane) {
    const is = level === '' ? 'not set' : level;
    add(
      'postfix-dane-off',
      'error',
      `smtp_tls_security_level is ${is}, not dane.`,
      off,
      'postconf -e smtp_tls_security_level=dane smtp_dns_support_level=dnssec',
    );
  }
  if (dane && value('smtp_tls_policy_maps') !== '') {
    add(
      'postfix-dane-off',
      'notice',
      `smtp_tls_policy_maps (${value('smtp_tls_policy_maps')}) may set other levels for some destinations.`,
      'A level there counts instead of dane.',
      'See that no entry sets may, encrypt or none for a domain that has DANE.',
    );
  }
  if (value('smtp_dns_support_level') !== 'dnssec') {
    const is = value('smtp_dns_support_level') || 'not set';
    add(
      'postfix-dnssec-off',
      'error',
      `smtp_dns_support_level is ${is}, not dnssec: Postfix asks for no proof and does no DANE.`,
      off,
      'postconf -e smtp_dns_support_level=dnssec',
    );
  }
  const lookup = value('smtp_host_lookup');
  if (lookup !== '' && lookup !== 'dns') {
    add(
      'postfix-search-list',
      'warning',
      `smtp_host_lookup is "${lookup}": hosts may be found other than by DNS, where nothing is secure.`,
      'Hosts found that way are delivered to without DANE.',
      'postconf -e smtp_host_lookup=dns',
    );
  }
  if (
    value('smtp_dns_resolver_options').includes('res_dnsrch') ||
    value('smtp_dns_resolver_options').includes('res_defnames')
  ) {
    add(
      'postfix-search-list',
      'warning',
      'smtp_dns_resolver_options appends local domains to names that are looked up.',
      'A name of your own domain can stand in for the one that was meant.',
      'postconf -e smtp_dns_resolver_options=',
    );
  }
  const insecure = value('smtp_tls_dane_insecure_mx_policy');
  if (insecure === 'may') {
    add(
      'postfix-insecure-mx',
      'warning',
      'smtp_tls_dane_insecure_mx_policy is may: hosts of unsigned domains are not authenticated by the TLSA records that they have.',
      'Mail to unsigned domains at hosts with DANE goes out less protected than it could.',
      'postconf -e smtp_tls_dane_insecure_mx_policy=dane',
    );
  }
  return findings;
}
