/** Every operation by every way to publish, against the real servers: what comes out, and what the servers have afterwards. */
import { fileURLToPath } from 'node:url';
import type { PublishOutcome } from '../../../packages/mailanchor/src/tlsa-publish/publisher.ts';
import type { Visibility } from '../../../packages/mailanchor/src/tlsa-publish/visibility.ts';
import type { Driver } from './driver-client.ts';
import type { PublishingNetwork } from './network.ts';
import type { ZoneName } from './servers.ts';

/** Columns of the table, by the zone that each has to itself; the publishers are called as the zones. */
export const WAYS: Readonly<Record<ZoneName, string>> = {
  bind: 'BIND, update',
  knot: 'Knot, update',
  pdns: 'PowerDNS, update',
  pdnsapi: 'PowerDNS, API',
  snippet: 'NSD, snippet',
  exec: 'Knot, command',
};

export const A = `3 1 1 ${'aa'.repeat(32)}`;
export const B = `3 1 1 ${'bb'.repeat(32)}`;

const HOUR = 3_600_000;

interface Operation {
  readonly title: string;
  /** `-`: there is no such thing for the way. */
  perform(scene: Scene): Promise<string>;
}

/** One zone, and what is to be done to it. */
export interface Scene {
  readonly zone: ZoneName;
  readonly driver: Driver;
  readonly network: PublishingNetwork;
  /** Texts of what was not done, by the operation's title. */
  readonly said: Map<string, string>;
}

interface Change {
  readonly expected?: readonly string[];
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly ttl?: number;
  /** Of the publisher's name: `-secret`. */
  readonly variant?: string;
  readonly zone?: string;
  readonly host?: string;
  readonly clockSkewMs?: number;
  /** What the primary has afterwards at the host; not looked at where it is absent. */
  readonly leaves?: readonly string[];
}

const UPDATES: readonly ZoneName[] = ['bind', 'knot', 'pdns'];

/** In this order: each begins where the one before has ended. */
export const OPERATIONS: readonly Operation[] = [
  operation('add the first record', { add: [A], leaves: [A] }),
  operation('the same again, its answer lost', { add: [A], leaves: [A] }),
  operation('add a second one', { expected: [A], add: [B], leaves: [A, B] }),
  operation('another TTL', { expected: [A, B], ttl: 30, leaves: [A, B] }),
  operation('remove one', { expected: [A, B], remove: [A], ttl: 30, leaves: [B] }),
  operation('somebody else has changed it', { expected: [A], remove: [A], leaves: [B] }),
  operation('somebody else has added the first', { add: [A], leaves: [B] }),
  operation('another secret, another API key', { expected: [B], add: [A], variant: '-secret', leaves: [B] }, [
    ...UPDATES,
    'pdnsapi',
    'exec',
  ]),
  operation(
    'a key that it does not know',
    { expected: [B], add: [A], variant: '-unknown', leaves: [B] },
    UPDATES,
  ),
  operation(
    'our clock two hours ahead',
    { expected: [B], add: [A], clockSkewMs: 2 * HOUR, leaves: [B] },
    UPDATES,
  ),
  operation(
    'our clock two hours behind',
    { expected: [B], add: [A], clockSkewMs: -2 * HOUR, leaves: [B] },
    UPDATES,
  ),
  operation('not its zone', { add: [A], zone: 'elsewhere' }, [...UPDATES, 'pdnsapi', 'exec']),
  operation('an alias at the name', { add: [A], host: '_25._tcp.alias' }, [...UPDATES, 'pdnsapi']),
  operation('a name of a zone below', { add: [A], host: '_25._tcp.mx.below' }, UPDATES),
  operation('the server is dead, the reload fails', {
    expected: [B],
    add: [A],
    variant: '-dead',
    leaves: [B],
  }),
  { title: 'seen while the secondary lags', perform: (scene) => see(scene, [B], 'lags') },
  {
    title: 'seen when it has caught up',
    async perform(scene) {
      await scene.network.catchUp(scene.zone);
      return see(scene, [B]);
    },
  },
  operation('remove the last', { expected: [B], remove: [B], leaves: [] }),
  {
    title: 'seen to be gone',
    async perform(scene) {
      await scene.network.catchUp(scene.zone);
      return see(scene, []);
    },
  },
];

