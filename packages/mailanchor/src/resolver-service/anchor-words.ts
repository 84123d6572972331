/** What becomes of the keys of a trust point, in words for the log. */
import type { AnchorChange, TrustAnchorState } from '@mailanchor/dnssec';

export interface AnchorWords {
  readonly text: string;
  /** Whether somebody ought to look into it. */
  readonly problem: boolean;
}

/** One sentence for a key that changed phase; nothing where there is nothing to tell. */
export function wordsOf(
  { zone, tag, from, to }: AnchorChange,
  state: TrustAnchorState,
): AnchorWords | undefined {
  const key = `key ${tag} of ${zone}`;
  const fine = (text: string) => ({ text, problem: false });
  const problem = (text: string) => ({ text, problem: true });
  switch (to) {
    case 'add-pend':
      return fine(
        `${key} is new: trusted from ${dayOf(state, zone.toString(), tag)} on, if it stays until then`,
      );
    case 'valid':
      if (from === 'missing') return fine(`${key} is published again`);
      return fine(
        from === undefined
          ? `${key} is the trust anchor that was configured`
          : `${key} is trusted from now on`,
      );
    case 'missing':
      return problem(`${key} is trusted and no longer published, though nobody has revoked it`);
    case 'revoked':
      return problem(`${key} has been revoked by its owner: it is not trusted any more`);
    case 'removed':
      return fine(`${key}, which was revoked, is gone`);
    case undefined:
      return from === 'add-pend'
        ? problem(`${key} was new and has gone before it could be trusted`)
        : undefined;
  }
}

/** The day on which the key's hold-down ends. */
function dayOf({ points }: TrustAnchorState, zone: string, tag: number): string {
  const key = points.find((point) => point.zone === zone)?.keys.find((each) => each.tag === tag);
  return new Date((key?.until ?? 0) * 1000).toISOString().slice(0, 10);
}
