/** TXT records made of `name=value` pairs between semicolons, as MTA-STS (rfc8461#section-3.1) and TLSRPT (rfc8460#section-3) have them. */
import { DnsError, decodeTxt, type ResourceRecord } from '@mailanchor/dns';

/** The strings of each record joined without spaces; octets beyond ASCII stay as they are, one character each. */
export function txtTexts(records: readonly ResourceRecord[]): string[] {
  return records.flatMap(({ rdata }) => {
    try {
      return [
        decodeTxt(rdata)
          .strings.map((part) => Buffer.from(part).toString('latin1'))
          .join(''),
      ];
    } catch (error) {
      if (error instanceof DnsError) return [];
      throw error;
    }
  });
}

export type Pairs =
  | { readonly kind: 'pairs'; readonly pairs: ReadonlyMap<string, string> }
  | { readonly kind: 'malformed'; readonly text: string };

/** What stands behind the version. Of a name that is there twice the first counts. */
export function readPairs(text: string): Pairs {
  const pairs = new Map<string, string>();
  const fields = text.split(';').map((field) => field.replace(/^[ \t]+|[ \t]+$/g, ''));
  // One delimiter may stand at the end.
  if (fields.at(-1) === '') fields.pop();
  for (const field of fields) {
    const pair = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([^;]+)$/.exec(field);
    if (!pair) return { kind: 'malformed', text: `"${field.slice(0, 40)}" is no name=value` };
    if (!pairs.has(pair[1]!)) pairs.set(pair[1]!, pair[2]!);
  }
  return { kind: 'pairs', pairs };
}
