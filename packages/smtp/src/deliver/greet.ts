/** The first words with a server: its greeting, EHLO, HELO for one from before ESMTP. */
import { type Conversation, type End, isEnd } from '../conversation.ts';
import { printable } from '../printable.ts';
import { replyText } from '../reply.ts';
import { heloName, sendEhlo } from '../starttls/smtp.ts';

export interface Greeted {
  /** First line of the greeting, printable. */
  readonly greeting: string;
  /** The name by which the server greets; '' where it gives none. */
  readonly serverName: string;
  /** Empty for a server that knows HELO only. */
  readonly capabilities: ReadonlyMap<string, string>;
}

export async function greet(conversation: Conversation, helo: string | undefined): Promise<Greeted | End> {
  const reply = await conversation.reply('greeting');
  if (isEnd(reply)) return reply;
  if (reply.code >= 400)
    return { kind: 'greeting-refused', text: `the server greets with ${replyText(reply)}` };
  if (reply.code !== 220) {
    return { kind: 'protocol-error', text: `unexpected reply (greeting): ${replyText(reply)}` };
  }
  const greeting = printable(reply.lines[0] ?? '');
  const serverName = greeting.split(' ')[0] ?? '';
  const ehlo = await sendEhlo(conversation, helo);
  if (!isEnd(ehlo)) return { greeting, serverName, capabilities: ehlo };
  if (ehlo.kind !== 'ehlo-refused' || !ehlo.permanent) return ehlo;
  const old = await conversation.command(`HELO ${heloName(conversation, helo)}`, 'HELO');
  if (isEnd(old)) return old;
  return old.code === 250 ? { greeting, serverName, capabilities: new Map() } : ehlo;
}
