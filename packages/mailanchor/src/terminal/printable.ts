/** Text from the network, made harmless before it reaches a terminal: a banner or a record may hold escape sequences. */

/** Control characters, and those that turn the direction of writing around, as \xNN or \u{N}. */
export function printable(text: string): string {
  let result = '';
  for (const character of text)
    result += isHarmless(character.codePointAt(0) ?? 0) ? character : escaped(character);
  return result;
}

/** At least all that is not harmless. */
const SUSPECT = /[^\x20-\x7e\u00a0-\u200d\u2070-\ud7ff\ue000-\uffff]/;

/** JSON on one line that a terminal shows as it is: JSON.stringify leaves DEL and the C1 controls alone. */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value);
  // Nearly always there is nothing to do.
  if (!SUSPECT.test(text)) return text;
  let result = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    result += isHarmless(code) || code > 0xffff ? character : `\\u${code.toString(16).padStart(4, '0')}`;
  }
  return result;
}

function isHarmless(code: number): boolean {
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return false;
  if (code >= 0xd800 && code <= 0xdfff) return false;
  return !(
    (code >= 0x200e && code <= 0x200f) ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069)
  );
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
