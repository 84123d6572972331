/** The command against the lab: its zones behind what looks like the API of PowerDNS, its mail hosts with real certificates. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Name, parseRecord, RRType, rdataToText } from '@mailanchor/dns';
import { type Lab, startLab } from '@mailanchor/lab';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LabFolder, writeLabFolder } from '../src/lab/folder.ts';
import { mailanchor, temporaryFolder, unbuilt } from './program.ts';

const HOST = 'mx.good-311.example';
const scratch = temporaryFolder();
let lab: Lab;
let folder: LabFolder;
let api: Server;
let config: string;

beforeAll(async () => {
  lab = await startLab({ only: ['good-311.example'] });
  folder = await writeLabFolder(lab, undefined);
  api = await serveApi();
  const { port } = api.address() as AddressInfo;
  writeFileSync(join(scratch.path, 'api.key'), 'key', { mode: 0o600 });
  config = join(scratch.path, 'mailanchor.yaml');
  writeFileSync(
    config,
    `root-hints: ${folder.rootHints}\ntrust-anchor: ${folder.trustAnchor}\ndns-port: ${lab.dnsPort}\npublishers:\n  pdns: { kind: powerdns, url: "http://127.0.0.1:${port}", api-key-file: api.key }\n  broken: { kind: exec, command: ["false"] }\ntlsa:\n  state: state\n  hosts:\n    - { name: ${HOST}, publisher: broken, certificate: c.pem, key: k.pem }\n`,
  );
});
afterAll(async () => {
  api?.close();
  scratch.done();
  await folder?.remove();
  await lab?.close();
});

/** As much of the API as the publisher uses, on the lab's zones. */
async function serveApi(): Promise<Server> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const zone = lab.zone(/zones\/([^/?]+)\.(?:\?|$)/.exec(request.url ?? '')![1]!);
    const plain = zone.zone.records.filter(
      ({ type }) => type !== RRType.DNSKEY && type !== RRType.NSEC3PARAM,
    );
    if (request.method === 'PATCH') {
      const [set] = (
        JSON.parse(body) as { rrsets: { name: string; ttl: number; records?: { content: string }[] }[] }
      ).rrsets;
      const owner = Name.fromText(set!.name);
      const others = plain.filter(({ name, type }) => type !== RRType.TLSA || !name.equals(owner));
      const added = (set!.records ?? []).map(({ content }) =>
        parseRecord(`${set!.name} ${set!.ttl} IN TLSA ${content}`),
      );
      zone.publish([...others, ...added]);
      response.writeHead(204).end();
      return;
    }
    const rrsets = new Map<
      string,
      { name: string; type: string; ttl: number; records: { content: string }[] }
    >();
    for (const { name, type, ttl, rdata } of plain) {
      if (type !== RRType.TLSA) continue;
      const set = rrsets.get(name.key) ?? { name: name.toString(), type: 'TLSA', ttl, records: [] };
      set.records.push({ content: rdataToText(type, rdata) });
      rrsets.set(name.key, set);
    }
    response.end(
      JSON.stringify({ kind: 'Native', dnssec: true, api_rectify: true, rrsets: [...rrsets.values()] }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const OTHER = `3 1 1 ${'00'.repeat(32)}`;
const publish = async (...args: string[]) => {
  const port = args.includes('--port') ? [] : ['--port', String(lab.mailPort)];
  const publisher = args.includes('--publisher') ? [] : ['--publisher', 'pdns'];
  const run = await mailanchor([
    'tlsa',
    'publish',
    '--config',
    config,
    ...port,
    ...publisher,
    '--json',
    ...args,
  ]);
  return { ...run, document: run.stdout === '' ? undefined : JSON.parse(run.stdout) };
};
const there = (host = HOST) =>
  lab
    .zone(host.slice(3))
    .zone.records.filter(
      ({ name, type }) => type === RRType.TLSA && name.equals(Name.fromText(`_${lab.mailPort}._tcp.${host}`)),
    )
    .map(({ rdata }) => rdataToText(RRType.TLSA, rdata));

describe.skipIf(unbuilt)('tlsa publish', () => {
  test('a record beside the one that is there, seen everywhere, and away again', async () => {
    const [current] = there();
    const owner = `_${lab.mailPort}._tcp.${HOST}.`;
    const dry = await publish('--name', HOST, '--record', OTHER, '--dry-run');
    expect(dry).toMatchObject({
      status: 0,
      document: {
        owner,
        expected: [current],
        add: [OTHER],
        dryRun: expect.stringMatching(/^PATCH http:.*REPLACE/s),
      },
    });
    expect(there()).toEqual([current]);

    const added = await publish('--name', HOST, '--record', OTHER, '--wait', '20');
    expect(added.stderr).toBe('');
    expect(added).toMatchObject({
      status: 0,
      document: {
        zone: 'good-311.example.',
        publisher: 'pdns',
        ttl: 3600,
        result: [current, OTHER],
        outcome: { kind: 'done' },
        visibility: { kind: 'everywhere', servers: [{ state: 'has-it' }, { state: 'has-it' }] },
      },
    });
    const again = await publish('--name', HOST, '--record', OTHER);
    expect(again).toMatchObject({ status: 0, document: { outcome: { kind: 'unchanged' }, add: [] } });

    const text = await mailanchor([
      'tlsa',
      'publish',
      '--config',
      config,
      '--publisher',
      'pdns',
      '--name',
      HOST,
      '--port',
      String(lab.mailPort),
      '--record',
      OTHER,
      '--remove',
      '--ttl',
      '300',
      '--wait',
    ]);
    expect(text).toMatchObject({ status: 0, stderr: '' });
    expect(text.stdout).toBe(
      `✔ PUBLISHED ${owner} by pdns\n  - ${owner} 300 IN TLSA ${OTHER}\n✔ EVERYWHERE on all 2 servers of good-311.example., signed and validated from the root\n`,
    );
    expect(there()).toEqual([current]);
  });

  test('the record that the host needs is not taken away', async () => {
    const [current] = there();
    const away = await publish('--name', HOST, '--record', current!, '--remove');
    expect(away).toMatchObject({ status: 2, stdout: '' });
    expect(away.stderr).toMatch(
      /nothing was changed: .* would have no TLSA records.* --force mx\.good-311\.example:\d+\n$/,
    );
    const replaced = await publish('--name', HOST, '--record', OTHER, '--replace');
    expect(replaced.status).toBe(2);
    expect(replaced.stderr).toMatch(
      /presents \w.*, which matches with none of the records that would be left/,
    );
    const dry = await publish('--name', HOST, '--record', OTHER, '--replace', '--dry-run');
    expect(dry).toMatchObject({ status: 2, document: { remove: [current], add: [OTHER] } });
    expect(dry.stderr).toMatch(/^mailanchor: it would not be done: .*--force/);
    // The words must be those of the host.
    const wrong = await publish(
      '--name',
      HOST,
      '--record',
      OTHER,
      '--replace',
      '--force',
      'mx.other.example:25',
    );
    expect(wrong.status).toBe(2);
    expect(there()).toEqual([current]);

    const forced = await publish(
      '--name',
      HOST,
      '--record',
      OTHER,
      '--replace',
      '--force',
      `${HOST}:${lab.mailPort}`,
    );
    expect(forced).toMatchObject({ status: 0, document: { outcome: { kind: 'done' } } });
    expect(forced.stderr).toMatch(/^mailanchor: forced: /);
    expect(there()).toEqual([OTHER]);
    // It is broken now: what mends it needs no force.
    const mended = await publish('--name', HOST, '--record', current!, '--replace');
    expect(mended).toMatchObject({ status: 0, stderr: '' });
    expect(there()).toEqual([current]);
  });

  test('a host that nobody can see is not judged', async () => {
    const unseen = await publish('--name', 'mx.absent.good-311.example', '--record', OTHER);
    expect(unseen.status).toBe(2);
    expect(unseen.stderr).toMatch(/has no address at which it could be seen/);
  });

  test('a publisher that fails leaves it open; it is that of the host where none is named', async () => {
    const port = String(lab.mailPort);
    const args = ['--config', config, '--name', HOST, '--port', port, '--record', OTHER, '--json'];
    const { status, stdout } = await mailanchor(['tlsa', 'publish', ...args]);
    expect({ status, document: JSON.parse(stdout) }).toMatchObject({
      status: 5,
      document: { outcome: { kind: 'failed', text: 'false: exit status 1' } },
    });
  });

  test.each([
    [['--record', OTHER], /--name/],
    [['--name', HOST], /--record: which records/],
    [['--name', HOST, '--record', '3 1'], /--record: .*Write it as/],
    [['--name', HOST, '--record', OTHER, '--add', '--remove'], /exclude each other/],
    [
      ['--name', HOST, '--record', OTHER, '--publisher', 'other'],
      /there is no publisher "other"\. .* pdns, broken/,
    ],
    [['--name', '192.0.2.1', '--record', OTHER], /--name: .* is not a host name/],
  ])('bad arguments %j', async (args, message) => {
    const { status, stderr } = await publish(...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
