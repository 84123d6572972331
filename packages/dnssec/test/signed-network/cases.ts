/** Table tests: worlds, a question, the verdict; and the forged near-twin of a case, which must fare worse. */
import { expect, test } from 'vitest';
import { type Change, question } from './forge.ts';
import { World, type WorldOptions, type WorldZone } from './world.ts';

export interface Setup {
  readonly zones: readonly WorldZone[];
  /** `www.example. A`. */
  readonly ask: string;
  readonly options?: WorldOptions;
  /** Epoch seconds. */
  readonly now?: number;
  /** Before the question. */
  readonly change?: Change;
}

export function worldOf({ zones, options = {}, now, change }: Setup): World {
  const world = new World(zones, options, now);
  change?.(world);
  return world;
}

/** Kind and status of the answer: `answer secure`, `nxdomain insecure`, `failure bogus`. Of failures nothing else may be told. */
export async function verdict(world: World, asked: string): Promise<string> {
  const { name, type } = question(asked);
  const resolution = await world.resolver.resolve(name, type);
  if (resolution.kind === 'failure')
    expect([...resolution.records, ...resolution.answer, ...resolution.authority]).toEqual([]);
  return `${resolution.kind} ${resolution.status}`;
}

/** One case, one verdict. */
export function holds(title: string, setup: Setup, expected: string): void {
  test(title, async () => {
    expect(await verdict(worldOf(setup), setup.ask)).toBe(expected);
  });
}

/** The honest case has its verdict; with the change, the other one. */
export function twins(title: string, setup: Setup, honest: string, change: Change, forged: string): void {
  test(title, async () => {
    expect(await verdict(worldOf(setup), setup.ask), 'honest').toBe(honest);
    const world = worldOf(setup);
    change(world);
    expect(await verdict(world, setup.ask), 'forged').toBe(forged);
  });
}

/** As `twins`: secure as it stands, bogus with the change. */
export function secureUnless(title: string, setup: Setup, change: Change): void {
  test(title, async () => {
    expect(await verdict(worldOf(setup), setup.ask), 'honest').toMatch(/ secure$/);
    const world = worldOf(setup);
    change(world);
    expect(await verdict(world, setup.ask), 'forged').toBe('failure bogus');
  });
}
