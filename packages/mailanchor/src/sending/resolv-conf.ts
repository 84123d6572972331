/** What `/etc/resolv.conf` means for a mail server that wants DANE: glibc's rules, as resolv.conf(5) has them. */
import { isIP } from 'node:net';
import type { SendingFinding } from './finding-table.ts';

export interface ResolvConf {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/** glibc takes no more. */
const MAX_NAMESERVERS = 3;

export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = [];
  let search: string[] = [];
  const options: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/^\s*[#;].*/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver' && values[0] !== undefined) nameservers.push(values[0]);
    // Of several lines the last counts.
    else if (keyword === 'search' || keyword === 'domain') search = values;
    else if (keyword === 'options') options.push(...values);
  }
  // Without any, the local machine is asked.
  const used = nameservers.length === 0 ? ['127.0.0.1'] : nameservers.slice(0, MAX_NAMESERVERS);
  return { nameservers: used, search, options };
}

export function resolvConfFindings({ nameservers, options }: ResolvConf, path: string): SendingFinding[] {
  const findings: SendingFinding[] = [];
  const remote = nameservers.filter((address) => !isLoopback(address));
  if (remote.length > 0) {
    findings.push({
      code: 'resolver-remote',
      severity: 'warning',
      subject: path,
      text: `The resolver ${remote.join(', ')} is another machine: its word that an answer is secure crosses the network unprotected.`,
      effect: 'Whoever is on the way can forge TLSA records, or hide them.',
      fix: 'Run a validating resolver on this machine and name it alone:\nnameserver 127.0.0.1',
    });
  }
  if (!options.includes('trust-ad')) {
    findings.push({
      code: 'resolv-conf-trust-ad',
      severity: 'warning',
      subject: path,
      text: 'The option trust-ad is not set, and glibc 2.31 and newer then takes away the mark of secure answers.',
      effect:
        'A mail server that relies on glibc, such as Postfix, sees no answer as secure and does no DANE.',
      fix: 'Add the line:\noptions trust-ad edns0',
    });
  }
  return findings;
}

function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}
