/** Filters of a page without a script: a radio button each, and rules that hide what it leaves out. */
import { html, type Markup } from './markup.ts';

export interface Filter {
  readonly group: 'verdict' | 'profile' | 'finding';
  /** Class of the lines that it shows. Of letters, digits and hyphens: it stands in the style sheet. */
  readonly id: string;
  readonly text: string;
  /** Class of its tone. */
  readonly tone: string;
  readonly count: number;
}

const GROUPS = [
  ['verdict', 'Verdict'],
  ['profile', 'Profile'],
  ['finding', 'Finding'],
] as const;

/** Buttons, which stand before all that they act on, and the tables of their labels. `badLines`: of the list. */
export function renderFilters(filters: readonly Filter[], title: string, badLines: number): Markup {
  const buttons = filters.map(({ id }) => html`<input type="radio" name="show" id="${id}">`);
  const groups = GROUPS.flatMap(([group, heading]) => {
    const own = filters.filter((one) => one.group === group);
    return own.length === 0
      ? []
      : [html`<p class="filters"><span class="dim">${heading}</span> ${own.map(renderLabel)}</p>\n`];
  });
  const bad = `${badLines} ${badLines === 1 ? 'line of the list was no target' : 'lines of the list were no targets'}.`;
  return html`<input type="radio" name="show" id="all" checked>${buttons}
<section class="summary"><h1>${title}</h1>
<p class="dim">Choose what is shown; a line opens with all that is known of it.</p>
<p class="filters"><label for="all"><strong>all</strong> ${title}</label></p>
${groups}${badLines > 0 ? html`<p>${bad}</p>` : ''}</section>
`;
}

function renderLabel({ id, text, tone, count }: Filter): Markup {
  return html`<label for="${id}" class="${tone}"><strong>${text}</strong> ${count}</label> `;
}

export function filterStyle(filters: readonly Filter[]): string {
  const hidden = filters.map(({ id }) => `#${id}:checked~.list>.t:not(.${id})`).join(',\n');
  const marks = (state: string) =>
    ['all', ...filters.map(({ id }) => id)]
      .map((id) => `#${id}:${state}~.summary label[for=${id}]`)
      .join(',\n');
  const hide = hidden === '' ? '' : `${hidden}{display:none}\n`;
  return `${hide}${marks('checked')}{background:var(--code);border-color:var(--tone,var(--ink))}\n${marks('focus-visible')}{outline:2px solid var(--plain)}\n`;
}
