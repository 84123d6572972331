/** Alerts to a command of the user's: JSON on its standard input. Exit status 0: taken. */
import { messageJson } from './alert-json.ts';
import type { Channel } from './channel.ts';
import type { ExecChannelSettings } from './channel-settings.ts';
import { runCommand } from './run-command.ts';

export function openExec({ name, least, command, timeoutMs }: ExecChannelSettings): Channel {
  return {
    name,
    kind: 'exec',
    least,
    async deliver(envelope, signal) {
      const result = await runCommand(command, `${messageJson(envelope)}\n`, timeoutMs, signal);
      return result.kind === 'ended' && result.status === 0
        ? { kind: 'delivered' }
        : { kind: 'failed', text: `${command[0]}: ${result.text}` };
    },
  };
}
