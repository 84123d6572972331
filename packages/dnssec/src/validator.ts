/**
 * One segment of a response, proven or not: the status of an RRset, an alias or a denial (rfc4035#section-5). Bogus segments carry
 * no data on.
 */
import {
  decodeRrsig,
  decodeSoa,
  Ede,
  type Name,
  Rcode,
  type ResourceRecord,
  RRType,
  rrTypeToText,
} from '@mailanchor/dns';
import type { Work } from './budget.ts';
import type { ChainOfTrust } from './chain-of-trust.ts';
import { type Denial, proveExpansion, proveNodata, proveNxdomain } from './denial.ts';
import { type DenialStore, isOptOut } from './denial-store.ts';
import type { Reason, ZoneLink } from './proof.ts';
import { recordsOf } from './rrsets.ts';
import type { Segment } from './segment.ts';
import { type SignedRRset, verifyRRset } from './signature.ts';
import { type ValidProofs, validProofs } from './valid-proofs.ts';
import type { ZoneTrust } from './zone-trust.ts';

/** A segment with its status. */
export type Validated = {
  /** Seconds it could be kept from the beginning, of one from the cache that has aged; `ttl` is what is left. */
  readonly lifetime?: number;
} & ValidatedSegment;

type ValidatedSegment =
  | {
      readonly kind: 'answer' | 'alias' | 'nodata' | 'nxdomain';
      readonly status: 'secure' | 'insecure';
      readonly owner: Name;
      /** Of an alias. */
      readonly via?: 'CNAME' | 'DNAME';
      readonly target?: Name;
      /** The RRset, without signatures. */
      readonly records: readonly ResourceRecord[];
      /** The RRset with its signatures, and for a DNAME the CNAME it makes. */
      readonly answer: readonly ResourceRecord[];
      /** Proofs with their signatures. */
      readonly authority: readonly ResourceRecord[];
      readonly ttl: number;
      readonly chain: readonly ZoneLink[];
      readonly negativeTrustAnchor?: Name;
      /** Why an insecure answer is insecure, where that is worth telling. */
      readonly reason?: Reason;
    }
  | {
      readonly kind: 'failure';
      readonly status: 'bogus' | 'indeterminate';
      readonly owner: Name;
      readonly reason: Reason;
      readonly chain: readonly ZoneLink[];
      readonly ttl: number;
      /** The code of the server that refused, where that is the failure; else SERVFAIL. */
      readonly rcode?: number;
      /** Of YXDOMAIN: the proven DNAME with its signatures. */
      readonly dname?: readonly ResourceRecord[];
    };

/** Signers that the RRSIGs of an RRset name and that could sign it: its own zone or one above; of a DS, one above. */
function possibleSigners(rrset: SignedRRset): Name[] {
  const signers: Name[] = [];
  for (const rdata of rrset.signatures) {
    try {
      const { signer, typeCovered } = decodeRrsig(rdata);
      const above = rrset.type === RRType.DS ? rrset.name.isBelow(signer) : rrset.name.isAtOrBelow(signer);
      if (typeCovered === rrset.type && above && !signers.some((known) => known.equals(signer)))
        signers.push(signer);
    } catch {
      // A malformed signature names nobody.
    }
  }
  // More than two signers of one RRset are nobody's honest zone.
  return signers.slice(0, 2);
}

/** Where the data of `name` and `type` is signed: DS at the parent. */
function home(name: Name, type: number): Name {
  return type === RRType.DS ? name.parent : name;
}

type RRsetVerdict =
  | {
      readonly status: 'secure';
      readonly trust: ZoneTrust;
      readonly zone: Name;
      readonly ttl: number;
      readonly labels: number;
    }
  | { readonly status: 'insecure'; readonly trust: ZoneTrust }
  | {
      readonly status: 'bogus' | 'indeterminate';
      readonly reason: Reason;
      readonly trust?: ZoneTrust;
    };

