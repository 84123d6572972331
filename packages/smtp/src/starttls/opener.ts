/** What an opener is: the words of a protocol up to the point where the server is ready for TLS. One file for each protocol. */
import type { Conversation, End } from '../conversation.ts';
import { printable } from '../printable.ts';

export interface Opening {
  /** First line of the greeting, printable. */
  greeting?: string;
  /** Whether STARTTLS was offered; null if it did not come to that, or the protocol does not tell beforehand. */
  starttls: boolean | null;
}

export interface OpenerOptions {
  /** EHLO name. */
  readonly helo?: string | undefined;
  /** The domain that the service is of, for protocols in which the client names it. */
  readonly domain?: string | undefined;
}

/**
 * Resolves with undefined when the handshake may begin. Fills `opening` on the way. What the server sends beyond its last reply stays
 * pending in the conversation, for the session to refuse (CVE-2011-0411).
 */
export type Opener = (
  conversation: Conversation,
  opening: Opening,
  options: OpenerOptions,
) => Promise<End | undefined>;

export function refusedGreeting(line: string): End {
  return { kind: 'greeting-refused', text: `the server greets with ${printable(line)}` };
}

export function noGreeting(line: string): End {
  return { kind: 'protocol-error', text: `after greeting: not a greeting: "${printable(line, 80)}"` };
}

export function refusedStarttls(command: string, answer: string): End {
  return { kind: 'starttls-refused', text: `the server answers ${command} with ${printable(answer)}` };
}
