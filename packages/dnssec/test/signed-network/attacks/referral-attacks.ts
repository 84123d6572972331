/** Attacks by the packets that a question makes the resolver send: NXNSAttack (CVE-2020-12667), CAMP, and the like. */
import {
  encodeA,
  encodeSingleName,
  type Message,
  type Name,
  Name as Names,
  RRType,
  responseTo,
} from '@mailanchor/dns';
import { answers, header, movedTo, on, unsigned } from '../forge.ts';
import { dsRdata } from '../sign.ts';
import type { World, WorldOptions } from '../world.ts';
import {
  type Attack,
  adversary,
  EVIL,
  EVIL_SERVER,
  ground,
  HONEST,
  name,
  pair,
  record,
  upTo,
} from './attack.ts';

const VICTIM = 'victim.test.';
const NXNS = 'NXNSAttack';
const deep = 'a.b.c.d.e.f.g.h.i.j.k.l.';

function referral(query: Message, zone: Name, servers: readonly string[]): Message {
  return responseTo(query, {
    authorities: servers.map((server) => record(zone, RRType.NS, encodeSingleName(name(server)))),
  });
}

/** Nothing here is signed but what is above: signatures would only slow the attacker down. */
function unsignedGround(options?: WorldOptions): World {
  return ground({ keys: [] }, [{ name: VICTIM, keys: [], text: 'www A 192.0.2.80' }], options);
}

function camp(title: string, options: WorldOptions, withoutEdns = false): Attack {
  return {
    title,
    family: 'CAMP',
    ask: `${deep}x.${EVIL} A`,
    world: () => {
      let n = 0;
      const world = adversary(unsignedGround(options), ({ name: asked }, query) => {
        n++;
        if (asked.labelCount >= 13)
          return responseTo(query, {
            aa: true,
            answers: [record(asked, RRType.CNAME, encodeSingleName(name(`${deep}x${n}.${EVIL}`)))],
          });
        if (asked.labelCount !== 3) return undefined;
        const servers = upTo(50).map((i) => `${deep}n${n}-${i}.${i % 2 ? EVIL : VICTIM}`);
        return referral(query, asked, servers);
      });
      if (withoutEdns) {
        // Each question is asked twice.
        world.network.mutate((message, query) => {
          const { edns: echoed, ...rest } = message;
          return echoed && query.edns ? { ...rest, rcode: 1, answers: [], authorities: [] } : rest;
        }, EVIL_SERVER);
      }
      return world;
    },
  };
}

/** The first answer is odd, from whichever server; TuDoor (CVE-2024-33655 and its like) counts on that ending the question. */
function odd(title: string, edit: (message: Message) => Message | 'silent'): Attack {
  return {
    title,
    family: 'TuDoor',
    outcome: 'answer secure',
    ask: `www.${EVIL} A`,
    world: () => {
      const world = ground({
        keys: pair(EVIL, 13),
        text: 'www A 192.0.2.80',
        servers: [EVIL_SERVER, '192.0.2.33'],
      });
      let count = 0;
      on(`www.${EVIL} A`, (message) => (count++ === 0 ? edit(message) : undefined))(world);
      return world;
    },
  };
}

