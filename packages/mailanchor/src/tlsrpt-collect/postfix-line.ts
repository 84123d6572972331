/**
 * A line of a mail log, taken apart up to the message: when, which process, what it said. Forms: syslog (`Nov 25 19:06:24 host
 * postfix/smtp[2449]: ...`), the same with an ISO 8601 time, Postfix's own maillog_file, and the JSON of `journalctl -o json`.
 *
 * Only smtp(8) counts, which is the process that sends, and tlsproxy(8), which handshakes for it where sessions are reused. Everything is anchored at the beginning of the line: what a remote server said stands
 * further right, and may look like a line of its own.
 */

export interface PostfixLine {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly program: 'smtp' | 'tlsproxy';
  /** The host that logs; several may write into one file. */
  readonly machine: string;
  /** One process there: instance and process id. */
  readonly process: string;
  readonly message: string;
}

/** Characters of a line; what is longer is cut by Postfix and by syslog long before. */
export const LONGEST_LINE = 16_384;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const PLAIN =
  /^(?:<\d{1,3}>)?([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,6})?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)) (\S{1,255}) ([\w./-]{1,128})\[(\d{1,10})\]: (.*)$/;
/** `postfix/smtp`, `postfix-out/smtp`, `postfix/relay/smtp`. */
const SENDING = /(?:^|\/)(smtp|tlsproxy)$/;
/** A line from later than this is one of last year. */
const AHEAD_MS = 2 * 86_400_000;

/** Undefined: not of the processes that send mail. `now`: milliseconds since the epoch; syslog's times have no year. */
export function parsePostfixLine(line: string, now: number): PostfixLine | undefined {
  if (line.length > LONGEST_LINE) return undefined;
  return line.startsWith('{') ? ofJournal(line) : ofSyslog(line, now);
}

function ofSyslog(line: string, now: number): PostfixLine | undefined {
  const parts = PLAIN.exec(line);
  if (!parts) return undefined;
  const [, stamp = '', host = '', tag = '', pid = '', message = ''] = parts;
  const program = SENDING.exec(tag)?.[1] as PostfixLine['program'] | undefined;
  const at = program && timeOf(stamp, now);
  return at === undefined
    ? undefined
    : { at, program: program!, machine: host, process: `${tag}[${pid}]`, message };
}

function timeOf(stamp: string, now: number): number | undefined {
  if (/^\d/.test(stamp)) {
    // Date takes no more than milliseconds, and a colon in the offset.
    const text = stamp.replace(/[.,](\d{1,3})\d*/, '.$1').replace(/([+-]\d\d)(\d\d)$/, '$1:$2');
    const at = Date.parse(text);
    return Number.isNaN(at) ? undefined : at;
  }
  const month = MONTHS.indexOf(stamp.slice(0, 3));
  if (month < 0) return undefined;
  const [day, hour, minute, second] = [
    stamp.slice(4, 6),
    stamp.slice(7, 9),
    stamp.slice(10, 12),
    stamp.slice(13, 15),
  ].map(Number);
  const inYear = (year: number) => new Date(year, month, day!, hour!, minute!, second!).getTime();
  const year = new Date(now).getFullYear();
  const candidates = [inYear(year + 1), inYear(year), inYear(year - 1)];
  return candidates.find((at) => at <= now + AHEAD_MS);
}

/** Fields of systemd.journal-fields(7); one that is not printable text comes as octets. */
function ofJournal(line: string): PostfixLine | undefined {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const tag = textOf(entry['SYSLOG_IDENTIFIER']);
  const message = textOf(entry['MESSAGE']);
  const pid = textOf(entry['SYSLOG_PID']) ?? textOf(entry['_PID']);
  const at = Number(textOf(entry['__REALTIME_TIMESTAMP'])) / 1000;
  if (tag === undefined || message === undefined || pid === undefined || !(at > 0)) return undefined;
  const program = SENDING.exec(tag)?.[1] as PostfixLine['program'] | undefined;
  if (!program) return undefined;
  return { at, program, machine: textOf(entry['_HOSTNAME']) ?? '', process: `${tag}[${pid}]`, message };
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  // A field that was given twice comes as a list of both; only octets are one value.
  const octets =
    Array.isArray(value) && value.every((octet) => Number.isInteger(octet) && octet >= 0 && octet < 256);
  return octets ? Buffer.from(value as number[]).toString('utf8') : undefined;
}
