/** The bed's domains and the questions that are asked about each. */
import { type Network, readTable } from './bed.ts';
import type { Question } from './compare.ts';

export interface BedDomain {
  readonly domain: string;
  /** Where mail is asked for: the domain, or a name below it under a wildcard. */
  readonly qname: string;
  /** `secure-311`, `bogus-denial`, `insecure-host`: nineteen of them. */
  readonly kind: string;
  /** Status of the MX question, or `nodata`, `nxdomain`. */
  readonly mxStatus: string;
  readonly hosts: readonly string[];
}

export function readDomains(bed: Network): readonly BedDomain[] {
  return readTable(bed, 'domains.tsv').map(
    ([domain = '', qname = '', kind = '', mxStatus = '', mxHosts = '']) => ({
      domain,
      qname,
      kind,
      mxStatus,
      hosts: mxHosts.split(',').filter((host) => host !== '-' && host !== '.'),
    }),
  );
}

/** What a sender asks: MX, and of each host addresses and TLSA. */
export function questionsOfMail({ qname, hosts }: BedDomain): readonly Question[] {
  return [
    [qname, 'MX'],
    ...hosts.flatMap((host): readonly Question[] => [
      [host, 'A'],
      [host, 'AAAA'],
      [`_25._tcp.${host}`, 'TLSA'],
    ]),
  ];
}

/** What else is there, and what is not. */
export function questionsBeside({ domain }: BedDomain): readonly Question[] {
  return [
    ...['DS', 'DNSKEY', 'SOA', 'NS', 'TXT', 'A', 'AAAA', 'TLSA'].map((type): Question => [domain, type]),
    [`www.${domain}`, 'A'],
    [`www.${domain}`, 'MX'],
    [`absent.${domain}`, 'A'],
    [`a.deep.absent.${domain}`, 'TLSA'],
  ];
}
