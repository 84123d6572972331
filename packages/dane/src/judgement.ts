/** How a verdict is made; {@link judgeDane} tells the path beside it. */
import { Presented } from './association.ts';
import type { Certificate } from './certificate.ts';
import { SearchBudget, SignatureChecks } from './certificate-path.ts';
import { sameOctets } from './der.ts';
import { pathFlaw } from './judge-path.ts';
import { MAX_PRESENTED_CERTIFICATES } from './limits.ts';
import type { MatchRequest } from './match.ts';
import { matchAnchor } from './match-anchor.ts';
import { matchPkix } from './match-pkix.ts';
import { dateFlaw, describe, type Flaw } from './path-rules.ts';
import { weakKey } from './signature.ts';
import { type IndexedRecord, strongestDigests, Usage, usableRecords } from './tlsa.ts';
import { type UsualPath, usualPath } from './usual-path.ts';
import {
  anchorNotes,
  type DaneMismatch,
  type DaneVerdict,
  type Failure,
  type Found,
  LeafNames,
  type MatchInput,
  matched,
} from './verdict.ts';

export interface Judgement {
  readonly verdict: DaneVerdict;
  /** Of a match: the certificates that it rests on, leaf first. */
  readonly path: readonly Certificate[];
}

export function judgeDane(request: MatchRequest): Judgement {
  const { usable, unusable } = usableRecords(request.records, { mode: request.mode });
  if (usable.length === 0)
    return { verdict: Object.freeze({ kind: 'unusable', records: unusable }), path: [] };
  const records = strongestDigests(usable, request.digestOrder).sort(byPreference);

  const presented = request.chain.slice(0, MAX_PRESENTED_CERTIFICATES).map((der) => new Presented(der));
  const leaf = presented[0];
  if (!leaf)
    return mismatch({ reason: 'no-match', depth: null, text: 'the server presented no certificate' });
  const own = leaf.certificate;
  const useless = whyUseless(own);
  if (useless !== undefined || !own)
    return mismatch({ reason: 'untrusted', depth: null, text: useless ?? '' });

  const ee = records.find(({ record }) => record.usage === Usage.DANE_EE && leaf.matches(record));
  const leafNames = new LeafNames(own, request.names);
  if (ee) return endEntity(ee, own, request.eeNames ? leafNames.flaw : undefined);

  const input: MatchInput = {
    records,
    leaf,
    presented,
    leafNames,
    at: request.at,
    signatures: new SignatureChecks(request.budget ?? new SearchBudget()),
  };
  const given = (request.ca ?? []).map((der) => new Presented(der));
  const usual = judgeUsual(input, given);
  if (usual.kind === 'found') return { verdict: usual.match, path: usual.path };
  const found = matchAnchor(input) ?? matchPkix(input, given);
  if (found) return { verdict: found.match, path: found.path };
  const stopped = input.signatures.budget.exhausted
    ? '; the search for a path was stopped: too many certificates'
    : '';
  return mismatch({ ...usual.failure, text: usual.failure.text + stopped });
}

/** OpenSSL's order, for the record to name where several match: usage, then key before certificate, then the longer digest. */
function byPreference(a: IndexedRecord, b: IndexedRecord): number {
  return (
    b.record.usage - a.record.usage ||
    b.record.selector - a.record.selector ||
    b.record.matching - a.record.matching ||
    a.index - b.index
  );
}

/** No handshake can be made with such a leaf, or proves nothing: whatever the records. */
function whyUseless(leaf: Certificate | undefined): string | undefined {
  if (!leaf) return "the server's own certificate cannot be parsed";
  const key = leaf.publicKey;
  if (!key) return "the server's own key cannot be decoded";
  const weak = weakKey(key);
  return weak && `the server's own key is ${weak}, which is too weak`;
}

/** rfc7672#section-3.1.1: a match ends it, whatever the certificate says of names, dates and issuers. */
function endEntity(entry: IndexedRecord, leaf: Certificate, flaw: Flaw | undefined): Judgement {
  if (flaw) return mismatch({ ...flaw, depth: 0 });
  return { verdict: matched(entry, 0), path: [leaf] };
}

type Usual = (Found & { readonly kind: 'found' }) | { readonly kind: 'failed'; readonly failure: Failure };

function judgeUsual(input: MatchInput, given: readonly Presented[]): Usual {
  const { at, leafNames, signatures } = input;
  const usual = usualPath({ ...input, given });
  const { path, hit, end } = usual;
  const depth = hit?.depth ?? null;
  const failed = (failure: Failure): Usual => ({ kind: 'failed', failure });
  if (end === 'too-long')
    return failed({
      reason: 'untrusted',
      depth,
      text: `the path has ${path.length} certificates, and no end yet`,
    });
  if (!hit || end === 'no-match' || end === 'untrusted')
    return failed({ ...(end === 'untrusted' ? notTrusted(usual) : noMatch(input, path)), depth });
  const bareKey = end === 'bare-key';
  const flaw = pathFlaw(path, { at, leafNames, signatures, bareKey });
  if (flaw) return failed({ ...flaw, depth });
  const notes = bareKey ? [] : anchorNotes(dateFlaw(path.at(-1)!, path.length - 1, at));
  return { kind: 'found', match: matched(hit.entry, hit.depth, notes), path };
}

function notTrusted({ path, hit }: UsualPath): Omit<Failure, 'depth'> {
  const top = path.length - 1;
  const text = `no path leads to a given CA certificate: ${describe(path[top]!, top)} is as far as it goes`;
  return { reason: 'untrusted', text: hit ? text : `${text}, and no usable TLSA record matches on the way` };
}

function noMatch(input: MatchInput, path: readonly Certificate[]): Omit<Failure, 'depth'> {
  const { leaf, presented, records } = input;
  const certificates =
    presented.length === 1 ? 'the one certificate' : `any of the ${presented.length} certificates`;
  const anchors = records.filter(({ record }) => record.usage === Usage.DANE_TA);
  const stray = presented.find(
    (one, place) => place > 0 && one.certificate && anchors.some(({ record }) => one.matches(record)),
  );
  if (stray?.certificate && !path.some(({ der }) => sameOctets(der, stray.der))) {
    const who = describe(stray.certificate, presented.indexOf(stray));
    const text = `${who} matches a TLSA record, but it did not issue the server's certificate, nor did one that it issued`;
    return { reason: 'no-match', text };
  }
  let text = `no usable TLSA record matches ${certificates} that the server presented`;
  if (anchors.some(({ record }) => leaf.matches(record))) {
    text += "; one names the server's own certificate as its issuer: that needs usage 3";
  }
  return { reason: 'no-match', text };
}

function mismatch({ reason, depth, text }: Failure): Judgement {
  const verdict: DaneMismatch = Object.freeze({ kind: 'mismatch', reason, depth, text });
  return { verdict, path: [] };
}
