import { encodeDnskey, Name, type ResourceRecord, RRType } from '@mailanchor/dns';
import { describe, expect, test } from 'vitest';
import { dsRdata, NOW, rrsigRdata } from '../test/signed-network/sign.ts';
import {
  KSK,
  REVOKED,
  type SigningKey,
  signingKey,
  withFlags,
  ZSK,
} from '../test/signed-network/signing-key.ts';
import { World } from '../test/signed-network/world.ts';
import { TTL } from '../test/signed-network/zone.ts';
import { DnssecError } from './errors.ts';
import { queryInterval, retryTime, type TrustAnchorState } from './trust-anchor-state.ts';
import { keysFrom, TrustAnchorStore, type TrustAnchorStoreOptions } from './trust-anchor-store.ts';

const ROOT = Name.root;
const HOUR = 3600;
const DAY = 86_400;
const A = signingKey('.', 15, 0);
const B = signingKey('.', 15, 1);
const C = signingKey('.', 15, 2);
const DATA = signingKey('.', 15, 3, ZSK);
const revoked = (key: SigningKey) => withFlags(key, KSK | REVOKED);

/** A trust point whose keys and signers change, on a clock that stands still; signatures last 14 days. */
class Rollover {
  now = NOW;
  keys: readonly SigningKey[] = [A, DATA];
  signers: readonly SigningKey[] = [A];
  answers = true;
  asked = 0;
  saved: TrustAnchorState | undefined;
  readonly changes: string[] = [];
  readonly timers: { ms: number; action: () => void }[] = [];
  store!: TrustAnchorStore;

  readonly anchor = (key: SigningKey, type: number = RRType.DS): ResourceRecord => ({
    name: ROOT,
    type,
    class: 1,
    ttl: TTL,
    rdata: type === RRType.DS ? dsRdata(ROOT, key) : key.rdata,
  });

  records(): ResourceRecord[] {
    const rdatas = this.keys.map(({ rdata }) => rdata);
    const rrset = { name: ROOT, type: RRType.DNSKEY, ttl: 2 * DAY, rdatas };
    const times = { inception: this.now - DAY, expiration: this.now + 14 * DAY };
    return [
      ...rdatas.map((rdata) => ({ name: ROOT, type: RRType.DNSKEY, class: 1, ttl: 2 * DAY, rdata })),
      ...this.signers.map((key) => ({
        name: ROOT,
        type: RRType.RRSIG,
        class: 1,
        ttl: 2 * DAY,
        rdata: rrsigRdata(rrset, ROOT, key, times),
      })),
    ];
  }

  async open(
    configured: readonly ResourceRecord[] = [this.anchor(A)],
    more: Partial<TrustAnchorStoreOptions> = {},
  ): Promise<this> {
    this.store = await TrustAnchorStore.open({
      configured,
      fetch: async () => {
        this.asked++;
        return this.answers ? this.records() : undefined;
      },
      // As a file gives it back.
      load: () => this.saved && JSON.parse(JSON.stringify(this.saved)),
      save: (state) => {
        this.saved = state;
      },
      clock: () => this.now * 1000,
      schedule: (ms, action) => {
        const timer = { ms, action };
        this.timers.push(timer);
        return () => this.timers.splice(this.timers.indexOf(timer), 1);
      },
      onChange: (changes) => {
        for (const { tag, from, to } of changes)
          this.changes.push(`${this.#label(tag)} ${from ?? 'start'} ${to ?? 'start'}`);
      },
      ...more,
    });
    return this;
  }

