/** Alerts to a command of the user's: JSON on its standard input. Exit status 0: taken. */
import { messageOf } from '../errors.ts';
import { resultText, runCommand } from '../tlsa-publish/run-command.ts';
import { messageJson } from './alert-json.ts';
import type { Channel } from './channel.ts';
import type { ExecChannelSettings } from './channel-settings.ts';

export function openExec({ name, least, command, timeoutMs }: ExecChannelSettings): Channel {
  return {
    name,
    kind: 'exec',
    least,
    async deliver(envelope, signal) {
      try {
        const result = await runCommand(command, { input: `${messageJson(envelope)}\n`, timeoutMs, signal });
        if (result.kind === 'ended' && result.status === 0) return { kind: 'delivered' };
        return { kind: 'failed', text: `${command[0]}: ${resultText(result)}` };
      } catch (error) {
        // The service stops.
        return { kind: 'failed', text: `${command[0]}: ${messageOf(error)}` };
      }
    },
  };
}
