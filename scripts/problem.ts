/** What a check found: where, and what to do about it. */
export interface Problem {
  /** A path from the repository's root, with a line where there is one: `packages/dns/src/name.ts:12`. */
  readonly at: string;
  readonly text: string;
}
