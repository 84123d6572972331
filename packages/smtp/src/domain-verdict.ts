/**
 * From the MX lookup and the standing of each host to the verdict of the domain. A host that takes no connections does not count
 * beside others that do: senders go on to the next.
 *
 *   broken       the MX lookup is bogus, or some host is bogus, tlsa-failed, mismatch or refuses
 *   unknown      the MX lookup failed, or some host's lookups did, or no host that DANE applies to could be asked
 *   unprotected  DANE applies to no host
 *   partial      it applies to some only, or a host has unusable records only, or the MX RRset is insecure
 *   protected    every host that takes connections is verified, by secure MX records
 */
import type { Status } from '@mailanchor/dnssec';
import type { Standing } from './standing.ts';
import type { DomainVerdict } from './verdict.ts';

export interface HostStanding {
  readonly standing: Standing;
  /** Whether a host without DANE takes mail; true as well where no connection was asked for. */
  readonly accepts: boolean;
}

export interface DomainStanding {
  /** Of the MX lookup, its denial included; 'secure' for a host that the caller named. */
  readonly mxStatus: Status;
  readonly hosts: readonly HostStanding[];
}

const BROKEN: ReadonlySet<Standing> = new Set(['bogus', 'tlsa-failed', 'mismatch', 'refuses']);
const UNKNOWN: ReadonlySet<Standing> = new Set(['lookup-failed', 'undetermined']);

export function domainVerdict({ mxStatus, hosts }: DomainStanding): DomainVerdict {
  if (mxStatus === 'bogus') return 'broken';
  if (hosts.some(({ standing }) => BROKEN.has(standing))) return 'broken';
  if (mxStatus === 'indeterminate') return 'unknown';
  if (hosts.some(({ standing }) => UNKNOWN.has(standing))) return 'unknown';

  const has = (...wanted: Standing[]): boolean => hosts.some(({ standing }) => wanted.includes(standing));
  // Nothing here that DANE applies to, reachable or not.
  if (!has('verified', 'unusable', 'unreachable', 'unchecked')) {
    return has('not-dane') ? 'unprotected' : 'unknown';
  }
  const bypassed = hosts.some(({ standing, accepts }) => standing === 'not-dane' && accepts);
  if (has('unusable') || bypassed) return 'partial';
  if (has('unchecked') || !has('verified')) return 'unknown';
  return mxStatus === 'secure' ? 'protected' : 'partial';
}
