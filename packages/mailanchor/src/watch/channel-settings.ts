/** Who is told, as the configuration file has it. */
import { isIP } from 'node:net';
import type { Severity } from '@mailanchor/smtp';
import type { ChannelConfig } from '../config/schema-watch.ts';
import { UsageError } from '../errors.ts';
import { bad, type Given, parsePort } from '../options/given.ts';
import { type NamedFile, namedFile } from '../options/lookup.ts';
import type { SmarthostTls } from '../tlsrpt/mail-transport.ts';
import type { GivenAt } from './settings.ts';

interface Common {
  readonly name: string;
  /** What is graver, or this, is told. */
  readonly least: Severity;
  /** Milliseconds for one attempt. */
  readonly timeoutMs: number;
}

export interface MailChannelSettings extends Common {
  readonly kind: 'mail';
  readonly to: readonly string[];
  readonly from: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly tls: SmarthostTls;
  readonly ca: NamedFile | undefined;
  readonly user: string | undefined;
  readonly passwordFile: NamedFile | undefined;
  /** A program in place of a server. */
  readonly sendmail: string | undefined;
}

export interface WebhookChannelSettings extends Common {
  readonly kind: 'webhook';
  readonly url: URL;
  readonly secretFile: NamedFile | undefined;
  readonly ca: NamedFile | undefined;
}

export interface ExecChannelSettings extends Common {
  readonly kind: 'exec';
  readonly command: readonly string[];
}

export type ChannelSettings = MailChannelSettings | WebhookChannelSettings | ExecChannelSettings;

const DEFAULT_TIMEOUT_MS = 30_000;

/** Throws `UsageError`. */
export function readChannel(name: string, channel: ChannelConfig, at: GivenAt): ChannelSettings {
  const given = (key: string, value: unknown, ...rest: number[]): Given =>
    at(['channels', name, key, ...rest], value);
  const file = (key: string, value: string | undefined): NamedFile | undefined =>
    value === undefined ? undefined : namedFile(given(key, value));
  const common: Common = {
    name,
    least: channel.severity ?? 'info',
    timeoutMs: channel.timeout === undefined ? DEFAULT_TIMEOUT_MS : channel.timeout * 1000,
  };
  switch (channel.kind) {
    case 'exec':
      return { ...common, kind: 'exec', command: channel.command };
    case 'webhook':
      return {
        ...common,
        kind: 'webhook',
        url: parseUrl(given('url', channel.url)),
        secretFile: file('secret-file', channel['secret-file']),
        ca: file('ca', channel.ca),
      };
    case 'mail': {
      const { tls = 'may', user, sendmail } = channel;
      if (sendmail !== undefined && channel.server !== undefined)
        throw new UsageError(`${given('sendmail', sendmail).from}: server and sendmail: give one of them`);
      if ((user === undefined) !== (channel['password-file'] === undefined))
        throw new UsageError(`${given('user', user ?? '').from}: user and password-file belong together`);
      return {
        ...common,
        kind: 'mail',
        to: channel.to.map((address, i) => parseAddress(given('to', address, i))),
        from: channel.from === undefined ? undefined : parseAddress(given('from', channel.from)),
        ...parseServer(given('server', channel.server ?? 'localhost'), tls === 'implicit' ? 465 : 25),
        tls,
        ca: file('ca', channel.ca),
        user,
        passwordFile: file('password-file', channel['password-file']),
        sendmail,
      };
    }
  }
}

function parseUrl(given: Given): URL {
  const url = URL.canParse(given.value) ? new URL(given.value) : undefined;
  const loopback = url && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && loopback)))
    throw bad(given, 'an https URL, or http on this machine');
  if (url.username !== '' || url.password !== '')
    throw new UsageError(`${given.from}: a password does not belong into a URL: use secret-file`);
  return url;
}

/** Without display name: it goes into the envelope too. */
function parseAddress(given: Given): string {
  if (!/^[^\s<>"(),:;@\\]+@[^\s<>"(),:;@\\]+$/.test(given.value) || given.value.length > 254)
    throw bad(given, 'a mail address such as postmaster@example.org');
  return given.value;
}

function parseServer(given: Given, standard: number): { host: string; port: number } {
  const text = given.value.trim();
  if (isIP(text) !== 0) return { host: text, port: standard };
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]+))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (!match || host === undefined)
    throw bad(given, 'a host such as mail.example.org or mail.example.org:587');
  return { host, port: match[3] === undefined ? standard : parsePort({ ...given, value: match[3] }) };
}
