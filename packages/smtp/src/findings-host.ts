/** Findings on what a host does when it is connected to. */
import { TOO_MANY_ADDRESSES } from './check-host.ts';
import { finding } from './finding-table.ts';
import type { FindingOptions } from './findings.ts';
import { LEAVE_OUT, presentedFindings, TOO_LARGE } from './findings-presented.ts';
import { keyKind, outcomeWeight, selectiveStarttls, strayChain } from './standing.ts';
import type { GreetingName } from './starttls-by-name.ts';
import { oldVersions } from './tls-versions.ts';
import { leafRecord, tlsaLine } from './tlsa-fix.ts';
import type { Finding, HostCheck, SessionReport, Severity } from './verdict.ts';

/** OpenSSL's words for a peer that speaks only older versions. */
const OLD_VERSION = new Set([
  'ERR_SSL_UNSUPPORTED_PROTOCOL',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  'ERR_SSL_WRONG_SSL_VERSION',
]);

const NEW_VERSIONS_ONLY = 'Postfix: postconf -e "smtpd_tls_protocols = >=TLSv1.2"';

export function hostFindings(host: HostCheck, _options: FindingOptions): Finding[] {
  return [
    ...grouped(host),
    ...differing(host),
    ...algorithmFindings(host),
    ...selectiveFindings(host),
    ...oldVersionFindings(host),
    ...presentedFindings(host),
  ];
}

/** OpenBSD's spamd(8), which answers in the place of the mail server until it knows a client. */
const SPAMD = /\bESMTP spamd\b/i;

/** One finding for each way in which sessions ended, with the addresses in its subject. */
function grouped(host: HostCheck): Finding[] {
  const groups = new Map<string, { session: SessionReport; addresses: string[] }>();
  for (const session of host.sessions) {
    if (session.outcome === 'established' || selectiveStarttls(session)) continue;
    const key = `${session.outcome} ${session.text}`;
    const group = groups.get(key) ?? { session, addresses: [] };
    group.addresses.push(session.address);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ session, addresses }) =>
    sessionFinding(host, session, `${host.host} [${addressList(addresses)}]`),
  );
}

/** Addresses that are named; of more the number has to do. */
const MAX_NAMED = 8;

function addressList(addresses: readonly string[]): string {
  if (addresses.length <= MAX_NAMED) return addresses.join(', ');
  return `${addresses.slice(0, MAX_NAMED).join(', ')} and ${addresses.length - MAX_NAMED} more`;
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
      if (SPAMD.test(session.greeting ?? '')) return [strangersFinding(session, subject, level)];
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
      return handshakeFinding(session, subject, dane, level);
    case 'no-route':
      return [
        finding('check-incomplete', subject, `Not checked, this machine has no way there: ${session.text}.`, {
          ...(subject.includes(':') && { fix: 'For hosts with IPv6: check from a machine that has it.' }),
        }),
      ];
    case 'not-tried':
      return [finding('check-incomplete', subject, `Not checked: ${session.text}.`)];
    case 'deadline': {
      const text = `Not checked to the end: ${session.text}.`;
      // More time does not help there.
      const more = session.text === TOO_MANY_ADDRESSES ? {} : { fix: 'Give it more time: --timeout 120' };
      return [finding('check-incomplete', subject, text, more)];
    }
    default:
      return [finding('host-unreachable', subject, text)];
  }
}

/** A client that wants TLS never gets past it: what would make it known is a message handed over in clear. */
function strangersFinding(
  { address }: SessionReport,
  subject: string,
  level: { severity?: Severity; effect?: string },
): Finding {
  const text = `${address} answers as spamd, which keeps strangers off for a while and knows no STARTTLS: at best it is offered to clients that came before.`;
  const fix =
    'Greylist in the mail server itself, after STARTTLS. Or let clients past spamd that come by TLS: in pf.conf, a table for them before the rule that diverts.';
  return finding('starttls-selective', subject, text, { ...level, fix });
}

