/** `--force`: what would break is named first, and somebody must say that he knows. */
import type { Decision, RollStep } from '@mailanchor/dane';
import type { Voice } from '../context.ts';
import { printable } from '../terminal/printable.ts';
import { indented } from './render.ts';
import { stepText } from './words.ts';

/** A sentence or two: who is hurt when a step that is held back is taken all the same. */
export function whatBreaks(step: RollStep): string {
  switch (step.kind) {
    case 'deploy':
      return 'Senders that still hold the older records cannot authenticate the host: their mail waits in their queues, or goes to another MX host, until those records have run out at them.';
    case 'issue':
      return 'A client that deploys the certificate at once presents a key that some senders cannot authenticate yet.';
    case 'remove':
      return 'A server or process that still presents the key of this record is refused, by every sender that validates, from the moment the record is gone. It cannot be taken back for them before the TTL is over.';
    case 'publish':
      return 'A server or process that presents another key is refused, by every sender that validates, from the moment the record is there. It cannot be taken back for them before the TTL is over.';
    default:
      return 'Nothing is known to break.';
  }
}

/** Asks on a terminal; elsewhere the words must have been given with `--yes-break`. */
export async function agreesToBreak(
  host: string,
  decision: Decision,
  step: RollStep,
  voice: Voice,
  given: string | undefined,
): Promise<boolean> {
  const { context, columns } = voice;
  const lines = [
    `${host}: ${stepText(step)}, although it is held back`,
    ...indented(`held back since ${printable(decision.why)}`, columns),
    ...indented(whatBreaks(step), columns),
  ];
  voice.progress.clear();
  context.stderr.write(`${lines.join('\n')}\n`);
  if (given !== undefined) {
    if (given.trim().toLowerCase() === host) return true;
    voice.warn(`${host}: not done: --yes-break names ${JSON.stringify(given)}`);
    return false;
  }
  if (context.stderr.isTTY !== true) {
    voice.warn(`${host}: not done: there is no terminal to ask on. Say --yes-break ${host}`);
    return false;
  }
  context.stderr.write(`Type the name of the host to go on: `);
  return (await firstLine(context.stdin)).trim().toLowerCase() === host;
}

async function firstLine(input: AsyncIterable<Uint8Array | string>): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    if (text.includes('\n') || text.length > 1000) break;
  }
  return text.split('\n')[0] ?? '';
}
