/** `mailanchor resolver --trust-anchor-state` as a process: a root that rolls its key over weeks, which are passed by `--at`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { DnsListener } from '@mailanchor/dns';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mailanchor, temporaryFolder, unbuilt } from './program.ts';
import { ask, type ResolverProcess, startResolver, stopAll } from './resolver-process.ts';
import { makeKey, RollingRoot, revoked } from './rolling-root.ts';

const DAY = 86_400;
const scratch = temporaryFolder();
const path = (name: string) => `${scratch.path}/${name}`;
type Key = Awaited<ReturnType<typeof makeKey>>;
let A: Key;
let B: Key;
let root: RollingRoot;
let server: DnsListener;

beforeAll(async () => {
  [A, B] = await Promise.all([makeKey('a'), makeKey('b')]);
  root = new RollingRoot(Date.UTC(2026, 0, 15) / 1000, A);
  server = await root.serve();
  writeFileSync(path('hints'), '. 3600 NS ns1.\nns1. 3600 A 127.0.0.1\n');
  writeFileSync(path('anchor'), RollingRoot.anchorText(A));
});
afterAll(async () => {
  await stopAll();
  await server.close();
  scratch.done();
});

const options = () => [
  ...['--root-hints', path('hints'), '--trust-anchor', path('anchor'), '--dns-port', String(server.port)],
  ...['--at', String(root.now), '--metrics', '127.0.0.1:0'],
];
const start = (...more: readonly string[]) => startResolver([...options(), ...more]);
const pages = async (resolver: ResolverProcess, page: string) => {
  const [, base] = /(http:\/\/[^/]+)\//.exec(resolver.lines.join('\n'))!;
  const response = await fetch(`${base}${page}`);
  return { status: response.status, text: await response.text() };
};
const secure = async ({ place }: ResolverProcess) => (await ask(place, '.', 'DNSKEY', { ad: true })).ad;

describe.skipIf(unbuilt)('rule 9: trust anchors follow rollovers', () => {
  const file = path('anchors.json');
  const withState = ['--trust-anchor-state', file];

  test('a new key is seen, held down, trusted; the old one revoked; in between, killed', async () => {
    root.keys = [A, B];
    const first = await start(...withState);
    await first.line(new RegExp(`key ${B.tag} of \\. is new: trusted from 2026-02-14`));
    expect(await secure(first)).toBe(true);
    expect((await pages(first, '/metrics')).text).toContain(
      'mailanchor_resolver_trust_anchor_keys{zone=".",phase="add-pend"} 1\n',
    );
    await first.stop('SIGKILL');

    root.now += 31 * DAY;
    const second = await start(...withState);
    await second.line(new RegExp(`key ${B.tag} of \\. is trusted from now on`));
    expect(await second.stop()).toBe(0);

    root.now += 10 * DAY;
    root.keys = [revoked(A), B];
    const third = await start(...withState);
    await third.line(new RegExp(`key ${A.tag} of \\. has been revoked`));
    expect(await secure(third)).toBe(true);
    expect(await third.stop()).toBe(0);

    // Without the file, the user's word is all there is, and the key that it names is no key any more.
    const without = await start();
    expect(await secure(without)).toBe(false);
    await without.stop();
  });

  test('the last key is revoked: said loudly, in the log, in metrics, in health', async () => {
    root.now += 10 * DAY;
    root.keys = [revoked(B)];
    const resolver = await start(...withState);
    await resolver.line(/EVERY KEY OF \. IS REVOKED/);
    expect(await pages(resolver, '/healthz')).toEqual({
      status: 503,
      text: 'every key of . is revoked: nothing is proven there\n',
    });
    expect((await pages(resolver, '/metrics')).text).toContain('mailanchor_resolver_trust_anchor_lost 1\n');
    expect(await secure(resolver)).toBe(false);
    await resolver.stop();
  });

  test('a damaged file: told and put aside', async () => {
    root.keys = [A];
    writeFileSync(file, 'nonsense', { mode: 0o600 });
    const resolver = await start(...withState);
    expect(resolver.lines.join('\n')).toMatch(/only what is configured is trusted/);
    expect(readFileSync(`${file}.damaged`, 'utf8')).toBe('nonsense');
    expect(await secure(resolver)).toBe(true);
    await resolver.stop();
  });

  test('in the folder of systemd where nobody says anything else', async () => {
    root.keys = [A];
    const environment = { STATE_DIRECTORY: path('state') };
    const resolver = await startResolver(options(), environment);
    await resolver.line(/is the trust anchor that was configured/);
    expect(existsSync(path('state/trust-anchors.json'))).toBe(true);
    await resolver.stop();
    const other = await startResolver([...options(), '--trust-anchor-state', 'none'], {
      STATE_DIRECTORY: path('other'),
    });
    await other.stop();
    expect(existsSync(path('other'))).toBe(false);
  });

  test('a folder in its place: one line, exit 2', async () => {
    const { status, stderr } = await mailanchor([
      'resolver',
      ...options(),
      ...['--listen', '127.0.0.1:0', '--trust-anchor-state', scratch.path],
    ]);
    expect(stderr).toMatch(/^mailanchor: --trust-anchor-state: [^\n]* is a folder, not a file\n$/);
    expect(status).toBe(2);
  });
});
