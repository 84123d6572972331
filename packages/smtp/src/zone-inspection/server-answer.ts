/** From a server's message to what it says: the outcome by the message itself, the status by the chain of trust. */
import {
  DnsError,
  decodeNsec3,
  decodeRrsig,
  type Message,
  type Name,
  Rcode,
  type ResourceRecord,
  RRType,
} from '@mailanchor/dns';
import type { ResponseJudgement, ResponseQuestion } from '@mailanchor/dnssec';
import type { ServerReply } from './server-asker.ts';
import type { AuthoritativeServer, SeenSignature, ServerAnswer } from './zone-inspection.ts';

export type Judge = (message: Message, question: ResponseQuestion) => Promise<ResponseJudgement>;

/** Signatures of one message that are looked at; an honest one has a dozen. */
const MAX_SIGNATURES = 64;

export async function readAnswer(
  reply: ServerReply,
  server: AuthoritativeServer,
  question: ResponseQuestion,
  judge: Judge,
): Promise<ServerAnswer> {
  const { name, type } = question;
  const asked = { server, name, type };
  if (reply.kind !== 'message') return { ...asked, outcome: reply.kind, text: reply.text };
  const { message } = reply;
  const { rcode } = message;
  if (rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN) return { ...asked, outcome: 'refused', rcode };
  const { kind, status, reason } = await judge(message, question);
  if (kind === 'referral') return { ...asked, outcome: 'referral' };
  const own = message.answers.filter((record) => record.type === type && record.name.equals(name));
  const aliases = message.answers.filter((record) => isAlias(record, name));
  const records = own.length > 0 ? own : aliases;
  const outcome =
    own.length > 0
      ? 'answer'
      : aliases.length > 0
        ? 'alias'
        : rcode === Rcode.NXDOMAIN
          ? 'nxdomain'
          : 'nodata';
  return {
    ...asked,
    outcome,
    authoritative: message.aa,
    status,
    ...(reason && { reason }),
    records,
    ttl: records.reduce((least, { ttl }) => Math.min(least, ttl), records[0]?.ttl ?? 0),
    signatures: signaturesOf(message),
    nsec3Iterations: iterationsOf(message),
  };
}

function isAlias({ type, name: owner }: ResourceRecord, name: Name): boolean {
  return (type === RRType.CNAME && owner.equals(name)) || (type === RRType.DNAME && name.isBelow(owner));
}

function signaturesOf({ answers, authorities }: Message): SeenSignature[] {
  const signatures: SeenSignature[] = [];
  for (const { name: owner, type, rdata } of [...answers, ...authorities]) {
    if (type !== RRType.RRSIG || signatures.length >= MAX_SIGNATURES) continue;
    try {
      const { typeCovered, keyTag, signer, inception, expiration } = decodeRrsig(rdata);
      signatures.push({ owner, typeCovered, keyTag, signer, inception, expiration, rdata });
    } catch (error) {
      // A signature that cannot be read signs nothing: validation says so.
      if (!(error instanceof DnsError)) throw error;
    }
  }
  return signatures;
}

function iterationsOf({ authorities }: Message): number {
  let most = 0;
  for (const { type, rdata } of authorities) {
    if (type !== RRType.NSEC3) continue;
    try {
      most = Math.max(most, decodeNsec3(rdata).iterations);
    } catch (error) {
      if (!(error instanceof DnsError)) throw error;
    }
  }
  return most;
}
