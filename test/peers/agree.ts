/**
 * Asks the resolver of this repository and Unbound the same questions, and prints a line of JSON a question. It runs inside the
 * network namespace, on the built packages.
 *
 *     node agree.ts FOLDER UNBOUND <questions        FOLDER with root.hints and root.key; lines `NAME TYPE`
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  createTransport,
  type Message,
  makeQuery,
  Name,
  Rcode,
  type ResourceRecord,
  RRType,
  rcodeToText,
  rdataToText,
  rrTypeFromText,
  rrTypeToText,
} from '@mailanchor/dns';
import { createResolver, parseRootHints, parseTrustAnchors } from '@mailanchor/dnssec';
import type { ComparedAnswer, Comparison } from './compare.ts';

const [folder = '', unbound = ''] = process.argv.slice(2);
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

const resolver = createResolver({
  rootHints: parseRootHints(read('root.hints')),
  trustAnchors: parseTrustAnchors(read('root.key')),
});
const transport = createTransport();

/** Records as both resolvers can print them: no signatures, no TTL, one order, one case. */
function comparable(records: readonly ResourceRecord[]): readonly string[] {
  return records
    .filter(({ type }) => type !== RRType.RRSIG)
    .map(({ name, type, rdata }) => `${name} ${rrTypeToText(type)} ${rdataToText(type, rdata)}`.toLowerCase())
    .sort();
}

async function askOurs(name: Name, type: number): Promise<ComparedAnswer> {
  const { status, rcode, answer, reason } = await resolver.resolve(name, type);
  const records = comparable(answer);
  return { status, rcode: rcodeToText(rcode), records, ...(reason && { reason: reason.text }) };
}

function ask(name: Name, type: number, cd: boolean): Promise<Message> {
  const query = makeQuery(name, type, { rd: true, do: true, cd });
  return transport.exchange(query, { address: unbound, port: 53 }, { timeoutMs: 20_000 });
}

/** SERVFAIL alone does not say why: if Unbound answers with checking disabled, it was validation that failed. */
async function askUnbound(name: Name, type: number): Promise<ComparedAnswer> {
  const message = await ask(name, type, false);
  const records = comparable(message.answers);
  const rcode = rcodeToText(message.rcode);
  if (message.rcode === Rcode.SERVFAIL) {
    const unchecked = await ask(name, type, true);
    return { status: unchecked.rcode === Rcode.SERVFAIL ? 'indeterminate' : 'bogus', rcode, records };
  }
  return { status: message.ad ? 'secure' : 'insecure', rcode, records };
}

/** Questions under way at once. */
const PARALLEL = 32;

const questions = (await text(process.stdin)).split('\n').filter(Boolean);
const lines: string[] = [];
let next = 0;

async function work(): Promise<void> {
  while (next < questions.length) {
    const at = next++;
    const [owner = '', mnemonic = ''] = questions[at]!.split(' ');
    const type = rrTypeFromText(mnemonic);
    if (type === undefined) throw new Error(`no type ${mnemonic}`);
    const name = Name.fromText(owner);
    const [ours, theirs] = await Promise.all([askOurs(name, type), askUnbound(name, type)]);
    const comparison: Comparison = { name: owner, type: mnemonic, ours, unbound: theirs };
    lines[at] = JSON.stringify(comparison);
  }
}

await Promise.all(Array.from({ length: PARALLEL }, work));
await Promise.all([resolver.close(), transport.close()]);
process.stdout.write(lines.map((line) => `${line}\n`).join(''));
