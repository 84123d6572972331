/**
 * Runs inside the namespace, where the servers are: takes one JSON line for each thing to do on standard input and answers it with one on
 * standard output, in any order. One process for all: the matrix has more than eighty fields.
 */
import { createInterface } from 'node:readline';
import { tlsaFromText } from '@mailanchor/dane';
import { Name } from '@mailanchor/dns';
import { readConfig } from '../../../packages/mailanchor/src/config/load.ts';
import { readLookupSettings } from '../../../packages/mailanchor/src/options/lookup.ts';
import { Sources } from '../../../packages/mailanchor/src/options/sources.ts';
import { openPublisher } from '../../../packages/mailanchor/src/tlsa-publish/open-publisher.ts';
import { visibility } from '../../../packages/mailanchor/src/tlsa-publish/visibility.ts';
import type { DriverTask } from './driver-client.ts';

const config = await readConfig(process.argv[2]!);
const lookup = readLookupSettings(new Sources({}, {}, config));
const signal = new AbortController().signal;

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, task } = JSON.parse(line) as { readonly id: number; readonly task: DriverTask };
  const result = await perform(task).catch((error: unknown) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify({ id, result })}\n`);
});

async function perform(task: DriverTask): Promise<unknown> {
  const owner = Name.fromText(task.owner);
  if (task.do === 'see') {
    return visibility(owner, task.expected.map(tlsaFromText), {
      lookup,
      timeoutMs: 10_000,
      families: { ipv4: true, ipv6: true },
    });
  }
  const warnings: string[] = [];
  const publisher = await openPublisher(config, task.publisher, 'test', {
    warn: (text) => warnings.push(text),
    clock: () => Date.now() + (task.clockSkewMs ?? 0),
  });
  const change = {
    zone: Name.fromText(task.zone),
    owner,
    ttl: task.ttl,
    expected: task.expected.map(tlsaFromText),
    add: task.add.map(tlsaFromText),
    remove: task.remove.map(tlsaFromText),
  };
  return task.do === 'describe' ? publisher.describe(change) : publisher.publish(change, signal);
}
