/** Publishers as the configuration has them. */
import { isAbsolute, resolve } from 'node:path';
import type { LoadedConfig } from '../config/load.ts';
import type { PublisherConfig } from '../config/schema-publishers.ts';
import { UsageError } from '../errors.ts';
import { readTextFile } from '../file.ts';
import { bad, type Given } from '../options/given.ts';
import { namedFile } from '../options/lookup.ts';
import { parsePlace } from '../resolver-service/settings.ts';
import { createExecPublisher } from './exec.ts';
import { createPowerDnsPublisher } from './powerdns.ts';
import type { Publisher } from './publisher.ts';
import { createRfc2136Publisher } from './rfc2136.ts';
import { readSecretFile } from './secret-file.ts';
import { createSnippetPublisher } from './snippet.ts';
import { readTsigKey } from './tsig-key-file.ts';

export interface PublisherSurroundings {
  /** Told what is no error: a secret that everybody can read. */
  readonly warn: (text: string) => void;
  /** Milliseconds since the epoch, for signatures. */
  readonly clock: () => number;
}

const DEFAULT_TIMEOUT_S = 30;
const DNS_PORT = 53;

/** Names of all publishers, in the order of the file. */
export function publisherNames(config: LoadedConfig | undefined): string[] {
  return Object.keys(config?.settings.publishers ?? {});
}

/** Reads the files that it needs. Throws `UsageError`, which names the line. `from`: what asks for the publisher, for the error. */
export async function openPublisher(
  config: LoadedConfig | undefined,
  name: string,
  from: string,
  surroundings: PublisherSurroundings,
): Promise<Publisher> {
  const publishers = config?.settings.publishers ?? {};
  const settings = Object.hasOwn(publishers, name) ? publishers[name] : undefined;
  if (!config || !settings) {
    const known = publisherNames(config);
    throw new UsageError(
      known.length > 0
        ? `${from}: there is no publisher ${JSON.stringify(name)}. The configuration has ${known.join(', ')}`
        : `${from}: there is no publisher ${JSON.stringify(name)}: the configuration has none, under publishers:`,
    );
  }
  const given = (key: string, value: unknown) => config.given(['publishers', name, key], value);
  return createPublisher(name, settings, given, surroundings);
}

async function createPublisher(
  name: string,
  settings: PublisherConfig,
  given: (key: string, value: unknown) => Given,
  { warn, clock }: PublisherSurroundings,
): Promise<Publisher> {
  const timeoutMs = Math.round((settings.timeout ?? DEFAULT_TIMEOUT_S) * 1000);
  const command = (key: string, words: readonly string[]) => commandFrom(given(key, ''), words);
  switch (settings.kind) {
    case 'rfc2136': {
      const server = parsePlace(given('server', settings.server), DNS_PORT);
      const key = await readTsigKey(namedFile(given('tsig-key', settings['tsig-key'])), warn);
      return createRfc2136Publisher({ name, server, key, timeoutMs, clock });
    }
    case 'powerdns': {
      const url = parseApiUrl(given('url', settings.url));
      const file = namedFile(given('api-key-file', settings['api-key-file']));
      const apiKey = (await readSecretFile(file, warn)).trim();
      if (!/^[\x21-\x7e]+$/.test(apiKey))
        throw new UsageError(
          `${file.from}: ${file.path} does not hold an API key, in one line without spaces`,
        );
      const ca = settings.ca === undefined ? undefined : namedFile(given('ca', settings.ca));
      return createPowerDnsPublisher({
        name,
        url,
        apiKey,
        serverId: settings['server-id'] ?? 'localhost',
        ...(ca && { ca: await readTextFile(ca.path, ca.from) }),
        timeoutMs,
      });
    }
    case 'snippet':
      return createSnippetPublisher({
        name,
        file: namedFile(given('file', settings.file)).path,
        ...(settings.serial && { serial: command('serial', settings.serial) }),
        reload: command('reload', settings.reload),
        timeoutMs,
      });
    case 'exec':
      return createExecPublisher({ name, command: command('command', settings.command), timeoutMs });
  }
}

/** A program that is a path starts from the folder of the file; one that is a name is looked for in PATH. */
function commandFrom({ base }: Given, [program = '', ...args]: readonly string[]): string[] {
  const isPath = program.includes('/') && !isAbsolute(program);
  return [isPath && base !== undefined ? resolve(base, program) : program, ...args];
}

/** The key goes with every request: in the clear only where nobody is on the way. */
function parseApiUrl(given: Given): URL {
  if (!URL.canParse(given.value)) throw bad(given, 'a URL, such as http://127.0.0.1:8081');
  const url = new URL(given.value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw bad(given, 'a URL of http or https');
  if (url.username !== '' || url.search !== '' || url.hash !== '')
    throw bad(given, 'a URL without user, query and fragment');
  const isLoopback = /^(127(\.\d+){3}|\[::1\]|localhost)$/.test(url.hostname);
  if (url.protocol === 'http:' && !isLoopback)
    throw bad(
      given,
      'safe: the API key would cross the network in the clear. Use https, or http on loopback',
    );
  return url;
}
