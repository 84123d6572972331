/** Denials: what a response, or what is known from earlier ones, proves about a name or type that is not there (rfc4035#section-5.4). */
import { decodeSoa, Ede, type Name, RRType, rrTypeToText } from '@mailanchor/dns';
import type { Work } from './budget.ts';
import type { ChainOfTrust } from './chain-of-trust.ts';
import { proveNodata, proveNxdomain } from './denial.ts';
import { type DenialStore, isOptOut } from './denial-store.ts';
import type { Reason } from './proof.ts';
import { home, possibleSigners } from './rrset-verdict.ts';
import type { Segment } from './segment.ts';
import { type SignedRRset, verifyRRset } from './signature.ts';
import { type ValidProofs, validProofs } from './valid-proofs.ts';
import { denied, failure, type Validated } from './validated.ts';
import type { ZoneTrust } from './zone-trust.ts';

export class DenialValidator {
  readonly #chain: ChainOfTrust;
  readonly #denials: DenialStore;

  constructor(chain: ChainOfTrust, denials: DenialStore) {
    this.#chain = chain;
    this.#denials = denials;
  }

  /**
   * A denial of `name` and `type` from what was proven before (rfc8198): NXDOMAIN or NODATA, secure, or nothing. The SOA must be known
   * too: it says for how long a denial may be kept.
   */
  async fromStore(name: Name, type: number, work: Work): Promise<Validated | undefined> {
    if (type === RRType.ANY || type === RRType.RRSIG || this.#chain.isExempt(name)) return undefined;
    const from = home(name, type);
    const known = this.#denials.closest(from, work);
    if (!known?.soa) return undefined;
    const rrsets = known.rrsets.filter((rrset) => !isOptOut(rrset));
    if (rrsets.length === 0 || !this.#chain.maySign(known.zone, from)) return undefined;
    const kind =
      proveNxdomain(name, known.zone, rrsets, work).kind === 'proven'
        ? 'nxdomain'
        : proveNodata(name, type, known.zone, rrsets, work).kind === 'proven'
          ? 'nodata'
          : undefined;
    if (!kind) return undefined;
    const trust = await this.#chain.zoneOf(known.zone, work);
    if (trust.status !== 'secure' || !trust.zone.equals(known.zone)) return undefined;
    const ttl = Math.min(known.ttl, work.budgets.maxNegativeTtl);
    const segment: Segment = { kind, owner: name, outside: false, proofs: [known.soa, ...rrsets] };
    return denied(segment, 'secure', kind, trust, ttl);
  }

  /** The NSEC and NSEC3 RRsets that the zone has really signed. */
  async validProofs(
    proofs: readonly SignedRRset[],
    zone: Name,
    trust: ZoneTrust,
    work: Work,
  ): Promise<ValidProofs> {
    if (trust.status !== 'secure') return { rrsets: [], ttl: Number.POSITIVE_INFINITY };
    return validProofs(proofs, zone, trust.keys, this.#chain.verifyContext(work), this.#denials);
  }

  async validate(
    segment: Extract<Segment, { kind: 'nodata' | 'nxdomain' }>,
    type: number,
    work: Work,
  ): Promise<Validated> {
    const { owner, proofs } = segment;
    // The zone is whoever signed the proofs; where nobody did, or nobody has to, whoever ought to have.
    const at = home(owner, type);
    let zone: Name | undefined;
    for (const rrset of this.#chain.isExempt(at) ? [] : proofs) {
      if (rrset.type === RRType.SOA) continue;
      zone = possibleSigners(rrset).find(
        (signer) => at.isAtOrBelow(signer) && this.#chain.maySign(signer, at),
      );
      if (zone) break;
    }
    zone ??= await this.#denierOfAnchor(segment, work);
    const trust = await this.#chain.zoneOf(zone ?? at, work);
    if (trust.status !== 'secure' && trust.status !== 'insecure') {
      return this.#failure(owner, trust.status, trust.reason, trust, work);
    }
    const soa = proofs.find((rrset) => rrset.type === RRType.SOA && owner.isAtOrBelow(rrset.name));
    if (trust.status === 'insecure') {
      return denied(
        segment,
        'insecure',
        segment.kind,
        trust,
        Math.min(soaTtl(soa), work.budgets.maxNegativeTtl),
      );
    }
    if (!zone) {
      const text = `${trust.zone} is signed, but the answer for ${rrTypeToText(type)} of ${owner} proves nothing`;
      const bare = proofs.length > 0 && proofs.every(({ signatures }) => signatures.length === 0);
      const ede = bare ? Ede.RRSIGS_MISSING : Ede.NSEC_MISSING;
      return this.#failure(owner, 'bogus', { ede, text, zone: trust.zone }, trust, work);
    }
    if (!trust.zone.equals(zone)) {
      const text = `the denial for ${owner} is signed in the name of ${zone}, which is no zone`;
      return this.#failure(owner, 'bogus', { ede: Ede.DNSSEC_BOGUS, text, zone: trust.zone }, trust, work);
    }

    const valid = await this.validProofs(proofs, zone, trust, work);
    let kind = segment.kind;
    let denial =
      kind === 'nxdomain'
        ? proveNxdomain(owner, zone, valid.rrsets, work)
        : proveNodata(owner, type, zone, valid.rrsets, work);
    if (denial.kind === 'unproven' && kind === 'nxdomain') {
      // Some servers say NXDOMAIN of an empty non-terminal and prove NODATA: the proof counts, not the code.
      const nodata = proveNodata(owner, type, zone, valid.rrsets, work);
      if (nodata.kind === 'proven') {
        denial = nodata;
        kind = 'nodata';
      }
    }
    if (denial.kind === 'unproven') {
      return this.#failure(owner, 'bogus', valid.reason ?? denial.reason, trust, work);
    }
    const ownSoa = soa?.name.equals(zone) ? soa : undefined;
    const soaKnown = ownSoa && this.#denials.verified(zone, ownSoa);
    const soaValid =
      soaKnown !== undefined
        ? ({ kind: 'valid', ttl: soaKnown } as const)
        : ownSoa && (await verifyRRset(ownSoa, zone, trust.keys, this.#chain.verifyContext(work)));
    if (soaValid?.kind === 'invalid') return this.#failure(owner, 'bogus', soaValid.reason, trust, work);
    // rfc9077#section-3: no longer than the NSEC says, nor than the SOA says.
    const limit = soaValid ? Math.min(soaTtl(soa), soaValid.ttl) : Number.POSITIVE_INFINITY;
    const kept = soa && soaValid ? [...valid.rrsets, soa] : valid.rrsets;
    this.#denials.remember(
      zone,
      kept.map((rrset) => ({ ...rrset, ttl: Math.min(rrset.ttl, limit) })),
    );
    const ttl = Math.min(valid.ttl, limit, work.budgets.maxNegativeTtl);
    const note: Reason | undefined =
      denial.kind === 'insecure' ? { ede: denial.ede ?? Ede.OTHER, text: denial.note, zone } : undefined;
    return denied(segment, denial.kind === 'proven' ? 'secure' : 'insecure', kind, trust, ttl, note);
  }

  /**
   * The zone above the closest anchor that proves, from an anchor of its own, that the anchored zone does not exist: any anchor's success
   * is one (rfc6840#section-5.10). Nothing less takes an anchor's word away: not a zone that nobody vouches for, nor one that the answering server was not asked for, as where names inside are
   * asked elsewhere than those outside.
   */
  async #denierOfAnchor(segment: Segment, work: Work): Promise<Name | undefined> {
    const { owner, proofs, kind, bailiwick } = segment;
    const anchor = this.#chain.anchorOf(owner);
    if (kind !== 'nxdomain' || !anchor || !bailiwick || this.#chain.isExempt(owner)) return undefined;
    for (const rrset of proofs) {
      const signer = rrset.type === RRType.SOA ? undefined : possibleSigners(rrset)[0];
      if (!signer || !anchor.isBelow(signer) || !signer.isAtOrBelow(bailiwick)) continue;
      const trust = await this.#chain.zoneOf(signer, work);
      if (trust.status !== 'secure' || !trust.zone.equals(signer)) return undefined;
      const { rrsets } = await this.validProofs(proofs, signer, trust, work);
      return proveNxdomain(anchor, signer, rrsets, work).kind === 'proven' ? signer : undefined;
    }
    return undefined;
  }

  #failure(
    owner: Name,
    status: 'bogus' | 'indeterminate',
    reason: Reason,
    trust: ZoneTrust,
    work: Work,
  ): Validated {
    return failure(owner, status, reason, trust, work, this.#chain.now());
  }
}

/** Seconds an SOA lets a denial be kept: the smaller of its own TTL and its minimum field (rfc2308#section-5). */
function soaTtl(soa: SignedRRset | undefined): number {
  if (!soa) return 60;
  try {
    return Math.min(soa.ttl, decodeSoa(soa.rdatas[0]!).minimum);
  } catch {
    return 0;
  }
}
