/** Haraka from npm as a process, with the plug-in, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { Lab } from '@mailanchor/lab';

/** The reason for skipping where there is no build: Haraka loads it. */
export const unbuilt = ['../dist/index.js', '../../mailanchor/dist/main.js'].every((path) =>
  existsSync(fileURLToPath(new URL(path, import.meta.url))),
)
  ? undefined
  : 'not built: npm run build';

const HARAKA = dirname(createRequire(import.meta.url).resolve('Haraka/package.json'));

/** Takes mail from everybody: what would be a hole elsewhere. */
const TAKES_ALL = `
exports.hook_connect = function (next, connection) { connection.relaying = true; next(); };
exports.hook_rcpt = function (next) { next(OK); };
`;

export interface RunningHaraka {
  readonly port: number;
  readonly folder: string;
  /** Files of the queue: messages that are still to be delivered. */
  queue(): Promise<string[]>;
  /** The first line of the log, from its beginning, that matches. */
  logged(line: RegExp): Promise<string>;
  readonly log: readonly string[];
  stop(): Promise<void>;
}

export interface HarakaOptions {
  readonly lab: Lab;
  /** Lines of mailanchor.ini beside those that lead to the lab; FOLDER stands for Haraka's. */
  readonly settings?: string;
  /** Plug-ins of the test's own, by name. */
  readonly plugins?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

export async function startHaraka({
  lab,
  settings = '',
  plugins = {},
  files = {},
}: HarakaOptions): Promise<RunningHaraka> {
  const folder = await mkdtemp(join(tmpdir(), 'mailanchor-haraka-test-'));
  for (const name of ['plugins', 'queue']) await mkdir(join(folder, name));
  // As `haraka -i` does.
  await cp(join(HARAKA, 'config'), join(folder, 'config'), { recursive: true });
  const port = await freePort();
  const own = { test_relay: TAKES_ALL, ...plugins };
  const config = {
    me: 'client.example',
    'smtp.ini': `listen=127.0.0.1:${port}\nnodes=0\n`,
    plugins: `${Object.keys(own).join('\n')}\ntls\nmailanchor\n`,
    'log.ini': '[main]\nlevel=INFO\n',
    // Haraka's shortest.
    'outbound.ini': 'temp_fail_intervals=5s*20\n',
    'root.hints': lab.rootHints,
    'root.key': lab.trustAnchor,
    'ca.pem': lab.ca,
    'mailanchor.ini': `port=${lab.mailPort}\nsts_ca=${folder}/config/ca.pem\n${settings.replaceAll('FOLDER', folder)}
[resolver]
root_hints=${folder}/config/root.hints
trust_anchor=${folder}/config/root.key
dns_port=${lab.dnsPort}
`,
    ...files,
  };
  for (const [name, text] of Object.entries(config)) await writeFile(join(folder, 'config', name), text);
  for (const [name, text] of Object.entries(own))
    await writeFile(join(folder, 'plugins', `${name}.js`), text);

  const child = spawn(process.execPath, [join(HARAKA, 'bin/haraka'), '-c', folder], {
    env: { PATH: process.env['PATH'], TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) collect(stream, log, waiting);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const logged = (line: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = log.find((text) => line.test(text));
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      void ended.then(() => reject(new Error(`Haraka ended:\n${log.join('\n')}`)));
    });
  const haraka: RunningHaraka = {
    port,
    folder,
    log,
    logged,
    queue: async () => (await readdir(join(folder, 'queue'))).filter((name) => !name.startsWith('.')),
    stop: async () => {
      await stop(child, ended);
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await logged(/Listening on 127\.0\.0\.1/);
  } catch (error) {
    await haraka.stop();
    throw error;
  }
  return haraka;
}

function collect(stream: NodeJS.ReadableStream, log: string[], waiting: ReadonlySet<() => void>): void {
  let rest = '';
  stream.on('data', (chunk) => {
    const lines = (rest + stripVTControlCharacters(String(chunk))).split('\n');
    rest = lines.pop() ?? '';
    log.push(...lines);
    for (const look of waiting) look();
  });
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await ended;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
