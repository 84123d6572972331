/**
 * What is said before the handshake, by protocol, up to the point where the server is ready for TLS: SMTP (rfc3207#section-4), IMAP
 * (RFC 9051 6.2.1), POP3 (RFC 2595 4).
 */
import { isIPv6 } from 'node:net';
import { type Conversation, type End, isEnd } from './conversation.ts';
import { printable } from './printable.ts';
import { capabilitiesOf, type Reply, replyText } from './reply.ts';

export interface Opening {
  /** First line of the greeting, printable. */
  greeting?: string;
  /** Whether STARTTLS was offered; null if it did not come to that, or the protocol does not tell beforehand. */
  starttls: boolean | null;
}

/** Resolves with undefined when the handshake may begin. Fills `opening` on the way. */
export type Opener = (
  conversation: Conversation,
  opening: Opening,
  helo?: string,
) => Promise<End | undefined>;

export const openSmtp: Opener = async (conversation, opening, helo) => {
  const greeting = await conversation.reply('greeting');
  if (isEnd(greeting)) return greeting;
  opening.greeting = printable(greeting.lines[0] ?? '');
  if (greeting.code >= 400) {
    return { kind: 'greeting-refused', text: `the server greets with ${replyText(greeting)}` };
  }
  if (greeting.code !== 220) return unexpected('greeting', greeting);

  const ehlo = await sendEhlo(conversation, helo);
  if (isEnd(ehlo)) {
    if (ehlo.kind !== 'ehlo-refused' || !ehlo.permanent) return ehlo;
    // A server from before ESMTP: it takes mail, and has no STARTTLS.
    const old = await conversation.command(`HELO ${heloName(conversation, helo)}`, 'HELO');
    if (isEnd(old)) return old;
    if (old.code !== 250) return ehlo;
    opening.starttls = false;
    await conversation.quit();
    return {
      kind: 'starttls-not-offered',
      text: `the server knows no EHLO (${ehlo.text}), hence no STARTTLS`,
    };
  }
  opening.starttls = ehlo.has('STARTTLS');
  if (!opening.starttls) {
    await conversation.quit();
    return { kind: 'starttls-not-offered', text: 'the server does not offer STARTTLS' };
  }
  const reply = await conversation.command('STARTTLS', 'STARTTLS');
  if (isEnd(reply)) return reply;
  if (reply.code === 220) return undefined;
  await conversation.quit();
  return { kind: 'starttls-refused', text: `the server answers STARTTLS with ${replyText(reply)}` };
};

/** Untagged lines before the answer that are passed over. */
const MAX_UNTAGGED = 64;

export const openImap: Opener = async (conversation, opening) => {
  const greeting = await conversation.line('greeting', () => true, 1);
  if (isEnd(greeting)) return greeting;
  opening.greeting = printable(greeting.text.replace(/^\* (?:OK|PREAUTH) ?/i, ''));
  if (/^\* BYE\b/i.test(greeting.text)) return refusedGreeting(greeting.text);
  if (!/^\* OK\b/i.test(greeting.text)) return noGreeting(greeting.text);
  const failure = conversation.send('a1 STARTTLS', 'STARTTLS');
  if (failure) return failure;
  const answer = await conversation.line('STARTTLS', (line) => /^a1 /i.test(line), MAX_UNTAGGED);
  if (isEnd(answer)) return answer;
  if (/^a1 OK\b/i.test(answer.text)) {
    opening.starttls = true;
    return undefined;
  }
  await conversation.quit('a2 LOGOUT');
  return { kind: 'starttls-refused', text: `the server answers STARTTLS with ${printable(answer.text)}` };
};

export const openPop3: Opener = async (conversation, opening) => {
  const greeting = await conversation.line('greeting', () => true, 1);
  if (isEnd(greeting)) return greeting;
  opening.greeting = printable(greeting.text.replace(/^\+OK ?/i, ''));
  if (/^-ERR\b/i.test(greeting.text)) return refusedGreeting(greeting.text);
  if (!/^\+OK\b/i.test(greeting.text)) return noGreeting(greeting.text);
  const failure = conversation.send('STLS', 'STLS');
  if (failure) return failure;
  const answer = await conversation.line('STLS', () => true, 1);
  if (isEnd(answer)) return answer;
  if (/^\+OK\b/i.test(answer.text)) {
    opening.starttls = true;
    return undefined;
  }
  await conversation.quit();
  return { kind: 'starttls-refused', text: `the server answers STLS with ${printable(answer.text)}` };
};

/** The extensions that the server names, or why there are none; `permanent`: it refuses the command itself. */
export async function sendEhlo(
  conversation: Conversation,
  helo?: string,
): Promise<Map<string, string> | (End & { readonly permanent?: boolean })> {
  const reply = await conversation.command(`EHLO ${heloName(conversation, helo)}`, 'EHLO');
  if (isEnd(reply)) return reply;
  if (reply.code === 250) return capabilitiesOf(reply);
  if (reply.code < 400) return unexpected('EHLO', reply);
  const text = `the server answers EHLO with ${replyText(reply)}`;
  return { kind: 'ehlo-refused', text, permanent: reply.code >= 500 };
}

/** The given name, or the connection's own address as a literal (RFC 5321 4.1.4). */
function heloName({ stream }: Conversation, helo: string | undefined): string {
  if (helo !== undefined) return helo;
  const address = stream.localAddress ?? '127.0.0.1';
  return isIPv6(address) ? `[IPv6:${address.replace(/%.*$/, '')}]` : `[${address}]`;
}

function unexpected(after: string, reply: Reply): End {
  return { kind: 'protocol-error', text: `unexpected reply (${after}): ${replyText(reply)}` };
}

function refusedGreeting(line: string): End {
  return { kind: 'greeting-refused', text: `the server greets with ${printable(line)}` };
}

function noGreeting(line: string): End {
  return { kind: 'protocol-error', text: `after greeting: not a greeting: "${printable(line, 80)}"` };
}
