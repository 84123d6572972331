/** Policies that the administrator sets by hand, each with a reason and an end: nobody remembers an exception that has neither. */
import { isIP } from 'node:net';
import { UsageError } from '../errors.ts';
import { bad, type Given } from '../options/given.ts';
import { parseInstant } from '../options/instant.ts';
import type { Sources } from '../options/sources.ts';
import type { Answer } from './answer.ts';
import { type PolicyKey, parseKey } from './key.ts';

export interface Override {
  /** A key as Postfix asks for it, in one spelling, or `.example.org` for all names below a domain. */
  readonly domain: string;
  /** As in smtp_tls_policy_maps; `default`: whatever Postfix does by itself. */
  readonly policy: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  readonly from: string;
}

/** Levels of postconf(5), smtp_tls_security_level, and ours. */
const LEVELS = [
  ...['none', 'may', 'encrypt', 'dane', 'dane-only', 'fingerprint', 'verify', 'secure', 'default'],
] as const;
const ATTRIBUTE =
  /^(?:match|servername|protocols|ciphers|exclude|tafile|connection_reuse|enable_rpk)=[\x21-\x7e]+$/;

/** Throws `UsageError` that names the line. */
export function readOverrides(sources: Sources): readonly Override[] {
  const field = (name: string) => sources.all(`overrides.${name}`);
  const [policies, reasons, expiries] = [field('policy'), field('reason'), field('expires')];
  const overrides = field('domain').map(
    (domain, i): Override => ({
      domain: parsePattern(domain),
      policy: parsePolicy(policies[i]!),
      reason: reasons[i]!.value,
      expires: parseInstant(expiries[i]!),
      from: domain.from,
    }),
  );
  const seen = new Set<string>();
  for (const { domain, from } of overrides) {
    if (seen.has(domain)) throw new UsageError(`${from}: there is a policy for ${domain} already`);
    seen.add(domain);
  }
  return overrides;
}

function parsePattern(given: Given): string {
  const text = given.value.trim();
  const below = text.startsWith('.');
  const key = parseKey(below ? text.slice(1) : text);
  const right = (key.kind === 'domain' || (key.kind === 'relay' && !below)) && isIP(text) === 0;
  if (!right) throw bad(given, 'a domain, .domain for all below it, or [host]:port');
  return (below ? '.' : '') + key.text;
}

function parsePolicy(given: Given): string {
  const words = given.value.trim().split(/\s+/);
  const [level = '', ...attributes] = words;
  if (!(LEVELS as readonly string[]).includes(level))
    throw bad(given, `a policy: one of ${LEVELS.join(', ')}`);
  if (!attributes.every((word) => ATTRIBUTE.test(word)))
    throw bad(
      given,
      'a policy with attributes of smtp_tls_policy_maps, such as "secure match=mx.example.org"',
    );
  return words.join(' ');
}

export class Overrides {
  readonly #byDomain = new Map<string, Override>();

  constructor(overrides: readonly Override[]) {
    for (const override of overrides) this.#byDomain.set(override.domain, override);
  }

  get size(): number {
    return this.#byDomain.size;
  }

  /** Their number at this time. */
  holding(now: number): number {
    return [...this.#byDomain.values()].filter(({ expires }) => now < expires).length;
  }

  /** The nearest that holds at this time: the key itself, the name without port or brackets' port, domains above it. */
  find(key: Extract<PolicyKey, { text: string; name: string }>, now: number): Override | undefined {
    const candidates = [key.text, key.kind === 'relay' ? `[${key.name}]` : key.name];
    for (let dot = key.name.indexOf('.'); dot >= 0; dot = key.name.indexOf('.', dot + 1))
      candidates.push(key.name.slice(dot));
    for (const candidate of candidates) {
      const found = this.#byDomain.get(candidate);
      if (found && now < found.expires) return found;
    }
    return undefined;
  }
}

export function answerOfOverride({ policy, reason, expires }: Override): Answer {
  const until = new Date(expires).toISOString().slice(0, 16).replace('T', ' ');
  const why = `set by hand until ${until} UTC: ${reason}`;
  return policy === 'default'
    ? { status: 'NOTFOUND', text: '', reason: why }
    : { status: 'OK', text: policy, reason: why };
}
