/** What the API of PowerDNS answers, as far as it is looked at; every field is checked. */
import { tlsaFromText } from '@mailanchor/dane';
import { DnsError, Name, type TlsaData } from '@mailanchor/dns';
import { z } from 'zod';
import { printable } from '../terminal/printable.ts';
import type { JsonReply } from './json-request.ts';

export interface PowerDnsZone {
  /** `Native`, `Master`, `Slave`, `Primary`, `Secondary`, `Producer`, `Consumer`. */
  readonly role: string;
  readonly signed: boolean;
  /** Signed elsewhere. */
  readonly presigned: boolean;
  /** Whether it rectifies the zone by itself after a change. */
  readonly rectifies: boolean;
  /** Whether there is a CNAME at the owner. */
  readonly hasAlias: boolean;
  /** TLSA records at the owner that are not disabled. */
  readonly records: readonly TlsaData[];
  /** Seconds. */
  readonly ttl: number | undefined;
}

const zoneReply = z.object({
  kind: z.string(),
  dnssec: z.boolean().optional(),
  presigned: z.boolean().optional(),
  api_rectify: z.boolean().optional(),
  rrsets: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      ttl: z.number().int().optional(),
      records: z.array(z.object({ content: z.string(), disabled: z.boolean().optional() })),
    }),
  ),
});

/** Undefined where it is no zone. Servers may leave out what is not at the owner, or not. */
export function readZone(body: unknown, owner: Name): PowerDnsZone | undefined {
  const reply = zoneReply.safeParse(body);
  if (!reply.success) return undefined;
  const { kind, dnssec, presigned, api_rectify, rrsets } = reply.data;
  const own = rrsets.filter(({ name }) => isName(name, owner));
  const set = own.find(({ type }) => type === 'TLSA');
  try {
    const active = (set?.records ?? []).filter(({ disabled }) => disabled !== true);
    return {
      role: kind,
      signed: dnssec ?? false,
      presigned: presigned ?? false,
      rectifies: api_rectify ?? false,
      hasAlias: own.some(({ type, records }) => type === 'CNAME' && records.length > 0),
      records: active.map(({ content }) => tlsaFromText(content)),
      ttl: active.length > 0 ? set?.ttl : undefined,
    };
  } catch {
    return undefined;
  }
}

function isName(text: string, owner: Name): boolean {
  try {
    return Name.fromText(text).equals(owner);
  } catch (error) {
    if (error instanceof DnsError) return false;
    throw error;
  }
}

const errorReply = z.object({ error: z.string() });

/** `HTTP 422: RRset ... Conflicts with pre-existing RRset`, made printable. */
export function errorText({ status, body }: JsonReply): string {
  const reply = errorReply.safeParse(body);
  return `HTTP ${status}${reply.success ? `: ${printable(reply.data.error).slice(0, 300)}` : ''}`;
}
