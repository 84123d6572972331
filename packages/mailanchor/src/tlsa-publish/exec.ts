/**
 * Publishes by a command of the operator's own. It gets the change as JSON on standard input and says by its exit status what became of it; the
 * contract is on the page docs/publishing.md.
 */
import type { Publisher, PublishOutcome, TlsaChange } from './publisher.ts';
import { type CommandResult, commandText, resultText, runCommand } from './run-command.ts';
import { resultOf, tlsaText } from './tlsa-set.ts';

export interface ExecOptions {
  readonly name: string;
  readonly command: readonly string[];
  readonly timeoutMs: number;
}

/** Of the command. All others: it is not known what was changed. */
export const EXEC_STATUS = { done: 0, conflict: 3, refused: 4, unchanged: 5 } as const;

export function createExecPublisher({ name, command, timeoutMs }: ExecOptions): Publisher {
  return {
    name,
    describe: (change) => `${commandText(command)} <<'EOF'\n${changeJson(change)}\nEOF`,
    async publish(change, signal) {
      const result = await runCommand(command, { input: `${changeJson(change)}\n`, timeoutMs, signal });
      return outcomeOf(result, commandText(command));
    },
  };
}

function outcomeOf(result: CommandResult, command: string): PublishOutcome {
  const text = `${command}: ${resultText(result)}`;
  // It has not run: nothing was changed.
  if (result.kind === 'not-started') return { kind: 'refused', text: result.text };
  if (result.kind === 'stopped') return { kind: 'failed', text };
  switch (result.status) {
    case EXEC_STATUS.done:
      return { kind: 'done' };
    case EXEC_STATUS.unchanged:
      return { kind: 'unchanged' };
    case EXEC_STATUS.conflict:
      return { kind: 'conflict', text };
    case EXEC_STATUS.refused:
      return { kind: 'refused', text };
    default:
      return { kind: 'failed', text };
  }
}

/** Names with a trailing dot, records as in a master file, TTL in seconds. `result` is the whole RRset as it is to be. */
function changeJson(change: TlsaChange): string {
  const { zone, owner, ttl, expected, add, remove } = change;
  return JSON.stringify({
    version: 1,
    zone: zone.toString(),
    owner: owner.toString(),
    type: 'TLSA',
    ttl,
    expected: expected.map(tlsaText),
    add: add.map(tlsaText),
    remove: remove.map(tlsaText),
    result: resultOf(change).map(tlsaText),
  });
}
