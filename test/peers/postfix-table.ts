/** What a sending Postfix does with each destination, by our policies and by itself: rows, and the page that has them. */
import type { Delivery } from './postfix-sender.ts';
import type { Destination, PostfixWorlds, WorldName } from './postfix-worlds.ts';

export interface Row extends Destination {
  /** What our server answered; '-' where Postfix did not come to ask. */
  readonly policy: string;
  readonly ours: Outcome;
  readonly native: Outcome;
}

export interface Outcome {
  readonly verdict: Verdict;
  /** From Postfix's log; empty where the mail was sent. */
  readonly why: string;
}

export type Verdict = 'sent, verified' | 'sent, encrypted' | 'sent, in clear' | 'deferred' | 'bounced';

/** Our word alone decides: what we do not know of goes out with whatever TLS there is. */
const OURS = `smtp_tls_security_level = may
smtp_dns_support_level = dnssec
smtp_tls_dane_insecure_mx_policy = dane
`;
const NATIVE = `smtp_tls_security_level = dane
smtp_dns_support_level = dnssec
`;

/** Where the two may differ, and why. */
export const DECISIONS: readonly {
  readonly domains: readonly string[];
  readonly why: string;
  /** Whether the two differ each time. */
  readonly always: boolean;
}[] = [
  {
    domains: [
      'sts-only.example',
      'sts-only-name.example',
      'sts-only-untrusted.example',
      'sts-only-unlisted.example',
    ],
    why: 'the domain has no DANE and enforces MTA-STS, which Postfix by itself does not know',
    always: true,
  },
  {
    domains: ['starttls-selective.example', 'one-bad-address.example'],
    why: 'the host behaves otherwise at each connection, or at each address: what comes out is chance',
    always: false,
  },
];

export async function postfixTable(worlds: PostfixWorlds): Promise<readonly Row[]> {
  const one = async (world: WorldName, settings: string): Promise<readonly Delivery[]> => {
    const sender = await worlds.sender(world, settings);
    const domains = worlds.destinations.filter((row) => row.world === world).map(({ domain }) => domain);
    await sender.send(domains);
    return sender.deliveries(domains);
  };
  const [ours, native] = await Promise.all([
    Promise.all([one('bed', OURS + worlds.maps('bed')), one('lab', OURS + worlds.maps('lab'))]),
    Promise.all([one('bed', NATIVE), one('lab', NATIVE)]),
  ]);
  const both = [ours.flat(), native.flat()] as const;
  const answers = { bed: await worlds.answers('bed'), lab: await worlds.answers('lab') };
  return worlds.destinations.map((destination, i) => ({
    ...destination,
    policy: answers[destination.world].get(destination.domain) ?? '-',
    ours: outcomeOf(both[0][i]!),
    native: outcomeOf(both[1][i]!),
  }));
}

function outcomeOf({ status, tls, why, warnings }: Delivery): Outcome {
  if (status !== 'sent') {
    const told = warnings.flatMap((line) => / temporary error: (.*)$/.exec(line)?.[1] ?? []);
    return { verdict: status as Verdict, why: steady([why, ...told.slice(0, 1)].join('; ')) };
  }
  if (tls === undefined) return { verdict: 'sent, in clear', why: '' };
  return { verdict: tls === 'Verified' ? 'sent, verified' : 'sent, encrypted', why: '' };
}

/** Without what another run would have otherwise. */
function steady(text: string): string {
  return text
    .replace(/\[[0-9.]+\](?::25)?/g, '')
    .replace(/\d{4}-\d\d-\d\dT[0-9:]+Z/g, 'DATE')
    .replace(/ \(key \d+\)/g, '')
    .replace(/\bkey \d+/g, 'key N');
}

const CELL = /[|\\<>*_`[\]]/g;
const cell = (text: string): string => text.replace(CELL, (c) => `\\${c}`);

/** The rows in Markdown. Where the two say the same it is said once. */
export function renderTable(rows: readonly Row[]): string {
  const line = ({ domain, title, policy, ours, native }: Row): string => {
    const why =
      ours.why === native.why
        ? ours.why
        : [ours.why && `ours: ${ours.why}`, native.why && `native: ${native.why}`].filter(Boolean).join('; ');
    return `| ${[domain, title, policy, ours.verdict, native.verdict, why].map(cell).join(' | ')} |`;
  };
  const head =
    '| destination | what is special | our answer | with our policies | `dane` by itself | Postfix says |\n|---|---|---|---|---|---|';
  return [head, ...rows.map(line)].join('\n');
}

/** What a page has in its table: destination, our answer, the two verdicts. */
export function readRendered(page: string): readonly (readonly string[])[] {
  const rows = page.matchAll(/^\| ([a-z0-9.-]+) \| [^|]* \| ([^|]+) \| ([a-z, ]+) \| ([a-z, ]+) \|/gm);
  return [...rows].map(([, ...cells]) => cells);
}

/** The same of rows. */
export function inShort(rows: readonly Row[]): readonly (readonly string[])[] {
  return rows.map(({ domain, policy, ours, native }) => [domain, policy, ours.verdict, native.verdict]);
}

export const PAGE = new URL('../../docs/policy-postfix.md', import.meta.url);
/** Around the table on the page. */
export const MARKS = ['<!-- table: made by npm run policy-table -->', '<!-- /table -->'] as const;
