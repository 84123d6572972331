/** Findings on what a host does when it is connected to. */
import { finding } from './finding-table.ts';
import type { FindingOptions } from './findings.ts';
import { outcomeWeight } from './standing.ts';
import { leafRecord, tlsaLine } from './tlsa-fix.ts';
import type { Finding, HostCheck, SessionReport, Severity } from './verdict.ts';

/** OpenSSL's words for a peer that speaks only older versions. */
const OLD_VERSION = new Set([
  'ERR_SSL_UNSUPPORTED_PROTOCOL',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  'ERR_SSL_WRONG_SSL_VERSION',
]);

export function hostFindings(host: HostCheck, _options: FindingOptions): Finding[] {
  return [...grouped(host), ...differing(host)];
}

/** One finding for each way in which sessions ended, with the addresses in its subject. */
function grouped(host: HostCheck): Finding[] {
  const groups = new Map<string, { session: SessionReport; addresses: string[] }>();
  for (const session of host.sessions) {
    if (session.outcome === 'established') continue;
    const key = `${session.outcome} ${session.text}`;
    const group = groups.get(key) ?? { session, addresses: [] };
    group.addresses.push(session.address);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ session, addresses }) =>
    sessionFinding(host, session, `${host.host} [${addresses.join(', ')}]`),
  );
}

function sessionFinding(host: HostCheck, session: SessionReport, subject: string): Finding[] {
  const dane = host.policy === 'dane' || host.policy === 'dane-unusable';
  const text = `${sentence(session.text)}.`;
  // Without TLSA records senders go on in cleartext.
  const plain = {
    severity: 'warning' as Severity,
    effect: 'Senders deliver in cleartext, or not at all if they require TLS.',
  };
  const level = dane ? {} : plain;
  switch (session.outcome) {
    case 'starttls-not-offered': {
      const fix = `Postfix: postconf -e smtpd_tls_security_level=may smtpd_tls_chain_files=/path/to/key-and-chain.pem`;
      const more = dane ? ' although its TLSA records promise TLS' : '';
      return [finding('starttls-missing', subject, `${sentence(session.text)}${more}.`, { ...level, fix })];
    }
    case 'starttls-refused':
      return [finding('starttls-refused', subject, text, level)];
    case 'injected-data':
      return [
        finding('starttls-injection', subject, `${sentence(session.text)} (CVE-2011-0411).`, {
          ...level,
          fix: 'Update the mail server or what stands before it; if neither sends that data, somebody on the way does.',
        }),
      ];
    case 'tls-failed':
    case 'tls-timeout':
      return OLD_VERSION.has(session.errorCode ?? '')
        ? [
            finding('tls-old', subject, `No TLS 1.2 or newer: ${session.text}.`, {
              ...(dane ? { severity: 'error' } : {}),
              fix: 'Postfix: postconf -e "smtpd_tls_protocols = >=TLSv1.2"',
            }),
          ]
        : [finding('tls-fails', subject, text, level)];
    case 'no-route':
      return [
        finding('check-incomplete', subject, `Not checked, this machine has no way there: ${session.text}.`),
      ];
    case 'not-tried':
      return [finding('check-incomplete', subject, `Not checked: ${session.text}.`)];
    case 'deadline': {
      const fix = 'Give it more time: --timeout 120';
      return [finding('check-incomplete', subject, `Not checked to the end: ${session.text}.`, { fix })];
    }
    default:
      return [finding('host-unreachable', subject, text)];
  }
}

/** Addresses that do not fare alike. */
function differing(host: HostCheck): Finding[] {
  const matched = host.sessions.filter(({ match }) => match?.kind === 'match');
  const failed = host.sessions.filter(
    ({ match, outcome }) => match?.kind === 'mismatch' || outcomeWeight(outcome) === 'refuses',
  );
  if (host.policy !== 'dane' || matched.length === 0 || failed.length === 0) return [];
  const list = (sessions: readonly SessionReport[]): string =>
    sessions.map(({ address }) => address).join(', ');
  const text = `${list(matched)} verifies and ${list(failed)} does not.`;
  const other = failed.map(({ chain }) => leafRecord(chain)).find((record) => record !== undefined);
  const fix = other
    ? `Install the same key and certificate at every address, or publish the record of the other as well:\n${tlsaLine(host, other)}`
    : 'Set up every address alike.';
  return [finding('address-differs', host.host, text, { fix })];
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
