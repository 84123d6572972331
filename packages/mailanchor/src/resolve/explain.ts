/** The chain of trust as a tree: each zone with what vouches for it, its keys and the signature over them, then the answer. */
import {
  decodeNsec,
  decodeNsec3,
  decodeRrsig,
  type ResourceRecord,
  RRType,
  rrTypeToText,
} from '@mailanchor/dns';
import { algorithmToText, type KeyInfo, type Resolution, type ZoneLink } from '@mailanchor/dnssec';
import type { Paint } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { isoSeconds } from './json.ts';
import { STATUS_TONE } from './render.ts';

interface Node {
  readonly title: string;
  readonly lines: readonly string[];
}

export function renderChain(resolution: Resolution, paint: Paint): string[] {
  const nodes = [...resolution.chain.map((link) => zoneNode(link, paint)), answerNode(resolution, paint)];
  const lines = [paint.bold('Chain of trust')];
  for (const [depth, node] of nodes.entries()) {
    const last = depth === nodes.length - 1;
    const indent = '   '.repeat(Math.max(0, depth - 1));
    lines.push(depth === 0 ? node.title : `${paint.dim(`${indent}└─ `)}${node.title}`);
    const below = paint.dim(depth === 0 ? (last ? '   ' : '│  ') : `${indent}   ${last ? '   ' : '│  '}`);
    for (const line of node.lines) lines.push(`${below}${line}`);
  }
  return lines;
}

function zoneNode(link: ZoneLink, paint: Paint): Node {
  const lines: string[] = [];
  const vouched = new Set(link.ds.map((ds) => ds.keyTag));
  for (const ds of link.ds) {
    const digest = DIGEST_NAMES[ds.digestType] ?? `digest type ${ds.digestType}`;
    const where = link.via === 'anchor' ? 'trust anchor' : 'in the parent';
    lines.push(`DS      ${ds.keyTag}  ${algorithmToText(ds.algorithm)}  ${digest}  ${paint.dim(where)}`);
  }
  for (const key of link.keys) lines.push(keyLine(key, link, vouched, paint));
  if (link.signature) {
    const { keyTag, inception, expiration } = link.signature;
    lines.push(
      `RRSIG   ${paint.dim('of the keys, by')} ${keyTag}  ${validity(inception, expiration, paint)}`,
    );
  }
  if (link.note) lines.push(paint.tone(STATUS_TONE[link.status], printable(link.note)));
  const via = link.via === 'anchor' ? '  trust anchor' : '';
  return {
    title: `${paint.bold(printable(link.zone.toString()))}  ${status(link.status, paint)}${paint.dim(via)}`,
    lines,
  };
}

function keyLine(key: KeyInfo, link: ZoneLink, vouched: ReadonlySet<number>, paint: Paint): string {
  const kind = (key.flags & 1) !== 0 ? 'KSK' : 'ZSK';
  const mark = vouched.has(key.tag) || (link.via === 'anchor' && link.signature?.keyTag === key.tag);
  return `DNSKEY  ${key.tag}  ${algorithmToText(key.algorithm)}  ${key.bits} bits  ${kind}${mark ? paint.good('  ◂ vouched for') : ''}`;
}

function answerNode(resolution: Resolution, paint: Paint): Node {
  const title = `${paint.bold(printable(`${resolution.name} ${rrTypeToText(resolution.type)}`))}  ${status(resolution.status, paint)}`;
  const lines: string[] = [];
  for (const alias of resolution.aliases) {
    lines.push(
      `${alias.kind}  ${printable(`${alias.owner} → ${alias.target}`)}  ${status(alias.status, paint)}`,
    );
  }
  for (const record of resolution.answer)
    if (record.type === RRType.RRSIG) lines.push(signatureLine(record, paint));
  if (resolution.kind === 'nodata' || resolution.kind === 'nxdomain') {
    lines.push(resolution.kind === 'nodata' ? 'no such type here, by:' : 'no such name, by:');
    lines.push(...resolution.authority.flatMap((record) => proofLine(record, paint)));
  } else {
    // A wildcard's answer needs a proof of its own.
    const proofs = resolution.authority.filter(
      (record) => record.type === RRType.NSEC || record.type === RRType.NSEC3,
    );
    if (resolution.kind === 'answer' && proofs.length > 0) lines.push('from a wildcard; no closer name, by:');
    if (resolution.kind === 'answer') lines.push(...proofs.flatMap((record) => proofLine(record, paint)));
  }
  if (resolution.reason)
    lines.push(paint.tone(STATUS_TONE[resolution.status], printable(resolution.reason.text)));
  return { title, lines };
}

const PROOFS: ReadonlySet<number> = new Set([RRType.NSEC, RRType.NSEC3]);

/** What shows that something is absent: NSEC, NSEC3 and the signatures over them. */
function proofLine(record: ResourceRecord, paint: Paint): string[] {
  if (record.type === RRType.NSEC) {
    const { next, types } = decodeNsec(record.rdata);
    return [printable(`NSEC    ${record.name} → ${next}  (${types.types.map(rrTypeToText).join(' ')})`)];
  }
  if (record.type === RRType.NSEC3) {
    const { flags, iterations, types } = decodeNsec3(record.rdata);
    const optOut = (flags & 1) !== 0 ? '  opt-out' : '';
    return [
      printable(
        `NSEC3   ${record.name}  ${iterations} iterations${optOut}  (${types.types.map(rrTypeToText).join(' ')})`,
      ),
    ];
  }
  if (record.type !== RRType.RRSIG) return [];
  // The SOA beside a denial says how long it may be kept; it proves nothing.
  return PROOFS.has(decodeRrsig(record.rdata).typeCovered) ? [signatureLine(record, paint)] : [];
}

function signatureLine(record: ResourceRecord, paint: Paint): string {
  const rrsig = decodeRrsig(record.rdata);
  const what = `${rrTypeToText(rrsig.typeCovered)} of ${record.name} by ${rrsig.keyTag} of ${rrsig.signer}`;
  return `RRSIG   ${printable(what)}  ${algorithmToText(rrsig.algorithm)}  ${validity(rrsig.inception, rrsig.expiration, paint)}`;
}

function validity(inception: number, expiration: number, paint: Paint): string {
  return paint.dim(`${isoSeconds(inception).slice(0, 16)} to ${isoSeconds(expiration).slice(0, 16)}`);
}

function status(value: Resolution['status'], paint: Paint): string {
  return paint.tone(STATUS_TONE[value], value);
}

const DIGEST_NAMES: Readonly<Record<number, string>> = { 1: 'SHA-1', 2: 'SHA-256', 3: 'GOST', 4: 'SHA-384' };
