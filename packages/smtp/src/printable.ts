/** What a server said, fit for a terminal, a log line and JSON: one line, no control characters, at most `maxLength` characters. */
export function printable(text: string, maxLength = 200): string {
  const clean = text.replace(/[^\x20-\x7e]+/g, ' ').trim();
  return clean.length <= maxLength ? clean : `${clean.slice(0, maxLength - 3)}...`;
}
