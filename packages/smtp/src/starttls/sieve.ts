/** STARTTLS of ManageSieve (RFC 5804 1.7, 2.2). The greeting is a list of capabilities, a line each, that an OK ends. */
import { isEnd } from '../conversation.ts';
import { printable } from '../printable.ts';
import { noGreeting, type Opener, refusedGreeting, refusedStarttls } from './opener.ts';

const MAX_CAPABILITIES = 64;
const RESPONSE = /^(?:OK|NO|BYE)\b/i;

export const openSieve: Opener = async (conversation, opening) => {
  opening.starttls = false;
  const end = await conversation.line(
    'greeting',
    (line) => {
      const implementation = /^"IMPLEMENTATION" "(.*)"$/i.exec(line);
      if (implementation) opening.greeting = printable(implementation[1]!);
      if (/^"STARTTLS"/i.test(line)) opening.starttls = true;
      // A capability begins with a quote; whatever does not is the end of the list, or no ManageSieve.
      return !line.startsWith('"');
    },
    MAX_CAPABILITIES,
  );
  if (isEnd(end)) return withoutStarttls(opening, end);
  if (!RESPONSE.test(end.text)) return withoutStarttls(opening, noGreeting(end.text));
  if (!/^OK\b/i.test(end.text)) return withoutStarttls(opening, refusedGreeting(end.text));
  if (!opening.starttls) {
    await conversation.quit('LOGOUT');
    return { kind: 'starttls-not-offered', text: 'the server does not offer STARTTLS' };
  }
  const failure = conversation.send('STARTTLS', 'STARTTLS');
  if (failure) return failure;
  const answer = await conversation.line('STARTTLS', () => true, 1);
  if (isEnd(answer)) return answer;
  if (/^OK\b/i.test(answer.text)) return undefined;
  await conversation.quit('LOGOUT');
  return refusedStarttls('STARTTLS', answer.text);
};

/** It never came to the end of the list: what was offered is not known. */
function withoutStarttls<T>(opening: { starttls: boolean | null }, end: T): T {
  opening.starttls = null;
  return end;
}
