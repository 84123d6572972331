/** STLS of POP3 (RFC 2595 4). */
import { isEnd } from '../conversation.ts';
import { printable } from '../printable.ts';
import { noGreeting, type Opener, refusedGreeting, refusedStarttls } from './opener.ts';

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
  return refusedStarttls('STLS', answer.text);
};
