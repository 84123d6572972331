/** Every state by name, and whole rollovers step by step. */
import { describe, expect, test } from 'vitest';
import { pair, STRANGER, spkiOf } from '../../test/rollover/pairs.ts';
import { Operator, type Setup } from '../../test/rollover/tool.ts';
import { nextStep } from './next-step.ts';
import { remember } from './remember.ts';
import type { Decision } from './step.ts';
import type { HostView } from './view.ts';
import { keyRecords } from './wanted.ts';

const SETUP: Setup = {
  policy: 'current-next',
  deploy: 'command',
  both: false,
  ttl: 300,
  published: true,
  ttlsToWait: 2,
};
const CALM = { kill: 'never', publish: 'done', lags: [0, 20, 40], deployFails: false } as const;

/** `state: step`, of the next run; `pass` is in seconds. */
function stepper(operator: Operator) {
  const tell = ({ state, step }: Decision): string =>
    step.kind === 'wait' && step.until !== null
      ? `${state}: wait ${Math.ceil((step.until - operator.world.milliseconds) / 1000)} s`
      : `${state}: ${step.kind}`;
  return {
    run: (how: Partial<Parameters<Operator['run']>[0]> = {}) => tell(operator.run({ ...CALM, ...how })),
    pass(seconds: number) {
      operator.world.now += seconds;
    },
    look: (change: (view: HostView) => HostView = (view) => view): Decision => {
      const view = change(operator.view());
      return nextStep(view, remember(operator.memory, view));
    },
  };
}

describe('rfc7671#section-8.1: a rollover with fixed parameters', () => {
  test('current-next: prepared, asked for, carried through', () => {
    const operator = new Operator(SETUP);
    const { run, pass } = stepper(operator);
    expect([run(), run()]).toEqual(['publishing: make-key', 'publishing: publish']);
    pass(10);
    expect(run()).toBe('publishing: wait');
    pass(40);
    expect(run()).toBe('steady: none');
    operator.start();
    pass(100);
    expect(run()).toBe('aging: wait 500 s');
    pass(499);
    expect(run()).toBe('aging: wait 1 s');
    pass(1);
    expect(run()).toBe('ready: issue');
    expect(run()).toBe('ready: deploy');
    pass(10);
    expect(run()).toBe('deploying: wait');
    pass(10);
    expect(run()).toBe('retiring: wait 150 s');
    pass(150);
    expect(run()).toBe('retiring: remove');
    pass(60);
    expect([run(), run()]).toEqual(['publishing: make-key', 'publishing: publish']);
    pass(60);
    expect(run()).toBe('steady: none');
    expect(operator.world.records).toHaveLength(2);
    expect(operator.world.failures()).toEqual([]);
  });

  test('reuse: the same key under a new certificate is deployed once nothing older can be believed', () => {
    const operator = new Operator({ ...SETUP, policy: 'reuse' });
    const { run, pass } = stepper(operator);
    expect(run()).toBe('steady: none');
    pass(600);
    operator.renew(0, 'same');
    expect(run()).toBe('ready: deploy');
    pass(60);
    expect(run()).toBe('steady: none');
  });

  test('a renewal with a key of its own: published first, deployed two TTLs later', () => {
    const operator = new Operator({ ...SETUP, policy: 'reuse' });
    const { run, pass } = stepper(operator);
    run();
    pass(600);
    operator.renew(0, 'fresh');
    expect(run()).toBe('publishing: publish');
    pass(40);
    expect(run()).toBe('aging: wait 600 s');
    pass(600);
    expect(run()).toBe('ready: deploy');
  });

  test('current-issuer: key and issuer change, and both combinations match all the time', () => {
    const operator = new Operator({ ...SETUP, policy: 'current-issuer' });
    const { run, pass } = stepper(operator);
    expect(run()).toBe('publishing: wait 150 s');
    pass(150);
    expect(run()).toBe('publishing: publish');
    pass(600);
    expect(run()).toBe('steady: none');
    operator.disks[0]!.pair = pair('ec', 5, 1);
    expect(run()).toBe('publishing: publish');
    expect(operator.world.records).toHaveLength(4);
    pass(40);
    expect(run()).toBe('aging: wait 600 s');
    pass(600);
    expect(run()).toBe('ready: deploy');
    pass(60);
    expect(run()).toBe('retiring: wait 150 s');
    pass(150);
    expect(run()).toBe('retiring: remove');
    pass(60);
    expect(run()).toBe('steady: none');
    expect(operator.world.records).toHaveLength(2);
    expect(operator.world.failures()).toEqual([]);
  });

  test('RSA and ECDSA side by side: each rolls by itself', () => {
    const operator = new Operator({ ...SETUP, policy: 'reuse', both: true });
    const { run, pass } = stepper(operator);
    expect(run()).toBe('steady: none');
    pass(600);
    operator.renew(1, 'fresh');
    expect(run()).toBe('publishing: publish');
    expect(operator.world.records).toHaveLength(3);
    pass(40);
    run();
    pass(600);
    const { step } = operator.run(CALM);
    expect(step).toMatchObject({ kind: 'deploy', label: 'rsa' });
  });
});

