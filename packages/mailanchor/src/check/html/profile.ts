/** A profile's result for the page: a rule a row, with its source and what it rests on. */
import type { ProfileResult, RuleResult } from '../../profile/profile.ts';
import { RULE_TONE, RULE_WORDS } from '../../profile/render.ts';
import { html, type Markup } from './markup.ts';
import { toneClass } from './tone.ts';

export function renderProfileTable({ title, outcome, rules }: ProfileResult): Markup {
  return html`<h2>${title} <span class="badge ${toneClass(RULE_TONE[outcome])}">${RULE_WORDS[outcome]}</span></h2>
<section><table class="rules"><tr><th>Rule</th><th></th><th>What it asks</th></tr>${rules.map(renderRule)}</table></section>
`;
}

function renderRule({ id, source, title, verified, outcome, because, reason }: RuleResult): Markup {
  const why = reason ?? because.join(', ');
  const tone = outcome === 'fail' ? 'why' : 'dim';
  return html`<tr><td><code>${id}</code></td><td><span class="badge ${toneClass(RULE_TONE[outcome])}">${RULE_WORDS[outcome]}</span></td>
<td>${title}${why === '' ? '' : html`<br><span class="${tone}">${why}</span>`}<br><span class="dim">${source}${verified ? '' : ' · not compared with its source'}</span></td></tr>
`;
}
