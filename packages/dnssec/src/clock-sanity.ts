/**
 * A clock that cannot be right makes every signature look expired or not yet valid. That is told as what it is: nobody looks for the cause of
 * a failed delivery in a battery on the mainboard.
 */
import { decodeRrsig, Ede } from '@mailanchor/dns';
import type { Reason } from './proof.ts';
import { nearestTime, type SignedRRset } from './signature.ts';

/** 2020-01-01, long before this was written: no machine's clock is right that says less. */
const EARLIEST = 1_577_836_800;
const YEAR = 365 * 86_400;

/**
 * The reason for which the keys of a trust anchor's zone do not hold, `now` (epoch seconds) named as the cause where it is before 2020, or
 * more than a year away from every signature over them: the keys of the root are signed anew every few weeks.
 */
export function doubtClock(reason: Reason, keys: SignedRRset | undefined, now: number): Reason {
  if (reason.ede !== Ede.SIGNATURE_EXPIRED && reason.ede !== Ede.SIGNATURE_NOT_YET_VALID) return reason;
  const distances = (keys?.signatures ?? []).map((rdata) => distance(rdata, now));
  if (now >= EARLIEST && Math.min(...distances) <= YEAR) return reason;
  const date = new Date(now * 1000).toISOString().slice(0, 10);
  return { ...reason, text: `this machine's clock says ${date}, which cannot be right: ${reason.text}` };
}

/** Seconds between `now` and the time in which the signature is valid. */
function distance(rdata: Uint8Array, now: number): number {
  try {
    const { inception, expiration } = decodeRrsig(rdata);
    return Math.max(0, now - nearestTime(expiration, now), nearestTime(inception, now) - now);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
