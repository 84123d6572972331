/** From the collected data to what an operator should know: pure, one file for each thing that is looked at. */
import { domainFindings } from './findings-domain.ts';
import { hostFindings } from './findings-host.ts';
import { inClientWords, srvFindings } from './findings-service.ts';
import { tlsaFindings } from './findings-tlsa.ts';
import type { ServiceProtocol } from './service.ts';
import type { DomainCheck, Finding } from './verdict.ts';

/** All that findings are made of. */
export type Collected = Omit<DomainCheck, 'findings'>;

export interface FindingOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Days before a certificate's end from which it is a finding. */
  readonly warnDays: number;
  /** What is spoken with the hosts. */
  readonly protocol: ServiceProtocol;
  /** Whether mail is transferred to them, or a client uses a service of theirs. */
  readonly mailTransfer: boolean;
}

export function findingsOf(check: Collected, options: FindingOptions): Finding[] {
  const findings = [
    ...domainFindings(check),
    ...srvFindings(check),
    ...check.hosts.flatMap((host) => [...tlsaFindings(host, options), ...hostFindings(host, options)]),
  ];
  return options.mailTransfer ? findings : inClientWords(findings, options.protocol);
}
