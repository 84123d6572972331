/** NSEC3 exhaustion (CVE-2023-50868) and other ways to make denials dear. */
import { RRType } from '@mailanchor/dns';
import { authorities, both, header, instead, on } from '../forge.ts';
import { type Attack, EVIL, ground, name, pair, upTo } from './attack.ts';

const NSEC3 = 'NSEC3 exhaustion';
const LONGEST_SALT = 'ab'.repeat(255);
/** As many labels as a name of the zone can have. */
const deep = `${'a.'.repeat(121)}${EVIL}`;

function zoneOf(iterations: number, salt: string) {
  return ground({ keys: pair(EVIL, 13), text: 'www A 192.0.2.80', nsec3: { iterations, salt } });
}

/** Records of the zone, but none that ends the search for the closest encloser. */
function useless(title: string, iterations: number, salt: string): Attack {
  return {
    title,
    family: NSEC3,
    ask: `${deep} A`,
    world: () => {
      const world = zoneOf(iterations, salt);
      const zone = world.zone(EVIL);
      const proofs = [...zone.of('@', 'SOA'), ...zone.matching(name(`www.${EVIL}`))];
      on(`${deep} A`, both(header({ rcode: 3 }), authorities(instead(...proofs))))(world);
      return world;
    },
  };
}

function honestly(
  title: string,
  iterations: number,
  salt: string,
  more: Pick<Attack, 'before' | 'outcome'> = {},
): Attack {
  return {
    title,
    family: NSEC3,
    ask: `${deep} A`,
    world: () => zoneOf(iterations, salt),
    ...more,
  };
}

const KNOWN = { before: [`q.${EVIL} A`] };

export const DENIAL_ATTACKS: readonly Attack[] = [
  useless('50 iterations, 123 labels, records that prove nothing', 50, ''),
  useless('the same, the longest salt', 50, LONGEST_SALT),
  useless('no iterations, 123 labels, records that prove nothing', 0, ''),
  honestly('50 iterations, the longest salt, 123 labels, a zone that means well', 50, LONGEST_SALT),
  honestly('the same, with denials known already', 50, LONGEST_SALT, KNOWN),
  honestly('no iterations, 123 labels, denials known already', 0, '', {
    ...KNOWN,
    outcome: 'nxdomain secure',
  }),
  honestly('500 iterations, the longest salt', 500, LONGEST_SALT, { outcome: 'nxdomain insecure' }),
  honestly('2500 iterations, the longest salt', 2500, LONGEST_SALT),
  {
    title: 'NSEC, a hundred labels, three hundred unsigned proofs',
    family: 'denial',
    ask: `${deep} A`,
    outcome: 'nxdomain secure',
    world: () => {
      const text = upTo(300)
        .map((n) => `n${n} A 192.0.2.1`)
        .join('\n');
      const world = ground({ keys: pair(EVIL, 13), text });
      const zone = world.zone(EVIL);
      const proofs = zone.chain.map(({ records }) => ({ ...records, class: 1, rdata: records.rdatas[0]! }));
      on(`${deep} A`, (message) => ({ ...message, authorities: [...proofs, ...message.authorities] }))(world);
      return world;
    },
  },
  {
    title: 'an unsigned NSEC as the proof of a wildcard',
    family: 'denial',
    ask: `x.w.${EVIL} A`,
    world: () => {
      const world = ground({ keys: pair(EVIL, 13), text: '*.w A 192.0.2.80' });
      on(
        `x.w.${EVIL} A`,
        authorities((records) => records.filter(({ type }) => type !== RRType.RRSIG)),
      )(world);
      return world;
    },
  },
];
