/** Questions to single servers, and waiting until something holds. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Run, runIn } from '../namespace.ts';

/** DS records of the key-signing keys that a server has made for its zone, once it has. */
export async function dsAt(namespace: string, server: string, zone: string): Promise<string> {
  let ds = '';
  await until(async () => {
    const { stdout: keys } = await digIn(namespace, server, zone, 'DNSKEY', '+noall', '+answer');
    if (!/DNSKEY\s+257/.test(keys)) return false;
    const run = await runIn(namespace, ['dnssec-dsfromkey', '-2', '-f', '-', zone], { input: keys });
    ds = run.stdout;
    return ds.includes(' DS ');
  }, `the keys of ${zone}`);
  return ds;
}

export async function serialAt(namespace: string, server: string, zone: string): Promise<number | undefined> {
  const { stdout } = await digIn(namespace, server, zone, 'SOA', '+short', '+norec');
  const serial = Number(stdout.split(' ')[2]);
  return Number.isInteger(serial) ? serial : undefined;
}

export function digIn(
  namespace: string,
  server: string,
  name: string,
  type: string,
  ...flags: readonly string[]
): Promise<Run> {
  return runIn(namespace, ['dig', '+time=1', '+tries=1', `@${server}`, name, type, ...flags]);
}

export async function mustIn(namespace: string, ...command: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runIn(namespace, command);
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

export async function until(holds: () => Promise<boolean>, what: string, timeoutMs = 15_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what}: not there after ${timeoutMs} ms`);
    await delay(40);
  }
}
