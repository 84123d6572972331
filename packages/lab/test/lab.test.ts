import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createTransport, makeQuery, Name, RRType } from '@mailanchor/dns';
import { parseRootHints, parseTrustAnchors } from '@mailanchor/dnssec';
import { EXIT_CODES, type Lab, LabError, startLab } from '@mailanchor/lab';
import { afterEach, expect, test } from 'vitest';

const labs: Lab[] = [];
const start: typeof startLab = async (options) => {
  const lab = await startLab(options);
  labs.push(lab);
  return lab;
};
afterEach(async () => {
  await Promise.all(labs.splice(0).map((lab) => lab.close()));
});

const ONE = ['good-311.example'];

async function greeting(address: string, port: number): Promise<string> {
  const socket = connect({ host: address, port });
  const chunk = await new Promise<Buffer>((resolve, reject) =>
    socket.once('data', resolve).once('error', reject),
  );
  socket.destroy();
  return chunk.toString();
}

test('every destination is there, names and hosts are distinct, exit codes follow from verdicts', async () => {
  const { destinations } = await start();
  expect(destinations.length).toBeGreaterThan(40);
  expect(new Set(destinations.map(({ domain }) => domain)).size).toBe(destinations.length);
  for (const { domain, title, special, expected } of destinations) {
    expect(expected.exitCode, domain).toBe(EXIT_CODES[expected.verdict]);
    expect(
      [title, special].every((text) => text.length > 0 && !text.includes('\n')),
      domain,
    ).toBe(true);
  }
});

test('name servers and mail hosts answer on the ports it names', async () => {
  const lab = await start({ only: ONE });
  const [host] = lab.mailHost('mx.good-311.example');
  expect(await greeting(host!.address, lab.mailPort)).toMatch(/^220 mx\.good-311\.example/);
  const transport = createTransport();
  const [root] = parseRootHints(lab.rootHints);
  const server = { address: root!.addresses[0]!, port: lab.dnsPort };
  const response = await transport.exchange(makeQuery(Name.root, RRType.DNSKEY), server, { timeoutMs: 5000 });
  expect(response.answers).toHaveLength(2);
  expect(parseTrustAnchors(lab.trustAnchor)).toHaveLength(1);
  await transport.close();
});

test('TLSA records are at the port of the lab and at 25', async () => {
  const lab = await start({ only: ONE });
  const { zone } = lab.zone('good-311.example');
  for (const port of [25, lab.mailPort]) {
    expect(zone.rrset(Name.fromText(`_${port}._tcp.mx.good-311.example`), RRType.TLSA)?.rdatas).toHaveLength(
      1,
    );
  }
});

test('two labs stand beside each other on ports of their own', async () => {
  const [one, two] = await Promise.all([start({ only: ONE }), start({ only: ONE })]);
  expect(one.dnsPort).not.toBe(two.dnsPort);
  expect(one.mailPort).not.toBe(two.mailPort);
});

test('ports can be chosen; one that is taken is an error, and nothing stays open', async () => {
  const one = await start({ only: ONE });
  await expect(start({ only: ONE, port: one.mailPort })).rejects.toMatchObject({ code: 'no-port' });
  await expect(start({ only: ONE, dnsPort: one.dnsPort })).rejects.toMatchObject({ code: 'no-port' });
  const { dnsPort, mailPort } = one;
  await one.close();
  const again = await start({ only: ONE, port: mailPort, dnsPort });
  expect([again.dnsPort, again.mailPort]).toEqual([dnsPort, mailPort]);
});

test('the same seed gives the same anchor, another another', async () => {
  const anchors = await Promise.all(
    ['a', 'a', 'b'].map(async (seed) => (await start({ only: ONE, seed })).trustAnchor),
  );
  expect(anchors[0]).toBe(anchors[1]);
  expect(anchors[0]).not.toBe(anchors[2]);
});

test('unknown names are errors', async () => {
  await expect(start({ only: ['nowhere.example'] })).rejects.toThrow(LabError);
  const lab = await start({ only: ONE });
  expect(() => lab.zone('nowhere.example')).toThrow('no zone');
  expect(() => lab.mailHost('nowhere.example')).toThrow('no mail host');
});

test('a host that refuses does so even where it is the only one', async () => {
  const lab = await start({ only: ['unreachable.example'] });
  expect(lab.mailHost('mx.unreachable.example')).toEqual([]);
  await expect(greeting('127.53.1.1', lab.mailPort)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('closing twice is closing', async () => {
  const lab = await start({ only: ONE });
  await Promise.all([lab.close(), lab.close()]);
});

test('a process ends by itself once its lab is closed, with a connection half-way too', async () => {
  const script = `
    import { connect } from 'node:net';
    import { startLab } from ${JSON.stringify(fileURLToPath(new URL('../dist/index.js', import.meta.url)))};
    const lab = await startLab();
    const sockets = ['mx.good-311.example', 'mx.byte-a-second.example', 'mx.silent.example'].map((name) =>
      connect({ host: lab.mailHost(name)[0].address, port: lab.mailPort }));
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    for (const socket of sockets) socket.on('error', () => {}).resume();
    await lab.close();
    console.log('closed');`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 15_000,
  });
  expect(stdout).toBe('closed\n');
});
