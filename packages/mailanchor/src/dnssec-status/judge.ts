/** From what was seen of a zone to its state: pure. The first rule that fits counts; the gravest come first. */
import { Ede, RRType, rdataToText } from '@mailanchor/dns';
import {
  algorithmToText,
  isSmallKey,
  isWeakAlgorithm,
  MIN_RSA_BITS,
  sameDelegation,
} from '@mailanchor/dnssec';
import { dsLine, line, zoneText } from './records-text.ts';
import { changeAsAsked, changeToKeys } from './registrar-change.ts';
import { remarksOn } from './remarks.ts';
import { OBJECTIONS, type RequestReport } from './request-report.ts';
import { isNamed, type SeenKey, seenKeys } from './seen-keys.ts';
import { type SignedUntil, signedUntil } from './seen-signatures.ts';
import type { ZoneState } from './state.ts';
import type { RegistrarChange, ZoneStatus } from './zone-status.ts';
import type { ZoneView } from './zone-view.ts';

export interface JudgeOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Days before the end of signatures from which it is told. */
  readonly days: number;
  /** Of the DS records that are made for the registrar. */
  readonly digestTypes: readonly number[];
}

/** What the rules look at. */
interface Seen {
  readonly view: ZoneView;
  readonly name: string;
  /** The parent in a sentence. */
  readonly above: string;
  readonly keys: readonly SeenKey[];
  readonly report: RequestReport;
  readonly options: JudgeOptions;
  readonly ends: readonly SignedUntil[];
}

interface Judged {
  readonly state: ZoneState;
  readonly text: string;
  readonly fix?: string;
  readonly registrar?: RegistrarChange;
}

type Rule = (seen: Seen) => Judged | undefined;

export function judge(view: ZoneView, report: RequestReport, options: JudgeOptions): ZoneStatus {
  const { zone, parent, ds, copies } = view;
  const keys = seenKeys(view);
  const ends = signedUntil(view, Math.floor(options.now / 1000));
  const above = parent ? (parent.isRoot ? 'the root' : zoneText(parent)) : 'the zone above';
  const seen: Seen = { view, name: zoneText(zone), above, keys, report, options, ends };
  let judged: Judged | undefined;
  for (const rule of RULES) {
    judged = rule(seen);
    if (judged) break;
  }
  judged ??= { state: 'secure', text: 'Signed, and a chain of trust leads to it.' };
  const remarks = remarksOn({ view, keys, report, state: judged.state });
  const first = ends[0];
  const asked = copies.find(({ cds, cdnskey }) => cds?.rdatas.length || cdnskey?.rdatas.length);
  const named = copies.filter(({ server }) => server !== undefined);
  return {
    zone: seen.name,
    ...judged,
    remarks,
    parent: parent ? zoneText(parent) : null,
    ds: ds ? ds.map((record) => dsLine(zone, record)) : null,
    keys: keys.map((key) => ({
      tag: key.tag,
      algorithm: algorithmToText(key.algorithm),
      bits: key.bits,
      entryPoint: key.entryPoint,
      revoked: key.revoked,
      inDs: isNamed(zone, key, ds ?? []),
    })),
    cds: (asked?.cds?.rdatas ?? []).map((rdata) => line(zone, 'CDS', textOf(RRType.CDS, rdata))),
    cdnskey: (asked?.cdnskey?.rdatas ?? []).map((rdata) =>
      line(zone, 'CDNSKEY', textOf(RRType.CDNSKEY, rdata)),
    ),
    ...(first && { signedUntil: timeText(first.until) }),
    ...(named.length > 0 && {
      servers: named.map(({ server, problem, notAsked }) => ({
        server: server ?? '',
        state: problem ?? (notAsked === undefined ? 'answers' : `not asked: ${notAsked}`),
      })),
    }),
    checkedAt: new Date(options.now).toISOString(),
  };
}

const notAZone: Rule = ({ view, name }) => {
  if (view.isZone) return undefined;
  const text = `No zone begins at ${name}: it does not exist, or is part of the zone above.`;
  return { state: 'not-a-zone', text, fix: 'Name the apex of the zone: where its SOA record is.' };
};

const notValidated: Rule = ({ view }) =>
  view.negativeTrustAnchor
    ? { state: 'unknown', text: 'Not validated, by your own choice (--insecure-zone).' }
    : undefined;

const parentFails: Rule = ({ view, above, name }) => {
  if (view.parentStatus === 'secure' || view.parentStatus === 'insecure') return undefined;
  const why = view.parentReason ? `: ${view.parentReason.text}` : '';
  const fix = `mailanchor resolve ${name} DS --explain`;
  return view.parentStatus === 'bogus'
    ? { state: 'bogus', text: `What ${above} says of its DS records fails validation${why}.`, fix }
    : { state: 'unknown', text: `${capital(above)} could not be asked for its DS records${why}.`, fix };
};