  #label(tag: number): string {
    return tag === A.tag ? 'A' : tag === B.tag ? 'B' : tag === C.tag ? 'C' : String(tag);
  }

  async refresh(afterSeconds = 0): Promise<this> {
    this.now += afterSeconds;
    await this.store.refresh({ all: true });
    return this;
  }

  /** Phases by key. */
  get phases(): Record<string, string> {
    return Object.fromEntries(
      this.store.state().points[0]!.keys.map(({ tag, phase }) => [this.#label(tag), phase]),
    );
  }

  /** Keys that are trusted. */
  get trusted(): string {
    return this.store
      .anchors()
      .map(({ type, rdata }) =>
        [A, B, C]
          .flatMap((key, i) => {
            const own = type === RRType.DS ? dsRdata(ROOT, key) : key.rdata;
            return Buffer.compare(own, rdata) === 0 ? ['ABC'[i]! + (type === RRType.DS ? ' by DS' : '')] : [];
          })
          .join(),
      )
      .join(', ');
  }
}

const begun = async (...configured: readonly SigningKey[]) => {
  const world = new Rollover();
  await world.open((configured.length > 0 ? configured : [A]).map((key) => world.anchor(key)));
  return world;
};

describe('rule 9: RFC 5011', () => {
  test('a key that is configured is trusted, by its digest until it is seen', async () => {
    const world = await begun();
    expect(world.trusted).toBe('A by DS');
    await world.refresh();
    expect(world.trusted).toBe('A');
    expect(world.changes).toEqual(['A start valid']);
  });

  test('a rollover: B is added, held down for 30 days, trusted; A is revoked, then removed', async () => {
    const world = await begun();
    await world.refresh();
    world.keys = [A, B, DATA];
    await world.refresh(DAY);
    expect(world.phases).toEqual({ A: 'valid', B: 'add-pend' });
    for (let day = 0; day < 29; day++) await world.refresh(DAY);
    expect(world.trusted).toBe('A');
    await world.refresh(DAY);
    expect(world.phases).toEqual({ A: 'valid', B: 'valid' });
    expect(world.trusted).toBe('A, B');
    world.signers = [B];
    await world.refresh(DAY);
    world.keys = [revoked(A), B, DATA];
    world.signers = [revoked(A), B];
    await world.refresh(DAY);
    expect(world.phases).toEqual({ A: 'revoked', B: 'valid' });
    expect(world.trusted).toBe('B');
    world.keys = [B, DATA];
    world.signers = [B];
    await world.refresh(29 * DAY);
    expect(world.phases['A']).toBe('revoked');
    await world.refresh(DAY);
    expect(world.phases['A']).toBe('removed');
    expect(world.changes).toEqual([
      'A start valid',
      'B start add-pend',
      'B add-pend valid',
      'A valid revoked',
      'A revoked removed',
    ]);
    // What is removed does not come back as a new key.
    world.keys = [A, B, DATA];
    await world.refresh(DAY);
    await world.refresh(40 * DAY);
    expect(world.trusted).toBe('B');
  });

  test.each<[string, (world: Rollover) => Promise<unknown>, Record<string, string>, string]>([
    [
      'KeyRem: a pending key that is missing once begins anew',
      async (world) => {
        world.keys = [A, B];
        await world.refresh(DAY);
        world.keys = [A];
        await world.refresh(20 * DAY);
        world.keys = [A, B];
        await world.refresh(DAY);
        await world.refresh(15 * DAY);
      },
      { A: 'valid', B: 'add-pend' },
      'A',
    ],
    [
      'KeyRem and KeyPres: a trusted key that is gone stays trusted',
      async (world) => {
        world.keys = [A, B];
        await world.refresh(DAY);
        await world.refresh(31 * DAY);
        world.keys = [B];
        world.signers = [B];
        await world.refresh(DAY);
      },
      { A: 'missing', B: 'valid' },
      'A, B',
    ],
    [
      'KeyPres: and is valid again when it is back',
      async (world) => {
        world.keys = [A, B];
        await world.refresh(DAY);
        await world.refresh(31 * DAY);
        world.keys = [B];
        world.signers = [B];
        await world.refresh(DAY);
        world.keys = [A, B];
        await world.refresh(DAY);
      },
      { A: 'valid', B: 'valid' },
      'A, B',
    ],
    [
      'RevBit without the key’s own signature changes nothing but that the key is missing',
      async (world) => {
        world.keys = [A, B];
        await world.refresh(DAY);
        await world.refresh(31 * DAY);
        world.keys = [revoked(A), B];
        world.signers = [B];
        await world.refresh(DAY);
      },
      { A: 'missing', B: 'valid' },
      'A, B',
    ],
    [
      'a missing key can be revoked',
      async (world) => {
        world.keys = [A, B];
        await world.refresh(DAY);
        await world.refresh(31 * DAY);
        world.keys = [B];
        world.signers = [B];
        await world.refresh(DAY);
        world.keys = [revoked(A), B];
        world.signers = [revoked(A), B];
        await world.refresh(DAY);
      },
      { A: 'revoked', B: 'valid' },
      'B',
    ],
    [
      'a revoked key vouches for nobody: its RRset adds no keys',
      async (world) => {
        world.keys = [A, revoked(A), C];
        world.signers = [revoked(A), A];
        await world.refresh(DAY);
      },
      { A: 'revoked' },
      '',
    ],
    [
      'an RRset that nobody trusted signs is as good as no answer',
      async (world) => {
        world.keys = [A, C];
        world.signers = [C];
        await world.refresh(DAY);
      },
      { A: 'valid' },
      'A',
    ],
    [
      'a key without the SEP bit is no trust anchor to be',
      async (world) => {
        world.keys = [A, DATA, withFlags(B, ZSK)];
        await world.refresh(DAY);
        await world.refresh(40 * DAY);
      },
      { A: 'valid' },
      'A',
    ],
    [
      'a new key that appears revoked is none',
      async (world) => {
        world.keys = [A, revoked(B)];
        world.signers = [A, revoked(B)];
        await world.refresh(DAY);
      },
      { A: 'valid' },
      'A',
    ],
    [
      'a pending key that is revoked is forgotten',
      async (world) => {
        world.keys = [A, B];
        await world.refresh(DAY);
        world.keys = [A, revoked(B)];
        world.signers = [A, revoked(B)];
        await world.refresh(DAY);
      },
      { A: 'valid' },
      'A',
    ],
    [
      'five keys and more can be followed (rfc5011#section-2.4.3)',
      async (world) => {
        world.keys = [A, B, C, ...[4, 5, 6].map((n) => signingKey('.', 15, n))];
        await world.refresh(DAY);
        await world.refresh(31 * DAY);
        world.keys = [A, B, C];
        await world.refresh(DAY);
      },
      expect.objectContaining({ A: 'valid', B: 'valid', C: 'valid' }),
      expect.stringMatching(/^A, B, C(, ){3}$/),
    ],
  ])('%s', async (_, change, phases, trusted) => {
    const world = await begun();
    await world.refresh();
    await change(world);
    expect(world.phases).toEqual(phases);
    expect(world.trusted).toEqual(trusted);
  });

  test('two anchors: one not published yet stays trusted by its digest', async () => {
    const world = await begun(A, B);
    await world.refresh();
    expect(world.trusted).toBe('A, B by DS');
    world.keys = [A, B];
    await world.refresh(DAY);
    // Configured: nothing to wait for.
    expect(world.trusted).toBe('A, B');
  });

  test('a DNSKEY as anchor', async () => {
    const world = new Rollover();
    await world.open([world.anchor(A, RRType.DNSKEY)]);
    expect(world.trusted).toBe('A');
    world.keys = [revoked(A)];
    world.signers = [revoked(A)];
    await world.refresh();
    expect(world.trusted).toBe('');
  });

  test('a key revoked before it was ever seen does not come in by its digest', async () => {
    const world = await begun(A, B);
    world.keys = [revoked(A), B];
    world.signers = [revoked(A), B];
    await world.refresh();
    expect(world.phases).toEqual({ A: 'revoked', B: 'valid' });
    expect(world.trusted).toBe('B');
  });
});

describe('the state over restarts', () => {
  test('nothing is forgotten, nor asked for again before its time', async () => {
    const world = await begun();
    await world.refresh();
    world.keys = [A, B];
    await world.refresh(DAY);
    await world.open();
    expect(world.phases).toEqual({ A: 'valid', B: 'add-pend' });
    world.asked = 0;
    await world.store.refresh();
    expect(world.asked).toBe(0);
    await world.refresh(31 * DAY);
    await world.open();
    expect(world.trusted).toBe('A, B');
  });

  test('a revoked key does not come back by the configuration', async () => {
    const world = await begun(A, B);
    world.keys = [revoked(A), B];
    world.signers = [revoked(A), B];
    await world.refresh();
    await world.open([world.anchor(A), world.anchor(B)]);
    expect(world.trusted).toBe('B');
    await world.open([world.anchor(A)]);
    expect(world.trusted).toBe('');
  });

  test('where the user takes his word back, what was learnt by it goes; another word is added to what is known', async () => {
    const world = await begun();
    await world.refresh();
    world.keys = [A, B];
    await world.refresh(DAY);
    await world.refresh(31 * DAY);
    await world.open([world.anchor(A), world.anchor(C)]);
    expect(world.trusted).toBe('A, B, C by DS');
    await world.open([world.anchor(C)]);
    expect(world.trusted).toBe('C by DS');
    expect(world.store.nextRefresh()).toBe(0);
  });

  test.each<[string, unknown]>([
    ['another version', { version: 2, points: [] }],
    ['no points', { version: 1 }],
    ['text', 'valid'],
    [
      'a zone that is none',
      { version: 1, points: [{ zone: 'a..b', configured: [], keys: [], nextRefresh: 0 }] },
    ],
    [
      'a key that is none',
      {
        version: 1,
        points: [
          {
            zone: '.',
            configured: [],
            keys: [{ dnskey: 'AAAA', tag: 1, phase: 'valid', since: 0 }],
            nextRefresh: 0,
          },
        ],
      },
    ],
    [
      'a phase that is none',
      {
        version: 1,
        points: [
          {
            zone: '.',
            configured: [],
            keys: [
              {
                dnskey: Buffer.from(
                  encodeDnskey({ flags: 257, protocol: 3, algorithm: 15, publicKey: new Uint8Array(32) }),
                ).toString('base64'),
                phase: 'trusted',
                since: 0,
              },
            ],
            nextRefresh: 0,
          },
        ],
      },
    ],
    [
      'a time that is none',
      { version: 1, points: [{ zone: '.', configured: [], keys: [], nextRefresh: 'now' }] },
    ],
  ])('a damaged state is refused: %s', async (_, saved) => {
    const world = new Rollover();
    await expect(world.open(undefined, { load: () => saved })).rejects.toThrow(DnssecError);
  });
});

describe('active refresh (rfc5011#section-2.3)', () => {
  test.each([
    [10 * DAY, 10 * DAY, 5 * DAY],
    [2 * DAY, 14 * DAY, DAY],
    [100 * DAY, 100 * DAY, 15 * DAY],
    [60, 60, HOUR],
    [2 * DAY, HOUR, HOUR],
  ])('TTL %d, signature %d: asked again after %d', (ttl, left, expected) => {
    expect(queryInterval(ttl, left)).toBe(expected);
  });

  test.each([
    [10 * DAY, 20 * DAY, DAY],
    [5 * DAY, 20 * DAY, DAY / 2],
    [60, 60, HOUR],
    [undefined, undefined, HOUR],
  ])(
    'TTL %s, signature %s: a question that failed is repeated after %d',
    (originalTtl, expireInterval, expected) => {
      expect(
        retryTime({ ...(originalTtl && { originalTtl }), ...(expireInterval && { expireInterval }) }),
      ).toBe(expected);
    },
  );

  test('the timer: at once, then as the RRset says; sooner after a failure; never after close', async () => {
    const world = await begun();
    const turn = async () => {
      const [timer] = world.timers.splice(0);
      world.now += timer!.ms / 1000;
      timer!.action();
      await new Promise((resolve) => setImmediate(resolve));
    };
    world.store.start();
    expect(world.timers.map(({ ms }) => ms)).toEqual([0]);
    await turn();
    expect(world.asked).toBe(1);
    expect(world.timers.map(({ ms }) => ms / 1000)).toEqual([DAY]);
    world.answers = false;
    await turn();
    expect(world.timers.map(({ ms }) => ms / 1000)).toEqual([Math.floor((2 * DAY) / 10)]);
    world.answers = true;
    await turn();
    expect(world.timers.map(({ ms }) => ms / 1000)).toEqual([DAY]);
    world.store.close();
    expect(world.timers).toEqual([]);
    expect(world.asked).toBe(3);
  });

  test('a state that cannot be saved is told, and the keys are followed all the same', async () => {
    const problem = new Error('disk full');
    const errors: unknown[] = [];
    const world = new Rollover();
    await world.open(undefined, {
      save: () => Promise.reject(problem),
      onError: (error) => errors.push(error),
    });
    world.store.start();
    world.timers.splice(0)[0]!.action();
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toEqual([problem]);
    expect(world.trusted).toBe('A');
    expect(world.timers).toHaveLength(1);
    await expect(world.refresh(DAY)).rejects.toBe(problem);
  });
});

test('a resolver follows: the root rolls its key, and answers stay secure', async () => {
  const zones = [
    { name: '.', keys: [A] },
    { name: 'example.', text: 'www A 192.0.2.80' },
  ];
  const after = new World([{ ...zones[0]!, keys: [B] }, zones[1]!]);
  const before = new World(zones);
  expect((await before.ask('www.example.')).status).toBe('secure');
  const store = await TrustAnchorStore.open({
    configured: before.anchor('.'),
    fetch: keysFrom(before.resolver),
    clock: before.network.clock,
  });
  await store.refresh();
  const [known] = store.anchors();
  expect(Buffer.compare(known!.rdata, A.rdata)).toBe(0);
  before.resolver.setTrustAnchors(store.anchors());
  before.network.log();
  expect((await before.ask('www.example.')).status).toBe('secure');
  // The same key, by another name: nothing needs to be found out anew but the chain.
  expect(before.network.log().filter((line) => line.startsWith('A '))).toEqual([]);
  before.resolver.setTrustAnchors(after.anchor('.'));
  expect((await before.ask('www.example.')).status).toBe('bogus');
});
