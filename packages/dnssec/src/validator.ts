/**
 * One segment of a response, proven or not: the status of an RRset, an alias or a denial (rfc4035#section-5). Bogus segments carry
 * no data on.
 */
import { Ede, type Name, Rcode, type ResourceRecord, RRType } from '@mailanchor/dns';
import type { Work } from './budget.ts';
import type { ChainOfTrust } from './chain-of-trust.ts';
import { type Denial, proveExpansion } from './denial.ts';
import type { DenialStore } from './denial-store.ts';
import { DenialValidator } from './denial-validator.ts';
import type { Reason } from './proof.ts';
import { judgeRRset, type RRsetVerdict } from './rrset-verdict.ts';
import { recordsOf } from './rrsets.ts';
import type { Segment } from './segment.ts';
import type { SignedRRset } from './signature.ts';
import { authorityOf, failure, provenance, type Validated } from './validated.ts';
import type { ZoneTrust } from './zone-trust.ts';

/** Proofs beside a positive answer that are worth a verification each. */
const KEPT_PROOFS = 4;

export class Validator {
  readonly #chain: ChainOfTrust;
  readonly #denials: DenialStore;
  readonly #denialValidator: DenialValidator;

  constructor(chain: ChainOfTrust, denials: DenialStore) {
    this.#chain = chain;
    this.#denials = denials;
    this.#denialValidator = new DenialValidator(chain, denials);
  }

  /** A denial from what was proven before (rfc8198), or nothing. Rejects with `BudgetExceeded` only. */
  denyFromStore(name: Name, type: number, work: Work): Promise<Validated | undefined> {
    return this.#denialValidator.fromStore(name, type, work);
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
        return this.#denialValidator.validate(segment, type, work);
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
      const verdict = await judgeRRset(this.#chain, rrset, work);
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
      this.#denials.remember(
        zone,
        (await this.#denialValidator.validProofs(denials, zone, trust, work)).rrsets,
      );
  }

  /** A wildcard answered: the closer names that would have kept it from answering must be denied. */
  async #expansion(
    segment: Segment,
    name: Name,
    verdict: Extract<RRsetVerdict, { status: 'secure' }>,
    work: Work,
  ): Promise<Denial> {
    const valid = await this.#denialValidator.validProofs(segment.proofs, verdict.zone, verdict.trust, work);
    this.#denials.remember(verdict.zone, valid.rrsets);
    return proveExpansion(name, verdict.labels, verdict.zone, valid.rrsets, work);
  }

  #failure(
    owner: Name,
    status: 'bogus' | 'indeterminate',
    reason: Reason,
    trust: ZoneTrust | undefined,
    work: Work,
  ): Validated {
    return failure(owner, status, reason, trust, work, this.#chain.now());
  }
}
