/** The policy file of MTA-STS (rfc8461#section-3.2): `name: value`, a line each. Unknown names are ignored, of repeated ones the first counts. */

export type StsMode = 'enforce' | 'testing' | 'none';

export interface StsPolicy {
  readonly mode: StsMode;
  /** Seconds. */
  readonly maxAge: number;
  /** Host names, or `*.` and a domain; lower case, as written otherwise. None only where `mode` is 'none'. */
  readonly mx: readonly string[];
}

export type ParsedPolicy =
  | { readonly kind: 'policy'; readonly policy: StsPolicy }
  /** `text`: which part, without full stop. */
  | { readonly kind: 'invalid'; readonly text: string };

/** Octets; the RFC's suggestion (rfc8461#section-3.3). */
export const MAX_POLICY_OCTETS = 65_536;
/** Seconds, about a year. */
export const MAX_AGE = 31_557_600;
/** Patterns of one policy; the size bounds them too. */
const MAX_PATTERNS = 1_000;

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const PATTERN = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`);

export function parsePolicy(text: string): ParsedPolicy {
  const single = new Map<string, string>();
  const mx: string[] = [];
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  for (const [i, line] of lines.entries()) {
    const field = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (!field?.[2]) return invalid(`line ${i + 1} is no "name: value"`);
    const [, name = '', value] = field;
    if (name === 'mx') mx.push(value.toLowerCase());
    else if (!single.has(name)) single.set(name, value);
  }
  if (single.get('version') !== 'STSv1') return invalid('version is not STSv1');
  const mode = single.get('mode');
  if (mode !== 'enforce' && mode !== 'testing' && mode !== 'none') {
    return invalid('mode is none of enforce, testing, none');
  }
  const age = single.get('max_age');
  if (age === undefined || !/^\d{1,10}$/.test(age)) return invalid('max_age is no number of seconds');
  if (Number(age) > MAX_AGE) return invalid(`max_age is above ${MAX_AGE}`);
  if (mx.length === 0 && mode !== 'none') return invalid('there is no mx');
  if (mx.length > MAX_PATTERNS) return invalid(`there are more than ${MAX_PATTERNS} mx`);
  const bad = mx.find((pattern) => pattern.length > 253 || !PATTERN.test(pattern));
  if (bad !== undefined) return invalid(`mx "${bad.slice(0, 60)}" is neither a host name nor *.domain`);
  return { kind: 'policy', policy: { mode, maxAge: Number(age), mx } };
}

/** The media type must be `text/plain`; parameters do not matter. */
export function isPolicyType(contentType: string | undefined): boolean {
  return /^text\/plain[ \t]*(?:;|$)/i.test(contentType ?? '');
}

function invalid(text: string): ParsedPolicy {
  return { kind: 'invalid', text };
}
