/** Checks as one HTML page that needs nothing else: to be forwarded, filed, or printed. */
import { createHash } from 'node:crypto';
import {
  type CertificateReport,
  type DomainCheck,
  type Finding,
  type HostCheck,
  presented,
  type SessionReport,
} from '@mailanchor/smtp';
import type { ProfileResult } from '../../profile/profile.ts';
import { VERSION } from '../../version.ts';
import { kindOf } from '../render-findings.ts';
import { bySeverity, hostWords, SEVERITY_TONE, summary, tlsVersionWords, VERDICT_TONE } from '../words.ts';
import { html, Markup } from './markup.ts';
import { renderProfileTable } from './profile.ts';
import { STYLE } from './style.ts';
import { toneClass } from './tone.ts';

/** Certificates of one chain that are shown. */
const MAX_CERTIFICATES = 10;

/** `profiles`: of those checks that a profile was asked for. */
export function renderPage(
  checks: readonly DomainCheck[],
  profiles: ReadonlyMap<DomainCheck, ProfileResult> = new Map(),
): string {
  const title = checks.length === 1 ? checks[0]!.target : `${checks.length} targets`;
  const parts = checks.map((check) => renderHead(check).text + renderBody(check, profiles.get(check)).text);
  return [...pageAround(title, STYLE, parts)].join('');
}

/** A whole page around parts of markup, in pieces: of a long list it need not be one string. */
export function* pageAround(title: string, style: string, parts: Iterable<string>): Generator<string> {
  // The one style sheet by its digest, no script, no request: also where somebody's mail program shows the page.
  const digest = createHash('sha256').update(style).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`;
  yield html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}: DANE check</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
`.text;
  yield* parts;
  yield html`
<footer>Mailanchor ${VERSION}. DNSSEC was validated from the root by the check itself.</footer>
</main>
</body>
</html>
`.text;
}

/** Verdict, target, and what was asked when. */
function renderHead(check: DomainCheck): Markup {
  return html`<header class="${toneClass(VERDICT_TONE[check.verdict])}">
<p><span class="badge">${check.verdict.toUpperCase()}</span></p>
<h1>${check.target}</h1>
<p>${summary(check)}</p>
${renderWhen(check)}
</header>
`;
}

export function renderWhen({ dns, checkedAt }: DomainCheck): Markup {
  const mx = dns.mx.map(({ preference, exchange }) => `${preference} ${exchange}`).join(', ');
  return html`<p class="dim">checked ${checkedAt}${dns.outcome === 'not-asked' ? '' : ` · MX ${dns.status}${mx ? `: ${mx}` : ''}`}</p>`;
}

/** All that follows the verdict. */
export function renderBody(
  { findings, hosts, beside }: DomainCheck,
  profile: ProfileResult | undefined,
): Markup {
  return html`${profile ? renderProfileTable(profile) : ''}
${findings.length > 0 ? html`<h2>What to know</h2>\n${bySeverity(findings).map(renderFinding)}` : ''}
${hosts.length > 0 ? html`<h2>${hosts.length === 1 ? 'The host' : 'The hosts'}</h2>\n${hosts.map(renderHost)}` : ''}
${beside ? renderBeside(beside) : ''}`;
}

function renderFinding({ code, severity, subject, text, effect, fix }: Finding): Markup {
  return html`<div class="finding ${toneClass(SEVERITY_TONE[severity])}">
<p><span class="badge">${severity}</span> <strong>${subject}</strong> <code class="dim">${code}</code></p>
<p>${text}</p>
${effect ? html`<p class="dim">${effect}</p>` : ''}
${fix ? renderFix(fix) : ''}
</div>
`;
}

/** Lines to copy stand by themselves: one click marks the whole of one. */
function renderFix(fix: string): Markup {
  const lines = fix.split('\n').filter((line) => line.trim() !== '');
  return html`${lines.map((line) => (kindOf(line) === 'prose' ? html`<p>${line}</p>` : html`<pre>${line}</pre>`))}`;
}

function renderHost(host: HostCheck): Markup {
  const [tone, words] = hostWords(host);
  const { tlsa } = host;
  const records = tlsa.records.map((record, i) => {
    const why = tlsa.unusable.find((unusable) => unusable.record === i)?.why;
    const { usage, selector, matching, data } = record;
    return html`<tr><td><code>${usage} ${selector} ${matching} ${data}</code></td><td>${why ? `unusable: ${why}` : 'usable'}</td></tr>`;
  });
  return html`<div class="host ${toneClass(tone)}">
<h3>${host.host} <span class="badge">${words}</span></h3>
<p class="dim">port ${host.port}${host.preference === null ? '' : ` · preference ${host.preference}`} · addresses ${host.addressStatus} · TLSA ${tlsa.status}</p>
${host.problem ? html`<p>${host.problem.text}</p>` : ''}
${records.length > 0 ? html`<table><tr><th>TLSA record</th><th></th></tr>${records}</table>` : ''}
${host.sessions.map(renderSession)}
</div>
`;
}

function renderSession(session: SessionReport): Markup {
  const shown = presented(session);
  return html`<p><strong>${session.address}</strong> ${session.tls?.protocol ?? ''} <span class="dim">${session.text}${session.tlsVersions ? ` · ${tlsVersionWords(session.tlsVersions)}` : ''}</span></p>
${shown.map(
  ({ chain, match }) => html`${match ? html`<p>${matchWords(match)}</p>` : ''}
<table><tr><th>#</th><th>Certificate</th><th>Key</th><th>Until</th></tr>${chain.slice(0, MAX_CERTIFICATES).map(renderCertificate)}</table>
${chain.length > MAX_CERTIFICATES ? html`<p class="dim">and ${chain.length - MAX_CERTIFICATES} more</p>` : ''}`,
)}`;
}

function matchWords(match: NonNullable<SessionReport['match']>): string {
  if (match.kind === 'match')
    return `Matches ${match.usage} ${match.selector} ${match.matching} at depth ${match.depth}.`;
  return match.kind === 'mismatch' ? `${match.reason}: ${match.text}` : 'No usable record to verify it by.';
}

function renderCertificate({ subject, key, notAfter, error }: CertificateReport, depth: number): Markup {
  return html`<tr><td>${depth}</td><td>${error ?? subject}</td><td>${key}</td><td>${notAfter.slice(0, 10)}</td></tr>`;
}

function renderBeside({ sts, tlsrpt }: NonNullable<DomainCheck['beside']>): Markup {
  const policy =
    sts.kind === 'policy'
      ? `${sts.policy.mode}: ${sts.policy.mx.join(', ')}`
      : 'text' in sts
        ? `${sts.kind}: ${sts.text}`
        : sts.kind;
  const reports =
    tlsrpt.kind === 'record'
      ? tlsrpt.rua.join(', ')
      : 'text' in tlsrpt
        ? `${tlsrpt.kind}: ${tlsrpt.text}`
        : tlsrpt.kind;
  return html`<h2>Beside DANE</h2>
<section><table><tr><th>MTA-STS</th><td>${policy}</td></tr><tr><th>TLSRPT</th><td>${reports}</td></tr></table></section>
`;
}
