/** Ways to change what servers answer, to be put together: `on('www.example. A', answers(unsigned))`. */
import {
  decodeRrsig,
  encodeRrsig,
  type Message,
  Name,
  type ResourceRecord,
  RRType,
  type RrsigData,
  rrTypeFromText,
} from '@mailanchor/dns';
import type { Hook } from './network.ts';
import type { World } from './world.ts';

/** A question as text, `www.example. A`. */
export function question(text: string): { name: Name; type: number } {
  const [name, type] = text.split(' ');
  return { name: Name.fromText(name!), type: rrTypeFromText(type!)! };
}

/** What is done to a world before it is asked. */
export type Change = (world: World) => void;

export function on(asked: string, hook: Hook, server?: string): Change {
  const { name, type } = question(asked);
  return (world) => world.network.on(name, type, hook, server);
}

export function all(...changes: readonly Change[]): Change {
  return (world) => {
    for (const change of changes) change(world);
  };
}

/** One hook after the other. */
export function both(...hooks: readonly Hook[]): Hook {
  return (message, query, server) => {
    let current: Message = message;
    for (const hook of hooks) {
      const next = hook(current, query, server);
      if (next === 'silent') return next;
      current = next ?? current;
    }
    return current;
  };
}

export type Edit = (records: readonly ResourceRecord[]) => readonly ResourceRecord[];

export const answers =
  (...edits: readonly Edit[]): Hook =>
  (message) => ({ ...message, answers: edits.reduce((records, edit) => edit(records), message.answers) });

export const authorities =
  (...edits: readonly Edit[]): Hook =>
  (message) => ({
    ...message,
    authorities: edits.reduce((records, edit) => edit(records), message.authorities),
  });

export const additionals =
  (...edits: readonly Edit[]): Hook =>
  (message) => ({
    ...message,
    additionals: edits.reduce((records, edit) => edit(records), message.additionals),
  });

export const header =
  (fields: Partial<Message>): Hook =>
  (message) => ({ ...message, ...fields });

/** Records of the types away, and the RRSIGs that cover them. */
export const without =
  (...types: readonly string[]): Edit =>
  (records) => {
    const numbers = types.map((type) => rrTypeFromText(type)!);
    return records.filter(
      (record) =>
        !numbers.includes(record.type) &&
        !(record.type === RRType.RRSIG && numbers.includes(decodeRrsig(record.rdata).typeCovered)),
    );
  };

export const unsigned: Edit = (records) => records.filter(({ type }) => type !== RRType.RRSIG);

export const nothing: Edit = () => [];

export const plus =
  (...more: readonly ResourceRecord[]): Edit =>
  (records) => [...records, ...more];

export const instead =
  (...others: readonly ResourceRecord[]): Edit =>
  () =>
    others;

/** Away what is owned by the name. */
export const notAt =
  (name: string): Edit =>
  (records) =>
    records.filter((record) => !record.name.equals(Name.fromText(name)));

/** The same data, under another name. */
export const movedTo =
  (name: string): Edit =>
  (records) =>
    records.map((record) => ({ ...record, name: Name.fromText(name) }));

export const withTtl =
  (ttl: number): Edit =>
  (records) =>
    records.map((record) => ({ ...record, ttl }));

/** Flips one bit in the data of the first record of the type; `octet` counts from the end where negative. */
export const flipped =
  (type: string, octet = -1): Edit =>
  (records) => {
    const at = records.findIndex((record) => record.type === rrTypeFromText(type));
    return records.map((record, i) => {
      if (i !== at) return record;
      const rdata = Uint8Array.from(record.rdata);
      rdata[octet < 0 ? rdata.length + octet : octet]! ^= 1;
      return { ...record, rdata };
    });
  };

/** Changes fields of the RRSIGs without signing anew. */
export const rrsig =
  (fields: Partial<RrsigData>): Edit =>
  (records) =>
    records.map((record) =>
      record.type === RRType.RRSIG
        ? { ...record, rdata: encodeRrsig({ ...decodeRrsig(record.rdata), ...fields }) }
        : record,
    );
