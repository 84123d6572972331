/** STARTTLS of SMTP (rfc3207#section-4), the same for submission. */
import { isIPv6 } from 'node:net';
import { type Conversation, type End, isEnd } from '../conversation.ts';
import { printable } from '../printable.ts';
import { capabilitiesOf, type Reply, replyText } from '../reply.ts';
import type { Opener } from './opener.ts';

export const openSmtp: Opener = async (conversation, opening, { helo }) => {
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
export function heloName({ stream }: Conversation, helo: string | undefined): string {
  if (helo !== undefined) return helo;
  const address = stream.localAddress ?? '127.0.0.1';
  return isIPv6(address) ? `[IPv6:${address.replace(/%.*$/, '')}]` : `[${address}]`;
}

function unexpected(after: string, reply: Reply): End {
  return { kind: 'protocol-error', text: `unexpected reply (${after}): ${replyText(reply)}` };
}
