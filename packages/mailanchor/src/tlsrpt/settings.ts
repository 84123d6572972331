/** The settings of the `mailanchor tlsrpt` commands, read and checked. Files that they name are read here, but for the database. */
import { createPrivateKey } from 'node:crypto';
import { hostname } from 'node:os';
import { domainOf, mailtoAddress } from '@mailanchor/smtp';
import type { LoadedConfig } from '../config/load.ts';
import { messageOf, UsageError } from '../errors.ts';
import { readTextFile } from '../file.ts';
import { bad, type Given, parseInteger } from '../options/given.ts';
import { type LookupSettings, namedFile, optional, readLookupSettings } from '../options/lookup.ts';
import type { Sources } from '../options/sources.ts';
import { type Place, parsePlace } from '../resolver-service/settings.ts';
import type { Submitter } from './compose.ts';
import type { DkimSettings, MailRoute } from './mail-transport.ts';

/** Where the unit of systemd has it. */
export const DEFAULT_DATABASE = '/var/lib/mailanchor-tlsrpt/tlsrpt.sqlite';
const METRICS_PORT = 9155;
const HOUR_MS = 3_600_000;

export interface SendSettings {
  readonly lookup: LookupSettings;
  readonly submitter: Submitter;
  /** Sender of mail; its domain is that of the contact address. */
  readonly from: string;
  readonly route: MailRoute | undefined;
  readonly dkim: DkimSettings | undefined;
  /** Days. */
  readonly retention: number;
  readonly windowMs: number;
  readonly settleMs: number;
  readonly minimumSessions: number;
  readonly exclude: ReadonlySet<string>;
  readonly rua: readonly string[] | undefined;
  readonly https: { readonly ca: string | undefined; readonly privateAddresses: boolean };
  readonly metrics: Place | undefined;
}

export function databasePath(sources: Sources): string {
  return optional(sources.one('database'), namedFile)?.path ?? DEFAULT_DATABASE;
}

/** Throws `UsageError`. */
export async function readSendSettings(
  sources: Sources,
  config: LoadedConfig | undefined,
): Promise<SendSettings> {
  const submitter = readSubmitter(sources);
  const from = optional(sources.one('from'), mailAddress) ?? submitter.contactInfo;
  if (domainOf(from) !== domainOf(submitter.contactInfo)) {
    throw new UsageError('tlsrpt: from and contact-info must be of one domain (RFC 8460 section 5.3)');
  }
  const count = (key: string, least: number, most: number, otherwise: number) =>
    optional(sources.one(key), (given) => parseInteger(given, least, most)) ?? otherwise;
  const rua = sources.all('rua').map(reportUri);
  const ca = optional(sources.one('https-ca'), namedFile);
  return {
    lookup: readLookupSettings(sources),
    submitter,
    from,
    route: await readRoute(sources, config, from),
    dkim: await readDkim(config, from),
    retention: count('retention', 1, 3650, 30),
    windowMs: count('window', 0, 20, 4) * HOUR_MS,
    settleMs: count('settle', 0, 240, 15) * 60_000,
    minimumSessions: count('minimum-sessions', 1, 1_000_000, 1),
    exclude: new Set(sources.all('exclude').map(({ value }) => value.toLowerCase().replace(/\.$/, ''))),
    rua: rua.length > 0 ? rua : undefined,
    https: {
      ca: ca && (await readTextFile(ca.path, ca.from)),
      privateAddresses: sources.on('https-private-addresses'),
    },
    metrics: optional(sources.one('metrics'), (given) => parsePlace(given, METRICS_PORT)),
  };
}

/** Who reports. Throws `UsageError`. */
export function readSubmitter(sources: Sources): Submitter {
  const organization = sources.one('organization-name');
  const contact = sources.one('contact-info');
  if (!organization || !contact) {
    throw new UsageError(
      `tlsrpt: ${organization ? 'contact-info' : 'organization-name'} is not set: who reports must be said, in the section tlsrpt of the configuration`,
    );
  }
  return { organizationName: organization.value, contactInfo: mailAddress(contact) };
}

function mailAddress(given: Given): string {
  const address = given.value.trim();
  if (mailtoAddress(`mailto:${address.replaceAll('%', '%25').replaceAll('?', '%3F')}`) !== address) {
    throw bad(given, 'a mail address');
  }
  return address;
}

function reportUri(given: Given): string {
  const uri = given.value.trim();
  if (mailtoAddress(uri) === undefined && !(/^https:\/\//i.test(uri) && URL.canParse(uri))) {
    throw bad(given, 'mailto: with an address, or an https: URL');
  }
  return uri;
}

async function readRoute(
  sources: Sources,
  config: LoadedConfig | undefined,
  from: string,
): Promise<MailRoute | undefined> {
  const sendmail = optional(sources.one('sendmail'), namedFile);
  const smarthost = config?.settings.tlsrpt?.smarthost;
  if (sendmail && smarthost) throw new UsageError(`${sendmail.from}: there is a smarthost as well; keep one`);
  if (sendmail) return { kind: 'sendmail', path: sendmail.path };
  if (!config || !smarthost) return undefined;
  const given = (key: string, value: unknown) => config.given(['tlsrpt', 'smarthost', key], value);
  const { host, port, user } = smarthost;
  const implicit = smarthost.tls === 'implicit';
  const tls = smarthost.tls ?? (user === undefined ? 'may' : 'require');
  const password = smarthost['password-file'];
  if ((user === undefined) !== (password === undefined)) {
    throw new UsageError(
      `${given(user === undefined ? 'password-file' : 'user', '').from}: user and password-file belong together`,
    );
  }
  if (user !== undefined && (tls === 'may' || tls === 'none')) {
    throw new UsageError(
      `${given('tls', tls).from}: no password goes over TLS that is not verified: say require or implicit`,
    );
  }
  const ca = smarthost.ca === undefined ? undefined : namedFile(given('ca', smarthost.ca));
  const file = password === undefined ? undefined : namedFile(given('password-file', password));
  return {
    kind: 'smarthost',
    host,
    port: port ?? (implicit ? 465 : user === undefined ? 25 : 587),
    tls,
    auth:
      user === undefined || !file
        ? undefined
        : { user, pass: (await readTextFile(file.path, file.from)).replace(/\r?\n$/, '') },
    ca: ca && (await readTextFile(ca.path, ca.from)),
    helo: smarthost.helo ?? (hostname().includes('.') ? hostname() : domainOf(from)),
  };
}

async function readDkim(config: LoadedConfig | undefined, from: string): Promise<DkimSettings | undefined> {
  const dkim = config?.settings.tlsrpt?.dkim;
  if (!config || !dkim) return undefined;
  const given = (key: 'domain' | 'key') => config.given(['tlsrpt', 'dkim', key], dkim[key]);
  const domain = dkim.domain.toLowerCase();
  const sender = domainOf(from);
  if (sender !== domain && !sender.endsWith(`.${domain}`)) {
    throw bad(
      given('domain'),
      `the domain of ${from} or one above it: receivers ignore reports signed by others`,
    );
  }
  const file = namedFile(given('key'));
  const key = await readTextFile(file.path, file.from);
  let type: string | undefined;
  try {
    type = createPrivateKey(key).asymmetricKeyType;
  } catch (error) {
    throw new UsageError(`${file.from}: ${file.path} holds no private key in PEM: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (type !== 'rsa')
    throw new UsageError(`${file.from}: ${file.path} holds a key of type ${type}: DKIM here wants RSA`);
  return { domain, selector: dkim.selector, key };
}
