/**
 * Name constraints (rfc5280#section-4.2.1.10): dNSName, rfc822Name, URI, iPAddress and directoryName. A constraint on a kind
 * of name that we cannot compare refuses a certificate that has a name of that kind, and one with a minimum or maximum
 * refuses every name of its kind.
 */
import type { Certificate } from './certificate.ts';
import { sameOctets, Tag } from './der.ts';
import { Attribute, parseName, relativeNameKeys } from './distinguished-name.ts';
import { DaneError } from './errors.ts';
import type { Subtree } from './extensions.ts';
import type { GeneralName } from './general-name.ts';
import { foldName } from './names.ts';

export interface ConstraintBudget {
  /** False if there are too many. */
  takeComparisons(count: number): boolean;
}

/** Why the constraints of `issuer` forbid `subject`; undefined if they do not. May throw `bad-der` on unreadable names. */
export function constraintViolation(
  issuer: Certificate,
  subject: Certificate,
  isLeaf: boolean,
  budget: ConstraintBudget,
): string | undefined {
  const constraints = issuer.extensions.nameConstraints;
  if (!constraints) return undefined;
  const { permitted, excluded } = constraints;
  for (const name of constrainedNames(subject, isLeaf)) {
    const inKind = (tree: Subtree): boolean => sameKind(tree.base, name);
    const allowed = permitted.filter(inKind);
    const forbidden = excluded.filter(inKind);
    if (!budget.takeComparisons(permitted.length + excluded.length))
      return 'too many names and name constraints to compare';
    const trees = [...allowed, ...forbidden];
    if (
      trees.some((tree) => !tree.plain || !isComparable(tree.base, true)) ||
      (trees.length > 0 && !isComparable(name, false))
    ) {
      return `a name constraint on ${show(name)} cannot be evaluated`;
    }
    if (forbidden.some((tree) => covers(tree.base, name, true))) return `${show(name)} is excluded`;
    if (allowed.length > 0 && !allowed.some((tree) => covers(tree.base, name, false))) {
      return `${show(name)} is not permitted`;
    }
  }
  return undefined;
}

/** All that a certificate calls its subject, with the common names of a leaf that has no DNS-ID (they would be matched). */
function constrainedNames(certificate: Certificate, isLeaf: boolean): GeneralName[] {
  const names: GeneralName[] = [...(certificate.extensions.subjectAltName ?? [])];
  const attributes = parseName(certificate.subject);
  if (attributes.length > 0) names.push({ kind: 'directory', name: certificate.subject });
  for (const { oid, tag, octets } of attributes.flat()) {
    if (oid !== Attribute.emailAddress) continue;
    if (tag !== Tag.IA5_STRING) throw new DaneError('bad-der', 'a mail address that is no IA5String');
    names.push({ kind: 'email', value: Buffer.from(octets).toString('latin1') });
  }
  if (isLeaf && certificate.dnsNames.length === 0) {
    for (const value of certificate.commonNames) {
      if (foldName(value)?.includes('.')) names.push({ kind: 'dns', value });
    }
  }
  return names;
}

/** Of a form that can be compared. An address in a constraint has its mask with it. */
function isComparable(name: GeneralName, constraint: boolean): boolean {
  switch (name.kind) {
    case 'ip':
      return [4, 16].some((octets) => name.octets.length === (constraint ? octets * 2 : octets));
    case 'email':
      return constraint || name.value.includes('@');
    case 'other':
      return false;
    default:
      return true;
  }
}

function sameKind(a: GeneralName, b: GeneralName): boolean {
  if (a.kind === 'other' && b.kind === 'other') return a.tag === b.tag;
  return a.kind === b.kind;
}

/** `forbidding`: in doubt the answer is yes, so that an exclusion cannot be slipped under. */
function covers(base: GeneralName, name: GeneralName, forbidding: boolean): boolean {
  if (base.kind === 'dns' && name.kind === 'dns') return dnsCovers(base.value, name.value, forbidding);
  if (base.kind === 'email' && name.kind === 'email') return emailCovers(base.value, name.value);
  if (base.kind === 'ip' && name.kind === 'ip') return ipCovers(base.octets, name.octets);
  if (base.kind === 'directory' && name.kind === 'directory') return directoryCovers(base.name, name.name);
  if (base.kind === 'uri' && name.kind === 'uri') {
    const host = uriHost(name.value);
    return host === undefined ? forbidding : hostCovers(base.value, host);
  }
  return forbidding;
}

function dnsCovers(base: string, name: string, forbidding: boolean): boolean {
  const tree = base.toLowerCase();
  const own = name.toLowerCase();
  if (tree === '') return true;
  if (own === tree || own.endsWith(tree.startsWith('.') ? tree : `.${tree}`)) return true;
  // `*.example.com` stands for the excluded `a.example.com` too.
  return forbidding && own.startsWith('*.') && tree.replace(/^[^.]+/, '') === own.slice(1);
}

/** rfc5280#section-4.2.1.10: a leading dot means all hosts below, else the one host. */
function hostCovers(base: string, host: string): boolean {
  const tree = base.toLowerCase();
  return tree.startsWith('.') ? host.toLowerCase().endsWith(tree) : host.toLowerCase() === tree;
}

function emailCovers(base: string, address: string): boolean {
  const at = address.lastIndexOf('@');
  const host = address.slice(at + 1);
  const baseAt = base.lastIndexOf('@');
  if (baseAt < 0) return hostCovers(base, host);
  return (
    base.slice(0, baseAt) === address.slice(0, Math.max(at, 0)) && hostCovers(base.slice(baseAt + 1), host)
  );
}

function uriHost(uri: string): string | undefined {
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:[\]]+)/i.exec(uri)?.[1];
  return host === undefined || /^[\d.]+$/.test(host) ? undefined : host;
}

function ipCovers(base: Uint8Array, address: Uint8Array): boolean {
  if (base.length !== address.length * 2) return false;
  return address.every((octet, i) => {
    const mask = base[address.length + i]!;
    return (octet & mask) === (base[i]! & mask);
  });
}

function directoryCovers(base: Uint8Array, name: Uint8Array): boolean {
  if (sameOctets(base, name)) return true;
  const tree = relativeNameKeys(parseName(base));
  const own = relativeNameKeys(parseName(name));
  return tree.length <= own.length && tree.every((key, i) => key === own[i]);
}

function show(name: GeneralName): string {
  switch (name.kind) {
    case 'dns':
      return `the DNS name ${JSON.stringify(name.value.slice(0, 255))}`;
    case 'email':
      return `the mail address ${JSON.stringify(name.value.slice(0, 255))}`;
    case 'uri':
      return `the URI ${JSON.stringify(name.value.slice(0, 255))}`;
    case 'ip':
      return 'an IP address';
    case 'directory':
      return 'the subject name';
    case 'other':
      return `a name of kind ${name.tag}`;
  }
}