describe('the states', () => {
  const start = (setup: Partial<Setup> = {}): Operator => {
    const operator = new Operator({ ...SETUP, policy: 'reuse', ...setup });
    operator.run(CALM);
    operator.world.now += 600;
    return operator;
  };

  test('unprotected: the first record waits until no old process can present another key', () => {
    const operator = new Operator({ ...SETUP, policy: 'reuse', published: false });
    const { run, pass } = stepper(operator);
    expect(run()).toBe('unprotected: wait 150 s');
    pass(150);
    expect(run()).toBe('unprotected: publish');
    pass(40);
    expect(run()).toBe('steady: none');
  });

  test('broken: a key of ours that is presented without a record is published at once', () => {
    const operator = start();
    operator.renew(0, 'fresh');
    operator.world.deploy(0, operator.disks[0]!.pair, [0]);
    operator.world.now += 1;
    const { look } = stepper(operator);
    expect(look()).toMatchObject({ state: 'broken', step: { kind: 'publish' } });
  });

  test('broken: a key that nobody here holds is not blessed; what does match is put back', () => {
    const operator = start();
    operator.world.deploy(0, pair('ec', 7), [0]);
    operator.world.now += 1;
    const { look } = stepper(operator);
    expect(look()).toMatchObject({ state: 'broken', step: { kind: 'deploy' } });
    operator.renew(0, 'fresh');
    const { state, step, why } = look();
    expect([state, step.kind]).toEqual(['broken', 'wait']);
    expect(why).toContain('not among the files configured here');
  });

  test('blocked: a file half written is no guide', () => {
    const operator = start();
    operator.disks[0]!.half = true;
    expect(stepper(operator).look()).toMatchObject({ state: 'blocked', step: { kind: 'wait' } });
  });

  test.each([
    ['every server silent', (view: HostView) => allServers(view), 'no server of'],
    ['bogus', (view: HostView) => withProblem(view, 'bogus: signature expired'), 'bogus'],
    [
      'no address answers',
      (view: HostView) => ({
        ...view,
        addresses: view.addresses.map((sight) => ({ ...sight, chains: [], problem: 'timeout' })),
      }),
      'could not be found out',
    ],
    ['no place', (view: HostView) => ({ ...view, places: [] }), 'not known where'],
  ])('unseen: %s', (_, change, words) => {
    const { state, step, why } = stepper(start()).look(change);
    expect([state, step]).toEqual(['unseen', { kind: 'wait', until: null, held: null }]);
    expect(why).toContain(words);
  });

  test('a secondary that never catches up keeps the next key from being deployed, and says so', () => {
    const operator = start();
    operator.renew(0, 'fresh');
    const { run, pass, look } = stepper(operator);
    expect(run({ lags: [0, 0, 1_000_000] })).toBe('publishing: publish');
    pass(100_000);
    expect(look().why).toMatch(/ns3 lacks 3 1 1/);
    expect(run()).toBe('publishing: wait');
  });

  test('a server that is silent keeps a record from being removed, and a key from being deployed', () => {
    const operator = start();
    operator.renew(0, 'fresh');
    const { run, pass } = stepper(operator);
    run();
    operator.world.down.add('ns2');
    pass(5000);
    expect(run()).toBe('unseen: wait');
    operator.world.down.clear();
    expect(run()).toBe('aging: wait 600 s');
    pass(600);
    run();
    operator.world.down.add('ns2');
    pass(5000);
    expect(run()).toBe('retiring: wait');
  });

  test('an address that is silent keeps old records where they are', () => {
    const operator = start();
    operator.renew(0, 'fresh');
    const { run, pass, look } = stepper(operator);
    run();
    pass(40);
    run();
    pass(600);
    run();
    operator.world.down.add('192.0.2.2');
    pass(5000);
    expect(run()).toBe('retiring: wait');
    expect(look().why).toContain('192.0.2.2 port 25 is not known (connection refused)');
  });

  test('what belongs to nobody known is left alone, unless told otherwise', () => {
    const operator = start();
    operator.stranger(keyRecords(STRANGER)[0]!, [0]);
    const { look } = stepper(operator);
    expect(look()).toMatchObject({ state: 'steady', step: { kind: 'none' } });
    expect(look().notes.join()).toContain('is of no key known here');
    const { step } = look((view) => ({ ...view, strangers: 'remove' }));
    expect(step).toMatchObject({ kind: 'remove', change: { remove: keyRecords(STRANGER) } });
  });

  test('a combination that the new chain does not match goes before it is deployed', () => {
    const operator = start({ policy: 'current-issuer' });
    const { run, pass } = stepper(operator);
    run();
    pass(600);
    run();
    // From now on only `3 1 1`, and a certificate of another CA: `2 1 1` of the old one is in the way.
    const moved = new Operator({ ...SETUP, policy: 'reuse' });
    moved.memory = operator.memory;
    moved.world.set(operator.world.records, 300, [0]);
    moved.renew(0, 'other-ca');
    const { run: runs, pass: passes } = stepper(moved);
    moved.world.now = operator.world.now + 1000;
    expect(runs()).toBe('retiring: remove');
    passes(60);
    expect(runs()).toBe('aging: wait 600 s');
    passes(600);
    expect(runs()).toBe('ready: deploy');
    expect(moved.world.failures()).toEqual([]);
  });
});

