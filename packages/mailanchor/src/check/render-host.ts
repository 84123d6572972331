/** One mail host: its TLSA records, then each address with its chain and what matched. */
import {
  type HostCheck,
  matchesRecord,
  type Presented,
  presented,
  type SessionReport,
  type TlsaRecord,
} from '@mailanchor/smtp';
import { sign, type Tone } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';
import { aliasText, type RenderOptions, reasonText, statusText } from './render.ts';
import { renderChain } from './render-chain.ts';
import { hostWords, tlsVersionWords } from './words.ts';

export function renderHost(host: HostCheck, options: RenderOptions): string[] {
  const { paint } = options;
  const [tone, words] = hostWords(host);
  const facts = [
    ...(host.preference === null ? [] : [`preference ${host.preference}`]),
    ...(host.port === 25 ? [] : [`port ${host.port}`]),
  ];
  const lines = [
    `  ${sign(paint, tone)} ${paint.bold(printable(host.host))}  ${paint.tone(tone, words)}${
      facts.length > 0 ? paint.dim(`  ${facts.join(', ')}`) : ''
    }`,
  ];
  for (const alias of host.aliases) lines.push(`    ${aliasText(alias, paint)}`);
  if (host.problem) lines.push(`    ${reasonText(host.problem, host.problem.status, paint)}`);
  else if (host.addressStatus !== 'secure' && host.tlsa.status === 'not-asked')
    lines.push(
      `    ${paint.bold('Addresses')}  ${statusText(host.addressStatus, paint)}: senders ask for no TLSA`,
    );
  lines.push(...renderTlsa(host, options));
  for (const sessions of alike(host.sessions)) lines.push(...renderSessions(sessions, host, options));
  if (host.sessions.length === 0 && host.addresses.length > 0 && options.verbose)
    lines.push(`    ${paint.dim(`addresses ${host.addresses.map(printable).join(', ')}`)}`);
  return lines;
}

function renderTlsa(host: HostCheck, options: RenderOptions): string[] {
  const { paint } = options;
  const { tlsa } = host;
  if (tlsa.status === 'not-asked' || tlsa.base === null) return [];
  const question = tlsa.questions.find((asked) => asked.base === tlsa.base);
  const name = question?.name ?? `_${host.port}._tcp.${tlsa.base}`;
  const none = tlsa.records.length === 0 ? '  no records' : '';
  const lines = [`    ${paint.bold('TLSA')}  ${printable(name)}  ${statusText(tlsa.status, paint)}${none}`];
  if (question?.reason && !host.problem)
    lines.push(`      ${reasonText(question.reason, question.status, paint)}`);
  const rows = tlsa.records.map((record, i) => {
    const [tone, words] = recordWords(host, i);
    return [tlsaText(record, options.verbose), `${sign(paint, tone)} ${paint.tone(tone, words)}`];
  });
  lines.push(...table(rows, { indent: '      ' }));
  return lines;
}

/** What came of one record, over all addresses. */
function recordWords(host: HostCheck, index: number): readonly [Tone, string] {
  const unusable = host.tlsa.unusable.find((record) => record.record === index);
  if (unusable) return ['warn', `unusable: ${printable(unusable.why)}`];
  const chains = host.sessions.filter((session) => session.chain.length > 0);
  if (chains.length === 0) return ['plain', 'usable'];
  const matched = chains.filter((session) => matchesRecord(session, index)).length;
  if (matched === chains.length)
    return ['good', chains.length === 1 ? 'matches' : 'matches at every address'];
  if (matched > 0) return ['warn', `matches at ${matched} of ${chains.length} addresses`];
  return ['dim', 'matches nothing that the host presents'];
}

/** Addresses one after the other that were not tried, for the same reason: one line says it of all. */
function alike(sessions: readonly SessionReport[]): SessionReport[][] {
  const groups: SessionReport[][] = [];
  for (const session of sessions) {
    const last = groups.at(-1);
    const untried = session.outcome === 'not-tried' || session.outcome === 'deadline';
    const first = last?.[0];
    if (last && untried && first?.outcome === session.outcome && first.text === session.text)
      last.push(session);
    else groups.push([session]);
  }
  return groups;
}

function renderSessions(
  sessions: readonly SessionReport[],
  host: HostCheck,
  options: RenderOptions,
): string[] {
  const [first, ...more] = sessions;
  if (!first) return [];
  const lines = renderSession(first, host, options);
  if (more.length < 2) return [...lines, ...more.flatMap((session) => renderSession(session, host, options))];
  return [...lines, `      ${options.paint.dim(`and ${more.length} more addresses, for the same reason`)}`];
}

function renderSession(session: SessionReport, host: HostCheck, options: RenderOptions): string[] {
  const { paint } = options;
  const [tone, words] = sessionWords(session, host);
  const tls = session.tls ? `${session.tls.protocol}  ` : '';
  return [
    `    ${sign(paint, tone)} ${paint.bold(printable(session.address))}  ${paint.dim(tls)}${paint.tone(tone, words)}`,
    ...renderVersions(session, options),
    ...renderChain(session, options),
    ...presented(session)
      .filter((other) => other !== session)
      .flatMap((other) => renderOther(other, host, options)),
  ];
}

function renderVersions({ tlsVersions }: SessionReport, { paint }: RenderOptions): string[] {
  if (!tlsVersions) return [];
  return [`      ${paint.dim(tlsVersionWords(tlsVersions))}`];
}

/** What only those senders see who ask for another kind of certificate. */
function renderOther(other: Presented, host: HostCheck, options: RenderOptions): string[] {
  const { paint } = options;
  const [tone, words] = matchWords(other, host);
  const key = other.chain[0]?.key ?? '';
  return [
    `      ${sign(paint, tone)} ${paint.dim(`to those who ask for ${printable(key)}`)}  ${paint.tone(tone, words)}`,
    ...renderChain(other, options),
  ];
}

function sessionWords(session: SessionReport, host: HostCheck): readonly [Tone, string] {
  const dane = host.policy === 'dane' || host.policy === 'dane-unusable';
  if (session.outcome !== 'established') return [dane ? 'bad' : 'warn', printable(session.text)];
  return matchWords(session, host);
}

function matchWords({ match }: Presented, host: HostCheck): readonly [Tone, string] {
  if (match === null) return ['dim', 'encrypted; nothing to verify it by'];
  if (match.kind === 'match') {
    const record = `${match.usage} ${match.selector} ${match.matching}`;
    const what = match.selector === 1 ? 'key' : 'certificate';
    const whose =
      match.depth === 0 ? `the server's own ${what}` : `the ${what} of the CA at depth ${match.depth}`;
    return ['good', `matches ${record}: ${whose}`];
  }
  if (match.kind === 'mismatch')
    return [host.verdict === 'verified' ? 'warn' : 'bad', `${match.reason}: ${printable(match.text)}`];
  return ['warn', 'encrypted; no usable record to verify it by'];
}

export function tlsaText(record: TlsaRecord, whole: boolean): string {
  return `${record.usage} ${record.selector} ${record.matching} ${shortHex(record.data, whole)}`;
}

/** Enough of a digest to tell it from others. */
export function shortHex(hex: string, whole: boolean): string {
  return whole || hex.length <= 40 ? hex : `${hex.slice(0, 16)}…${hex.slice(-16)}`;
}
