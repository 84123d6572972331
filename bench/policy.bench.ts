/**
 * `mailanchor policy` as a process: cached answers per second and their latency beside a server that does nothing but answer; memory of 100,000
 * answers and of 10,000 connections; cached answers while name servers are slow or dead; destinations from nothing beside our own resolver (root
 * and the packages of the bed). Clients are processes of their own, on the same machine: what they take is taken from the server.
 *
 *     npm run bench policy
 *     MAILANCHOR_BENCH_ROUNDS=5 MAILANCHOR_BENCH_DOMAINS=20000 npm run bench policy
 *     MAILANCHOR_BENCH_PARTS=memory,cold npm run bench policy
 */
import { startLab } from '../packages/lab/src/index.ts';
import { writeLabFolder } from '../packages/mailanchor/src/lab/folder.ts';
import { cached } from './policy/cached.ts';
import { cold } from './policy/cold.ts';
import { memory } from './policy/memory.ts';
import { upstream } from './policy/upstream.ts';

const ROUNDS = Number(process.env['MAILANCHOR_BENCH_ROUNDS'] ?? 3);
const COLD_DOMAINS = Number(process.env['MAILANCHOR_BENCH_DOMAINS'] ?? 5000);
const PARTS = (process.env['MAILANCHOR_BENCH_PARTS'] ?? 'cached,memory,upstream,cold').split(',');
const DOMAINS = ['good-311', 'good-211', 'rollover', 'ed25519', 'nsec3', 'no-mx', 'alias', 'cname-mx'];

export default async function bench(): Promise<void> {
  const lab = await startLab();
  const folder = await writeLabFolder(lab, undefined);
  const domains = DOMAINS.map((name) => `${name}.example:${lab.mailPort}`);
  const parts: Readonly<Record<string, () => Promise<void>>> = {
    cached: () => cached(folder.config, domains, ROUNDS),
    memory: () => memory(folder.config),
    upstream: () => upstream(lab, folder.config, domains, ROUNDS),
  };
  try {
    for (const part of PARTS) {
      await parts[part]?.();
      if (part in parts) console.log('');
    }
  } finally {
    await folder.remove();
    await lab.close();
  }
  if (PARTS.includes('cold')) await cold(COLD_DOMAINS, ROUNDS);
}