function operation(title: string, change: Change, ways?: readonly ZoneName[]): Operation {
  return {
    title,
    async perform(scene) {
      const { zone, driver, said } = scene;
      if (ways && !ways.includes(zone)) return '-';
      const {
        expected = [],
        add = [],
        remove = [],
        ttl = 60,
        variant = '',
        host = '_25._tcp.mx1',
        leaves,
      } = change;
      const apex = change.zone ?? zone;
      const outcome: PublishOutcome = await driver.publish({
        publisher: `${zone}${variant}`,
        zone: apex,
        owner: `${host}.${apex}.`,
        ttl,
        expected,
        add,
        remove,
        ...(change.clockSkewMs !== undefined && { clockSkewMs: change.clockSkewMs }),
      });
      if ('text' in outcome) said.set(title, outcome.text);
      if (leaves)
        await holds(
          scene,
          leaves,
          `${title}: ${JSON.stringify(outcome)}`,
          outcome.kind === 'done' && leaves.length > 0 ? ttl : undefined,
        );
      return outcome.kind;
    },
  };
}

async function see(
  { zone, driver, said }: Scene,
  expected: readonly string[],
  title = 'seen',
): Promise<string> {
  const seen = await driver.see(`_25._tcp.mx1.${zone}.`, expected);
  if ('text' in seen) said.set(title, seen.text);
  return seen.kind;
}

/** The primary has exactly these, signed, whatever was answered. */
async function holds(
  { zone, driver }: Scene,
  records: readonly string[],
  title: string,
  ttl?: number,
): Promise<void> {
  const has = async (): Promise<Visibility> => driver.see(`_25._tcp.mx1.${zone}.`, records);
  const isThere = ({ servers }: Visibility) =>
    servers.some(({ name, state }) => name === `ns1.${zone}.` && state === 'has-it');
  let seen = await has();
  // BIND signs a moment after it has answered.
  for (let attempt = 0; attempt < 40 && !isThere(seen); attempt++) seen = await has();
  if (!isThere(seen))
    throw new Error(
      `${zone}, ${title}: the primary does not have ${records.join(', ')}: ${JSON.stringify(seen)}`,
    );
  if (ttl !== undefined && seen.ttl !== ttl && !(seen.ttl !== null && seen.ttl > ttl))
    throw new Error(`${zone}, ${title}: the TTL is ${seen.ttl}, not ${ttl}`);
}

export interface Matrix {
  /** Outcomes by operation, then by zone. */
  readonly rows: ReadonlyMap<string, ReadonlyMap<ZoneName, string>>;
  readonly said: ReadonlyMap<ZoneName, ReadonlyMap<string, string>>;
}

/** Ways whose servers have nothing in common go at the same time: PowerDNS with SQLite fails one of two changes at once. */
const LANES: readonly (readonly ZoneName[])[] = [
  ['bind'],
  ['knot', 'exec'],
  ['pdns', 'pdnsapi'],
  ['snippet'],
];

/** Of each way one operation after the other. */
export async function runMatrix(network: PublishingNetwork, driver: Driver): Promise<Matrix> {
  const zones = Object.keys(WAYS) as ZoneName[];
  const rows = new Map(OPERATIONS.map(({ title }) => [title, new Map<ZoneName, string>()]));
  const said = new Map(zones.map((zone) => [zone, new Map<string, string>()]));
  await Promise.all(
    LANES.map(async (lane) => {
      for (const zone of lane)
        for (const { title, perform } of OPERATIONS)
          rows.get(title)!.set(zone, await perform({ zone, driver, network, said: said.get(zone)! }));
    }),
  );
  await network.stopSecondary();
  const dead = new Map<ZoneName, string>();
  for (const zone of zones)
    dead.set(zone, await see({ zone, driver, network, said: said.get(zone)! }, [], 'dead'));
  rows.set('seen while the secondary is dead', dead);
  return { rows, said };
}

/** As docs/publishing.md has it. */
export function matrixTable({ rows }: Matrix): string {
  const zones = Object.keys(WAYS) as ZoneName[];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(['operation', ...zones.map((zone) => WAYS[zone])]),
    line(['operation', ...zones].map(() => '---')),
    ...[...rows].map(([title, outcomes]) => line([title, ...zones.map((zone) => outcomes.get(zone) ?? '')])),
  ].join('\n');
}

export const MATRIX_PAGE = fileURLToPath(new URL('../../../docs/publishing.md', import.meta.url));

const TABLE = /(<!-- publisher-matrix -->\n\n)[\s\S]*?(\n\n<!-- \/publisher-matrix -->)/;

/** The page with this table between its marks. Throws where it has none. */
export function withTable(page: string, table: string): string {
  if (!TABLE.test(page)) throw new Error('the page has no place for the table');
  return page.replace(TABLE, (_, before: string, after: string) => `${before}${table}${after}`);
}
