/** What a destination publishes of MTA-STS and TLSRPT: records, and the policy that its policy host serves. */
import { encodeA, encodeTxt, Name, type ResourceRecord, RRClass, RRType } from '@mailanchor/dns';
import type { DestinationSpec } from './destination-spec.ts';
import type { ServedPolicy } from './mail/policy-host.ts';

/** Where all policies of the lab are served. */
export const POLICY_ADDRESS = '127.53.0.6';
/** Seconds. */
const TTL = 3600;
const RECORD = 'v=STSv1; id=20260101000000';

export function besideRecords({ domain, sts, tlsrpt }: DestinationSpec): ResourceRecord[] {
  const name = Name.fromText(domain);
  const txt = (owner: Name, text: string): ResourceRecord => ({
    name: owner,
    type: RRType.TXT,
    class: RRClass.IN,
    ttl: TTL,
    rdata: encodeTxt({ strings: [Buffer.from(text)] }),
  });
  const address = {
    name: name.prepend('mta-sts'),
    type: RRType.A,
    class: RRClass.IN,
    ttl: TTL,
    rdata: encodeA(POLICY_ADDRESS),
  };
  return [
    ...(sts ? [txt(name.prepend('_mta-sts'), sts.record ?? RECORD), address] : []),
    ...(tlsrpt === undefined ? [] : [txt(name.prepend('_tls').prepend('_smtp'), tlsrpt)]),
  ];
}

/** By policy host. */
export function servedPolicies(specs: readonly DestinationSpec[]): Map<string, ServedPolicy> {
  return new Map(
    specs.flatMap(({ domain, hosts = [], sts }) => {
      if (!sts) return [];
      const mx = hosts.map(({ name }) => `mx: ${name}\n`).join('');
      const body = sts.policy ?? `version: STSv1\nmode: enforce\n${mx}max_age: 604800\n`;
      return [[`mta-sts.${domain}`, { body, fault: sts.fault }] as const];
    }),
  );
}