function handshakeFinding(
  session: SessionReport,
  subject: string,
  dane: boolean,
  level: { severity?: Severity; effect?: string },
): Finding[] {
  const spoken = session.probes?.find(({ offer, tls }) => offer === 'old-tls' && tls !== null)?.tls?.protocol;
  if (spoken !== undefined || OLD_VERSION.has(session.errorCode ?? '')) {
    const what = spoken === undefined ? '' : `, ${spoken} at most`;
    return [
      finding('tls-old', subject, `No TLS 1.2 or newer${what}: ${session.text}.`, {
        ...(dane ? { severity: 'error' } : {}),
        fix: NEW_VERSIONS_ONLY,
      }),
    ];
  }
  if (session.errorCode !== TOO_LARGE)
    return [finding('tls-fails', subject, `${sentence(session.text)}.`, level)];
  const why = 'more than 100 kB of certificates';
  return [finding('tls-fails', subject, `${sentence(session.text)} (${why}).`, { ...level, fix: LEAVE_OUT })];
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

/** A certificate that only those see who ask for its kind of key, or one address with two servers behind it. */
function algorithmFindings(host: HostCheck): Finding[] {
  const findings = new Map<string, Finding>();
  for (const session of host.sessions) {
    for (const found of presentedToSome(host, session)) findings.set(`${found.code} ${found.text}`, found);
  }
  return [...findings.values()];
}

function presentedToSome(host: HostCheck, session: SessionReport): Finding[] {
  const { match, chain, address } = session;
  const stray = strayChain(session);
  const subject = `${host.host} [${address}]`;
  if (stray) {
    const text = `${address} presents certificates with different keys from one connection to the next, and only one of them verifies.`;
    return [
      finding('address-differs', subject, text, {
        fix: bothRecords(host, match?.kind === 'match' ? stray.chain : chain),
      }),
    ];
  }
  const other = session.probes?.find(
    (probe) => probe.match !== null && !probe.sameChain && probe.match.kind !== match?.kind,
  );
  if (!other || match === null) return [];
  const kinds = [keyKind(chain), keyKind(other.chain)].map((kind) => (kind === 'EC' ? 'ECDSA' : kind));
  const good = match.kind === 'match';
  const text = good
    ? `The ${kinds[0]} certificate verifies, the ${kinds[1]} certificate of ${host.host} matches no TLSA record.`
    : `The ${kinds[1]} certificate of ${host.host} verifies, but senders are presented the ${kinds[0]} one, which does not.`;
  const fix = bothRecords(host, good ? other.chain : chain);
  return [finding('algorithm-differs', host.host, text, { ...(good ? {} : { severity: 'error' }), fix })];
}

function bothRecords(host: HostCheck, chain: SessionReport['chain']): string {
  const record = leafRecord(chain);
  const publish = record ? `Publish the record of the other key as well:\n${tlsaLine(host, record)}\n` : '';
  return `${publish}Or present one certificate only.`;
}

function selectiveFindings(host: HostCheck): Finding[] {
  const dane = host.policy === 'dane' || host.policy === 'dane-unusable';
  return host.sessions.filter(selectiveStarttls).map(({ address, starttlsByName }) => {
    const text = starttlsByName
      ? `${address} offers STARTTLS to a client that greets with ${greeting(starttlsByName.offeredTo)}, and not to one that greets with ${greeting(starttlsByName.notOfferedTo)}, twice each.`
      : `${address} offers STARTTLS on one connection and not on another a moment later.`;
    const fix = starttlsByName
      ? 'Offer it to whoever connects, whatever the name. Postfix: see smtpd_discard_ehlo_keyword_address_maps and smtpd_discard_ehlo_keywords.'
      : 'Several servers behind one address: set all of them up alike. A filter in between: have it leave STARTTLS alone.';
    const plain = {
      severity: 'warning' as Severity,
      effect: 'Mail goes in cleartext, or not at all, by the connection that a sender happens to get.',
    };
    return finding('starttls-selective', `${host.host} [${address}]`, text, {
      ...(dane ? {} : plain),
      fix,
    });
  });
}

function greeting(name: GreetingName): string {
  return name ?? 'its address';
}

/** Versions that nobody should need any more, taken beside the good ones: what came out of the first session does not show them. */
function oldVersionFindings(host: HostCheck): Finding[] {
  const addresses = new Map<string, string[]>();
  for (const { address, tlsVersions } of host.sessions) {
    const old = oldVersions(tlsVersions) ?? [];
    if (old.length === 0) continue;
    const words = old.map((version) => (version === 'TLSv1' ? 'TLS 1.0' : 'TLS 1.1')).join(' and ');
    addresses.set(words, [...(addresses.get(words) ?? []), address]);
  }
  return [...addresses].map(([words, at]) =>
    finding(
      'tls-old-beside',
      `${host.host} [${addressList(at)}]`,
      `${words} beside newer versions is accepted.`,
      {
        fix: NEW_VERSIONS_ONLY,
      },
    ),
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
