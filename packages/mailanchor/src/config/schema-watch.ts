/** `watch:` of the configuration file: what is watched, how often, and who is told what. */
import { z } from 'zod';

const text = z.string().min(1);
const duration = z
  .union([text, z.number().positive()])
  .describe('such as 90s, 15m, 2h, 7d; a bare number is seconds');
const severity = z.enum(['error', 'warning', 'notice', 'info']);
const least = severity.describe('findings below this severity are not told; default warning');
const timeout = z.number().positive().max(600).describe('seconds for one attempt; default 30').optional();
const command = z.array(text).min(1).describe('a program and its arguments; no shell reads them');

const target = z.union([
  text.describe('a target of `mailanchor check`'),
  z.strictObject({
    target: text.describe('a target of `mailanchor check`'),
    interval: duration.optional(),
    severity: least.optional(),
    ignore: z.array(text).describe('codes of findings that are not told').optional(),
  }),
]);

const quietHours = z
  .strictObject({
    from: text.describe('HH:MM'),
    to: text.describe('HH:MM; before `from`: of the next day'),
    zone: text.describe('time zone, such as Europe/Berlin; default UTC').optional(),
    days: z
      .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
      .min(1)
      .describe('days on which they begin; default all')
      .optional(),
    'let-through': severity.describe('what is told all the same, and graver; default error').optional(),
  })
  .describe('hours in which only what is grave is told; the rest waits for their end');

const mail = z
  .strictObject({
    kind: z.literal('mail'),
    to: z.array(text).min(1).describe('addresses'),
    from: text.describe('address').optional(),
    server: text.describe('HOST or HOST:PORT of an SMTP server; default localhost:25').optional(),
    tls: z
      .enum(['may', 'require', 'implicit', 'none'])
      .describe(
        'may: STARTTLS where it is offered, nobody verified; require, implicit: verified; default may',
      )
      .optional(),
    ca: text.describe('PEM file of CAs for the server, relative to this file').optional(),
    user: text.optional(),
    'password-file': text.describe('relative to this file').optional(),
    sendmail: text.describe('path of a sendmail program to use instead of a server').optional(),
    severity: least.optional(),
    timeout,
  })
  .describe('a mail for the changes of a minute');

const webhook = z
  .strictObject({
    kind: z.literal('webhook'),
    url: text.describe('https, or http on loopback'),
    'secret-file': text
      .describe('file of the secret that requests are signed with, relative to this file')
      .optional(),
    ca: text.describe('PEM file of CAs for the server, relative to this file').optional(),
    severity: least.optional(),
    timeout,
  })
  .describe('a POST of JSON, signed');

const exec = z
  .strictObject({ kind: z.literal('exec'), command, severity: least.optional(), timeout })
  .describe('a command of your own, which gets JSON on its standard input');

const name = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, - and _ make the name of a channel');
const times = (what: string) => z.number().int().min(1).max(100).describe(what).optional();

export const watch = z
  .strictObject({
    state: text.describe('file of the history, relative to this file').optional(),
    targets: z.array(target).min(1).describe('what is watched'),
    interval: duration.describe('between two checks of a target; default 15m').optional(),
    retry: duration.describe('until a change is looked at again; default 1m').optional(),
    'confirm-after': times('looks in a row that must see a problem before it is told; default 2'),
    'resolve-after': times('looks in a row that must not see it before that is told; default 2'),
    calm: duration
      .describe('without a problem that comes and goes, before it counts as resolved; default 3h')
      .optional(),
    remind: duration.describe('between reminders of what is still there; default none').optional(),
    group: duration.describe('that changes wait for others to be told with; default 1m').optional(),
    severity: least.optional(),
    ignore: z.array(text).describe('codes of findings that are not told, of any target').optional(),
    days: z.number().int().min(1).max(3650).describe('days ahead that are looked at; default 14').optional(),
    parallel: z.number().int().min(1).max(256).describe('targets checked at a time; default 8').optional(),
    history: duration.describe('for which results are kept; default 90d').optional(),
    'quiet-hours': quietHours.optional(),
    channels: z
      .record(name, z.discriminatedUnion('kind', [mail, webhook, exec]))
      .describe('who is told')
      .optional(),
    metrics: text.describe('ADDR or ADDR:PORT of /metrics and /healthz').optional(),
  })
  .describe('settings of `mailanchor watch`');

export type WatchConfig = z.infer<typeof watch>;
export type ChannelConfig = NonNullable<WatchConfig['channels']>[string];
