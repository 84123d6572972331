/**
 * Servers that offer STARTTLS to some clients only, by the name that these greet with. The second connection to an address greets with
 * another name than the first, which costs nothing; where one of the two is offered STARTTLS and the other is not, each name is tried once
 * more, to tell a rule from chance.
 */
import type { SessionResult } from './session.ts';

/** A name, or null for the address literal of the connection (RFC 5321 4.1.4). */
export type GreetingName = string | null;

export interface StarttlsByName {
  readonly offeredTo: GreetingName;
  readonly notOfferedTo: GreetingName;
}

interface Greeted {
  readonly name: GreetingName;
  readonly result: SessionResult;
}

/** Undefined where the names were treated alike, or STARTTLS comes and goes. `open`: a connection a moment later that greets with this name. */
export async function starttlsByName(
  one: Greeted,
  other: Greeted,
  open: (name: GreetingName) => Promise<SessionResult>,
): Promise<StarttlsByName | undefined> {
  if (one.name === other.name) return undefined;
  const [offered, not] = one.result.starttls ? [one, other] : [other, one];
  if (offered.result.starttls !== true || not.result.starttls !== false) return undefined;
  // The name that was refused goes first: it may have been a matter of who came first.
  if ((await open(not.name)).starttls !== false) return undefined;
  if ((await open(offered.name)).starttls !== true) return undefined;
  return { offeredTo: offered.name, notOfferedTo: not.name };
}
