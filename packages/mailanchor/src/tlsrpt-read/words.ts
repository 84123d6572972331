/** What became of a report that was taken in, in one line. */
import { printable } from '../terminal/printable.ts';
import type { TakenIn } from './take-in.ts';

export function takenText(taken: TakenIn): string {
  if (taken.kind === 'refused') return printable(`refused: ${taken.text}`);
  const { organization, domains, successes, failures, signature, trusted } = taken;
  const who = organization === '' ? 'a sender without name' : organization;
  const about =
    domains.slice(0, 3).join(', ') + (domains.length > 3 ? ` and ${domains.length - 3} more` : '');
  const counts = `${successes} good, ${failures} failed`;
  const doubt = signature === '' ? '' : `; ${signature}${trusted ? '' : ', hence not counted'}`;
  const kind = { stored: 'stored', known: 'stored before', full: 'not stored, too many today' }[taken.kind];
  return printable(`${kind}: ${who} on ${about}: ${counts}${doubt}`);
}