const nobodyServes: Rule = ({ view, name }) => {
  const asked = view.copies.filter(({ notAsked }) => notAsked === undefined);
  if (asked.length === 0 || asked.some(({ problem }) => problem === undefined)) {
    return asked.length === 0 ? { state: 'unknown', text: 'None of its servers was asked.' } : undefined;
  }
  const why = asked.map(({ server, problem }) => (server ? `${server} ${problem}` : problem)).join('; ');
  const fix = `Have the delegation name servers that serve the zone, or have these serve it:\nmailanchor resolve ${name} SOA --trace`;
  return { state: 'failing', text: `No server speaks for the zone: ${why}.`, fix };
};

const unsigned: Rule = ({ view: { ds = [], copies }, keys, above }) => {
  // A server that fails the question for the keys says nothing of them.
  if (keys.length > 0 || ds.length > 0 || !copies.some((copy) => copy.keys)) return undefined;
  const fix = `Sign the zone, then hand its DS record to the registrar: it belongs in ${above}.`;
  return {
    state: 'unsigned',
    text: 'Not signed: no DNSKEY records, and no DS records in the zone above.',
    fix,
  };
};

const withoutDs: Rule = ({ view, keys, above, options }) => {
  const { zone, ds = [], parentStatus } = view;
  if (ds.length > 0 || keys.length === 0) return undefined;
  const registrar = changeToKeys({ zone, ds, keys }, options.digestTypes);
  return parentStatus === 'secure'
    ? {
        state: 'no-ds',
        text: `Signed, but ${above} has no DS record for it: nobody can validate it.`,
        fix: `Hand this to the registrar (or the operator of the zone above):\n${registrar.ds.join('\n')}`,
        registrar,
      }
    : {
        state: 'parent-unsigned',
        text: `Signed, but no chain of trust leads to ${above}: nobody can validate it.`,
        fix: `Once ${above} is signed, hand this to its operator:\n${registrar.ds.join('\n')}`,
        registrar,
      };
};

const parentUnsigned: Rule = ({ view, above }) =>
  view.parentStatus === 'insecure'
    ? {
        state: 'parent-unsigned',
        text: `Signed and with DS records, but no chain of trust leads to ${above}: nobody can validate it.`,
      }
    : undefined;

const dsWithoutKey: Rule = ({ view, keys, above, options }) => {
  const { zone, ds = [], copies, status } = view;
  if (status === 'insecure' || ds.length === 0 || !copies.some((copy) => copy.keys)) return undefined;
  if (keys.some((key) => isNamed(zone, key, ds))) return undefined;
  const live = keys.map(({ tag }) => tag);
  const tags = ds
    .map(({ keyTag }) => (live.includes(keyTag) ? `${keyTag} with another digest` : keyTag))
    .join(', ');
  if (keys.length === 0) {
    return {
      state: 'ds-without-key',
      text: `${capital(above)} has DS records (${tags}), and the zone publishes no keys: validating resolvers refuse all of it.`,
      fix:
        'Sign the zone again with the key of the DS, or have the registrar remove the DS records:\n' +
        removal(view),
      registrar: { ds: [], dnskey: [], remove: ds.map((record) => dsLine(zone, record)) },
    };
  }
  const registrar = changeToKeys({ zone, ds, keys }, options.digestTypes);
  return {
    state: 'ds-without-key',
    text: `${capital(above)} has DS records of keys that the zone does not publish (${tags}); it publishes ${live.join(', ')}.`,
    fix: `Hand this to the registrar in place of what is there:\n${registrar.ds.join('\n')}`,
    registrar,
  };
};

const expired: Rule = ({ view, ends, name, options }) => {
  const now = options.now / 1000;
  const over = ends.filter(({ until }) => until <= now);
  const said = view.reason?.ede === Ede.SIGNATURE_EXPIRED;
  const [first] = over;
  if (!said && (!first || view.status === 'insecure')) return undefined;
  const servers = new Set(over.map(({ server }) => server));
  const everywhere = servers.size === view.copies.length;
  const where = everywhere || first?.server === undefined ? '' : ` at ${[...servers].join(', ')}`;
  const what = first ? `${first.type} ended ${timeText(first.until)}` : (view.reason?.text ?? '');
  const fix = everywhere
    ? `Find out why the signer has stopped, and sign anew:\nrndc sign ${name}\nor, with Knot:\nknotc zone-sign ${name}.`
    : 'Have the zone transferred anew to that server.';
  return { state: 'expired', text: `Signatures have expired${where}: ${what}.`, fix };
};

const bogus: Rule = ({ view: { status, reason }, name }) =>
  status === 'bogus'
    ? {
        state: 'bogus',
        text: `Fails validation: ${reason?.text ?? 'no reason known'}.`,
        fix: `mailanchor resolve ${name} SOA --explain`,
      }
    : undefined;

const indeterminate: Rule = ({ view: { status, reason }, name }) =>
  status === 'indeterminate'
    ? {
        state: 'failing',
        text: `Could not be validated: ${reason?.text ?? 'no reason known'}.`,
        fix: `mailanchor resolve ${name} SOA --trace`,
      }
    : undefined;

