/** What follows from a view at once: what each place serves, what is live, whether the files are presented. */
import { Certificate } from '../certificate.ts';
import { sameOctets } from '../der.ts';
import type { TlsaRecord } from '../tlsa.ts';
import { type CoverageOptions, coverageOf, type Subject, subjectKey } from './coverage.ts';
import { joinRecords, recordTexts } from './record-set.ts';
import {
  type AddressSight,
  type HostMemory,
  type HostView,
  type Identity,
  type PlaceSight,
  SETTLE_MS,
} from './view.ts';
import { diskKey, issuerRecords, keyRecords, nextKey, wantedOfDisk } from './wanted.ts';

export interface PlaceFacts {
  readonly place: PlaceSight;
  readonly options: CoverageOptions;
  /** Each set that some server answers with, once. */
  readonly served: readonly (readonly TlsaRecord[])[];
  /** The set that all servers which answer agree on. */
  readonly agreed: readonly TlsaRecord[] | undefined;
  readonly failed: readonly { readonly server: string; readonly text: string }[];
  /** What is presented at the ports of the place. */
  readonly live: readonly LiveChain[];
  /** Milliseconds since the epoch from which no old process presents anything else; null: not all is known. */
  readonly settledAt: number | null;
  /** What is to be there: of the files, and of live chains that the records vouch for. */
  readonly wanted: readonly TlsaRecord[];
}

export interface LiveChain {
  readonly subject: Subject & { readonly kind: 'chain' };
  /** `192.0.2.1 port 25`, each place that presents it. */
  readonly where: readonly string[];
}

export function placeFacts(view: HostView, memory: HostMemory): PlaceFacts[] {
  const ofDisk = wantedOfDisk(view, memory);
  return view.places.map((place) => {
    const options = { names: place.names, at: Math.floor(view.at / 1000) };
    const answers = place.servers.filter((sight) => sight.kind === 'records');
    const served = [
      ...new Map(answers.map(({ records }) => [recordTexts(records).join(), records])).values(),
    ];
    const failed = place.servers.filter((sight) => sight.kind === 'failed');
    const addresses = view.addresses.filter(({ port }) => place.ports.includes(port));
    const live = liveChains(addresses);
    return {
      place,
      options,
      served,
      agreed: served.length === 1 ? served[0] : undefined,
      failed,
      live,
      settledAt: memory.settled && memory.settled.since + (view.settleMs ?? SETTLE_MS),
      wanted: joinRecords(ofDisk, ...live.map((chain) => wantedOfLive(view, chain, served, options))),
    };
  });
}

function liveChains(addresses: readonly AddressSight[]): LiveChain[] {
  const chains = new Map<string, { chain: readonly Uint8Array[]; where: string[] }>();
  for (const { address, port, chains: presented } of addresses) {
    for (const chain of presented) {
      const key = chain.map((der) => Buffer.from(der).toString('base64')).join();
      const known = chains.get(key) ?? { chain, where: [] };
      known.where.push(`${address} port ${port}`);
      chains.set(key, known);
    }
  }
  return [...chains.values()].map(({ chain, where }) => ({ subject: { kind: 'chain', chain }, where }));
}

/**
 * What is presented is not vouched for by being presented: it may be an attacker's. Where the key is one of ours, or a signed record
 * matches it already, its records are wanted as long as it is live.
 */
function wantedOfLive(
  view: HostView,
  { subject }: LiveChain,
  served: readonly (readonly TlsaRecord[])[],
  options: CoverageOptions,
): readonly TlsaRecord[] {
  const spki = subjectKey(subject);
  if (!spki) return [];
  const ours = view.identities.some((identity) => isKeyOf(identity, spki));
  if (!ours && !served.some((records) => authenticates(records, subject, options))) return [];
  const issuer = view.policy === 'current-issuer' ? issuerRecords(subject.chain, view.matching) : [];
  return [...keyRecords(spki, view.matching), ...issuer];
}

export function isKeyOf(identity: Identity, spki: Uint8Array): boolean {
  return [diskKey(identity), nextKey(identity)].some((key) => key !== undefined && sameOctets(key, spki));
}

/** At least one record matches. */
export function authenticates(
  records: readonly TlsaRecord[],
  subject: Subject,
  options: CoverageOptions,
): boolean {
  const { kind } = coverageOf(records, subject, options);
  return kind === 'covered' || kind === 'partly';
}

/** Addresses, of those that are known, that do not present the certificate on disk. */
export function notPresenting(view: HostView, identity: Identity): readonly AddressSight[] {
  return view.addresses.filter((sight) => sight.problem === undefined && !presents(sight, identity, view));
}

/** Addresses that present it. */
export function presenting(view: HostView, identity: Identity): readonly AddressSight[] {
  return view.addresses.filter((sight) => sight.problem === undefined && presents(sight, identity, view));
}

function presents({ chains }: AddressSight, identity: Identity, view: HostView): boolean {
  const { disk } = identity;
  const own = disk.kind === 'pair' ? disk.chain[0] : undefined;
  if (!own) return false;
  const leaves = chains.flatMap(([leaf]) => (leaf ? [leaf] : []));
  const ofKind = leaves.filter((leaf) => keyKind(leaf) === keyKind(own));
  // A host of one identity may change its kind of key; then whatever is presented stands in for it.
  const slot = ofKind.length > 0 || view.identities.length > 1 ? ofKind : leaves;
  return slot.length > 0 && slot.every((leaf) => sameOctets(leaf, own));
}

/** `rsa`, `ec`, `ed25519`: a server has one certificate of each at most. */
function keyKind(der: Uint8Array): string | undefined {
  return Certificate.tryParse(der)?.publicKey?.asymmetricKeyType;
}
