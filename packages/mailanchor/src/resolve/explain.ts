/** The chain of trust as a tree: each zone with what vouches for it, its keys and the signature over them, then the answer. */
import {
  decodeNsec,
  decodeNsec3,
  decodeRrsig,
  type Name,
  type ResourceRecord,
  RRType,
  rrTypeToText,
} from '@mailanchor/dns';
import { algorithmToText, type KeyInfo, type Resolution, type ZoneLink } from '@mailanchor/dnssec';
import type { Paint } from '../terminal/paint.ts';
import { printable } from '../terminal/printable.ts';
import { isoSeconds } from './json.ts';
import { remedyOf } from './remedy.ts';
import { STATUS_TONE } from './render.ts';

interface Node {
  readonly title: string;
  readonly lines: readonly string[];
  readonly children: Node[];
}

/** Every zone under the one that vouches for it, the answer under the zone that it is of; then what would mend a break. */
export function renderChain(resolution: Resolution, paint: Paint): string[] {
  const lines = [paint.bold('Chain of trust')];
  for (const root of treeOf(resolution, paint)) lines.push(root.title, ...below(root, '', paint));
  const remedy = remedyOf(resolution);
  if (remedy) lines.push('', `${paint.bold('What would help:')} ${printable(remedy)}`);
  return lines;
}

function below(node: Node, indent: string, paint: Paint): string[] {
  const stem = paint.dim(`${indent}${node.children.length > 0 ? '│  ' : '   '}`);
  const lines = node.lines.map((line) => `${stem}${line}`);
  for (const [i, child] of node.children.entries()) {
    const last = i === node.children.length - 1;
    lines.push(`${paint.dim(`${indent}${last ? '└─ ' : '├─ '}`)}${child.title}`);
    lines.push(...below(child, `${indent}${last ? '   ' : '│  '}`, paint));
  }
  return lines;
}

function treeOf(resolution: Resolution, paint: Paint): Node[] {
  const { chain, canonicalName } = resolution;
  const nodes = chain.map((link) => zoneNode(link, paint));
  const roots: Node[] = [];
  /** Under the deepest zone that is above. */
  const place = (node: Node, isBelow: (zone: Name) => boolean) => {
    let parent: { node: Node; labels: number } | undefined;
    for (const [i, { zone }] of chain.entries()) {
      if (isBelow(zone) && zone.labelCount >= (parent?.labels ?? 0))
        parent = { node: nodes[i]!, labels: zone.labelCount };
    }
    (parent?.node.children ?? roots).push(node);
  };
  for (const [i, { zone }] of chain.entries()) place(nodes[i]!, (other) => zone.isBelow(other));
  place(answerNode(resolution, paint), (zone) => canonicalName.isAtOrBelow(zone));
  return roots;
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
  for (const { name, type, class: klass, ttl, rdatas } of link.proof ?? [])
    for (const rdata of rdatas) lines.push(...proofLine({ name, type, class: klass, ttl, rdata }, paint));
  const via = link.via === 'anchor' ? '  trust anchor' : '';
  return {
    title: `${paint.bold(printable(link.zone.toString()))}  ${status(link.status, paint)}${paint.dim(via)}`,
    lines,
    children: [],
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
  return { title, lines, children: [] };
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
