/** What the servers are asked for a destination: every name that its plan rests on, and the names above its TLSA records. */
import { DnsError, Name, RRType } from '@mailanchor/dns';
import type { AliasReport, DomainDns, HostPlan } from '../verdict.ts';
import type { InspectedQuestion } from './zone-inspection.ts';

/** MX of the domain and of the names that it is an alias of. */
export function domainQuestions({ outcome, domain, aliases }: DomainDns): InspectedQuestion[] {
  if (outcome === 'not-asked') return [];
  return [domain, ...targets(aliases)].flatMap((name) => question(name, RRType.MX));
}

/** Addresses, TLSA records and the empty non-terminal above them (rfc7672#section-2.1.1), for one host. */
export function hostQuestions({ host, aliases, tlsa }: HostPlan): InspectedQuestion[] {
  const addresses = [host, ...targets(aliases)].flatMap((name) => [
    ...question(name, RRType.A),
    ...question(name, RRType.AAAA),
  ]);
  const records = tlsa.questions.flatMap(({ name, base, aliases: links }) => [
    ...[name, ...targets(links)].flatMap((owner) => question(owner, RRType.TLSA)),
    // Resolvers that minimise names ask for this one on the way (rfc9156).
    ...question(`_tcp.${base}`, RRType.A),
  ]);
  return [...addresses, ...records];
}

function targets(aliases: readonly AliasReport[]): string[] {
  return aliases.map(({ target }) => target);
}

/** Nothing for what is no name: an MX that names an address. */
function question(text: string, type: number): InspectedQuestion[] {
  try {
    return [{ name: Name.fromText(text), type }];
  } catch (error) {
    if (error instanceof DnsError) return [];
    throw error;
  }
}
