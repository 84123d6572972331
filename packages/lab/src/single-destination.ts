/** The destination that most of the tables vary. */
import type { DestinationSpec, HostSpec, ZoneSpec } from './destination-spec.ts';

/** One zone, whose MX is its host `mx`, that verifies unless told otherwise. */
export function single(
  domain: string,
  spec: Omit<DestinationSpec, 'domain' | 'zones' | 'hosts' | 'verdict' | 'hostVerdicts'> &
    Partial<Pick<DestinationSpec, 'verdict' | 'hostVerdicts'>>,
  { zone, host }: { zone?: Partial<ZoneSpec>; host?: Partial<HostSpec> } = {},
): DestinationSpec {
  const name = `mx.${domain}`;
  return {
    domain,
    verdict: 'protected',
    hostVerdicts: [[name, 'verified']],
    zones: [{ origin: domain, records: '@ MX 10 mx', ...zone }],
    hosts: [{ name, ...host }],
    ...spec,
  };
}
