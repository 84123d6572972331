import { type Lab, startLab } from '@mailanchor/lab';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LabFolder, writeLabFolder } from '../src/lab/folder.ts';
import { runExample } from './examples.ts';
import { unbuilt } from './program.ts';

let lab: Lab;
let folder: LabFolder;
beforeAll(async () => {
  lab = await startLab({
    only: [
      'good-311.example',
      'renewed-key.example',
      'no-starttls.example',
      'expired.example',
      'null-mx.example',
    ],
  });
  folder = await writeLabFolder(lab, undefined);
});
afterAll(async () => {
  await folder?.remove();
  await lab?.close();
});

const received = (host: string): number =>
  lab.mailHost(host).reduce((sum, server) => sum + server.received.length, 0);

describe.skipIf(unbuilt)('examples/plan-destination.ts', () => {
  test.each([
    ['good-311.example', 'MX secure\n10  mx.good-311.example  dane  3 1 1\n', 0],
    ['null-mx.example', 'null-mx\n', 1],
    ['expired.example', expect.stringMatching(/^delay: bogus: .*expired/), 75],
  ])('%s', async (domain, stdout, status) => {
    expect(await runExample('plan-destination.ts', { lab, folder }, domain)).toMatchObject({
      stdout,
      status,
      stderr: '',
    });
  });
});

describe.skipIf(unbuilt)('examples/connect-mx.ts', () => {
  const send = (to: string) => runExample('connect-mx.ts', { lab, folder }, 'me@client.example', to);

  test('delivers where the host is authenticated, and ends', async () => {
    const { status, stdout, stderr } = await send('you@good-311.example');
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^session: mx\.good-311\.example \[127\.53\.1\.\d+\], dane, secure\ndelivered: 250 /,
    );
    expect(status).toBe(0);
    expect(lab.mailHost('mx.good-311.example')[0]!.received).toMatchObject([
      { from: 'me@client.example', to: ['you@good-311.example'], tls: true },
    ]);
  });

  test.each([
    ['renewed-key.example', /^deferred: 4\.7\.5 mismatch: /m, 75],
    ['no-starttls.example', /^deferred: 4\.7\.10 starttls: /m, 75],
    ['expired.example', /^deferred: 4\.7\.5 bogus: /m, 75],
    ['null-mx.example', /^failed: 5\.1\.10 null-mx: /m, 1],
  ])('%s: nothing leaves', async (domain, message, exit) => {
    const { status, stdout } = await send(`you@${domain}`);
    expect(stdout).toMatch(message);
    expect(status).toBe(exit);
    if (domain.startsWith('re') || domain.startsWith('no')) expect(received(`mx.${domain}`)).toBe(0);
  });
});

describe.skipIf(unbuilt)('examples/nodemailer.ts', () => {
  const send = (...to: string[]) => runExample('nodemailer.ts', { lab, folder }, 'me@client.example', ...to);

  test('a result for each recipient, and the end', async () => {
    const before = received('mx.good-311.example');
    const { status, stdout, stderr } = await send('a@good-311.example', 'b@renewed-key.example');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^a@good-311\.example: accepted by mx\.good-311\.example \(dane\): 250 /);
    expect(stdout).toMatch(/^b@renewed-key\.example: deferred: mx\.renewed-key\.example .*TLSA record/m);
    expect(status).toBe(0);
    expect(received('mx.good-311.example')).toBe(before + 1);
    expect(received('mx.renewed-key.example')).toBe(0);
  });

  test('nobody has it', async () => {
    expect(await send('a@no-starttls.example')).toMatchObject({ status: 75 });
    expect(await send('a@null-mx.example')).toMatchObject({ status: 1 });
  });
});

describe.skipIf(unbuilt)('examples/haraka.ts', () => {
  test.each([
    ['good-311.example', /session with mx\.good-311\.example .*, dane, secure\ndelivered /, 0],
    ['no-starttls.example', /^Temp failing .*451 4\.7\.10 starttls: mx\.no-starttls\.example/m, 75],
  ])('%s', async (domain, told, exit) => {
    const before = received(`mx.${domain}`);
    const { status, stdout } = await runExample(
      'haraka.ts',
      { lab, folder },
      'me@client.example',
      `you@${domain}`,
    );
    expect(stdout).toMatch(told);
    expect(status).toBe(exit);
    expect(received(`mx.${domain}`)).toBe(before + (exit === 0 ? 1 : 0));
  });
});
