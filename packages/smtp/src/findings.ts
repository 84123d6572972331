/** From the collected data to what an operator should know: pure, one file for each thing that is looked at. */
import { besideFindings } from './findings-beside.ts';
import { domainFindings } from './findings-domain.ts';
import { hostFindings } from './findings-host.ts';
import { inspectionFindings } from './findings-inspection.ts';
import { inClientWords, srvFindings } from './findings-service.ts';
import { tlsaFindings } from './findings-tlsa.ts';
import type { ServiceProtocol } from './service.ts';
import type { DomainCheck, Finding } from './verdict.ts';
import type { Inspection } from './zone-inspection/zone-inspection.ts';

/** All that findings are made of. */
export type Collected = Omit<DomainCheck, 'findings' | 'zones' | 'later'>;

export interface FindingOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Days before a certificate's end from which it is a finding. */
  readonly warnDays: number;
  /** Days before the end of a zone's signatures from which it is one. */
  readonly signatureDays: (zone: string) => number;
  /** What is spoken with the hosts. */
  readonly protocol: ServiceProtocol;
  /** Whether mail is transferred to them, or a client uses a service of theirs. */
  readonly mailTransfer: boolean;
}

/** `inspection`: what the authoritative servers said, or why they were not asked; undefined where nobody wanted to know. */
export function findingsOf(check: Collected, options: FindingOptions, inspection?: Inspection): Finding[] {
  const zones = inspectionFindings(check, options, inspection);
  const told = new Set(zones.map(({ code, subject }) => `${code} ${subject}`));
  // What the servers say one by one tells more than that a lookup through the resolver fails.
  const untold = (finding: Finding): boolean =>
    !(FAILED_LOOKUPS.has(finding.code) && told.has(`${finding.code} ${finding.subject}`));
  const findings = [
    ...domainFindings(check),
    ...srvFindings(check),
    ...check.hosts
      .flatMap((host) => [...tlsaFindings(host, options), ...hostFindings(host, options)])
      .filter(untold),
    ...zones,
    ...besideFindings(check, options),
  ];
  return options.mailTransfer ? findings : inClientWords(findings, options.protocol);
}

const FAILED_LOOKUPS: ReadonlySet<string> = new Set(['tlsa-lookup-fails', 'denial-broken']);
