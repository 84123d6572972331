/** As much of Haraka as the plug-in sees. Haraka has no types of its own. */

/** What a hook answers with (haraka-constants). */
export const OK = 906;
export const DENY = 902;

export type Next = (code?: number, answer?: unknown) => void;

export interface Ini {
  readonly main: Readonly<Record<string, unknown>>;
  readonly [section: string]: Readonly<Record<string, unknown>> | undefined;
}

export interface Config {
  get(name: string): string | null;
  get(name: string, options: { readonly booleans?: readonly string[] }, changed?: () => void): Ini;
}

/** The plug-in as Haraka makes it: what this package exports is copied into it. */
export interface Plugin {
  readonly config: Config;
  register_hook(hook: string, method: string, priority?: number): void;
  loginfo(...what: unknown[]): void;
  lognotice(...what: unknown[]): void;
  logwarn(...what: unknown[]): void;
  logerror(...what: unknown[]): void;
  [method: string]: unknown;
}

/** Notes of a message; those of the transaction are still there when it is delivered, after a restart too. */
export interface Notes {
  mailanchor?: MessageNotes;
}

export interface MessageNotes {
  readonly requireTls?: boolean;
  readonly tlsRequiredNo?: boolean;
}

/** A message on its way out to one domain. */
export interface HMail {
  readonly filename?: string;
  readonly todo: { readonly domain: string; readonly notes: Notes };
  readonly notes: { mailanchor?: unknown };
}

export interface Transaction {
  readonly notes: Notes;
  readonly header: { get(name: string): string };
}

export interface Connection {
  readonly transaction?: Transaction | null;
  readonly tls?: { readonly enabled?: boolean };
  readonly capabilities?: string[];
}