/** Keys and DS, and yet insecure: nobody knows the algorithms. */
const unknownAlgorithms: Rule = ({ view, keys, options }) => {
  const { status, zone, ds = [], note } = view;
  if (status !== 'insecure') return undefined;
  const why = note ? `: ${note}` : '';
  const strong = keys.filter(({ algorithm }) => !isWeakAlgorithm(algorithm));
  const text = `Counts as unsigned, since validators know none of its algorithms${why}.`;
  if (strong.length === 0) return { state: 'weak', text, fix: NEW_ALGORITHM };
  const registrar = changeToKeys({ zone, ds, keys: strong }, options.digestTypes);
  const fix = `Hand this to the registrar in place of what is there:\n${registrar.ds.join('\n')}`;
  return { state: 'weak', text, fix, registrar };
};

const someFail: Rule = ({ view: { copies } }) => {
  const failing = copies.filter(({ problem }) => problem !== undefined);
  if (failing.length === 0) return undefined;
  const text = `Of its ${copies.length} servers ${failing.map(({ server, problem }) => `${server} ${problem}`).join('; ')}.`;
  return {
    state: 'failing',
    text,
    fix: 'Have that server serve the zone, or take it out of the NS records here and in the zone above.',
  };
};

const DAY = 86_400;

const expiring: Rule = ({ ends, name, options }) => {
  const [first] = ends;
  const left = first ? first.until - options.now / 1000 : Number.POSITIVE_INFINITY;
  if (!first || left > options.days * DAY) return undefined;
  const when =
    left < 2 * DAY ? `${Math.max(1, Math.round(left / 3600))} hours` : `${Math.floor(left / DAY)} days`;
  const at = first.server ? ` at ${first.server}` : '';
  return {
    state: 'expiring',
    text: `Signatures end in ${when} unless they are renewed: ${first.type}${at}, ${timeText(first.until)}.`,
    fix: `Make sure that the signer runs, and have it sign now:\nrndc sign ${name}\nor, with Knot:\nknotc zone-sign ${name}.`,
  };
};

const asksOfParent: Rule = ({ view, keys, report, above }) => {
  const { zone, ds = [] } = view;
  const { request, objections } = report;
  if (request.kind === 'none') return undefined;
  const rdatas = keys.map(({ rdata }) => rdata);
  if (request.kind === 'replace' && sameDelegation(zone, ds, request.ds, rdatas)) return undefined;
  if (request.kind === 'invalid' || objections.length > 0) {
    const why = objections.map((objection) => OBJECTIONS[objection]).join('; ');
    return {
      state: 'ds-change-refused',
      text: `Its CDS or CDNSKEY records ask for a change that a parent must not make: ${why}.`,
      fix:
        'Mend what the signer publishes; the DS records stay as they are until then:\n' +
        `dig +dnssec ${zone} CDS\ndig +dnssec ${zone} CDNSKEY`,
    };
  }
  const registrar = changeAsAsked({ zone, ds, keys }, request);
  if (request.kind === 'delete') {
    return {
      state: 'ds-removal-pending',
      text: `Asks ${above} to remove its DS records (CDS 0 0 0 00), and they are still there.`,
      fix: `If the registry does not look at CDS by itself, have the registrar remove:\n${registrar.remove.join('\n')}\nKeep the zone signed until the TTL of the DS records has passed.`,
      registrar,
    };
  }
  return {
    state: 'ds-change-pending',
    text: `Asks ${above} for other DS records than are there.`,
    fix: `If the registry does not look at CDS by itself, hand this to the registrar in place of what is there:\n${registrar.ds.join('\n')}`,
    registrar,
  };
};

const weak: Rule = ({ keys }) => {
  const bad = keys.filter(({ algorithm }) => isWeakAlgorithm(algorithm));
  const small = keys.filter(({ algorithm, bits }) => isSmallKey(algorithm, bits));
  if (bad.length === 0 && small.length === 0) return undefined;
  const why = [
    ...bad.map(({ tag, algorithm }) => `key ${tag} is of ${algorithmToText(algorithm)}`),
    ...small.map(({ tag, bits }) => `key ${tag} has ${bits} bits, of ${MIN_RSA_BITS} at least`),
  ];
  return { state: 'weak', text: `${capital(why.join('; '))}.`, fix: NEW_ALGORITHM };
};

const NEW_ALGORITHM =
  'Roll its keys to ECDSA P-256 with SHA-256 (algorithm 13). BIND: dnssec-policy default; Knot: algorithm: ecdsap256sha256';

const RULES: readonly Rule[] = [
  notAZone,
  notValidated,
  parentFails,
  nobodyServes,
  unsigned,
  withoutDs,
  parentUnsigned,
  dsWithoutKey,
  expired,
  bogus,
  indeterminate,
  unknownAlgorithms,
  someFail,
  expiring,
  asksOfParent,
  weak,
];

function removal({ zone, ds = [] }: ZoneView): string {
  return ds.map((record) => dsLine(zone, record)).join('\n');
}

function textOf(type: number, rdata: Uint8Array): string {
  return rdataToText(type, rdata);
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
