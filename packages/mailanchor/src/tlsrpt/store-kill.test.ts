/** A process that counts events is killed at moments of chance, and whoever tells it events tells again what was not acknowledged. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { NOON, success } from './events.fixture.ts';
import { openTlsRptStore } from './store.ts';

/** Tells events from the number given on, 40 at a time; prints the number of each that is durable. */
const TELLER = `
  import { openTlsRptStore } from ${JSON.stringify(new URL('./store.ts', import.meta.url).href)};
  const [path, from, event] = process.argv.slice(1);
  const store = openTlsRptStore(path, { clock: () => ${NOON} });
  let next = Number(from);
  async function tell() {
    for (;;) {
      const n = next++;
      const domain = 'd' + (n % 7) + '.example';
      await store.add({ ...JSON.parse(event), id: String(n), domain });
      process.stdout.write(n + '\\n');
    }
  }
  for (let i = 0; i < 40; i++) tell();
`;

async function tellUntilKilled(path: string, from: number, acks: number): Promise<number[]> {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', TELLER, path, String(from), JSON.stringify(success('example.org'))],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const closed = once(child, 'close');
  const numbers: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    numbers.push(Number(line));
    if (numbers.length === acks) child.kill('SIGKILL');
  }
  const [, signal] = await closed;
  expect(signal).toBe('SIGKILL');
  return numbers;
}

test('what was acknowledged is counted, once, whenever the process is killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tlsrpt-'));
  try {
    const path = join(folder, 'tlsrpt.sqlite');
    const acknowledged = new Set<number>();
    let from = 0;
    for (let round = 0; round < 4; round++) {
      const acks = 1 + Math.floor(Math.random() * 600);
      for (const n of await tellUntilKilled(path, from, acks)) acknowledged.add(n);
      // The teller goes on with the first event that it knows nothing of: some behind it are told again.
      while (acknowledged.has(from)) from++;
    }
    const store = openTlsRptStore(path, { clock: () => NOON });
    const told = store.database.prepare('SELECT id FROM told').all();
    const ids = new Set(told.map(({ id }) => Number(id)));
    expect([...acknowledged].filter((n) => !ids.has(n))).toEqual([]);
    const { sum } = store.database.prepare('SELECT sum(successes) AS sum FROM policy').get() ?? {};
    expect(sum).toBe(ids.size);
    store.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 30_000);
