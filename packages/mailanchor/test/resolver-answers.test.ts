/** What `mailanchor resolver` answers, as a process against the lab: over UDP and TCP, with every option of a lookup. */
import { execFile, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { promisify } from 'node:util';
import {
  decodeMessage,
  Ede,
  encodeMessage,
  extendedErrors,
  type Message,
  makeQuery,
  Name,
  type QueryOptions,
  Rcode,
  RRType,
} from '@mailanchor/dns';
import { beforeAll, describe, expect, test } from 'vitest';
import { unbuilt } from './program.ts';
import { ask, type Listening, type ResolverProcess, startResolver } from './resolver-process.ts';
import { frame, otherAnchor, readFrames, Stage } from './resolver-stage.ts';

const stage = new Stage();
const dig = spawnSync('dig', ['-v']).status === 0 ? undefined : 'not installed: dig';

describe.skipIf(unbuilt)('answers', () => {
  let resolver: ResolverProcess;
  beforeAll(async () => {
    resolver = await stage.start();
  });

  describe.each(['udp', 'tcp'] as const)('over %s', (protocol) => {
    test.each<[string, string, QueryOptions, Partial<Message>, number]>([
      ['good-311.example', 'MX', { ad: true }, { rcode: 0, ad: true }, 1],
      ['good-311.example', 'MX', { do: true }, { rcode: 0, ad: true }, 2],
      ['good-311.example', 'MX', {}, { rcode: 0, ad: false }, 1],
      ['good-311.example', 'MX', { edns: false }, { rcode: 0, ad: false }, 1],
      ['GOOD-311.Example', 'MX', { ad: true }, { rcode: 0, ad: true }, 1],
      ['mx.good-311.example', 'AAAA', { ad: true }, { rcode: 0, ad: true }, 0],
      ['nope.nsec3.example', 'A', { ad: true }, { rcode: Rcode.NXDOMAIN, ad: true }, 0],
      ['alias.example', 'MX', { ad: true }, { rcode: 0, ad: true }, 2],
      ['mail.dname.example', 'MX', { ad: true }, { rcode: 0, ad: true }, 3],
      ['any.wildcard-mx.example', 'MX', { do: true }, { rcode: 0, ad: true }, 2],
      ['mx.unsigned.test', 'A', { do: true }, { rcode: 0, ad: false }, 1],
      ['expired.example', 'MX', { do: true }, { rcode: Rcode.SERVFAIL, ad: false }, 0],
      ['forged-mx.example', 'MX', { ad: true }, { rcode: Rcode.SERVFAIL, ad: false }, 0],
      ['forged-mx.example', 'MX', { cd: true, ad: true }, { rcode: 0, ad: false, cd: true }, 1],
      ['forged-mx.example', 'MX', { cd: true, do: true }, { rcode: 0, ad: false, cd: true }, 2],
    ])('%s %s %o', async (name, type, options, expected, answers) => {
      // Twice: looked up, and from what was kept.
      for (const _ of [1, 2]) {
        const response = await ask(resolver.place, name, type, { ...options, protocol });
        expect(response).toMatchObject({ qr: true, ra: true, rd: true, aa: false, tc: false, ...expected });
        expect(response.answers).toHaveLength(answers);
        expect(response.edns === undefined).toBe(options.edns === false);
      }
    });
  });

  test('the reason is told', async () => {
    const [told] = extendedErrors(await ask(resolver.place, 'expired.example', 'MX'));
    expect(told).toMatchObject({
      infoCode: Ede.SIGNATURE_EXPIRED,
      extraText: expect.stringContaining('expired'),
    });
  });

  test.skipIf(dig)(`dig agrees${dig ? `: ${dig}` : ''}`, async () => {
    const { port } = resolver.place;
    const run = async (...args: string[]) =>
      (await promisify(execFile)('dig', ['@127.0.0.1', '-p', String(port), ...args])).stdout;
    expect(await run('good-311.example', 'MX', '+dnssec')).toMatch(
      /flags: qr rd ra ad;[\s\S]*\sRRSIG\s+MX 13/,
    );
    expect(await run('good-311.example', 'MX', '+noadflag')).toMatch(/flags: qr rd ra;/);
    expect(await run('good-311.example', 'MX', '+noedns', '+noadflag')).not.toMatch(/OPT PSEUDOSECTION/);
    expect(await run('expired.example', 'MX')).toMatch(
      /SERVFAIL[\s\S]*EDE: 7 \(Signature Expired\): \(.*expired/,
    );
    expect(await run('expired.example', 'MX', '+cd')).toMatch(/NOERROR[\s\S]*flags: qr rd ra cd;/);
    expect(await run('good-311.example', 'MX', '+edns=1', '+noednsneg')).toMatch(/BADVERS/);
    expect(await run('good-311.example', 'MX', '+opcode=NOTIFY')).toMatch(/NOTIMP/);
    expect(await run('version.bind', 'CH', 'TXT')).toMatch(/REFUSED/);
    expect(await run('good-311.example', 'AXFR')).toMatch(/Transfer failed/);
    expect(await run('never-asked.example', 'MX', '+norec')).toMatch(/REFUSED/);
    expect(
      await run('good-311.example', 'MX', '+nsid', '+cookie', '+subnet=192.0.2.0/24', '+padding=128'),
    ).toMatch(/NOERROR/);
    // Too long for 512 octets: truncated, and whole over TCP, which dig turns to.
    // An RSA key and its signature are always too long; how many NSEC3 records a denial takes depends on the zone's names.
    expect(await run('rsa.example', 'DNSKEY', '+dnssec', '+bufsize=512', '+ignore')).toMatch(
      /flags: qr tc rd ra/,
    );
    expect(await run('rsa.example', 'DNSKEY', '+dnssec', '+bufsize=512')).toMatch(
      /NOERROR[\s\S]*SERVER: .*\(TCP\)/,
    );
  });

  test('hostile packets: answered with an error or not at all, and life goes on', async () => {
    const socket = createSocket('udp4');
    const replies: Uint8Array[] = [];
    socket.on('message', (octets) => replies.push(octets));
    const query = encodeMessage(
      makeQuery(Name.fromText('good-311.example'), RRType.MX, { rd: true, do: true }),
    );
    const packets = [
      new Uint8Array(0),
      new Uint8Array(11),
      new Uint8Array(12),
      new Uint8Array(4096).fill(0xc0),
      query.with(2, 0x81),
      query.with(12, 0xc0).with(13, 12),
      query.with(5, 255),
      query.with(11, 255),
      query.subarray(0, 20),
      ...Array.from({ length: 200 }, (_, i) => query.with(i % query.length, (i * 37) & 0xff)),
    ];
    for (const packet of packets) socket.send(packet, resolver.place.port, '127.0.0.1');
    expect(await ask(resolver.place, 'good-311.example', 'MX')).toMatchObject({ rcode: 0 });
    for (const reply of replies) expect(decodeMessage(reply).qr).toBe(true);
    socket.close();
  });

  test('a stream in pieces, and several queries in one piece', async () => {
    const socket = connectTcp(resolver.place.port, '127.0.0.1');
    const frames = ['good-311.example', 'nsec3.example', 'alias.example'].map((name, id) =>
      frame(encodeMessage(makeQuery(Name.fromText(name), RRType.MX, { id, rd: true }))),
    );
    const all = Buffer.concat(frames);
    socket.write(all.subarray(0, 1));
    socket.write(all.subarray(1, 7));
    socket.write(all.subarray(7));
    const responses = await readFrames(socket, 3);
    expect(responses.map(({ id }) => id).sort()).toEqual([0, 1, 2]);
    socket.destroy();
  });
});

describe.skipIf(unbuilt)('every option of a lookup', () => {
  const secure = async ({ place }: ResolverProcess, name = 'good-311.example') => {
    const { ad, rcode } = await ask(place, name, 'MX', { ad: true });
    return rcode === 0 ? ad : rcode;
  };
  const roots = () => ({
    '--root-hints': stage.folder.rootHints,
    '--trust-anchor': stage.folder.trustAnchor,
    '--dns-port': String(stage.lab.dnsPort),
  });

  test('--root-hints, --trust-anchor, --dns-port in place of a configuration file', async () => {
    expect(await secure(await startResolver(Object.entries(roots()).flat()))).toBe(true);
  });

  test('the environment', async () => {
    const env = Object.fromEntries(
      Object.entries(roots()).map(([key, value]) => [
        `MAILANCHOR_${key.slice(2).toUpperCase().replaceAll('-', '_')}`,
        value,
      ]),
    );
    expect(await secure(await startResolver([], { ...env, MAILANCHOR_LISTEN: '127.0.0.1:0' }, []))).toBe(
      true,
    );
  });

  test('the section of the configuration file, which goes before what stands at its top', async () => {
    const text = readFileSync(stage.folder.config, 'utf8')
      .replace('root-hints: root.hints', `root-hints: ${stage.folder.rootHints}`)
      .replace('trust-anchor: root.key', `trust-anchor: ${stage.folder.trustAnchor}`);
    const path = stage.file(
      'section.yaml',
      `${text}resolver-service:\n  listen: ['127.0.0.1:0', '127.0.0.2:0']\n  allow: [127.0.0.0/8]\n`,
    );
    const resolver = await startResolver(['--config', path], {}, []);
    expect(resolver.places().map(({ address }) => address)).toContain('127.0.0.1');
    expect(await secure(resolver)).toBe(true);
  });

  test('--trust-anchor of somebody else: SERVFAIL', async () => {
    expect(
      await secure(await stage.start('--trust-anchor', stage.file('other.key', await otherAnchor()))),
    ).toBe(Rcode.SERVFAIL);
  });

  test('--at: later, everything has expired', async () => {
    const later = new Date(Date.now() + 60 * 86_400_000).toISOString();
    const resolver = await stage.start('--at', later);
    const response = await ask(resolver.place, 'good-311.example', 'MX');
    expect(response.rcode).toBe(Rcode.SERVFAIL);
    expect(extendedErrors(response)[0]?.infoCode).toBe(Ede.SIGNATURE_EXPIRED);
  });

  test('--insecure-zone: an answer, and no claim', async () => {
    const resolver = await stage.start('--insecure-zone', 'forged-mx.example');
    expect(await secure(resolver, 'forged-mx.example')).toBe(false);
    expect(await secure(resolver)).toBe(true);
  });

  test.each(['on', 'relaxed', 'off'])('--qname-minimisation %s', async (mode) => {
    expect(await secure(await stage.start('--qname-minimisation', mode))).toBe(true);
  });

  test('--nsec3-iterations is read', async () => {
    expect(await secure(await stage.start('--nsec3-iterations', '0'), 'nsec3.example')).toBe(true);
  });

  test('--resolver, --forward-zone: asked, and not believed', async () => {
    const upstream = (await stage.start()).place;
    const spec = `127.0.0.1:${upstream.port}`;
    const forwarding = await stage.start('--resolver', spec);
    expect(await secure(forwarding)).toBe(true);
    expect(await secure(forwarding, 'forged-mx.example')).toBe(Rcode.SERVFAIL);
    const split = await stage.start('--forward-zone', `good-211.example=${spec}`);
    expect(await secure(split, 'good-211.example')).toBe(true);
    // An upstream without our anchor has its own opinion, which is not asked for: with CD it hands on what there is.
    const ignorant = (await stage.start('--trust-anchor', stage.file('ignorant.key', await otherAnchor())))
      .place;
    expect(await secure(await stage.start('--resolver', `127.0.0.1:${ignorant.port}`))).toBe(true);
  });
});

describe.skipIf(unbuilt)('who may ask', () => {
  const from = async (address: string, { port }: Listening): Promise<number> => {
    const socket = createSocket('udp4').bind(0, address);
    await once(socket, 'listening');
    socket.send(
      encodeMessage(makeQuery(Name.fromText('good-311.example'), RRType.MX, { rd: true })),
      port,
      '127.0.0.1',
    );
    const [octets] = (await once(socket, 'message')) as [Uint8Array];
    socket.close();
    return decodeMessage(octets).rcode;
  };

  test('loopback, unless --allow says otherwise', async () => {
    const open = await stage.start();
    expect(await from('127.9.9.9', open.place)).toBe(0);
    const narrow = await stage.start('--allow', '127.0.0.2/31', '--allow', '192.0.2.0/24');
    expect(await from('127.0.0.1', narrow.place)).toBe(Rcode.REFUSED);
    expect(await from('127.0.0.3', narrow.place)).toBe(0);
    expect(await from('127.0.0.4', narrow.place)).toBe(Rcode.REFUSED);
  });

  test('everybody: told, since it is seldom meant', async () => {
    const resolver = await stage.start('--allow', '0.0.0.0/0');
    expect(resolver.lines.join('\n')).toMatch(/everybody may ask/);
  });
});

describe.skipIf(unbuilt)('under load', () => {
  test('a thousand slow questions: what is kept is answered before any of them, what is healthy as well', async () => {
    const { place } = await stage.start();
    await ask(place, 'good-311.example', 'MX');
    stage.silence('good-211.example');
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const ids: number[] = [];
    const seen = new Promise<void>((resolve) =>
      socket.on('message', (octets) => {
        ids.push(decodeMessage(octets).id);
        if (ids.includes(60_000) && ids.includes(60_001)) resolve();
      }),
    );
    const send = (id: number, name: string) =>
      socket.send(
        encodeMessage(makeQuery(Name.fromText(name), RRType.MX, { id, rd: true })),
        place.port,
        '127.0.0.1',
      );
    for (let id = 0; id < 1000; id++) {
      send(id, `n${id}.good-211.example`);
      // The socket's buffer is not what is tested.
      if (id % 50 === 49) await ask(place, 'good-311.example', 'MX');
    }
    send(60_000, 'good-311.example');
    send(60_001, 'rsa.example');
    await seen;
    expect(ids.filter((id) => id < 60_000)).toEqual([]);
    socket.close();
  });

  test('too many at a time are turned away, and told so', async () => {
    const { place } = await stage.start('--max-queries-per-client', '1');
    stage.silence('good-211.example');
    const first = ask(place, 'a.good-211.example', 'MX');
    // Sent after the first, so read after it.
    const second = await ask(place, 'b.good-211.example', 'MX');
    expect(second.rcode).toBe(Rcode.SERVFAIL);
    expect(extendedErrors(second)[0]?.extraText).toMatch(/too many/);
    stage.heal();
    expect((await first).rcode).toBe(Rcode.NXDOMAIN);
  });
});
