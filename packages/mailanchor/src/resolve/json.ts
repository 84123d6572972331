/** A resolution as JSON, as scripts rely on it. */
import {
  type ResourceRecord,
  type RRset,
  RRType,
  rcodeToText,
  rdataToText,
  recordToText,
  rrTypeToText,
} from '@mailanchor/dns';
import type { AliasLink, Resolution, SignatureInfo, ZoneLink } from '@mailanchor/dnssec';
import { remedyOf } from './remedy.ts';

export interface AnswerJson {
  readonly name: string;
  readonly type: string;
  /** Seconds. */
  readonly ttl: number;
  readonly data: string;
}

/** `explain`: with what proves that something is absent, each alias with its status, and what would mend a break. */
export function resolutionJson(resolution: Resolution, options: { readonly explain?: boolean } = {}): object {
  const { explain = false } = options;
  const { reason, negativeTrustAnchor } = resolution;
  const fix = explain ? remedyOf(resolution) : undefined;
  const proof = (explain ? resolution.authority : [])
    .filter(({ type }) => PROOFS.has(type))
    .map(recordToText);
  return {
    name: resolution.name.toString(),
    type: rrTypeToText(resolution.type),
    status: resolution.status,
    rcode: rcodeToText(resolution.rcode),
    answers: answersOf(resolution).map(answerJson),
    ...(explain && { aliases: resolution.aliases.map(aliasJson) }),
    ...(proof.length > 0 && { proof }),
    ...(reason && {
      reason: {
        ede: reason.ede,
        text: reason.text,
        ...(reason.zone && { zone: reason.zone.toString() }),
        ...(fix !== undefined && { fix }),
      },
    }),
    ...(negativeTrustAnchor && { negativeTrustAnchor: negativeTrustAnchor.toString() }),
    chain: resolution.chain.map((link) => zoneJson(link, explain)),
  };
}

/** Aliases and the records at their end; signatures only where they were asked for. */
export function answersOf(resolution: Resolution): readonly ResourceRecord[] {
  return resolution.answer.filter(
    (record) => record.type !== RRType.RRSIG || resolution.type === RRType.RRSIG,
  );
}

function answerJson(record: ResourceRecord): AnswerJson {
  return {
    name: record.name.toString(),
    type: rrTypeToText(record.type),
    ttl: record.ttl,
    data: rdataToText(record.type, record.rdata),
  };
}

/** Types that prove that something does not exist. */
const PROOFS: ReadonlySet<number> = new Set([RRType.NSEC, RRType.NSEC3]);

function recordsOf({ rdatas, name, type, class: klass, ttl }: RRset): ResourceRecord[] {
  return rdatas.map((rdata) => ({ name, type, class: klass, ttl, rdata }));
}

function aliasJson({ kind, owner, target, status }: AliasLink): object {
  return { kind, owner: owner.toString(), target: target.toString(), status };
}

function zoneJson(link: ZoneLink, explain: boolean): object {
  return {
    zone: link.zone.toString(),
    status: link.status,
    via: link.via,
    ds: link.ds.map(({ keyTag, algorithm, digestType }) => ({ keyTag, algorithm, digestType })),
    keys: link.keys.map(({ tag, algorithm, flags, bits }) => ({ tag, algorithm, flags, bits })),
    ...(link.signature && { signature: signatureJson(link.signature) }),
    ...(link.note !== undefined && { note: link.note }),
    ...(explain && link.proof && { proof: link.proof.flatMap(recordsOf).map(recordToText) }),
  };
}

function signatureJson(signature: SignatureInfo): object {
  return {
    keyTag: signature.keyTag,
    algorithm: signature.algorithm,
    signer: signature.signer.toString(),
    inception: isoSeconds(signature.inception),
    expiration: isoSeconds(signature.expiration),
  };
}

/** Epoch seconds as ISO 8601. */
export function isoSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
