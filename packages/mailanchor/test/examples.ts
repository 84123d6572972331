/** The programs in examples/, run as a reader would run them, against the lab. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Lab } from '@mailanchor/lab';
import type { LabFolder } from '../src/lab/folder.ts';
import { environment, type Run } from './program.ts';

/** `name`: a file in examples/. The variables are those that `mailanchor lab` prints. */
export async function runExample(
  name: string,
  { lab, folder }: { readonly lab: Lab; readonly folder: LabFolder },
  ...args: readonly string[]
): Promise<Run> {
  const path = fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));
  const harakaPort = await freePort();
  return new Promise((resolve, reject) => {
    const env = environment({
      LAB_HINTS: folder.rootHints,
      LAB_ANCHOR: folder.trustAnchor,
      LAB_DNS_PORT: String(lab.dnsPort),
      LAB_PORT: String(lab.mailPort),
      HARAKA_PORT: String(harakaPort),
    });
    const child = spawn(process.execPath, [path, ...args], { env });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}
