/** `mailanchor resolver` as a service, as a process against the lab: started, stopped, told to read its files again, watched. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { encodeMessage, type Message, makeQuery, Name, Rcode, RRType } from '@mailanchor/dns';
import { issueCertificate, Seed, toPem } from '@mailanchor/lab';
import { describe, expect, test } from 'vitest';
import { BIN, environment, mailanchor, unbuilt } from './program.ts';
import { ask, type Listening, type ResolverProcess, ready } from './resolver-process.ts';
import { frame, otherAnchor, readFrames, Stage } from './resolver-stage.ts';

const stage = new Stage();

describe.skipIf(unbuilt)('from one run to the next', () => {
  const state = (name: string) => stage.path(name);

  test('stopped by SIGTERM: exit 0, and warm at the next start', async () => {
    const first = await stage.start('--state', state('warm'));
    await ask(first.place, 'good-311.example', 'MX');
    expect(await first.stop()).toBe(0);
    expect(first.lines.join('\n')).toMatch(/the cache is kept in[\s\S]*stopped$/);
    stage.silence();
    const second = await stage.start('--state', state('warm'));
    expect(second.lines.join('\n')).toMatch(/answers of the last run still hold/);
    expect(await ask(second.place, 'good-311.example', 'MX', { ad: true })).toMatchObject({
      rcode: 0,
      ad: true,
    });
    expect(await second.stop('SIGINT')).toBe(0);
  });

  test('killed: what was kept before is still there, whole', async () => {
    const first = await stage.start('--state', state('killed'));
    await ask(first.place, 'good-311.example', 'MX');
    await first.stop();
    const second = await stage.start('--state', state('killed'));
    await ask(second.place, 'rsa.example', 'MX');
    expect(await second.stop('SIGKILL')).toBe(null);
    stage.silence();
    const third = await stage.start('--state', state('killed'));
    expect(await ask(third.place, 'good-311.example', 'MX', { ad: true })).toMatchObject({
      rcode: 0,
      ad: true,
    });
  });

  test('damaged: told, and started cold', async () => {
    const first = await stage.start('--state', state('damaged'));
    await ask(first.place, 'good-311.example', 'MX');
    await first.stop();
    const path = join(state('damaged'), 'resolver-cache');
    const octets = readFileSync(path);
    octets[octets.length - 10]! ^= 1;
    writeFileSync(path, octets);
    const second = await stage.start('--state', state('damaged'));
    expect(second.lines.join('\n')).toMatch(/starting with an empty cache/);
    expect(await ask(second.place, 'good-311.example', 'MX', { ad: true })).toMatchObject({
      rcode: 0,
      ad: true,
    });
  });

  test('other anchors: nothing that the old ones proved', async () => {
    const first = await stage.start('--state', state('anchors'));
    await ask(first.place, 'good-311.example', 'MX');
    await first.stop();
    const second = await stage.start(
      '--state',
      state('anchors'),
      '--trust-anchor',
      stage.file('later.key', await otherAnchor()),
    );
    expect(second.lines.join('\n')).toMatch(/starting with an empty cache/);
    expect((await ask(second.place, 'good-311.example', 'MX')).rcode).toBe(Rcode.SERVFAIL);
  });

  test('expired: asked for again', async () => {
    const first = await stage.start('--state', state('expired'));
    await ask(first.place, 'good-311.example', 'MX');
    await first.stop();
    stage.silence();
    const later = String(Math.floor(Date.now() / 1000) + 7200);
    const second = await stage.start('--state', state('expired'), '--at', later);
    expect(second.lines.join('\n')).toMatch(/ 0 answers of the last run/);
  });
});

describe.skipIf(unbuilt)('SIGHUP', () => {
  test('other trust anchors count from now on; a file that is no good changes nothing', async () => {
    const anchor = stage.file('anchor.key', readFileSync(stage.folder.trustAnchor, 'utf8'));
    const resolver = await stage.start('--trust-anchor', anchor);
    const secure = async () => (await ask(resolver.place, 'good-311.example', 'MX', { ad: true })).ad;
    const hangUp = async (said: RegExp) => {
      const from = resolver.lines.length;
      resolver.child.kill('SIGHUP');
      await resolver.line(said, from);
    };
    expect(await secure()).toBe(true);
    await hangUp(/no change of trust/);
    writeFileSync(anchor, 'nonsense');
    await hangUp(/everything stays as it is/);
    expect(await secure()).toBe(true);
    writeFileSync(anchor, await otherAnchor());
    await hangUp(/trust anchors and root hints are others now/);
    expect(await secure()).toBe(false);
    expect(await resolver.stop()).toBe(0);
  });
});

describe.skipIf(unbuilt)('DNS over TLS', () => {
  const credentials = (label: string) => {
    const day = 86_400_000;
    const certificate = issueCertificate(new Seed(label), label, {
      subject: label,
      names: [label],
      notBefore: Date.now() - day,
      notAfter: Date.now() + day,
    });
    return {
      cert: toPem([certificate]),
      key: certificate.key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    };
  };
  const askOver = async ({
    port,
  }: Listening): Promise<{ response: Message; subject: string | undefined }> => {
    const socket = connectTls({ port, host: '127.0.0.1', ALPNProtocols: ['dot'], rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    socket.write(
      frame(encodeMessage(makeQuery(Name.fromText('good-311.example'), RRType.MX, { rd: true, do: true }))),
    );
    const subject = socket.getPeerX509Certificate()?.subject;
    const [response] = await readFrames(socket, 1);
    socket.destroy();
    return { response: response!, subject };
  };

  test('answers under the certificate given, and under another after SIGHUP', async () => {
    const first = credentials('first.example');
    const cert = stage.file('tls.crt', first.cert);
    const key = stage.file('tls.key', first.key);
    const resolver = await stage.start(
      '--listen',
      '127.0.0.1:0',
      '--listen-tls',
      '127.0.0.1:0',
      '--tls-cert',
      cert,
      '--tls-key',
      key,
    );
    const place = resolver.places('TLS')[0]!;
    expect(await askOver(place)).toMatchObject({
      response: { rcode: 0, ad: true },
      subject: 'CN=first.example',
    });
    const second = credentials('second.example');
    writeFileSync(cert, second.cert);
    resolver.child.kill('SIGHUP');
    // The key is still the old one: nothing changes.
    await resolver.line(/everything stays as it is/);
    expect((await askOver(place)).subject).toBe('CN=first.example');
    writeFileSync(key, second.key);
    resolver.child.kill('SIGHUP');
    await resolver.line(/no change of trust/);
    expect((await askOver(place)).subject).toBe('CN=second.example');
  });

  test('no certificate where one should be: exit 2', async () => {
    const args = [
      '--listen-tls',
      '127.0.0.1:0',
      '--tls-cert',
      stage.file('no.crt', 'none'),
      '--tls-key',
      stage.file('no.key', 'none'),
    ];
    const { status, stderr } = await mailanchor(['resolver', ...stage.configured, ...args]);
    expect(stderr).toMatch(/^mailanchor: [^\n]*\n$/);
    expect(status).toBe(2);
  });
});

describe.skipIf(unbuilt)('over HTTP', () => {
  const pages = (resolver: ResolverProcess) => {
    const [, base] = /(http:\/\/[^/]+)\//.exec(resolver.lines.join('\n'))!;
    return async (path: string, method = 'GET') => {
      const response = await fetch(`${base}${path}`, { method });
      return {
        status: response.status,
        type: response.headers.get('content-type') ?? '',
        text: await response.text(),
      };
    };
  };

  test('metrics count what was asked and what came out', async () => {
    const resolver = await stage.start('--metrics', '127.0.0.1:0');
    const get = pages(resolver);
    await ask(resolver.place, 'good-311.example', 'MX');
    await ask(resolver.place, 'good-311.example', 'MX');
    await ask(resolver.place, 'expired.example', 'MX', { protocol: 'tcp' });
    const { status, type, text } = await get('/metrics');
    expect([status, type]).toEqual([200, expect.stringMatching(/^text\/plain; version=0\.0\.4/)]);
    const value = (name: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1],
      );
    expect(value('mailanchor_resolver_responses_total{protocol="udp",rcode="NOERROR"}')).toBe(2);
    expect(value('mailanchor_resolver_responses_total{protocol="tcp",rcode="SERVFAIL"}')).toBe(1);
    expect(value('mailanchor_resolver_answers_total{status="bogus"}')).toBe(1);
    expect(value('mailanchor_resolver_bogus_total{zone="expired.example."}')).toBe(1);
    expect(value('mailanchor_resolver_packet_cache_hits_total')).toBe(1);
    expect(value('mailanchor_resolver_lookup_seconds_count')).toBe(2);
    expect(value('mailanchor_resolver_upstream_queries_total')).toBeGreaterThan(3);
    expect(value('mailanchor_resolver_verifications_total')).toBeGreaterThan(3);
    expect((await get('/')).status).toBe(404);
    expect((await get('/metrics', 'POST')).status).toBe(405);
  });

  test('healthy when the root proves itself, not before', async () => {
    const healthy = await stage.start('--metrics', '127.0.0.1:0');
    expect(await pages(healthy)('/healthz')).toMatchObject({ status: 200, text: 'ok\n' });
    const blind = await stage.start(
      '--metrics',
      '127.0.0.1:0',
      '--trust-anchor',
      stage.file('blind.key', await otherAnchor()),
    );
    expect((await pages(blind)('/healthz')).status).toBe(503);
  });
});

describe.skipIf(unbuilt)('cannot start: one line, exit 2', () => {
  const fails = async (args: string[], message: RegExp) => {
    const { status, stderr } = await mailanchor(['resolver', ...stage.configured, ...args]);
    expect(stderr).toMatch(/^mailanchor: [^\n]*\n$/);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  };

  test('the place is taken', async () => {
    const { port } = (await stage.start()).place;
    await fails(
      ['--listen', `127.0.0.1:${port}`],
      /cannot listen on 127\.0\.0\.1:\d+: another server is there .*--listen/,
    );
  });

  test('only its stream is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await fails(['--listen', `127.0.0.1:${port}`], /another server is there/);
    server.close();
  });

  test.each<[string, string[], RegExp]>([
    [
      'no such address',
      ['--listen', '192.0.2.1:5300'],
      /cannot listen on 192\.0\.2\.1:5300: this machine has no such address/,
    ],
    [
      'no such address for metrics',
      ['--listen', '127.0.0.1:0', '--metrics', '192.0.2.1'],
      /cannot listen on 192\.0\.2\.1:9153/,
    ],
    ['a name', ['--listen', 'localhost'], /--listen: "localhost" is not an address/],
    [
      'an anchor that is none',
      ['--listen', '127.0.0.1:0', '--trust-anchor', '/nonexistent'],
      /--trust-anchor: cannot read/,
    ],
  ])('%s', async (_, args, message) => {
    await fails(args, message);
  });

  test('it would ask itself', async () => {
    const { port } = (await stage.start()).place;
    const other = await stage.start();
    await other.stop();
    await fails(
      ['--listen', `127.0.0.1:${other.place.port}`, '--resolver', `127.0.0.1:${other.place.port}`],
      /would ask itself/,
    );
    expect(port).toBeGreaterThan(0);
  });
});

test.skipIf(unbuilt)('--json: events as JSON, one a line', async () => {
  const child = spawn(
    process.execPath,
    [BIN, 'resolver', ...stage.configured, '--listen', '127.0.0.1:0', '--json'],
    {
      env: environment(undefined),
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const resolver = await ready(child);
  await resolver.stop();
  const events = resolver.lines.map((line) => JSON.parse(line) as { event: string });
  expect(events.map(({ event }) => event)).toEqual(['listen', 'start', 'stop']);
});

/** Node tells no descriptor of its sockets in public: it is found by the port, then the inode. */
function descriptorOf(table: 'udp' | 'tcp', port: number): number {
  const place = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const row = readFileSync(`/proc/self/net/${table}`, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([, local]) => local === place);
  const found = readdirSync('/proc/self/fd').find((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === `socket:[${row?.[9]}]`;
    } catch {
      return false; // The folder's own, closed meanwhile.
    }
  });
  return Number(found);
}

test.skipIf(unbuilt || process.platform !== 'linux')('sockets that systemd has opened', async () => {
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  await once(udp, 'listening');
  const { port } = udp.address();
  const tcp = createServer().listen(port, '127.0.0.1');
  await once(tcp, 'listening');
  const command = 'LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=dns:dns exec "$@"';
  const child = spawn('sh', ['-c', command, 'sh', process.execPath, BIN, 'resolver', ...stage.configured], {
    env: environment(undefined),
    stdio: ['ignore', 'ignore', 'pipe', descriptorOf('udp', port), descriptorOf('tcp', port)],
  });
  udp.close();
  tcp.close();
  const resolver = await ready(child);
  // In place of the default places, not beside them.
  expect(resolver.lines.filter((line) => /listening/.test(line))).toEqual([
    expect.stringMatching(/2 sockets of systemd, UDP and TCP/),
  ]);
  for (const protocol of ['udp', 'tcp'] as const) {
    const response = await ask({ address: '127.0.0.1', port }, 'good-311.example', 'MX', {
      ad: true,
      protocol,
    });
    expect(response).toMatchObject({ rcode: 0, ad: true });
  }
  expect(await resolver.stop()).toBe(0);
});
