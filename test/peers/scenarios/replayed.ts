/** What became of a scenario that was replayed; a line of JSON on its way out of the namespace. */
export interface Replayed {
  readonly file: string;
  /** Why it was not replayed. */
  readonly skipped?: string;
  /** Why it came to no end. */
  readonly error?: string;
  /** A CHECK_ANSWER each: its line, and what is wrong with the response. */
  readonly checks: readonly { readonly line: number; readonly problems: readonly string[] }[];
  /** Questions to the servers that the recording has no answer to. */
  readonly unanswered: readonly string[];
}
