/** What a handshake offers decides which of two certificates OpenSSL's own server presents, with and without a preference of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSession } from '../src/session.ts';
import type { TlsOffer } from '../src/tls-offer.ts';
import { makeCertificate } from './certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'mailanchor-openssl-'));
const servers: ChildProcess[] = [];
const absent = !runs('openssl', 'version');
if (absent && process.env['MAILANCHOR_TEST_PEERS'] === 'required')
  throw new Error('openssl is not installed');

beforeAll(() => {
  for (const [name, rsa] of [
    ['rsa', true],
    ['ecdsa', false],
  ] as const) {
    const { key, pem } = makeCertificate({ cn: name, rsa });
    writeFileSync(join(folder, `${name}.pem`), key + pem);
  }
});
afterAll(async () => {
  await Promise.all(
    servers.map(async (server) => {
      server.kill();
      if (server.exitCode === null) await once(server, 'exit');
    }),
  );
  rmSync(folder, { recursive: true });
});

function runs(program: string, argument: string): boolean {
  try {
    execFileSync(program, [argument], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Resolves with the port once the server listens. */
async function serve(...args: string[]): Promise<number> {
  const server = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', ...args], {
    cwd: folder,
    // It tells of every connection that ends without a good-bye.
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  servers.push(server);
  for await (const line of createInterface({ input: server.stdout })) {
    const port = /^ACCEPT \S+:(\d+)$/.exec(line)?.[1];
    if (port) return Number(port);
  }
  throw new Error('openssl s_server ended');
}

async function seen(port: number, offer: TlsOffer): Promise<string> {
  const { kind, chain, tls } = await openSession({
    address: '127.0.0.1',
    port,
    protocol: 'tls',
    offer,
    connect,
  });
  return chain[0] ? `${tls?.protocol} ${chain[0].length > 500 ? 'rsa' : 'ecdsa'}` : kind;
}

const both = ['-cert', 'rsa.pem', '-dcert', 'ecdsa.pem', '-dkey', 'ecdsa.pem'];

const needed = (skip: (reason: string) => void): void => {
  if (absent) skip('openssl is not installed');
};

describe('openssl s_server', () => {
  test.for([
    ['both certificates', both, ['TLSv1.3 ecdsa', 'TLSv1.3 rsa', 'TLSv1.3 ecdsa']],
    ['both, its own preference', [...both, '-serverpref'], ['TLSv1.3 ecdsa', 'TLSv1.3 rsa', 'TLSv1.3 ecdsa']],
    ['both, TLS 1.2', [...both, '-tls1_2'], ['TLSv1.2 ecdsa', 'TLSv1.2 rsa', 'TLSv1.2 ecdsa']],
    ['RSA alone', ['-cert', 'rsa.pem'], ['TLSv1.3 rsa', 'TLSv1.3 rsa', 'tls-failed']],
    [
      'ECDSA alone, TLS 1.2',
      ['-cert', 'ecdsa.pem', '-tls1_2'],
      ['TLSv1.2 ecdsa', 'tls-failed', 'TLSv1.2 ecdsa'],
    ],
  ] as const)('%s', async ([, args, expected], { skip }) => {
    needed(skip);
    const port = await serve(...args);
    const offers: TlsOffer[] = ['any', 'rsa', 'ecdsa'];
    // One after the other: it serves one connection at a time.
    const results: string[] = [];
    for (const offer of offers) results.push(await seen(port, offer));
    expect(results).toEqual(expected);
  });

  test('TLS 1.1 at most', async ({ skip }) => {
    needed(skip);
    const port = await serve('-cert', 'rsa.pem', '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0');
    expect(await seen(port, 'any')).toBe('tls-failed');
    expect(await seen(port, 'old-tls')).toBe('TLSv1.1 rsa');
  });
});
