/**
 * Whether a mail bears a DKIM signature of the domain that it is from, as a report by mail must (rfc8460#section-3). Keys are looked up by our
 * own resolver. A signature that leaves a part of the body out (`l=`) is none: what was added behind it could be anything.
 */
import { decodeTxt, Name, RRType } from '@mailanchor/dns';
import type { Resolver } from '@mailanchor/dnssec';

export type MailSignature =
  | { readonly kind: 'valid' /** The domain that signed. */; readonly domain: string }
  | { readonly kind: 'none' }
  /** `text`: why, without full stop. */
  | { readonly kind: 'invalid'; readonly text: string }
  /** A key could not be looked up. */
  | { readonly kind: 'unknown'; readonly text: string };

export interface SignatureOptions {
  readonly resolver: Resolver;
  /** Milliseconds since the epoch, for signatures that expire. */
  readonly clock: () => number;
  /** Milliseconds for all lookups together; default 20000. */
  readonly timeoutMs?: number;
}

/** Signatures of one mail, ARC's among them. */
const MAX_SIGNATURES = 20;

/** `from`: the domain of the sender. Never rejects. */
export async function verifySignature(
  mail: Uint8Array,
  from: string | undefined,
  options: SignatureOptions,
): Promise<MailSignature> {
  const count = signatures(mail);
  if (count === 0) return { kind: 'none' };
  if (count > MAX_SIGNATURES)
    return { kind: 'invalid', text: `there are more than ${MAX_SIGNATURES} signatures` };
  if (from === undefined) return { kind: 'invalid', text: 'the mail names no sender' };
  const { dkimVerify } = await import('mailauth/lib/dkim/verify.js');
  const end = performance.now() + (options.timeoutMs ?? 20_000);
  try {
    const { results, fromFields } = await dkimVerify(Buffer.from(mail), {
      resolver: (name: string, type: string) => lookUpKey(options.resolver, name, type, end),
      curTime: new Date(options.clock()),
      minBitLength: 1024,
      rejectRsaSha1: true,
    });
    if (fromFields !== 1) return { kind: 'invalid', text: 'the mail names more than one sender' };
    const own = results.filter(({ signingDomain = '' }) => isOf(from, signingDomain.toLowerCase()));
    for (const { signingDomain = '', status, canonBodyLengthLimited } of own)
      if (status.result === 'pass' && !canonBodyLengthLimited)
        return { kind: 'valid', domain: signingDomain.toLowerCase() };
    const [first] = own;
    if (!first) return { kind: 'invalid', text: `no signature is of ${from}` };
    if (own.some(({ status }) => status.result === 'temperror'))
      return { kind: 'unknown', text: 'the key of the signature cannot be looked up' };
    const why = first.canonBodyLengthLimited
      ? 'it leaves a part of the mail out'
      : String(first.status.comment ?? first.status.result);
    return { kind: 'invalid', text: why.slice(0, 100) };
  } catch (error) {
    return {
      kind: 'invalid',
      text: error instanceof Error ? error.message.slice(0, 100) : 'it cannot be read',
    };
  }
}

/** The domain itself, or one above it. */
function isOf(from: string, signer: string): boolean {
  return signer !== '' && (from === signer || from.endsWith(`.${signer}`));
}

function signatures(mail: Uint8Array): number {
  const text = Buffer.from(mail.buffer, mail.byteOffset, mail.length).toString('latin1');
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length;
  return text.slice(0, end).match(/^(?:dkim-signature|arc-[a-z-]+):/gim)?.length ?? 0;
}

async function lookUpKey(resolver: Resolver, name: string, type: string, end: number): Promise<string[][]> {
  const timeoutMs = Math.max(1, end - performance.now());
  if (type !== 'TXT' || timeoutMs <= 1) throw Object.assign(new Error('no time left'), { code: 'ETIMEOUT' });
  const found = await resolver.resolve(Name.fromText(name), RRType.TXT, { timeoutMs });
  if (found.kind === 'failure') throw Object.assign(new Error('the lookup failed'), { code: 'ESERVFAIL' });
  if (found.kind !== 'answer') throw Object.assign(new Error('no such record'), { code: 'ENODATA' });
  return found.records.map(({ rdata }) => {
    const strings = decodeTxt(rdata).strings.map((part) => Buffer.from(part).toString('latin1'));
    return [forReports(strings.join(''))];
  });
}

/** A key that is for reports alone (`s=tlsrpt`) is one for a report; the library knows only of mail. */
function forReports(key: string): string {
  return key.replace(/(^|;)(\s*s\s*=\s*)([^;]*)/, (all, before: string, tag: string, services: string) =>
    services.split(':').some((service) => service.trim() === 'tlsrpt') ? `${before}${tag}*` : all,
  );
}
