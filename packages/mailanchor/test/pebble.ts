/** A local ACME server, Debian's pebble, that takes every challenge for met. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface Pebble {
  readonly directory: string;
  /** PEM file: of its HTTPS. */
  readonly ca: string;
  close(): void;
}

/** `folder` takes its files. Rejects where it does not start. */
export async function raisePebble(program: string, folder: string): Promise<Pebble> {
  const [port, managementPort] = [await freePort(), await freePort()];
  const ca = join(folder, 'pebble.pem');
  const key = join(folder, 'pebble.key');
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const made = spawnSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', ca, ...names],
    { encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
  const settings = {
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${managementPort}`,
      certificate: ca,
      privateKey: key,
      httpPort: 5002,
      tlsPort: 5001,
      ocspResponderURL: '',
      externalAccountBindingRequired: false,
    },
  };
  const file = join(folder, 'pebble.json');
  writeFileSync(file, JSON.stringify(settings));
  const child = spawn(program, ['-config', file], {
    env: { ...process.env, PEBBLE_VA_ALWAYS_VALID: '1', PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  for (let waited = 0; !said.includes('ACME directory available'); waited += 50) {
    if (child.exitCode !== null || waited > 10_000) {
      child.kill();
      throw new Error(`pebble: ${said}`);
    }
    await delay(50);
  }
  return { directory: `https://127.0.0.1:${port}/dir`, ca, close: () => void child.kill() };
}

/** Path of a program of Debian's packages; undefined where it is not installed. Throws where peers are required. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/sbin'];
  const path = folders.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
  if (path === undefined && process.env['MAILANCHOR_TEST_PEERS'] === 'required')
    throw new Error(`${name} is not installed, and MAILANCHOR_TEST_PEERS=required`);
  return path;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || !address) throw new Error('no port');
  return address.port;
}
