/** Standard input as a source: log lines, or datagrams of libtlsrpt, to its end. */
import type { Context } from '../context.ts';
import type { Log } from '../resolver-service/log.ts';
import type { TlsRptStore } from '../tlsrpt/store.ts';
import type { CollectCounts } from './counts.ts';
import { JsonSplitter } from './json-splitter.ts';
import { readDatagram } from './libtlsrpt.ts';
import { LineSplitter } from './line-splitter.ts';
import type { LogIntake } from './log-intake.ts';
import { untilWritten } from './until-written.ts';

type Stdin = Context['stdin'];

export async function readLines(stdin: Stdin, intake: LogIntake): Promise<void> {
  const splitter = new LineSplitter();
  for await (const chunk of stdin) {
    const lines = splitter.push(Buffer.from(chunk));
    if (lines.length > 0) await intake.take(lines, undefined);
  }
}

export interface DatagramOptions {
  readonly store: TlsRptStore;
  readonly counts: CollectCounts;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export async function readDatagrams(stdin: Stdin, options: DatagramOptions): Promise<void> {
  const { store, counts, clock, log, signal } = options;
  const splitter = new JsonSplitter();
  for await (const chunk of stdin) {
    const read = splitter.push(Buffer.from(chunk)).map((text) => readDatagram(text, clock()));
    counts.refused += read.filter((events) => !events).length + (splitter.strayed > 0 ? 1 : 0);
    splitter.strayed = 0;
    const events = read.flatMap((one) => one ?? []);
    if (events.length === 0) continue;
    await untilWritten(() => store.addTogether(events, () => {}), log, signal);
    counts.told += events.length;
    counts.count(events);
  }
}
