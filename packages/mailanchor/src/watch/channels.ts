/** The channels that the settings name. */
import type { Channel } from './channel.ts';
import { openExec } from './channel-exec.ts';
import { openMail } from './channel-mail.ts';
import type { ChannelSettings } from './channel-settings.ts';
import { openWebhook } from './channel-webhook.ts';

/** Throws `UsageError` for files that cannot be used. `host`: this machine. */
export function openChannels(settings: readonly ChannelSettings[], host: string): Promise<Channel[]> {
  return Promise.all(settings.map((channel) => openChannel(channel, host)));
}

function openChannel(channel: ChannelSettings, host: string): Channel | Promise<Channel> {
  switch (channel.kind) {
    case 'mail':
      return openMail(channel, host);
    case 'webhook':
      return openWebhook(channel);
    case 'exec':
      return openExec(channel);
  }
}
