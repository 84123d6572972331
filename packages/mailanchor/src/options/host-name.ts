/** Names of hosts as users give them. */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { bad, type Given } from './given.ts';

/** Lower-case A-labels without trailing dot. Throws `UsageError`. */
export function parseHostName(given: Given): string {
  const text = given.value.trim();
  // Letters beyond ASCII become A-labels; text in ASCII is left alone, which the URL rules would not do.
  const isAscii = [...text].every((character) => (character.codePointAt(0) ?? 0) < 0x80);
  const name = (isAscii ? text : domainToASCII(text)).replace(/\.$/, '').toLowerCase();
  const valid =
    /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(name) && name.length <= 253 && isIP(name) === 0;
  if (!valid) throw bad(given, 'a host name');
  return name;
}
