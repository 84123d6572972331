/** What else is worth knowing of a zone, beside its state. */
import { matchesDs } from '@mailanchor/dnssec';
import { dsLine } from './records-text.ts';
import { OBJECTIONS, type RequestReport } from './request-report.ts';
import { entryPoints, isNamed, type SeenKey } from './seen-keys.ts';
import type { ZoneState } from './state.ts';
import type { Remark } from './zone-status.ts';
import type { ZoneView } from './zone-view.ts';

interface Judged {
  readonly view: ZoneView;
  readonly keys: readonly SeenKey[];
  readonly report: RequestReport;
  readonly state: ZoneState;
}

export function remarksOn(judged: Judged): Remark[] {
  return [
    ...leftOver(judged),
    ...unnamed(judged),
    ...refused(judged),
    ...bootstrap(judged),
    ...notAsked(judged),
  ];
}

/** States in which the DS records and the keys fit each other at least in part. */
const WORKING: ReadonlySet<ZoneState> = new Set([
  'secure',
  'expiring',
  'weak',
  'failing',
  'ds-change-refused',
]);

function leftOver({ view: { zone, ds = [] }, keys, report: { request }, state }: Judged): Remark[] {
  if (!WORKING.has(state) || keys.length === 0) return [];
  const wanted = request.kind === 'replace' ? request.ds : [];
  const orphans = ds.filter(
    (record) =>
      !keys.some((key) => !key.revoked && matchesDs(zone, record, key.rdata)) &&
      // A key in waiting is named before it is published.
      !wanted.some(({ keyTag, algorithm }) => keyTag === record.keyTag && algorithm === record.algorithm),
  );
  if (orphans.length === 0) return [];
  const lines = orphans.map((record) => dsLine(zone, record)).join('\n');
  return [
    {
      code: 'ds-left-over',
      text: `DS records of keys that are gone; have the registrar remove them:\n${lines}`,
    },
  ];
}

function unnamed({ view: { zone, ds = [] }, keys, report: { request }, state }: Judged): Remark[] {
  if (!WORKING.has(state) || ds.length === 0 || request.kind !== 'none') return [];
  const spare = entryPoints(keys).filter((key) => !isNamed(zone, key, ds));
  if (spare.length === 0 || !keys.some((key) => isNamed(zone, key, ds))) return [];
  const tags = spare.map(({ tag }) => tag).join(', ');
  return [
    {
      code: 'key-without-ds',
      text: `Signs its keys with ${tags} too, which no DS record names and no CDS record asks for.`,
    },
  ];
}

/** Where the request changes nothing, its faults are no reason to worry, and yet the next one will fail by them. */
function refused({ report: { objections }, state }: Judged): Remark[] {
  if (objections.length === 0 || state === 'ds-change-refused') return [];
  const why = objections.map((objection) => OBJECTIONS[objection]).join('; ');
  return [{ code: 'cds-refused', text: `A parent must not go by its CDS or CDNSKEY records: ${why}.` }];
}

function bootstrap({ view: { signals }, report: { request, objections }, state }: Judged): Remark[] {
  if (state !== 'no-ds' || request.kind !== 'replace' || objections.length > 0) return [];
  const text =
    'Publishes CDS or CDNSKEY: a registry that sets up DNSSEC by itself (RFC 8078 section 3) can take it up.';
  if (!signals) return [{ code: 'cds-bootstrap', text }];
  const good = signals.filter(({ status, same }) => status === 'secure' && same);
  const where = signals.map(({ nameServer }) => `${nameServer}`).join(', ');
  if (signals.length === 0) return [{ code: 'cds-bootstrap', text }];
  return [
    {
      code: 'cds-bootstrap',
      text:
        good.length === signals.length
          ? `${text} It is authenticated under the names of its servers (RFC 9615): ${where}.`
          : `${text} Under the names of its servers (RFC 9615) it does not agree or is not signed: ${where}.`,
    },
  ];
}

function notAsked({ view: { copies } }: Judged): Remark[] {
  const left = copies.flatMap(({ server, notAsked: why }) =>
    why === undefined ? [] : [server ? `${server} (${why})` : why],
  );
  return left.length === 0 ? [] : [{ code: 'not-asked', text: `Not asked: ${left.join('; ')}.` }];
}
