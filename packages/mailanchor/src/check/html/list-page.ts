/**
 * A long list as one page: counts by verdict and by finding, which are filters too, and each target as a line that opens. No script, no request.
 * The page stays of a size that browsers and mail take: of a very long list the gravest are told in full, and the mildest are counted only.
 */
import type { DomainCheck, DomainVerdict, Finding } from '@mailanchor/smtp';
import type { ProfileResult } from '../../profile/profile.ts';
import { RULE_TONE, RULE_WORDS } from '../../profile/render.ts';
import { findingCodes } from '../overview.ts';
import { SEVERITY_TONE, summary, VERDICT_TONE } from '../words.ts';
import { BoundedLines } from './list-bounds.ts';
import { type Filter, filterStyle, renderFilters } from './list-filters.ts';
import { LIST_STYLE } from './list-style.ts';
import { html, type Markup } from './markup.ts';
import { pageAround, renderBody, renderWhen } from './page.ts';
import { STYLE } from './style.ts';
import { toneClass } from './tone.ts';

export interface ListPageBounds {
  /** Lines, one a target. */
  readonly lines: number;
  /** Characters of what lines open, all together, and of one. */
  readonly characters: number;
  readonly charactersEach: number;
  /** Findings that are filters, the most frequent. */
  readonly codes: number;
}

export const LIST_PAGE_BOUNDS: ListPageBounds = {
  lines: 20_000,
  characters: 8 << 20,
  charactersEach: 256 << 10,
  codes: 40,
};

/** The gravest first. */
const VERDICTS: readonly DomainVerdict[] = ['broken', 'unknown', 'partial', 'unprotected', 'protected'];
const OUTCOMES: readonly ProfileResult['outcome'][] = ['fail', 'not-judged', 'pass'];

export class ListPage {
  readonly #bounds: ListPageBounds;
  readonly #verdicts = new Map<DomainVerdict, number>();
  readonly #outcomes = new Map<ProfileResult['outcome'], number>();
  readonly #codes = new Map<string, { readonly severity: Finding['severity']; count: number }>();
  readonly #lines: BoundedLines;
  #total = 0;

  constructor(bounds: ListPageBounds = LIST_PAGE_BOUNDS) {
    this.#bounds = bounds;
    this.#lines = new BoundedLines(VERDICTS.length, bounds.lines, bounds.characters);
  }

  /** Keeps what the page will say of it, and not the check. Throws, and counts nothing, where it is not of the shape of one. */
  add(check: DomainCheck, profile?: ProfileResult): void {
    const { verdict, target } = check;
    const severities = severitiesOf(check.findings);
    const classes = [
      't',
      toneClass(VERDICT_TONE[verdict]),
      `v-${verdict}`,
      ...(profile ? [`p-${profile.outcome}`] : []),
      ...[...severities.keys()].map((code) => `c-${code}`),
    ];
    const head = renderHead(check, profile, classes).text;
    const body = html`${renderWhen(check)}\n${renderBody(check, profile)}`.text;
    const fits = body.length <= this.#bounds.charactersEach;
    this.#lines.add(VERDICTS.indexOf(verdict), { target, head, body: fits ? body : undefined });
    this.#total++;
    increment(this.#verdicts, verdict);
    if (profile) increment(this.#outcomes, profile.outcome);
    for (const [code, severity] of severities) {
      const known = this.#codes.get(code);
      if (known) known.count++;
      else this.#codes.set(code, { severity, count: 1 });
    }
  }

  /** The page in pieces. `badLines`: of the list, that were no targets. */
  render(badLines: number): Generator<string> {
    const filters = this.#filters();
    const title = `${this.#total} ${this.#total === 1 ? 'target' : 'targets'}`;
    const style = STYLE + LIST_STYLE + filterStyle(filters);
    return pageAround(title, style, this.#parts(renderFilters(filters, title, badLines)));
  }

  *#parts(filters: Markup): Generator<string> {
    yield `${filters.text}<div class="list">\n`;
    for (const { head, body } of this.#lines) yield `${head}${body ?? SHORT}</details>\n`;
    yield '</div>\n';
    const left = this.#total - this.#lines.size;
    if (left > 0) yield html`<p>And ${left} more, the mildest: they are counted above.</p>\n`.text;
  }

  #filters(): Filter[] {
    const codes = [...this.#codes]
      .toSorted(([, a], [, b]) => b.count - a.count)
      .slice(0, this.#bounds.codes)
      .map(([code, { severity, count }]): Filter => {
        return {
          group: 'finding',
          id: `c-${code}`,
          text: code,
          tone: toneClass(SEVERITY_TONE[severity]),
          count,
        };
      });
    const verdicts = counted(VERDICTS, this.#verdicts).map(([verdict, count]): Filter => {
      const tone = toneClass(VERDICT_TONE[verdict]);
      return { group: 'verdict', id: `v-${verdict}`, text: verdict, tone, count };
    });
    const outcomes = counted(OUTCOMES, this.#outcomes).map(([outcome, count]): Filter => {
      const tone = toneClass(RULE_TONE[outcome]);
      return { group: 'profile', id: `p-${outcome}`, text: RULE_WORDS[outcome], tone, count };
    });
    return [...verdicts, ...outcomes, ...codes];
  }
}

const SHORT =
  html`<p class="dim">Not told in full here, to keep the page small: mailanchor check of this target does.</p>`
    .text;

function renderHead(
  check: DomainCheck,
  profile: ProfileResult | undefined,
  classes: readonly string[],
): Markup {
  const { verdict, target } = check;
  const judged = profile
    ? html` <span class="badge ${toneClass(RULE_TONE[profile.outcome])}">${RULE_WORDS[profile.outcome]}</span>`
    : '';
  return html`<details class="${classes.join(' ')}"><summary><span class="badge">${verdict}</span>${judged} <strong>${target}</strong> <span class="dim">${summary(check)}</span> <code class="dim">${findingCodes(check)}</code></summary>
`;
}

/** By code, each once. Only codes that have a place in a style sheet: ours all do, and what a file of results holds may be anything. */
function severitiesOf(findings: readonly Finding[]): Map<string, Finding['severity']> {
  const severities = new Map<string, Finding['severity']>();
  for (const { code, severity } of findings) {
    if (/^[a-z0-9-]{1,64}$/.test(code) && !severities.has(code)) severities.set(code, severity);
  }
  return severities;
}

function counted<K>(order: readonly K[], counts: ReadonlyMap<K, number>): (readonly [K, number])[] {
  return order.flatMap((key) => {
    const many = counts.get(key);
    return many === undefined ? [] : [[key, many] as const];
  });
}

function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
