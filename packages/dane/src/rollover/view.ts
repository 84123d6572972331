/**
 * What a rollover is decided by: a host as it is now, seen from all sides. Whoever fills this in looks at files, servers and addresses;
 * nothing here does.
 *
 *   Identity      a certificate with its key, as on disk, and the next key where one has been prepared
 *   PlaceSight    one TLSA owner name as each of its authoritative servers has it
 *   AddressSight  one address and port of the host, and the chains that it presents
 */
import type { PlaceMemory, ServerSight } from './memory.ts';
import type { RecordTexts } from './record-set.ts';

/**
 *   reuse           one record of one key; another key only when a rollover is asked for, or the files bring one
 *   current-next    `3 1 1` of the key in use and of the next, which is made in advance
 *   current-issuer  `3 1 1` of the key in use and `2 1 1` of the CA that issued its certificate
 */
export type KeyPolicy = 'reuse' | 'current-next' | 'current-issuer';
export const KEY_POLICIES: readonly KeyPolicy[] = ['reuse', 'current-next', 'current-issuer'];

export interface Identity {
  /** Names it among those of the host: `rsa`, `ecdsa`. */
  readonly label: string;
  readonly disk:
    | { readonly kind: 'pair'; readonly chain: readonly Uint8Array[] }
    /** Half written, a key that does not fit, expired where that counts: not to be deployed. */
    | { readonly kind: 'unfit'; readonly text: string };
  /** SubjectPublicKeyInfo of the key made in advance. */
  readonly next: Uint8Array | null;
}

export interface PlaceSight {
  /** Owner of the records, after aliases: `_25._tcp.mx1.example.org`. */
  readonly owner: string;
  /** Ports of the host whose clients look here. */
  readonly ports: readonly number[];
  /** Reference names for usage 2; the TLSA base domain first. */
  readonly names: readonly string[];
  readonly servers: readonly ServerSight[];
  /** Seconds, taken for what was there before the first look. */
  readonly assumedTtl: number;
  /** Why what the servers say cannot be believed: bogus for our resolver, insecure, no server known. */
  readonly problem?: string;
}

export interface AddressSight {
  readonly address: string;
  readonly port: number;
  /** One for each kind of certificate that the server has; empty where it presented none. */
  readonly chains: readonly (readonly Uint8Array[])[];
  /** Why nothing, or not all, is known of it. */
  readonly problem?: string;
}

export interface HostView {
  readonly host: string;
  /** Milliseconds since the epoch, when the last answer had come. */
  readonly at: number;
  readonly policy: KeyPolicy;
  /** Matching types of the records that are published; default SHA2-256 alone. */
  readonly matching?: readonly number[];
  /** `command`: we deploy. `external`: somebody else does, and we wait and verify. */
  readonly deploy: 'command' | 'external';
  /** Whether a certificate for the next key can be had by a command of ours. */
  readonly issue: 'command' | 'external';
  readonly identities: readonly Identity[];
  readonly places: readonly PlaceSight[];
  readonly addresses: readonly AddressSight[];
  /** Milliseconds for which an old process of a mail server may go on to present what it began with. Default 5 minutes. */
  readonly settleMs?: number;
  /** Records that match nothing known and were never ours: left where they are unless this is 'remove'. */
  readonly strangers?: 'keep' | 'remove';
}

/** JSON as it stands. Losing it costs time, never safety. */
export interface HostMemory {
  /** By owner. */
  readonly places: Readonly<Record<string, PlaceMemory>>;
  /** Records that were wanted at some time, hence ours to remove. */
  readonly ours: RecordTexts;
  /** Milliseconds since the epoch: since when all that is presented is the same, named by a digest. Null: not all of it is known. */
  readonly settled: { readonly what: string; readonly since: number } | null;
  /** What was done last, so that it is given time to show. */
  readonly attempts: readonly Attempt[];
  /** A rollover that was asked for: digests (SHA2-256, hex) of the keys to be replaced, by label. */
  readonly replacing: Readonly<Record<string, string>>;
}

export interface Attempt {
  /** What it was, so that the same is not done again at once: kind and content. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly outcome: 'done' | 'failed';
  readonly text?: string;
}

/** As long as a session of SMTP may last that says nothing (RFC 5321 4.5.3.2.7). */
export const SETTLE_MS = 300_000;

export const NO_MEMORY: HostMemory = {
  places: {},
  ours: [],
  settled: null,
  attempts: [],
  replacing: {},
};
