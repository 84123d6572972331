import { decodeRrsig, Name, parseZoneFile, type ResourceRecord, type RRset, RRType } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { Seed } from '../keys/seed.ts';
import { createSigningKey } from '../keys/signing-key.ts';
import { SignedZone } from './signed-zone.ts';
import type { SigningFault } from './signing-fault.ts';
import { Zone } from './zone.ts';

const ORIGIN = Name.fromText('z.example.');
const RECORDS = parseZoneFile(
  '@ SOA ns h 1 1 1 1 300\n@ NS ns\nns A 192.0.2.1\nmx A 192.0.2.2\n_25._tcp.mx TLSA 3 1 1 aa',
  {
    origin: ORIGIN,
  },
);
const DAY = 86_400;
const START = 1_700_000_000;
const seed = new Seed('zone');
const ksk = await createSigningKey('ecdsa-p256', 'ksk', seed, 'z');
const zsk = await createSigningKey('ecdsa-p256', 'zsk', seed, 'z');
const ed = await createSigningKey('ed25519', 'csk', seed, 'z');

function make(
  faults: readonly SigningFault[] = [],
  keys = [ksk, zsk],
): { zone: SignedZone; at(seconds: number): void } {
  let now = START;
  const zone = new SignedZone(ORIGIN, RECORDS, { keys, clock: () => now * 1000, faults });
  return { zone, at: (seconds) => (now = START + seconds) };
}

const rrset = ({ zone }: SignedZone, owner: string, type: number): RRset =>
  zone.rrset(Name.fromText(owner, ORIGIN), type)!;
const signature = (zone: SignedZone, owner: string, type: number): ReturnType<typeof decodeRrsig> =>
  decodeRrsig(zone.signaturesOf(rrset(zone, owner, type))[0]!.rdata);

describe('who signs what', () => {
  const tags = (records: readonly ResourceRecord[]): number[] =>
    records.map(({ rdata }) => decodeRrsig(rdata).keyTag);
  test('the key-signing key signs keys, the zone-signing key the rest', () => {
    const { zone } = make();
    expect(tags(zone.signaturesOf(rrset(zone, '@', RRType.DNSKEY)))).toEqual([ksk.tag]);
    expect(tags(zone.signaturesOf(rrset(zone, 'mx', RRType.A)))).toEqual([zsk.tag]);
  });
  test('every algorithm signs everything', () => {
    const { zone } = make([], [ksk, zsk, ed]);
    expect(tags(zone.signaturesOf(rrset(zone, '@', RRType.DNSKEY)))).toEqual([ksk.tag, ed.tag]);
    expect(tags(zone.signaturesOf(rrset(zone, 'mx', RRType.A)))).toEqual([zsk.tag, ed.tag]);
  });
});

test('signatures are kept until half of their time is over, then made anew', () => {
  const { zone, at } = make();
  const a = rrset(zone, 'mx', RRType.A);
  const first = zone.signaturesOf(a);
  expect(signature(zone, 'mx', RRType.A)).toMatchObject({
    inception: START - 3600,
    expiration: START + 14 * DAY,
  });
  at(7 * DAY - 1);
  expect(zone.signaturesOf(a)).toBe(first);
  at(7 * DAY);
  expect(zone.signaturesOf(a)).not.toBe(first);
  expect(signature(zone, 'mx', RRType.A).expiration).toBe(START + 21 * DAY);
});

describe('faults', () => {
  test('expired and not yet valid', () => {
    expect(signature(make([{ kind: 'expired' }]).zone, 'mx', RRType.A).expiration).toBeLessThan(START);
    expect(signature(make([{ kind: 'not-yet-valid' }]).zone, 'mx', RRType.A).inception).toBeGreaterThan(
      START,
    );
  });
  test('only the types and names that are meant', () => {
    const { zone } = make([{ kind: 'missing', types: [RRType.A], below: Name.fromText('mx', ORIGIN) }]);
    expect(zone.signaturesOf(rrset(zone, 'mx', RRType.A))).toHaveLength(0);
    expect(zone.signaturesOf(rrset(zone, 'ns', RRType.A))).toHaveLength(1);
    expect(zone.signaturesOf(rrset(zone, '_25._tcp.mx', RRType.TLSA))).toHaveLength(1);
  });
  test('can be switched on and off', () => {
    const { zone } = make();
    expect(zone.signaturesOf(rrset(zone, 'mx', RRType.A))).toHaveLength(1);
    zone.setFaults([{ kind: 'missing' }]);
    expect(zone.signaturesOf(rrset(zone, 'mx', RRType.A))).toHaveLength(0);
    zone.setFaults([]);
    expect(zone.signaturesOf(rrset(zone, 'mx', RRType.A))).toHaveLength(1);
  });
});

describe('zones that are none', () => {
  const check = (title: string, text: string, message: string): void => {
    test(title, () => expect(() => Zone.fromText(ORIGIN, text)).toThrow(message));
  };
  check('no SOA', '@ NS ns', 'needs one SOA');
  check('two SOA', '@ SOA ns h 1 1 1 1 1\n@ SOA ns h 2 1 1 1 1', 'needs one SOA');
  check('a record outside', '@ SOA ns h 1 1 1 1 1\nother.example. A 192.0.2.1', 'outside the zone');
});
