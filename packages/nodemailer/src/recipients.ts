/** Recipients by the domain that their mail goes to. */
import type { RecipientResult } from './results.ts';

export interface Grouped {
  /** Recipients by domain in lower case, or by address literal (`[192.0.2.1]`). */
  readonly domains: ReadonlyMap<string, readonly string[]>;
  /** Those that name no domain. */
  readonly without: readonly RecipientResult[];
}

export function byDomain(recipients: readonly string[]): Grouped {
  const domains = new Map<string, string[]>();
  const without: RecipientResult[] = [];
  for (const recipient of recipients) {
    const domain = domainOf(recipient);
    if (domain === null) without.push(badRecipient(recipient));
    else domains.set(domain, [...(domains.get(domain) ?? []), recipient]);
  }
  return { domains, without };
}

/** A literal may hold an `@` in brackets, so it is cut off at the one in front of it. */
function domainOf(recipient: string): string | null {
  const parts = /^(.+)@(\[[^[\]@]*\]|[^@[\]]+)$/s.exec(recipient);
  return parts ? parts[2]!.toLowerCase() : null;
}

function badRecipient(recipient: string): RecipientResult {
  return {
    recipient,
    kind: 'rejected',
    reason: 'bad-recipient',
    text: 'the address has no domain',
    status: '5.1.3',
    host: null,
    authenticated: null,
    secure: false,
    dsn: false,
  };
}
