/**
 * Whether this machine's clock can be right, by the time in which the signatures of the root are valid: these are made anew every few days, so
 * that a clock outside of all of them is wrong, or the answers are old ones. No time server is asked.
 */
import { decodeRrsig } from '@mailanchor/dns';
import { nearestTime } from '@mailanchor/dnssec';
import { incomplete, type SendingFinding, sendingFinding } from './finding-table.ts';

/** When signatures are valid together, epoch seconds. */
export interface Window {
  readonly from: number;
  readonly until: number;
}

const SUBJECT = 'clock';
const FIX = 'Set the clock, and let a service keep it:\nsystemctl enable --now systemd-timesyncd';

/**
 * `signatures`: RRSIG data of the root, as servers give it. `holdsAt`: whether the root validates from the trust anchor with a clock that says
 * so many epoch seconds; asked only where `now` (epoch seconds) is outside of every signature's time.
 */
export async function clockFindings(
  signatures: readonly Uint8Array[],
  now: number,
  holdsAt: (seconds: number) => Promise<boolean>,
): Promise<SendingFinding[]> {
  const windows = signatures.flatMap((rdata) => windowOf(rdata, now));
  if (windows.length === 0)
    return [incomplete(SUBJECT, 'No signature of the root to compare the clock with.')];
  if (windows.some(({ from, until }) => from <= now && now <= until)) return [];
  const from = Math.max(...windows.map((window) => window.from));
  const until = Math.min(...windows.map((window) => window.until));
  const says = `This machine's clock says ${timeText(now)}, when no signature of the root is valid`;
  // Unproven, times could be anybody's: with the clock in between, the trust anchor has to vouch for them.
  if (from > until || !(await holdsAt(Math.floor((from + until) / 2)))) {
    return [
      incomplete(SUBJECT, `${says}; nor do they hold at another time, so that the clock is not judged.`),
    ];
  }
  const text = `${says}: those that servers give now hold from ${timeText(from)} to ${timeText(until)}.`;
  return [sendingFinding('clock-wrong', SUBJECT, text, { fix: FIX })];
}

function windowOf(rdata: Uint8Array, now: number): Window[] {
  try {
    const { inception, expiration } = decodeRrsig(rdata);
    return [{ from: nearestTime(inception, now), until: nearestTime(expiration, now) }];
  } catch {
    return [];
  }
}

function timeText(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16)}Z`;
}
