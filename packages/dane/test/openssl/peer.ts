/** OpenSSL's verifier beside ours: the program dane-judge.c, compiled where a compiler and libssl are. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DaneCase } from './cases.ts';

export type PeerVerdict =
  | { readonly kind: 'unusable' }
  /** d2i_X509 refused a certificate of the chain: a handshake would end there */
  | { readonly kind: 'unparsed' }
  /** it dereferences NULL where a self-signed leaf is a given CA itself and a `2 1 0` record is there (3.0) */
  | { readonly kind: 'crashed' }
  | {
      readonly kind: 'judged';
      /** X509_V_OK or an X509_V_ERR_* */
      readonly code: number;
      /** of what matched a record, null if nothing did; also where the verdict is bad */
      readonly depth: number | null;
      readonly record: number | null;
      /** mean time of a verdict, where asked for */
      readonly nanoseconds?: number;
    };

export interface Peer {
  readonly version: string;
  judge(cases: readonly PeerCase[], repeat?: number): PeerVerdict[];
  remove(): void;
}

export type PeerCase = Pick<DaneCase, 'records' | 'chain' | 'names' | 'at' | 'mode' | 'ca' | 'eeNames'>;

/** Security level of Postfix where the peer must be authenticated, and OpenSSL's default depth. */
const LEVEL = 1;
const DEPTH = 100;

/** Why the program cannot be compiled here; undefined where it can. */
export function whyNoPeer(): string | undefined {
  if (spawnSync('cc', ['--version']).status !== 0) return 'no C compiler (Debian: gcc)';
  const probe = spawnSync('cc', ['-E', '-x', 'c', '-'], { input: '#include <openssl/ssl.h>\n' });
  return probe.status === 0 ? undefined : 'no headers of OpenSSL (Debian: libssl-dev)';
}

/** Compile into a temporary folder; `remove` takes it away. */
export function openPeer(): Peer {
  const folder = mkdtempSync(join(tmpdir(), 'dane-judge-'));
  const program = join(folder, 'dane-judge');
  execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, 'dane-judge.c'), '-lssl', '-lcrypto']);
  const run = (input: Buffer, repeat?: number): { stdout: string; stderr: string } => {
    const args = repeat === undefined ? [] : [`${repeat}`];
    const result = spawnSync(program, args, {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      timeout: 600_000,
    });
    if (result.status !== 0)
      throw new Error(`dane-judge ended with ${result.status ?? result.signal}: ${result.stderr}`);
    return result;
  };
  return {
    version: run(Buffer.alloc(0)).stderr.trim(),
    judge(cases, repeat) {
      const { stdout } = run(Buffer.concat(cases.map(encode)), repeat);
      const lines = stdout.split('\n').slice(0, -1);
      if (lines.length !== cases.length)
        throw new Error(`${cases.length} cases, ${lines.length} verdicts of dane-judge`);
      return lines.map(decode);
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function decode(line: string): PeerVerdict {
  const [first = '', ...rest] = line.split(' ');
  if (first === 'unusable' || first === 'unparsed' || first === 'crashed') return { kind: first };
  const [depth = -1, record = -1, nanoseconds] = rest.map(Number);
  return {
    kind: 'judged',
    code: Number(first),
    depth: depth < 0 ? null : depth,
    record: record < 0 ? null : record,
    ...(nanoseconds !== undefined && { nanoseconds }),
  };
}

function encode(one: PeerCase): Buffer {
  const head = Buffer.alloc(12);
  head[0] = (one.eeNames ? 0 : 1) | (one.mode === 'smtp' ? 2 : 0);
  head.writeBigInt64BE(BigInt(one.at), 1);
  head[9] = LEVEL;
  head.writeUInt16BE(DEPTH, 10);
  const body = Buffer.concat([
    head,
    ...counted(one.names, (name) => sized(2, Buffer.from(name, 'latin1'))),
    ...counted(one.records, ({ usage, selector, matching, data }) =>
      Buffer.concat([Buffer.from([usage, selector, matching]), sized(4, data)]),
    ),
    ...counted(one.chain, (der) => sized(4, der)),
    ...counted(one.ca, (der) => sized(4, der)),
  ]);
  return sized(4, body);
}

function counted<T>(list: readonly T[], item: (one: T) => Buffer): Buffer[] {
  const count = Buffer.alloc(2);
  count.writeUInt16BE(list.length);
  return [count, ...list.map(item)];
}

function sized(octets: 2 | 4, content: Uint8Array): Buffer {
  const length = Buffer.alloc(octets);
  length.writeUIntBE(content.length, 0, octets);
  return Buffer.concat([length, content]);
}
