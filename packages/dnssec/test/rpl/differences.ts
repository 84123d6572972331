/** Where a recorded scenario and this resolver differ, and why: each difference is held as firmly as agreement. */

/** A CHECK_ANSWER, by the line it stands on, and what about it is otherwise. */
export interface Difference {
  readonly line: number;
  /** In process, as `compareAnswer` says it; undefined where there is none. */
  readonly inProcess?: readonly string[];
  /** As a client sees it, as `compareResponse` says it; undefined where there is none. */
  readonly response?: readonly string[];
  readonly why: string;
}

export const DIFFERENCES: Readonly<Record<string, readonly Difference[]>> = {
  'val_anchor_nx_nosig.rpl': [
    {
      line: 201,
      inProcess: ['status bogus, expected insecure', 'rcode SERVFAIL, expected NXDOMAIN'],
      response: ['rcode SERVFAIL, expected NXDOMAIN'],
      why: 'a denial by an unsigned zone above the closest anchor: taking it would let anybody remove an island of trust',
    },
  ],
  'val_dnametoolong.rpl': [
    {
      line: 245,
      inProcess: ['status indeterminate, expected insecure'],
      why: 'YXDOMAIN is a lookup error to a DANE client (rfc7672#section-2.1.2), never an answer; DNS clients get it as it is',
    },
  ],
  'val_referd.rpl': withoutRecursion(162),
  'val_referglue.rpl': withoutRecursion(287),
};

/** A referral from the cache is asked for. */
function withoutRecursion(line: number): readonly Difference[] {
  const why =
    'NOERROR without records, and with AD, is too easily taken for the proof that there are none: what is not at hand is refused';
  return [
    {
      line,
      inProcess: ['a new question without RD: in process everything is resolved'],
      response: ['rcode REFUSED, expected NOERROR', 'AD clear, expected SECURE'],
      why,
    },
  ];
}

/** The differences that a check has to show; a check that is not listed has none. */
export function differencesAt(
  file: string,
  line: number,
  seenBy: 'inProcess' | 'response',
): readonly string[] {
  return DIFFERENCES[file]?.find((difference) => difference.line === line)?.[seenBy] ?? [];
}
