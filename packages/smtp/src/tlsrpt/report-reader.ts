/** Fields of a report that may be anything: each is read as what it should be, and what is wrong with it is noted once. */
import { printable } from '../printable.ts';

export type Fields = Readonly<Record<string, unknown>>;

const NOTHING: Fields = {};
const MAX_NOTES = 50;

export class ReportReader {
  readonly #notes = new Set<string>();

  get notes(): readonly string[] {
    return [...this.#notes];
  }

  note(text: string): void {
    if (this.#notes.size < MAX_NOTES) this.#notes.add(text);
  }

  asObject(value: unknown, what: string): Fields | undefined {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
    this.note(`${what} is no object`);
    return undefined;
  }

  /** An object, empty where there is none. */
  object(fields: Fields, key: string): Fields {
    return this.asObject(own(fields, key), key) ?? NOTHING;
  }

  /** Undefined where it is absent. One object in place of a list is a list of one. */
  list(fields: Fields, key: string, limit: number): readonly unknown[] | undefined {
    const value = own(fields, key);
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) {
      this.note(`${key} is no list`);
      return typeof value === 'object' ? [value] : undefined;
    }
    if (value.length > limit) this.note(`${key} has more than ${limit} entries; the rest is not read`);
    return value.slice(0, limit);
  }

  /** Printable; empty where it is absent. */
  text(fields: Fields, key: string, maxLength: number, need: 'required' | 'optional'): string {
    const value = own(fields, key);
    if (value === undefined || value === null || value === '') {
      if (need === 'required') this.note(`${key} is missing`);
      return '';
    }
    if (typeof value !== 'string') this.note(`${key} is no string`);
    const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
    return printable(text, maxLength);
  }

  /** A list of strings; one string is a list of one. */
  texts(fields: Fields, key: string, limit: number, maxLength: number): string[] {
    const value = own(fields, key);
    if (value === undefined || value === null) return [];
    if (typeof value === 'string') {
      this.note(`${key} is a string, not a list of strings`);
      return value === '' ? [] : [printable(value, maxLength)];
    }
    return (this.list(fields, key, limit) ?? []).flatMap((one) => {
      if (typeof one === 'string') return [printable(one, maxLength)];
      this.note(`${key} holds something else than strings`);
      return [];
    });
  }

  /** A number of sessions; 0 where there is none. */
  count(fields: Fields, key: string): number {
    const value = own(fields, key);
    const digits = typeof value === 'string' && /^\d{1,15}$/.test(value);
    if (digits) this.note(`${key} is a string, not a number`);
    const number = digits ? Number(value) : value;
    if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
    this.note(value === undefined ? `${key} is missing` : `${key} is no number of sessions`);
    return 0;
  }

  /** Milliseconds since the epoch. A time without zone is taken for UTC. */
  time(fields: Fields, key: string): number | undefined {
    const value = own(fields, key);
    const match =
      typeof value === 'string'
        ? /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d(?:\.\d+)?))?(Z|[+-]\d\d:\d\d)?$/i.exec(value.trim())
        : null;
    const [, date, time, zone] = match ?? [];
    const at = match ? Date.parse(`${date}T${time ?? '00:00:00'}${zone?.toUpperCase() ?? 'Z'}`) : Number.NaN;
    if (Number.isNaN(at)) {
      this.note(value === undefined ? `${key} is missing` : `${key} is no time`);
      return undefined;
    }
    if (!time || !zone) this.note(`${key} has no ${time ? 'zone' : 'time of day'}`);
    return at;
  }
}

/** Never what an object inherits. */
function own(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}
