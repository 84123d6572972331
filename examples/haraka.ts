/**
 * Haraka with the plug-in, as examples/haraka/config has it: takes one message and says what became of it.
 *
 *     npx node examples/haraka.ts you@example.com postmaster@example.org
 *
 * With the lab, which prints them (`npx mailanchor lab`): LAB_HINTS, LAB_ANCHOR, LAB_DNS_PORT and LAB_PORT. Haraka runs in a folder of its own, which is
 * gone afterwards. On a server of yours: `npm install -g Haraka haraka-plugin-mailanchor`, `haraka -i FOLDER`, and the files of
 * examples/haraka/config into FOLDER/config.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createTransport } from 'nodemailer';

const [from = '', to = ''] = process.argv.slice(2);
if (!from.includes('@') || !to.includes('@')) {
  console.error('usage: haraka.ts SENDER RECIPIENT');
  process.exit(2);
}

const haraka = dirname(
  createRequire(new URL('../packages/haraka/', import.meta.url)).resolve('Haraka/package.json'),
);
const folder = mkdtempSync(join(tmpdir(), 'haraka-'));
mkdirSync(join(folder, 'queue'));
cpSync(join(haraka, 'config'), join(folder, 'config'), { recursive: true });
cpSync(fileURLToPath(new URL('haraka/config', import.meta.url)), join(folder, 'config'), { recursive: true });
appendFileSync(join(folder, 'config/mailanchor.ini'), labSettings());
/** Where Haraka takes mail here. */
const port = Number(process.env['HARAKA_PORT'] ?? 2587);
writeFileSync(join(folder, 'config/smtp.ini'), `listen=127.0.0.1:${port}\nnodes=0\n`);

const server = spawn(process.execPath, [join(haraka, 'bin/haraka'), '-c', folder], {
  // What it makes is gone with the folder.
  env: { ...process.env, TMPDIR: folder },
  stdio: ['ignore', 'pipe', 'inherit'],
});
server.once('close', () => rmSync(folder, { recursive: true, force: true }));
let sent = false;
for await (const line of createInterface({ input: server.stdout })) {
  if (/Listening on/.test(line) && !sent) {
    sent = true;
    void hand();
  }
  const found = /\[mailanchor\] .*|(?:delivered|Temp failing|bouncing mail).*/.exec(line)?.[0];
  if (found !== undefined) console.log(found);
  const ended = /^(delivered|Temp failing|bouncing mail)/.exec(found ?? '')?.[1];
  if (ended === undefined) continue;
  process.exitCode = { delivered: 0, 'Temp failing': 75 }[ended] ?? 1;
  server.kill('SIGKILL');
}

async function hand(): Promise<void> {
  const mailer = createTransport({ host: '127.0.0.1', port, ignoreTLS: true });
  await mailer.sendMail({ from, to, subject: 'hello', text: 'Hello.\n' });
}

/** Nothing is needed outside the lab. */
function labSettings(): string {
  const {
    LAB_HINTS: hints,
    LAB_ANCHOR: anchor,
    LAB_DNS_PORT: dnsPort = '53',
    LAB_PORT: port = '25',
  } = process.env;
  if (!hints || !anchor) return '';
  const lines = [
    '[main]',
    `port=${port}`,
    'sts=false',
    '[resolver]',
    `root_hints=${hints}`,
    `trust_anchor=${anchor}`,
  ];
  return `\n${[...lines, `dns_port=${dnsPort}`].join('\n')}\n`;
}
