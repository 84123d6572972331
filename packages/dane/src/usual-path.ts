/**
 * The path that most senders take: OpenSSL's verifier goes upwards from the leaf by names and key identifiers, takes of
 * several issuers the first that is within its dates, and never turns back. Where that path is good it is the verdict, and
 * where no other is good either, it is what is told. Nothing here checks a signature, except with a bare key.
 */
import type { KeyObject } from 'node:crypto';
import { Presented } from './association.ts';
import type { Certificate } from './certificate.ts';
import type { SignatureChecks } from './certificate-path.ts';
import { sameOctets } from './der.ts';
import { mayHaveIssued } from './issuer.ts';
import { MAX_PATH_CERTIFICATES } from './limits.ts';
import { dateFlaw } from './path-rules.ts';
import { importPublicKey } from './public-key.ts';
import { type IndexedRecord, Matching, Selector, Usage } from './tlsa.ts';

/** A record, and the place in the path of what it matched. */
export interface Hit {
  readonly entry: IndexedRecord;
  readonly depth: number;
}

export interface UsualPath {
  /** leaf first */
  readonly path: readonly Certificate[];
  readonly hit: Hit | undefined;
  /**
   * - `anchored`: it ends at what a record names, or for usages 0 and 1 at a given CA with a record matched on the way
   * - `bare-key`: the key of a `2 1 0` record signed the uppermost certificate
   * - `no-match`: it ends, and no record matched
   * - `untrusted`: it ends, not at a given CA
   * - `too-long`
   */
  readonly end: 'anchored' | 'bare-key' | 'no-match' | 'untrusted' | 'too-long';
}

export interface UsualPathInput {
  /** Usable, after digest agility, in order of preference. */
  readonly records: readonly IndexedRecord[];
  /** one that can be parsed */
  readonly leaf: Presented;
  readonly presented: readonly Presented[];
  /** Given CAs, for usages 0 and 1. */
  readonly given: readonly Presented[];
  readonly at: number;
  readonly signatures: SignatureChecks;
}

export function usualPath(input: UsualPathInput): UsualPath {
  return new Climb(input).run();
}

class Climb {
  readonly #input: UsualPathInput;
  readonly #path: Presented[];
  /** What the server sent and what the records carry, until used. */
  readonly #sent: Presented[];
  readonly #anchors: readonly IndexedRecord[];
  readonly #pkixIssuers: readonly IndexedRecord[];
  /** Usages 0 and 1: the path is looked for among the given CAs first. */
  readonly #pkix: boolean;
  /** How many of the path are not of the given CAs; the others are above them. */
  #untrusted = 1;
  /** A given CA at which the path may end has been reached. */
  #rooted = false;
  #hit: Hit | undefined;

  constructor(input: UsualPathInput) {
    const ofUsage = (usage: number): IndexedRecord[] =>
      input.records.filter(({ record }) => record.usage === usage);
    this.#input = input;
    this.#path = [input.leaf];
    this.#sent = [...carriedCertificates(input.records), ...input.presented];
    this.#anchors = ofUsage(Usage.DANE_TA);
    this.#pkixIssuers = ofUsage(Usage.PKIX_TA);
    this.#pkix = input.records.some(({ record }) => record.usage < Usage.DANE_TA);
    const own = ofUsage(Usage.PKIX_EE).find(({ record }) => input.leaf.matches(record));
    if (own) this.#hit = { entry: own, depth: 0 };
  }

