/** `tlsrpt-read:` of the configuration file: TLS reports that others send us (RFC 8460). */
import { z } from 'zod';

const text = z.string().min(1);

export const tlsrptRead = z
  .strictObject({
    database: text.describe('file of the reports, relative to this file').optional(),
    domain: z
      .array(text)
      .describe('our domains, each with all below it; reports on others are refused')
      .optional(),
    maildir: z.array(text).describe('Maildirs that reports come to, relative to this file').optional(),
    retention: z.number().int().min(1).max(3650).describe('days for which reports are kept').optional(),
    signatures: z.boolean().describe('false: signatures of mails are not looked at').optional(),
    listen: text.describe('ADDR:PORT that reports are posted to').optional(),
    path: text.describe('path that reports are posted to').optional(),
    'tls-cert': text.describe('PEM file, relative to this file; without it plain HTTP').optional(),
    'tls-key': text.describe('PEM file, relative to this file').optional(),
    metrics: text.describe('ADDR:PORT of /metrics and /healthz').optional(),
  })
  .describe('settings of `mailanchor tlsrpt read`, `listen` and `reports`');
