/** STARTTLS of IMAP (RFC 9051 6.2.1). */
import { isEnd } from '../conversation.ts';
import { printable } from '../printable.ts';
import { noGreeting, type Opener, refusedGreeting, refusedStarttls } from './opener.ts';

/** Untagged lines before the answer that are passed over. */
const MAX_UNTAGGED = 64;

export const openImap: Opener = async (conversation, opening) => {
  const greeting = await conversation.line('greeting', () => true, 1);
  if (isEnd(greeting)) return greeting;
  opening.greeting = printable(greeting.text.replace(/^\* (?:OK|PREAUTH) ?/i, ''));
  if (/^\* BYE\b/i.test(greeting.text)) return refusedGreeting(greeting.text);
  // Nothing but an attacker gains by a session that is logged in already: TLS cannot begin in it any more.
  if (/^\* PREAUTH\b/i.test(greeting.text)) return refusedStarttls('the connection', greeting.text);
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
  return refusedStarttls('STARTTLS', answer.text);
};