export const REFERRAL_ATTACKS: readonly Attack[] = [
  {
    title: 'a referral to a thousand servers of the victim',
    family: NXNS,
    ask: `www.sub.${EVIL} A`,
    world: () => {
      const cut = name(`sub.${EVIL}`);
      const servers = upTo(1000).map((n) => `n${n}.${VICTIM}`);
      return adversary(unsignedGround(), ({ name: asked }, query) =>
        asked.isAtOrBelow(cut) ? referral(query, cut, servers) : undefined,
      );
    },
  },
  {
    title: 'each name server behind another such referral',
    family: NXNS,
    ask: `www.sub.${EVIL} A`,
    world: () => {
      let n = 0;
      return adversary(unsignedGround(), ({ name: asked }, query) => {
        if (asked.labelCount < 3) return undefined;
        n++;
        const servers = upTo(1000).map((i) => (i % 2 ? `v${n}-${i}.${VICTIM}` : `e${n}-${i}.${EVIL}`));
        return referral(query, asked.ancestor(3), servers);
      });
    },
  },
  {
    title: 'a referral to a thousand addresses of the victim',
    family: NXNS,
    ask: `www.sub.${EVIL} A`,
    world: () => {
      const cut = name(`sub.${EVIL}`);
      const servers = upTo(40).map((n) => `ns${n}.sub.${EVIL}`);
      const additionals = upTo(1000).map((n) =>
        record(servers[n % 40]!, RRType.A, encodeA(`198.51.${100 + (n >> 8)}.${n & 255}`)),
      );
      return adversary(unsignedGround(), ({ name: asked }, query) =>
        asked.isAtOrBelow(cut) ? { ...referral(query, cut, servers), additionals } : undefined,
      );
    },
  },
  camp('aliases, referrals and minimised names together', { qnameMinimisation: 'on' }),
  camp('the same, relaxed minimisation', {}),
  camp('the same, FORMERR to EDNS', { qnameMinimisation: 'on' }, true),
  {
    title: 'every alias leads to another, in unsigned zones',
    family: 'aliases',
    ask: `x.${EVIL} A`,
    world: () => {
      let n = 0;
      return adversary(unsignedGround(), ({ name: asked }, query) =>
        asked.labelCount < 3
          ? undefined
          : responseTo(query, {
              aa: true,
              answers: [record(asked, RRType.CNAME, encodeSingleName(name(`x${n++}.${EVIL}`)))],
            }),
      );
    },
  },
  {
    title: 'referrals one label down, as deep as names go',
    family: 'referrals',
    ask: `${'a.'.repeat(120)}${EVIL} A`,
    world: () => {
      let labels = 2;
      return adversary(unsignedGround(), ({ name: asked }, query) => {
        if (asked.labelCount < 3) return undefined;
        labels++;
        return referral(query, asked.ancestor(Math.min(asked.labelCount, labels)), [`ns1.${EVIL}`]);
      });
    },
  },
  odd('nothing at all from the first server', (message) => ({ ...message, answers: [], authorities: [] })),
  odd('an unknown response code', (message) => ({ ...message, rcode: 14, answers: [], authorities: [] })),
  odd('a referral upwards', (message) => ({
    ...message,
    aa: false,
    answers: [],
    authorities: [record(Names.root, RRType.NS, encodeSingleName(name('ns1.')))],
  })),
  odd('the answer for another name', (message) => ({
    ...message,
    answers: movedTo(`w.${EVIL}`)(message.answers),
  })),
  odd('a malformed record', (message) => ({
    ...message,
    answers: message.answers.map((each) => ({ ...each, type: RRType.CNAME, rdata: Uint8Array.of(9, 9) })),
  })),
  odd('no packet', () => 'silent'),
  {
    title: 'a server of the Internet speaks for a forwarded zone',
    family: 'MaginotDNS',
    outcome: 'answer insecure',
    ask: `www.${EVIL} A`,
    world: () => {
      const forwardZones = [{ zone: name(VICTIM), servers: [{ address: '192.0.2.4', port: 53 }] }];
      const world = ground(
        { keys: [], text: `www CNAME www.${VICTIM}` },
        [{ name: VICTIM, keys: [], text: 'www A 192.0.2.80' }],
        { forwardZones },
      );
      const forged = record(`www.${VICTIM}`, RRType.A, encodeA('192.0.2.66'));
      const servers = record(VICTIM, RRType.NS, encodeSingleName(name(`ns.${EVIL}`)));
      world.network.mutate(
        (message) => ({
          ...message,
          answers: [...message.answers, forged],
          authorities: [...message.authorities, servers],
          additionals: [...message.additionals, forged],
        }),
        EVIL_SERVER,
      );
      return world;
    },
  },
  {
    title: 'an island of trust below an insecure parent, its signatures stripped',
    family: 'island',
    ask: `www.island.${EVIL} A`,
    world: () => {
      const island = `island.${EVIL}`;
      const keys = pair(island, 13);
      const anchor = record(island, RRType.DS, dsRdata(name(island), keys[0]));
      const root = HONEST.world().anchor('.');
      const world = ground({ keys: [] }, [{ name: island, keys, text: 'www A 192.0.2.80' }], {
        trustAnchors: [...root, anchor],
      });
      on(`www.${island} A`, answers(unsigned))(world);
      return world;
    },
  },
  {
    title: 'a denial signed by nobody, for a name that exists',
    family: 'denial',
    ask: `www.${EVIL} A`,
    world: () => {
      const world = ground({ keys: pair(EVIL, 13), text: 'www A 192.0.2.80' });
      on(`www.${EVIL} A`, header({ rcode: 3, answers: [], authorities: [] }))(world);
      return world;
    },
  },
];
