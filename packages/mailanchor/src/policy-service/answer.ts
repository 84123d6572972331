/** What Postfix is told, in its own words (postconf(5), smtp_tls_policy_maps), and why. */
import type { DomainPolicy, StsPolicy } from '@mailanchor/smtp';
import { isHostPattern, stsAttributes } from './tlsrpt-attributes.ts';

export interface Answer {
  /** NOTFOUND: Postfix's own default applies. TEMP: the mail waits. PERM: the question makes no sense; the mail waits as well. */
  readonly status: 'OK' | 'NOTFOUND' | 'TEMP' | 'PERM';
  /** The policy, or for TEMP and PERM what Postfix logs; empty for NOTFOUND. */
  readonly text: string;
  /** What Postfix 3.10 and later takes besides the policy, for its TLS reports. */
  readonly attributes?: string;
  /** One sentence without full stop. */
  readonly reason: string;
}

/** Octets of a policy; what is longer no table protocol of Postfix carries. */
const LONGEST = 3_500;
/** Characters of a reason: Postfix logs about a hundred. */
const LONGEST_REASON = 300;

/** `key`: as Postfix asks for it; `sts`: the policy that `secure` rests on. */
export function answerOf(
  key: { readonly text: string; readonly name: string },
  policy: DomainPolicy,
  sts?: StsPolicy,
): Answer {
  const { reason } = policy;
  switch (policy.kind) {
    case 'none':
      return { status: 'NOTFOUND', text: '', reason };
    case 'defer':
      return temporary(`${key.text}: ${reason}`);
    case 'dane':
    case 'dane-only':
      return { status: 'OK', text: policy.kind, reason };
    case 'secure': {
      // Names of MX hosts are anybody's octets, and a comma begins another attribute: `x,match=hostname` would match every host.
      const names = policy.match.filter(isHostPattern);
      if (names.length === 0) return temporary(`${key.text}: no host of the MTA-STS policy has a host name`);
      // Postfix has `.example.org` for names below a domain, which is more than one label; MTA-STS itself has no use for longer ones.
      const match = names.map((name) => name.replace(/^\*\./, '.')).join(':');
      const text = `secure match=${match} servername=hostname`;
      if (text.length > LONGEST) return temporary(`${key.text}: the MTA-STS policy names too many hosts`);
      const attributes = sts && stsAttributes(key.name, sts, names);
      return { status: 'OK', text, ...(attributes !== undefined && { attributes }), reason };
    }
  }
}

export function temporary(text: string): Answer {
  const line = oneLine(text);
  return { status: 'TEMP', text: line, reason: line };
}

export function permanent(text: string): Answer {
  return { ...temporary(text), status: 'PERM' };
}

/** Printable ASCII: names and texts in it come from elsewhere. */
function oneLine(text: string): string {
  const clean = text.replace(/[^\x20-\x7e]+/g, ' ').trim();
  return clean.length <= LONGEST_REASON ? clean : `${clean.slice(0, LONGEST_REASON - 3)}...`;
}
