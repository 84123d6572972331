/** `tlsa:` of the configuration file: the hosts whose TLSA records and keys are looked after. */
import { z } from 'zod';

const text = z.string().min(1);
const port = z.number().int().min(1).max(65535);
const command = z.array(text).min(1);

const nextKey = z
  .enum(['ecdsa', 'rsa-2048', 'rsa-3072', 'rsa-4096'])
  .describe('kind of the key made in advance; default: as the key in use');

const pair = z
  .strictObject({
    label: z
      .string()
      .regex(/^[a-z0-9-]{1,32}$/, 'lower-case letters, digits and - make a label')
      .describe('names the pair among those of the host; default: its kind of key, rsa or ecdsa')
      .optional(),
    certificate: text.describe('PEM, leaf first with its chain, relative to this file'),
    key: text.describe('PEM, the private key, relative to this file'),
    'next-key': nextKey.optional(),
  })
  .describe('a certificate and its key, as whoever renews them writes them');

const host = z
  .strictObject({
    name: text.describe('host name, or *.mx.example.org for MX names under a wildcard'),
    probe: text
      .describe('of a wildcard: the label that is looked up in its place; default mailanchor-probe')
      .optional(),
    ports: z.array(port).min(1).describe('default 25').optional(),
    publisher: text.describe('one of publishers; default: records are published by hand').optional(),
    policy: z
      .enum(['reuse', 'current-next', 'current-issuer'])
      .describe('which records there are; default current-next')
      .optional(),
    ttl: z.number().int().min(1).max(604_800).describe('seconds, of the records; default 3600').optional(),
    matching: z
      .array(z.number().int().min(1).max(2))
      .min(1)
      .describe('matching types: 1 SHA2-256, 2 SHA2-512; default 1')
      .optional(),
    'tlsa-base': z
      .enum(['host', 'target'])
      .describe('of a host that is an alias: where its records belong; default: where they are')
      .optional(),
    certificate: text.describe('of a host with one pair, as in pairs').optional(),
    key: text.describe('of a host with one pair, as in pairs').optional(),
    'next-key': nextKey.optional(),
    pairs: z
      .array(pair)
      .min(1)
      .max(4)
      .describe('of a host with several, one for each kind of key')
      .optional(),
    deploy: z
      .union([z.literal('external'), command])
      .describe(
        'command that puts MAILANCHOR_CERT and MAILANCHOR_KEY where the mail server reads them; external (default): others do',
      )
      .optional(),
    issue: command
      .describe('command that has a certificate made for MAILANCHOR_KEY and written to the files of the pair')
      .optional(),
    unreachable: z
      .array(text)
      .min(1)
      .describe('addresses of the host that this machine cannot reach: taken to present what the others do')
      .optional(),
    others: z
      .enum(['keep', 'remove'])
      .describe('records of keys that are not known here; default keep')
      .optional(),
  })
  .refine((one) => (one.certificate !== undefined && one.key !== undefined) !== (one.pairs !== undefined), {
    error: 'a host has certificate and key, or pairs of them',
  })
  .refine((one) => one.pairs === undefined || (one.certificate ?? one.key ?? one['next-key']) === undefined, {
    error: 'a host has certificate and key, or pairs of them, not both',
  })
  .describe('a mail host');

export const tlsa = z
  .strictObject({
    state: text.describe('folder for keys made in advance and for what was seen, relative to this file'),
    settle: z
      .number()
      .min(0)
      .max(86_400)
      .describe(
        'seconds for which old processes of a mail server may present what they began with; default 300',
      )
      .optional(),
    interval: z
      .number()
      .min(1)
      .max(86_400)
      .describe('seconds between looks of `tlsa roll --follow`; default 60')
      .optional(),
    hosts: z.array(host).min(1).describe('the hosts'),
  })
  .describe('settings of `mailanchor tlsa plan`, `roll`, `status` and `hook`');

export type HostConfig = z.infer<typeof host>;
