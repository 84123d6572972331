/** `tlsrpt-collect:` of the configuration file: where sessions are told of, for TLS reports (RFC 8460). */
import { z } from 'zod';

const text = z.string().min(1);

export const tlsrptCollect = z
  .strictObject({
    database: text.describe('file of counts; default that of the section tlsrpt').optional(),
    log: z.array(text).describe('log files of Postfix, relative to this file').optional(),
    journal: z.boolean().describe('whether the journal of systemd is read').optional(),
    'from-end': z.boolean().describe('whether what a new log holds already is passed over').optional(),
    listen: text.describe('unix:/path of the socket for programs that tell events').optional(),
    metrics: text.describe('ADDR:PORT of /metrics and /healthz').optional(),
    'sts-port': z
      .number()
      .int()
      .min(1)
      .max(65535)
      .describe('port of MTA-STS policy hosts, for labs; default 443')
      .optional(),
    'sts-ca': text.describe('PEM file of CAs for MTA-STS policy hosts, relative to this file').optional(),
    'sts-private-addresses': z
      .boolean()
      .describe('whether policies are fetched from addresses that are not on the Internet')
      .optional(),
  })
  .describe('settings of `mailanchor tlsrpt collect`');
