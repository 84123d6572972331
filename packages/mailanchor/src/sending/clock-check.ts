/**
 * Whether this machine's clock can be right. No time server is asked: signatures of DNSSEC say in which time they hold, and nobody has one from
 * the future that the trust anchor vouches for. That is proof, as fine as zones are signed often: most large ones some minutes to hours ago,
 * for days ahead. So a clock that is behind shows within an hour or a day, one that is ahead only after days. Finer, and without
 * proof, are the clocks of name servers (`server-clocks.ts`).
 */
import { decodeRrsig, type Name } from '@mailanchor/dns';
import { nearestTime } from '@mailanchor/dnssec';
import { incomplete, type SendingFinding, sendingFinding } from './finding-table.ts';
import { type Agreement, agreement, type ServerClock } from './server-clocks.ts';

/** When signatures are valid together, epoch seconds. */
interface Window {
  readonly from: number;
  readonly until: number;
}

/** Signatures over one set of records, as servers give it now. */
export interface SignedSet {
  readonly zone: Name;
  /** RRSIG data. */
  readonly signatures: readonly Uint8Array[];
}

export interface ClockEvidence {
  readonly sets: readonly SignedSet[];
  readonly servers: readonly ServerClock[];
  /** What this machine's clock says, epoch seconds. */
  readonly now: number;
  /** Whether a zone validates from the trust anchor with a clock that says so many epoch seconds. Asked only of sets that do not hold now. */
  readonly holdsAt: (zone: Name, seconds: number) => Promise<boolean>;
}

export interface ClockJudgement {
  /** What was seen of the clock, for the list of what was looked at. */
  readonly seen: string;
  readonly findings: readonly SendingFinding[];
}

const SUBJECT = 'clock';
const FIX = 'Set the clock, and let a service keep it:\nsystemctl enable --now systemd-timesyncd';
/** Seconds by which servers may seem to be elsewhere without a word: signers begin signatures earlier than now by more than that. */
const TOLERANCE_S = 300;

/** The error is proven by signatures; the warning is what servers say of the time. */
export async function judgeClock(evidence: ClockEvidence): Promise<ClockJudgement> {
  const { now, servers } = evidence;
  const sets = evidence.sets.flatMap(({ zone, signatures }) => {
    const windows = signatures.flatMap((rdata) => windowOf(rdata, now));
    return windows.length > 0 ? [{ zone, windows }] : [];
  });
  const agreed = agreement(servers);
  const proven = await contradiction(sets, evidence);
  const findings = proven ? [proven] : agreed ? serverFindings(agreed, now) : [];
  if (sets.length === 0 && agreed === undefined)
    return { seen: 'the clock', findings: [incomplete(SUBJECT, 'No signature to compare the clock with.')] };
  return { seen: `the clock (${reach(sets, agreed, now)})`, findings };
}

interface TimedSet {
  readonly zone: Name;
  readonly windows: readonly Window[];
}

async function contradiction(
  sets: readonly TimedSet[],
  { now, holdsAt }: ClockEvidence,
): Promise<SendingFinding | undefined> {
  const early = sets.filter(({ windows }) => windows.every(({ from }) => now < from));
  // Old signatures may be an old copy of one set: all that a zone has must be over. Nobody has a copy from the future.
  const over = sets.filter(({ zone }) =>
    sets.every((set) => !set.zone.equals(zone) || set.windows.every(({ until }) => until < now)),
  );
  const behind = conclusive(early);
  const wrong = behind ? early : over;
  if (!behind && !conclusive(over)) return undefined;
  const windows = wrong.flatMap((set) => set.windows);
  const from = Math.max(...windows.map((window) => window.from));
  const until = Math.min(...windows.map((window) => window.until));
  const zones = [...new Map(wrong.map(({ zone }) => [zone.toString(), zone])).values()];
  const names = zones.map((zone) => (zone.isRoot ? 'the root' : zone.toString())).join(', ');
  const says = `This machine's clock says ${timeText(now)}, when signatures of ${names} are ${behind ? 'not valid yet' : 'valid no more'}`;
  // Unproven, times could be anybody's: with the clock in between, the trust anchor has to vouch for them.
  const then = Math.floor((from + until) / 2);
  const holds = from <= until && (await Promise.all(zones.map((zone) => holdsAt(zone, then)))).every(Boolean);
  if (!holds)
    return incomplete(SUBJECT, `${says}; nor do they hold at another time, so that the clock is not judged.`);
  const bound = behind
    ? `at least ${spanText(from - now)} behind`
    : `at least ${spanText(now - until)} ahead`;
  return sendingFinding(
    'clock-wrong',
    SUBJECT,
    `${says}: those that servers give now hold from ${timeText(from)} to ${timeText(until)}. It is ${bound}.`,
    { fix: FIX },
  );
}

/** A single zone may be signed by somebody whose clock is wrong, or be left to expire; the root is not. */
function conclusive(sets: readonly TimedSet[]): boolean {
  return sets.some(({ zone }) => zone.isRoot) || new Set(sets.map(({ zone }) => zone.toString())).size > 1;
}

function serverFindings({ servers, ahead }: Agreement, now: number): SendingFinding[] {
  if (Math.abs(ahead) <= TOLERANCE_S) return [];
  const text = `This machine's clock says ${timeText(now)}, and ${servers} name servers say ${timeText(now + ahead)}: it is ${spanText(Math.abs(ahead))} ${ahead > 0 ? 'behind' : 'ahead'}.`;
  return [
    sendingFinding('clock-wrong', SUBJECT, text, {
      severity: 'warning',
      effect: 'Signatures made or ending in between are judged wrongly: mail to such domains is deferred.',
      fix: FIX,
    }),
  ];
}

/** How well the clock is known. */
function reach(sets: readonly TimedSet[], agreed: Agreement | undefined, now: number): string {
  if (agreed) return `beside those of ${agreed.servers} name servers`;
  // A set that has not begun is a lower bound of the time, one that ends next an upper one.
  const begun = sets.flatMap(({ windows }) => windows.map(({ from }) => from)).filter((from) => from <= now);
  const ending = sets.map(({ windows }) => Math.max(...windows.map(({ until }) => until)));
  const behind = begun.length > 0 ? spanText(now - Math.max(...begun)) : undefined;
  const ahead = spanText(Math.max(0, Math.min(...ending) - now));
  return behind === undefined
    ? 'by signatures alone'
    : `by signatures alone: less than ${behind} behind or ${ahead} ahead would not show`;
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

function spanText(seconds: number): string {
  if (seconds < 5400) return `${Math.max(1, Math.round(seconds / 60))} min`;
  const hours = Math.round(seconds / 3600);
  return hours < 72 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
