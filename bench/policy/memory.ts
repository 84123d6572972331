/** Memory of 100,000 answers: taken up from a file of an earlier run, then asked for once each. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { residentMiB, runClient, startPolicy, table } from './processes.ts';

const SIZES = [100_000, 200_000] as const;

/** Shares of answers as the Internet has them, roughly: most destinations promise nothing. */
type Answer = (i: number) => readonly [status: string, text: string, reason: string];

const KINDS: readonly (readonly [name: string, answer: Answer])[] = [
  ['dane-only', () => ['OK', 'dane-only', '2 hosts with usable TLSA records, all signed']],
  ['none', () => ['NOTFOUND', '', 'no host is in a signed zone']],
  [
    'secure',
    (i) => [
      'OK',
      `secure match=mx1.company-${i}.example:mx2.company-${i}.example servername=hostname`,
      'MTA-STS is enforced; no DANE: no host is in a signed zone',
    ],
  ],
];

export async function memory(config: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mailanchor-bench-'));
  try {
    const state = ['--config', config, '--state', folder];
    // Its first line tells under which settings it was made.
    await (await startPolicy(...state)).stop();
    const file = join(folder, 'policy-cache');
    const [head = ''] = readFileSync(file, 'utf8').split('\n');
    const rows = [
      [
        'answers kept',
        'MiB, none',
        ...SIZES.map((size) => `${size}`),
        'octets each',
        `start with ${SIZES[0]}, ms`,
      ],
    ];
    const empty = await startPolicy('--config', config);
    await askAll(empty.port, folder, 100);
    const nothing = residentMiB(empty.pid);
    await empty.stop();
    for (const [name, answer] of KINDS) {
      const resident: number[] = [];
      let start: number | undefined;
      for (const size of SIZES) {
        writeAnswers(file, head, size, answer);
        const began = performance.now();
        const server = await startPolicy(...state, '--cache-entries', String(size));
        start ??= performance.now() - began;
        const { answers } = await askAll(server.port, folder, size);
        resident.push(residentMiB(server.pid));
        if ((answers['OK'] ?? 0) + (answers['NOTFOUND'] ?? 0) !== size)
          throw new Error(JSON.stringify(answers));
        await server.stop();
      }
      // What the process takes by itself, its young generation with it, is not of the entries.
      const each = ((resident[1]! - resident[0]!) * 1024 * 1024) / (SIZES[1] - SIZES[0]);
      const mib = [nothing, ...resident].map((value) => value.toFixed(0));
      rows.push([name, ...mib, each.toFixed(0), start!.toFixed(0)]);
    }
    table(rows);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeAnswers(file: string, head: string, size: number, answer: Answer): void {
  const since = Date.now() - 1000;
  const line = (i: number) =>
    JSON.stringify([`company-${i}.example`, ...answer(i), since, since + 86_400_000]);
  const body = Array.from({ length: size }, (_, i) => `${line(i)}\n`).join('');
  const made = head.split(' ').slice(0, -1).join(' ');
  const sum = createHash('sha256').update(body).digest('hex');
  writeFileSync(file, `${made} ${sum}\n${body}`, { mode: 0o600 });
}

async function askAll(
  port: number,
  folder: string,
  count: number,
): Promise<{ answers: Record<string, number> }> {
  const list = join(folder, 'keys');
  writeFileSync(list, Array.from({ length: count }, (_, i) => `company-${i}.example\n`).join(''));
  return runClient('ask-all.ts', ['127.0.0.1', port, 20, 0, 0, list]);
}