  run(): UsualPath {
    const issuers = this.#anchors.length + this.#pkixIssuers.length;
    if (issuers === 0 && !this.#hit) return this.#ending('no-match');
    while (this.#path.length <= MAX_PATH_CERTIFICATES) {
      const climbed = this.#pkix && this.#stepIntoGiven();
      if (this.#rooted && this.#hit) return this.#ending('anchored');
      if (this.#rooted) break;
      if (climbed) continue;
      if (this.#untrusted < this.#path.length || !this.#stepIntoSent()) break;
      if (this.#hit?.entry.record.usage === Usage.DANE_TA) return this.#ending('anchored');
    }
    if (this.#path.length > MAX_PATH_CERTIFICATES) return this.#ending('too-long');
    if (this.#standsOnBareKey()) return this.#ending('bare-key');
    return this.#ending(this.#pkix && !this.#rooted ? 'untrusted' : 'no-match');
  }

  get #top(): Certificate {
    return this.#path.at(-1)!.certificate!;
  }

  #ending(end: UsualPath['end']): UsualPath {
    return { path: this.#path.map(({ certificate }) => certificate!), hit: this.#hit, end };
  }

  /** To one of the given CAs. */
  #stepIntoGiven(): boolean {
    const issuer = this.#choose(this.#input.given);
    if (!issuer) return false;
    if (this.#top.selfSigned) {
      // It is one of them itself, or only of the same name.
      if (!sameOctets(this.#top.der, issuer.der)) return false;
      this.#untrusted--;
      this.#rooted = true;
      return true;
    }
    this.#add(issuer);
    this.#rooted = this.#top.selfSigned;
    return true;
  }

  /** To one of those that the server sent. */
  #stepIntoSent(): boolean {
    const inPath = (one: Presented): boolean => this.#path.some(({ der }) => sameOctets(der, one.der));
    const issuer = this.#top.selfSigned ? undefined : this.#choose(this.#sent.filter((one) => !inPath(one)));
    if (!issuer) return false;
    this.#sent.splice(this.#sent.indexOf(issuer), 1);
    this.#untrusted++;
    this.#add(issuer);
    const depth = this.#path.length - 1;
    const entry = this.#anchors.find(({ record }) => issuer.matches(record));
    if (entry) this.#hit = { entry, depth };
    return true;
  }

  #add(issuer: Presented): void {
    this.#path.push(issuer);
    const entry = this.#hit ? undefined : this.#pkixIssuers.find(({ record }) => issuer.matches(record));
    if (entry) this.#hit = { entry, depth: this.#path.length - 1 };
  }

  /** The first possible issuer that is within its dates, else the one that ends last. */
  #choose(from: readonly Presented[]): Presented | undefined {
    const { at } = this.#input;
    const end = (one: Presented | undefined): number =>
      one?.certificate?.notAfter ?? Number.NEGATIVE_INFINITY;
    let latest: Presented | undefined;
    for (const candidate of from) {
      const { certificate } = candidate;
      if (!certificate || !mayHaveIssued(certificate, this.#top)) continue;
      if (!dateFlaw(certificate, 0, at)) return candidate;
      if (!latest || end(candidate) > end(latest)) latest = candidate;
    }
    return latest;
  }

  /** Did the key of a `2 1 0` record sign the uppermost certificate that is not of the given CAs? */
  #standsOnBareKey(): boolean {
    const depth = this.#untrusted - 1;
    const certificate = this.#path[depth]?.certificate;
    if (!certificate) return false;
    const { records, signatures } = this.#input;
    const found = bareKeys(records).find(({ key }) => signatures.check(certificate, key).ok);
    if (!found) return false;
    this.#path.length = this.#untrusted;
    this.#hit = { entry: found.entry, depth };
    return true;
  }
}

/** Certificates that `0 0 0` and `2 0 0` records carry. */
export function carriedCertificates(records: readonly IndexedRecord[]): Presented[] {
  return records.flatMap(({ record }) => {
    const ofIssuer = record.usage === Usage.DANE_TA || record.usage === Usage.PKIX_TA;
    const whole = record.selector === Selector.CERT && record.matching === Matching.FULL;
    return ofIssuer && whole ? [new Presented(record.data)] : [];
  });
}

export interface BareKey {
  readonly key: KeyObject;
  readonly entry: IndexedRecord;
}

/** Keys that `2 1 0` records carry. */
export function bareKeys(records: readonly IndexedRecord[]): BareKey[] {
  return records.flatMap((entry) => {
    const { usage, selector, matching, data } = entry.record;
    if (usage !== Usage.DANE_TA || selector !== Selector.SPKI || matching !== Matching.FULL) return [];
    const key = importPublicKey(data);
    return key ? [{ key, entry }] : [];
  });
}
