/**
 * What each ACME client tells its hooks, and where.
 *
 *   certbot   deploy hook     RENEWED_LINEAGE (folder of the live files), RENEWED_DOMAINS; a hook that fails is reported, and no more
 *   acme.sh   reload command  CERT_FULLCHAIN_PATH, CERT_KEY_PATH, Le_Domain; one that fails fails the renewal
 *   lego      renew hook      LEGO_CERT_PATH (the bundle), LEGO_CERT_KEY_PATH, LEGO_CERT_DOMAIN
 *   plain     anything else   --cert, --key
 */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../errors.ts';
import type { NamedFile } from '../options/lookup.ts';
import type { Environment, Sources } from '../options/sources.ts';

export const HOOK_KINDS = ['certbot', 'acme.sh', 'lego', 'plain'] as const;
export type HookKind = (typeof HOOK_KINDS)[number];

export interface HookFiles {
  readonly certificate: NamedFile;
  readonly key: NamedFile;
  /** The domains of the certificate, as far as the client says. */
  readonly names: readonly string[];
  /** Of certbot: the lineage and its folder. */
  readonly lineage?: { readonly name: string; readonly live: string };
}

/** Throws `UsageError` where the client's variables are not there. */
export function hookFiles(kind: HookKind, environment: Environment, sources: Sources): HookFiles {
  const variable = (name: string): string => {
    const value = environment[name];
    if (value) return value;
    throw new UsageError(`tlsa hook ${kind}: ${name} is not set. ${RUN_BY[kind]}`);
  };
  const file = (path: string, from: string): NamedFile => ({ path, from });
  switch (kind) {
    case 'certbot': {
      const live = variable('RENEWED_LINEAGE');
      return {
        certificate: file(join(live, 'fullchain.pem'), 'RENEWED_LINEAGE'),
        key: file(join(live, 'privkey.pem'), 'RENEWED_LINEAGE'),
        names: (environment['RENEWED_DOMAINS'] ?? '').split(/\s+/).filter((name) => name !== ''),
        lineage: { name: basename(live), live },
      };
    }
    case 'acme.sh':
      return {
        certificate: file(variable('CERT_FULLCHAIN_PATH'), 'CERT_FULLCHAIN_PATH'),
        key: file(variable('CERT_KEY_PATH'), 'CERT_KEY_PATH'),
        names: [environment['Le_Domain'] ?? ''].filter((name) => name !== ''),
      };
    case 'lego':
      return {
        certificate: file(variable('LEGO_CERT_PATH'), 'LEGO_CERT_PATH'),
        key: file(variable('LEGO_CERT_KEY_PATH'), 'LEGO_CERT_KEY_PATH'),
        names: [environment['LEGO_CERT_DOMAIN'] ?? ''].filter((name) => name !== ''),
      };
    case 'plain': {
      const given = (key: string): NamedFile => {
        const one = sources.one(key);
        if (!one) throw new UsageError(`tlsa hook plain: --${key} is missing. ${RUN_BY.plain}`);
        return { path: one.value, from: one.from };
      };
      return { certificate: given('cert'), key: given('key'), names: [] };
    }
  }
}

const RUN_BY: Readonly<Record<HookKind, string>> = {
  certbot: "It is for certbot to run: certbot renew --deploy-hook 'mailanchor tlsa hook certbot'",
  'acme.sh':
    "It is for acme.sh to run: acme.sh --install-cert ... --reloadcmd 'mailanchor tlsa hook acme.sh'",
  lego: "It is for lego to run: lego ... renew --renew-hook 'mailanchor tlsa hook lego'",
  plain: 'For example: mailanchor tlsa hook plain --cert fullchain.pem --key privkey.pem',
};

/** Whether certbot renews this lineage with its key; undefined where its settings cannot be read. */
export async function reusesKey(
  live: string,
): Promise<{ readonly file: string; readonly reuses: boolean } | undefined> {
  const file = join(dirname(dirname(live)), 'renewal', `${basename(live)}.conf`);
  try {
    const text = await readFile(file, 'utf8');
    const parameters = text.slice(Math.max(0, text.search(/^\s*\[renewalparams\]/m)));
    return { file, reuses: /^\s*reuse_key\s*=\s*(true|yes|on|1)\s*$/im.test(parameters) };
  } catch {
    return undefined;
  }
}