function allServers(view: HostView): HostView {
  const failed = { kind: 'failed', text: 'timeout' } as const;
  return {
    ...view,
    places: view.places.map((place) => ({
      ...place,
      servers: place.servers.map(({ server }) => ({ server, ...failed })),
    })),
  };
}

function withProblem(view: HostView, problem: string): HostView {
  return { ...view, places: view.places.map((place) => ({ ...place, problem })) };
}

describe('what is done and does not show', () => {
  test('is not done again at once, and after ten minutes it is', () => {
    const operator = new Operator({ ...SETUP, policy: 'reuse' });
    const { run, pass } = stepper(operator);
    run();
    pass(600);
    operator.renew(0, 'fresh');
    expect(run({ lags: [100_000] })).toBe('publishing: publish');
    pass(599);
    expect(run()).toBe('publishing: wait');
    pass(1);
    expect(run()).toBe('publishing: publish');
  });

  test('a change that failed is tried again after a minute; a deployment too', () => {
    const operator = new Operator({ ...SETUP, policy: 'reuse' });
    const { run, pass } = stepper(operator);
    run();
    pass(600);
    operator.renew(0, 'fresh');
    expect(run({ publish: 'lost' })).toBe('publishing: publish');
    expect(run()).toBe('publishing: wait 60 s');
    pass(60);
    expect(run()).toBe('publishing: publish');
    pass(40);
    run();
    pass(600);
    expect(run({ deployFails: true })).toBe('ready: deploy');
    expect(run()).toBe('ready: wait 60 s');
  });

  test('a change that may be on its way keeps a chain that it does not match from being deployed', () => {
    const operator = new Operator({ ...SETUP, policy: 'reuse', published: false });
    const { run, pass, look } = stepper(operator);
    run();
    pass(600);
    expect(run({ publish: 'lost-applied', lags: [5000] })).toBe('unprotected: publish');
    operator.disks[0]!.pair = pair('ec', 3);
    const { state, step, why } = look();
    expect([state, step.kind]).toEqual(['publishing', 'wait']);
    expect(why).toContain('may be on its way');
    expect(spkiOf('ec', 3)).toBe(operator.disks[0]!.pair.spki);
  });
});
