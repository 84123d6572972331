/** Every way to publish, tried on real servers: the table of docs/publishing.md is what comes out. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runIn } from './namespace.ts';
import { until } from './publishing/asking.ts';
import { Driver } from './publishing/driver-client.ts';
import { A, B, MATRIX_PAGE, type Matrix, matrixTable, runMatrix, withTable } from './publishing/matrix.ts';
import { type PublishingNetwork, raisePublishing } from './publishing/network.ts';
import type { ZoneName } from './publishing/servers.ts';
import { describeWithBed } from './with-bed.ts';

describeWithBed('publishing to BIND, Knot, PowerDNS and NSD', () => {
  let network: PublishingNetwork | undefined;
  let driver: Driver | undefined;
  let matrix: Matrix;

  beforeAll(async () => {
    network = await raisePublishing('matrix');
    driver = new Driver(network);
    matrix = await runMatrix(network, driver);
  });

  afterAll(() => {
    driver?.close();
    network?.lower();
  });

  test('the table is that of docs/publishing.md', () => {
    const page = readFileSync(MATRIX_PAGE, 'utf8');
    expect(page).toBe(withTable(page, matrixTable(matrix)));
  });

  test.for<[ZoneName, string, RegExp]>([
    [
      'bind',
      'another secret, another API key',
      /127\.0\.70\.2: its secret of the key mail is another one \(BADSIG\)/,
    ],
    ['knot', 'a key that it does not know', /it has no key nobody for hmac-sha256 \(BADKEY\)/],
    [
      'bind',
      'our clock two hours ahead',
      /the clock of this machine is (2 h|1 h 59 min) ahead of the server's \(BADTIME\)/,
    ],
    [
      'knot',
      'our clock two hours behind',
      /the clock of this machine is 2 h( \d+ \w+)? behind the server's \(BADTIME\)/,
    ],
    ['pdns', 'our clock two hours behind', /does not say why \(REFUSED, without signature\): .*clock/],
    ['pdns', 'not its zone', /not the primary server of the zone elsewhere\./],
    [
      'bind',
      'somebody else has changed it',
      /has 3 1 1 (bb)+ at _25\._tcp\.mx1\.bind\., not 3 1 1 (aa)+ as expected/,
    ],
    ['knot', 'an alias at the name', /_25\._tcp\.alias\.knot\. is an alias \(CNAME\)/],
    ['bind', 'a name of a zone below', /lies in the zone below\.bind\., which bind\. delegates/],
    ['pdnsapi', 'another secret, another API key', /does not take the API key \(401\)/],
    ['snippet', 'the server is dead, the reload fails', /false: exit status 1\. The file was put back$/],
    ['exec', 'somebody else has changed it', /exit status 3: .*NXRRSET/],
    // Over IPv4 and IPv6, by name and serial.
    [
      'bind',
      'lags',
      /^ns2\.bind \(127\.0\.70\.6\): has no TLSA records, serial \d+, elsewhere \d+; ns2\.bind \(fd00:70::6\): has no/,
    ],
    ['knot', 'dead', /^ns2\.knot \(127\.0\.70\.6\): nothing listens there/],
  ])('%s, %s: says so', ([zone, title, text]) => {
    expect(matrix.said.get(zone)?.get(title)).toMatch(text);
  });

  test('what a dry run prints is what nsupdate does', async () => {
    const { folder, namespace } = network!;
    const owner = '_25._tcp.dry.bind.';
    const first = { publisher: 'bind', zone: 'bind', owner, ttl: 60, expected: [], remove: [], add: [A] };
    const second = { ...first, expected: [A], remove: [A], add: [B] };
    const nsupdate = ['nsupdate', '-v', '-k', `${folder}/bind.key`];
    for (const change of [first, second]) {
      const run = await runIn(namespace, nsupdate, { input: `${await driver!.describe(change)}\n` });
      expect(run).toEqual({ status: 0, stdout: '', stderr: '' });
    }
    // It is not made twice.
    const again = await runIn(namespace, nsupdate, { input: `${await driver!.describe(second)}\n` });
    expect(again).toMatchObject({ status: 2, stderr: expect.stringContaining('NXRRSET') });
    expect(await driver!.publish(second)).toEqual({ kind: 'unchanged' });
  });

  test('over IPv6', async () => {
    const owner = '_25._tcp.six.bind.';
    const task = { publisher: 'bind-six', zone: 'bind', owner, ttl: 60, expected: [], remove: [] };
    expect(await driver!.publish({ ...task, add: [A] })).toEqual({ kind: 'done' });
    expect(await driver!.publish({ ...task, add: [A] })).toEqual({ kind: 'unchanged' });
  });

  // PowerDNS has no such thing: see docs/publishing.md.
  test.for<ZoneName>(['bind', 'knot', 'snippet'])(
    '%s: of eight changes at once one is made',
    async (zone) => {
      const owner = `_25._tcp.race.${zone}.`;
      const rivals = Array.from({ length: 8 }, (_, i) => `3 1 1 ${String(i).repeat(64)}`);
      const outcomes = await Promise.all(
        rivals.map((add) =>
          driver!.publish({ publisher: zone, zone, owner, ttl: 60, expected: [], add: [add], remove: [] }),
        ),
      );
      const kinds = outcomes.map(({ kind }) => kind);
      expect(kinds.toSorted()).toEqual([...Array(7).fill('conflict'), 'done']);
      const winner = rivals[kinds.indexOf('done')]!;
      await until(async () => {
        const { servers } = await driver!.see(owner, [winner]);
        return servers.some(({ name, state }) => name === `ns1.${zone}.` && state === 'has-it');
      }, 'the one that was made');
    },
  );
});
