/**
 * What one question may cost. Each bound answers a known attack; where it is reached the answer is indeterminate, never insecure:
 * running out of patience proves nothing.
 *
 * Verifications and hashes are weighed: an attacker chooses the slowest algorithm, the largest RRset, the most iterations. What weighs 1
 * is a verification by P-256, about a tenth of a millisecond, or a hash of NSEC3 with few iterations.
 */
export interface Budgets {
  /** Weight of the signatures of one question that may turn out wrong (KeyTrap, CVE-2023-50387). Unbound 8 an RRset, Knot 32 a query. */
  readonly failedVerifications: number;
  /** Weight of the signature verifications for one question, good ones included: the longest honest chain of aliases stays below. */
  readonly verifications: number;
  /** RRSIGs tried for one RRset. Unbound and hickory 8. */
  readonly signaturesPerRRset: number;
  /** Keys of one tag and algorithm tried for one signature. hickory and PowerDNS 2. */
  readonly keysPerTag: number;
  /** DS records whose key digest does not match before a zone is given up. Unbound 4. */
  readonly dsMismatches: number;
  /** NSEC3 iterations above which a zone counts as insecure (rfc9276#section-3.2). BIND 50. */
  readonly nsec3Iterations: number;
  /** NSEC3 iterations above which an answer is refused outright. hickory 500. */
  readonly nsec3IterationsRefused: number;
  /** Weight of the NSEC3 hashes for one response (CVE-2023-50868): a name of 127 labels has as many. */
  readonly nsec3HashesPerResponse: number;
  /** Weight of the NSEC3 hashes for one question. PowerDNS 600. */
  readonly nsec3Hashes: number;
  /** Aliases followed. Unbound and BIND 11. */
  readonly aliases: number;
  /** Packets sent for one name on the way (CAMP, CVE-2020-12667). BIND 50. */
  readonly upstreamQueriesPerName: number;
  /** Packets sent for one question, all side lookups included. BIND and Unbound 200. */
  readonly upstreamQueries: number;
  /** Records in the responses to one question, all packets together: two hundred responses of a thousand are nobody's honest zone (NXNSAttack). */
  readonly records: number;
  /** Name servers of one delegation that are considered. BIND and PowerDNS 13. */
  readonly serversPerDelegation: number;
  /** Name servers without address that are looked up for one delegation (NXNSAttack). Knot 5. */
  readonly addresslessServers: number;
  /** Depth of lookups of name servers' addresses for the sake of other name servers' addresses. BIND 7. */
  readonly addressDepth: number;
  /** Referrals followed for one name. A name has 127 labels at most; no real one is cut that often. */
  readonly referrals: number;
  /** Other servers asked after one gave a bogus answer. */
  readonly bogusRetries: number;
  /** Milliseconds for one question. BIND and Knot 10 s. */
  readonly timeMs: number;
  /** Milliseconds until one packet counts as lost. */
  readonly packetMs: number;
  /** Seconds a bogus answer is kept at most (rfc4035#section-4.7). */
  readonly bogusTtl: number;
  /** Seconds a failure to get an answer is kept: long enough to stop a storm, short enough not to be noticed. */
  readonly failureTtl: number;
  /** Seconds any answer is kept at most. */
  readonly maxTtl: number;
  /** Seconds a denial is kept at most (rfc2308#section-5: one to three hours). */
  readonly maxNegativeTtl: number;
}

export const DEFAULT_BUDGETS: Budgets = {
  failedVerifications: 32,
  verifications: 112,
  signaturesPerRRset: 8,
  keysPerTag: 2,
  dsMismatches: 4,
  nsec3Iterations: 50,
  nsec3IterationsRefused: 500,
  nsec3HashesPerResponse: 128,
  nsec3Hashes: 600,
  aliases: 11,
  upstreamQueriesPerName: 50,
  upstreamQueries: 200,
  records: 20_000,
  serversPerDelegation: 13,
  addresslessServers: 5,
  addressDepth: 7,
  referrals: 30,
  bogusRetries: 3,
  timeMs: 10_000,
  packetMs: 2_000,
  bogusTtl: 60,
  failureTtl: 5,
  maxTtl: 86_400,
  maxNegativeTtl: 10_800,
};

/** A budget is used up. Caught where the question was asked and told as an indeterminate answer. */
export class BudgetExceeded extends Error {
  readonly what: keyof Budgets;
  constructor(what: keyof Budgets, text: string) {
    super(text);
    this.name = 'BudgetExceeded';
    this.what = what;
  }
}

/** Gives the event loop to whoever else waits for it, once. */
export type YieldTurn = () => Promise<void>;

const afterOthers: YieldTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Weight of verifications, or their worth in NSEC3 hashes, after which others have their turn: about a millisecond. */
const WEIGHT_A_TURN = 8;
const HASHES_A_VERIFICATION = 16;

/** The work done for one question, charged before it is done. */
export class Work {
  readonly budgets: Budgets;
  /** Milliseconds since the epoch, on the resolver's clock, when patience ends. */
  readonly deadline: number;
  verifications = 0;
  failedVerifications = 0;
  nsec3Hashes = 0;
  upstreamQueries = 0;
  records = 0;
  /** NSEC3 hashes made so far: the same names are hashed for several proofs. */
  readonly hashesKnown = new Map<string, string>();

  readonly #yieldTurn: YieldTurn;
  #verified = 0;
  #failed = 0;
  #hashed = 0;
  #turnAt = WEIGHT_A_TURN;

  constructor(budgets: Budgets, deadline: number, yieldTurn: YieldTurn = afterOthers) {
    this.budgets = budgets;
    this.deadline = deadline;
    this.#yieldTurn = yieldTurn;
  }

  /** To be waited for between two verifications; undefined, most of the time, where it is not time yet to let others have the event loop. */
  turn(): Promise<void> | undefined {
    const done = this.#verified + this.#hashed / HASHES_A_VERIFICATION;
    if (done < this.#turnAt) return undefined;
    this.#turnAt = done + WEIGHT_A_TURN;
    return this.#yieldTurn();
  }

  chargeVerification(weight = 1): void {
    this.verifications++;
    this.#verified += weight;
    if (this.#verified > this.budgets.verifications) {
      throw new BudgetExceeded(
        'verifications',
        `more than ${this.budgets.verifications} signatures to verify`,
      );
    }
  }

  chargeFailedVerification(weight = 1): void {
    this.failedVerifications++;
    this.#failed += weight;
    if (this.#failed > this.budgets.failedVerifications) {
      throw new BudgetExceeded(
        'failedVerifications',
        `more than ${this.budgets.failedVerifications} wrong signatures`,
      );
    }
  }

  chargeNsec3Hash(weight = 1): void {
    this.nsec3Hashes++;
    this.#hashed += weight;
    if (this.#hashed > this.budgets.nsec3Hashes) {
      throw new BudgetExceeded(
        'nsec3Hashes',
        `more than ${this.budgets.nsec3Hashes} NSEC3 hashes to compute`,
      );
    }
  }

  /** Charged when they are there: nobody knows before. */
  chargeRecords(count: number): void {
    this.records += count;
    if (this.records > this.budgets.records)
      throw new BudgetExceeded('records', `more than ${this.budgets.records} records in the responses`);
  }

  chargeQuery(): void {
    if (++this.upstreamQueries > this.budgets.upstreamQueries) {
      throw new BudgetExceeded(
        'upstreamQueries',
        `more than ${this.budgets.upstreamQueries} packets to send`,
      );
    }
  }
}
