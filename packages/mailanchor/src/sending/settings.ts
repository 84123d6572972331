/** The settings of `check --sending`. */
import type { Name } from '@mailanchor/dns';
import { parsePort } from '../options/given.ts';
import { type LookupSettings, optional, readLookupSettings } from '../options/lookup.ts';
import { parseZone } from '../options/resolver-spec.ts';
import type { Sources } from '../options/sources.ts';
import { RESOLV_CONF } from './system.ts';

export interface SendingSettings {
  readonly lookup: LookupSettings;
  readonly resolvConf: string;
  /** Of the resolvers in resolv.conf: 53. Set by labs, through the environment. */
  readonly resolverPort: number;
  /** Of mail hosts. */
  readonly port: number;
  readonly bogusName: Name | undefined;
}

export function readSendingSettings(sources: Sources): SendingSettings {
  return {
    lookup: readLookupSettings(sources),
    resolvConf: optional(sources.one('resolv-conf'), ({ value }) => value) ?? RESOLV_CONF,
    resolverPort: optional(sources.one('resolv-conf-port'), parsePort) ?? 53,
    port: optional(sources.one('port'), parsePort) ?? 25,
    bogusName: optional(sources.one('bogus-name'), parseZone),
  };
}
