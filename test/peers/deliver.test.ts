/**
 * Mail to a real Postfix behind NSD, by `connectMx`, by nodemailer and by Haraka: for each destination of the bed what a sender has to do with it.
 * The programs are those of examples/.
 */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Network, readTable } from './bed.ts';
import { type Run, runIn } from './namespace.ts';
import { describeWithBed } from './with-bed.ts';

interface Want {
  readonly exit: number;
  /** What examples/connect-mx.ts says first. */
  readonly says: RegExp;
}

const WANT: Readonly<Record<string, Want>> = {
  verified: { exit: 0, says: /^session: \S+ \[\S+\], dane, secure\ndelivered: 250 / },
  'verified-2nd': {
    exit: 0,
    says: /^tried: \S+ \S+ mismatch: .*\nsession: \S+ \[\S+\], dane, secure\ndelivered: /,
  },
  opportunistic: { exit: 0, says: /^session: \S+ \[\S+\], encrypted\ndelivered: / },
  'encrypt-unauth': { exit: 0, says: /^session: \S+ \[\S+\], encrypted\ndelivered: / },
  refused: { exit: 75, says: /^deferred: 4\.7\.(5 mismatch|10 starttls): /m },
  tempfail: { exit: 75, says: /^deferred: 4\.(7\.5 bogus|4\.3 lookup-failed): /m },
  'null-mx': { exit: 1, says: /^failed: 5\.1\.10 null-mx: / },
};

const SENDER = 'me@client.example';

function runExample({ folder, namespace }: Network, name: string, ...args: readonly string[]): Promise<Run> {
  const path = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  const env = { LAB_HINTS: join(folder, 'root.hints'), LAB_ANCHOR: join(folder, 'root.key') };
  return runIn(namespace, [process.execPath, path, SENDER, ...args], { env });
}

describeWithBed('mail to the bed', (bed) => {
  const cases = readTable(bed, 'cases.tsv').map(([domain = '', expected = '']) => ({ domain, expected }));
  const named = (expected: string): string => cases.find((one) => one.expected === expected)!.domain;

  test.concurrent.for(cases)('connectMx: $domain: $expected', async ({ domain, expected }) => {
    const { exit, says } = WANT[expected]!;
    const { status, stdout, stderr } = await runExample(bed, 'connect-mx.ts', `u@${domain}`);
    expect(stderr).toBe('');
    expect(stdout).toMatch(says);
    expect(status).toBe(exit);
  });

  test('nodemailer: one message to all of them', async () => {
    const { status, stdout } = await runExample(
      bed,
      'nodemailer.ts',
      ...cases.map(({ domain }) => `u@${domain}`),
    );
    const kinds = { 0: 'accepted', 75: 'deferred', 1: 'rejected' } as Readonly<Record<number, string>>;
    for (const { domain, expected } of cases) {
      expect(stdout).toMatch(new RegExp(`^u@${domain}: ${kinds[WANT[expected]!.exit]}\\b`, 'm'));
    }
    expect(status).toBe(0);
  });

  test.for(['verified', 'refused', 'tempfail'])('Haraka: %s', async (expected) => {
    const { status } = await runExample(bed, 'haraka.ts', `u@${named(expected)}`);
    expect(status).toBe(WANT[expected]!.exit);
  });
});
