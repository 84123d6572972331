/** `tlsrpt:` of the configuration file: counts of TLS sessions, and the reports on them (RFC 8460). */
import { z } from 'zod';

const text = z.string().min(1);
const port = z.number().int().min(1).max(65535);

const smarthost = z
  .strictObject({
    host: text.describe('name or address of the server that takes our mail on'),
    port: port.describe('default 25; 587 with a user, 465 with tls: implicit').optional(),
    tls: z
      .enum(['may', 'require', 'implicit', 'none'])
      .describe(
        'may: where it is offered, any certificate; require: verified; default may, with a user require',
      )
      .optional(),
    user: text.optional(),
    'password-file': text
      .describe('file that holds the password and nothing else, relative to this file')
      .optional(),
    ca: text.describe('PEM file of CAs, relative to this file; default the public ones').optional(),
    helo: text.describe('name to greet with').optional(),
  })
  .describe('where reports are handed in that go by mail');

const dkim = z
  .strictObject({
    domain: text.describe('the domain of from, or one above it'),
    selector: text.describe('its record should say s=email:tlsrpt'),
    key: text.describe('PEM file of an RSA key, relative to this file'),
  })
  .describe('signs reports that go by mail; leave it out where the smarthost signs');

/** Settings of all `tlsrpt` commands. */
export const tlsrpt = z
  .strictObject({
    database: text.describe('file of counts and reports, relative to this file').optional(),
    'organization-name': text.describe('who reports').optional(),
    'contact-info': text.describe('mail address of whoever answers questions on reports').optional(),
    from: text.describe('sender of reports that go by mail; default contact-info').optional(),
    smarthost: smarthost.optional(),
    sendmail: text.describe('path of a sendmail program, in place of a smarthost').optional(),
    dkim: dkim.optional(),
    retention: z
      .number()
      .int()
      .min(1)
      .max(3650)
      .describe('days for which counts and reports are kept')
      .optional(),
    window: z
      .number()
      .int()
      .min(0)
      .max(20)
      .describe('hours after midnight UTC over which reports are spread')
      .optional(),
    settle: z
      .number()
      .int()
      .min(0)
      .max(240)
      .describe('minutes for which late events are waited for')
      .optional(),
    'minimum-sessions': z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .describe('a day with fewer is not reported')
      .optional(),
    exclude: z.array(text).describe('domains that get no report').optional(),
    rua: z.array(text).describe('addresses in place of those that domains publish: for trials').optional(),
    'https-ca': text
      .describe('PEM file of CAs for https:, relative to this file; default the public ones')
      .optional(),
    'https-private-addresses': z
      .boolean()
      .describe('whether reports go to addresses that are not on the Internet')
      .optional(),
    metrics: text.describe('ADDR:PORT of /metrics and /healthz of `tlsrpt send`').optional(),
  })
  .describe('settings of `mailanchor tlsrpt`');
