/** `mailanchor policy` as a process, and clients that speak its protocols. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { BIN, environment } from './program.ts';
import { type ResolverProcess, ready } from './resolver-process.ts';

export interface PolicyProcess {
  readonly process: ResolverProcess;
  /** Port of the first socketmap, of the first tcp_table, over TCP. */
  readonly socketmap: number;
  readonly tcpTable: number;
}

/** Started and ready, at free ports unless the arguments name places. `before`: what starts it in turn, such as `prlimit`. */
export async function startPolicy(
  args: readonly string[],
  env: Record<string, string> = {},
  before: readonly string[] = [],
): Promise<PolicyProcess> {
  const where = args.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
  const words = [...before, process.execPath, BIN, 'policy', ...where, '--tcp-table', '127.0.0.1:0', ...args];
  const child = spawn(words[0]!, words.slice(1), {
    env: environment(env),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const started = await ready(child);
  const port = (protocol: string) =>
    Number(
      started.lines
        .map((line) => new RegExp(`listening on [0-9.]+:(\\d+), ${protocol}`).exec(line)?.[1])
        .find((found) => found !== undefined),
    );
  return { process: started, socketmap: port('socketmap'), tcpTable: port('tcp-table') };
}

export type Place = { readonly port: number } | { readonly path: string };

export async function open(place: Place): Promise<Socket> {
  const options = 'path' in place ? place : ({ host: '127.0.0.1', ...place } satisfies TcpNetConnectOpts);
  const socket = connect(options as TcpNetConnectOpts);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

export const netstring = (text: string) => `${Buffer.byteLength(text)}:${text},`;

/** All that the server says until it closes, or until so many replies are there. */
export async function readAll(socket: Socket, until?: (text: string) => boolean): Promise<string> {
  let text = '';
  try {
    for await (const chunk of socket) {
      text += String(chunk);
      if (until?.(text)) break;
    }
  } catch {
    // A connection that is reset is closed as well.
  }
  socket.destroy();
  return text;
}

/** The reply to one question, without its frame. */
export async function askSocketmap(place: Place, key: string, map = 'policy'): Promise<string> {
  const socket = await open(place);
  socket.write(netstring(`${map} ${key}`));
  const reply = await readAll(socket, (text) => text.endsWith(','));
  return /^\d+:(.*),$/.exec(reply)?.[1] ?? reply;
}

export async function askTcpTable(place: Place, key: string): Promise<string> {
  const socket = await open(place);
  socket.write(`get ${encodeURIComponent(key)}\n`);
  return readAll(socket, (text) => text.endsWith('\n'));
}

/** What the server tells Prometheus, without the prefix that all names have: `answers_total{status="OK"}`; and the page as it is. */
export async function metricsOf({
  process,
}: PolicyProcess): Promise<{ metrics: Map<string, number>; page: string }> {
  const base = /http:\/\/[0-9.:]+/.exec(process.lines.find((line) => line.includes('http://'))!)![0];
  const page = await (await fetch(`${base}/metrics`)).text();
  const lines = page.matchAll(/^mailanchor_policy_(\S+) (\S+)$/gm);
  return { metrics: new Map([...lines].map(([, name, value]) => [name!, Number(value)])), page };
}
