/**
 * How much of a name a server gets to see (rfc9156). 'relaxed' hides it from the root and from the servers of top-level domains, who
 * see everybody's questions, and shows it to the servers of the zone itself; 'on' hides it from those too; a server that chokes on a
 * shortened name is asked for the whole in both.
 */
import { type Name, RRType } from '@mailanchor/dns';

export type QnameMinimisation = 'on' | 'relaxed' | 'off';

/** Labels added one at a time, and at most this many questions in all (rfc9156#section-2.3). */
const ONE_LABEL = 4;
const MAX_QUESTIONS = 10;

/** Zones of fewer labels than this have their questions shortened in relaxed mode. */
const RELAXED_DEPTH = 2;

/**
 * The question to send to a server of `zone`. `known` is the number of labels already known to exist inside the zone, `asked` the number of
 * shortened questions so far.
 */
export function minimise(
  mode: QnameMinimisation,
  zone: Name,
  name: Name,
  type: number,
  known: number,
  asked: number,
): { name: Name; type: number; whole: boolean } {
  const whole = { name, type, whole: true };
  if (mode === 'off' || asked >= MAX_QUESTIONS) return whole;
  if (mode === 'relaxed' && zone.labelCount >= RELAXED_DEPTH) return whole;
  const labels = Math.max(zone.labelCount, known) + (asked < ONE_LABEL ? 1 : 3);
  if (labels >= name.labelCount) return whole;
  const shortened = name.ancestor(labels);
  // Labels like _tcp are never zone cuts in practice, and servers that mishandle them are many.
  if (shortened.wire[1] === 0x5f) return whole;
  return { name: shortened, type: RRType.A, whole: false };
}