/** Proofs beside a positive answer that are worth a verification each. */
const KEPT_PROOFS = 4;

export class Validator {
  readonly #chain: ChainOfTrust;
  readonly #denials: DenialStore;

  constructor(chain: ChainOfTrust, denials: DenialStore) {
    this.#chain = chain;
    this.#denials = denials;
  }

  /** Rejects with `BudgetExceeded` only. */
  async validate(segment: Segment, type: number, work: Work): Promise<Validated> {
    switch (segment.kind) {
      case 'contradiction':
        return this.#contradiction(segment, work);
      case 'overlong':
        return this.#overlong(segment, work);
      case 'answer':
        return this.#answer(segment, segment.rrsets, work);
      case 'alias':
        return this.#answer(segment, [segment.rrset], work);
      default:
        return this.#denial(segment, type, work);
    }
  }

  /** What contradicts itself cannot be used either way; whose fault it is depends on whether anyone signs there. */
  async #contradiction(segment: Extract<Segment, { kind: 'contradiction' }>, work: Work): Promise<Validated> {
    const trust = await this.#chain.zoneOf(segment.owner, work);
    const status = trust.status === 'secure' || trust.status === 'bogus' ? 'bogus' : 'indeterminate';
    const reason = { ede: Ede.INVALID_DATA, text: segment.text, zone: trust.zone };
    return this.#failure(segment.owner, status, reason, trust, work);
  }

  /** There can be no such name (rfc6672#section-2.2): no answer to anybody's question, but proven where the DNAME is. */
  async #overlong(segment: Extract<Segment, { kind: 'overlong' }>, work: Work): Promise<Validated> {
    const { rrset, owner } = segment;
    const dname = await this.#answer({ ...segment, kind: 'answer', rrsets: [rrset] }, [rrset], work);
    if (dname.kind === 'failure') return dname;
    const text = `the DNAME of ${rrset.name} makes too long a name of ${owner}`;
    return {
      kind: 'failure',
      status: 'indeterminate',
      owner,
      rcode: Rcode.YXDOMAIN,
      reason: { ede: Ede.INVALID_DATA, text },
      chain: dname.chain,
      ttl: Math.min(dname.ttl, work.budgets.bogusTtl),
      dname: dname.answer,
    };
  }

  async #verify(rrset: SignedRRset, work: Work): Promise<RRsetVerdict> {
    const at = home(rrset.name, rrset.type);
    // A negative trust anchor need not lie at a zone cut: what is below it may well be signed from above (rfc7646#section-2).
    if (this.#chain.isExempt(at)) return { status: 'insecure', trust: await this.#chain.zoneOf(at, work) };
    const signers = possibleSigners(rrset).filter((signer) => this.#chain.maySign(signer, at));
    let verdict: RRsetVerdict | undefined;
    for (const signer of signers) {
      const trust = await this.#chain.zoneOf(signer, work);
      if (trust.status === 'insecure') return { status: 'insecure', trust };
      if (trust.status !== 'secure') {
        verdict ??= { status: trust.status, reason: trust.reason, trust };
        continue;
      }
      if (!trust.zone.equals(signer)) {
        const text = `${rrTypeToText(rrset.type)} of ${rrset.name} is signed in the name of ${signer}, which is no zone`;
        verdict ??= { status: 'bogus', reason: { ede: Ede.DNSSEC_BOGUS, text, zone: trust.zone }, trust };
        continue;
      }
      const turn = work.turn();
      if (turn) await turn;
      const result = await verifyRRset(rrset, signer, trust.keys, this.#chain.verifyContext(work));
      if (result.kind === 'valid') {
        return { status: 'secure', trust, zone: signer, ttl: result.ttl, labels: result.labels };
      }
      verdict = { status: 'bogus', reason: result.reason, trust };
    }
    if (verdict) return verdict;

    // Nobody claims to have signed this: either a chain proves that nobody has to, or something is missing.
    const trust = await this.#chain.zoneOf(at, work);
    if (trust.status === 'insecure') return { status: 'insecure', trust };
    if (trust.status !== 'secure') return { status: trust.status, reason: trust.reason, trust };
    const text = `${rrTypeToText(rrset.type)} of ${rrset.name} is not signed, though ${trust.zone} is`;
    return { status: 'bogus', reason: { ede: Ede.RRSIGS_MISSING, text, zone: trust.zone }, trust };
  }

  async #answer(
    segment: Extract<Segment, { kind: 'answer' | 'alias' }>,
    rrsets: readonly SignedRRset[],
    work: Work,
  ): Promise<Validated> {
    let insecure: RRsetVerdict | undefined;
    let note: Reason | undefined;
    let ttl = work.budgets.maxTtl;
    let trust: ZoneTrust | undefined;
    for (const rrset of rrsets) {
      const verdict = await this.#verify(rrset, work);
      if (verdict.status !== 'secure' && verdict.status !== 'insecure') {
        return this.#failure(segment.owner, verdict.status, verdict.reason, verdict.trust, work);
      }
      trust = verdict.trust;
      if (verdict.status === 'insecure') {
        insecure = verdict;
        ttl = Math.min(ttl, rrset.ttl);
        continue;
      }
      ttl = Math.min(ttl, verdict.ttl);
      const ownerLabels = rrset.name.isWildcard ? rrset.name.labelCount - 1 : rrset.name.labelCount;
      if (verdict.labels >= ownerLabels) await this.#keepProofs(segment.proofs, verdict, work);
      else {
        // rfc6672#section-2.3: a DNAME does not come from a wildcard.
        const denial: Denial =
          rrset.type === RRType.DNAME
            ? {
                kind: 'unproven',
                reason: {
                  ede: Ede.DNSSEC_BOGUS,
                  text: `the DNAME of ${rrset.name} comes from a wildcard`,
                  zone: verdict.zone,
                },
              }
            : await this.#expansion(segment, rrset.name, verdict, work);
        if (denial.kind === 'unproven')
          return this.#failure(segment.owner, 'bogus', denial.reason, trust, work);
        if (denial.kind === 'insecure') {
          insecure = verdict;
          note = { ede: denial.ede ?? Ede.OTHER, text: denial.note, zone: verdict.zone };
        }
      }
    }

    const records: ResourceRecord[] = [];
    const answer: ResourceRecord[] = [];
    for (const rrset of rrsets) {
      const made = recordsOf(rrset, ttl);
      records.push(...made.records);
      answer.push(...made.records, ...made.signatures);
    }
    if (segment.kind === 'alias' && segment.via === 'DNAME') {
      const { owner, target } = segment;
      answer.push({ name: owner, type: RRType.CNAME, class: 1, ttl, rdata: target.wire });
    }
    const expanded = rrsets.some((rrset) =>
      rrset.signatures.some((rdata) => rdata[3]! < rrset.name.labelCount),
    );
    return {
      kind: segment.kind,
      status: insecure ? 'insecure' : 'secure',
      owner: segment.owner,
      records,
      answer,
      authority: expanded ? authorityOf(segment.proofs, ttl) : [],
      ttl,
      ...(segment.kind === 'alias' && { via: segment.via, target: segment.target }),
      ...provenance(trust!),
      ...(note && { reason: note }),
    };
  }

  /** Proofs that came with an alias speak of its target: the next question may be spared (rfc8198). */
  async #keepProofs(
    proofs: readonly SignedRRset[],
    { zone, trust }: Extract<RRsetVerdict, { status: 'secure' }>,
    work: Work,
  ): Promise<void> {
    const denials = proofs
      .filter(({ type, name }) => type !== RRType.SOA && name.isAtOrBelow(zone))
      .slice(0, KEPT_PROOFS);
    if (denials.length > 0)
      this.#denials.remember(zone, (await this.#validProofs(denials, zone, trust, work)).rrsets);
  }

  /**
   * A denial of `name` and `type` from what was proven before (rfc8198): NXDOMAIN or NODATA, secure, or nothing. The SOA must be known
   * too: it says for how long a denial may be kept.
   */
  async denyFromStore(name: Name, type: number, work: Work): Promise<Validated | undefined> {
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
    return this.#denied(segment, 'secure', kind, trust, ttl);
  }

  /** A wildcard answered: the closer names that would have kept it from answering must be denied. */
  async #expansion(
    segment: Segment,
    name: Name,
    verdict: Extract<RRsetVerdict, { status: 'secure' }>,
    work: Work,
  ): Promise<Denial> {
    const valid = await this.#validProofs(segment.proofs, verdict.zone, verdict.trust, work);
    this.#denials.remember(verdict.zone, valid.rrsets);
    return proveExpansion(name, verdict.labels, verdict.zone, valid.rrsets, work);
  }

  /** The NSEC and NSEC3 RRsets that the zone has really signed. */
  async #validProofs(
    proofs: readonly SignedRRset[],
    zone: Name,
    trust: ZoneTrust,
    work: Work,
  ): Promise<ValidProofs> {
    if (trust.status !== 'secure') return { rrsets: [], ttl: Number.POSITIVE_INFINITY };
    return validProofs(proofs, zone, trust.keys, this.#chain.verifyContext(work), this.#denials);
  }

  async #denial(
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
      return this.#denied(
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

    const valid = await this.#validProofs(proofs, zone, trust, work);
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
    return this.#denied(segment, denial.kind === 'proven' ? 'secure' : 'insecure', kind, trust, ttl, note);
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
      const { rrsets } = await this.#validProofs(proofs, signer, trust, work);
      return proveNxdomain(anchor, signer, rrsets, work).kind === 'proven' ? signer : undefined;
    }
    return undefined;
  }

  #denied(
    segment: Segment,
    status: 'secure' | 'insecure',
    kind: 'nodata' | 'nxdomain',
    trust: ZoneTrust,
    ttl: number,
    reason?: Reason,
  ): Validated {
    return {
      kind,
      status,
      owner: segment.owner,
      records: [],
      answer: [],
      authority: authorityOf(segment.proofs, ttl),
      ttl,
      ...provenance(trust),
      ...(reason && { reason }),
    };
  }

  #failure(
    owner: Name,
    status: 'bogus' | 'indeterminate',
    reason: Reason,
    trust: ZoneTrust | undefined,
    work: Work,
  ): Validated {
    let ttl = status === 'bogus' ? work.budgets.bogusTtl : work.budgets.failureTtl;
    // What rests on a failure found earlier ends with it.
    if (trust?.status === 'bogus' || trust?.status === 'indeterminate')
      ttl = Math.min(ttl, trust.expiresAt - this.#chain.verifyContext(work).now);
    return { kind: 'failure', status, owner, reason, chain: trust ? trust.chain : [], ttl };
  }
}

function provenance(trust: ZoneTrust): {
  chain: readonly ZoneLink[];
  negativeTrustAnchor?: Name;
  reason?: Reason;
} {
  const { chain } = trust;
  if (trust.status !== 'insecure') return { chain };
  return {
    chain,
    ...(trust.negativeTrustAnchor && { negativeTrustAnchor: trust.negativeTrustAnchor }),
    ...(trust.ede !== undefined && {
      reason: { ede: trust.ede, text: trust.link.note ?? 'insecure', zone: trust.zone },
    }),
  };
}

function authorityOf(proofs: readonly SignedRRset[], ttl: number): ResourceRecord[] {
  return proofs.flatMap((rrset) => {
    const { records, signatures } = recordsOf(rrset, Math.min(ttl, rrset.ttl));
    return [...records, ...signatures];
  });
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
