/** The configuration file, as `mailanchor config schema` prints it. Settings bear the names of the options that they stand for. */
import { z } from 'zod';
import { publishers } from './schema-publishers.ts';
import { tlsa } from './schema-tlsa.ts';
import { tlsrpt } from './schema-tlsrpt.ts';
import { tlsrptCollect } from './schema-tlsrpt-collect.ts';
import { tlsrptRead } from './schema-tlsrpt-read.ts';
import { watch } from './schema-watch.ts';

const text = z.string().min(1);
/** What a YAML author may write with or without quotes. */
const scalar = z.union([text, z.number()]);
const port = z.number().int().min(1).max(65535);

const check = z
  .strictObject({
    port: port.describe('SMTP port of mail hosts').optional(),
    connect: z.boolean().describe('false: DNS only, as --no-connect').optional(),
    'from-address': z
      .union([text, z.array(text).min(1).max(2)])
      .describe('local address to connect to mail hosts from; or one IPv4 and one IPv6 address')
      .optional(),
    helo: text.describe('name to greet with').optional(),
    'sts-port': port.describe('port of MTA-STS policy hosts, for labs; default 443').optional(),
    'sts-ca': text.describe('PEM file of CAs for MTA-STS policy hosts, relative to this file').optional(),
    'sts-private-addresses': z
      .boolean()
      .describe('whether policies are fetched from addresses that are not on the Internet')
      .optional(),
    parallel: z.number().int().min(1).max(256).describe('targets checked at a time').optional(),
    days: z.number().int().min(1).max(3650).describe('days ahead that are looked at').optional(),
    'tls-versions': z.boolean().describe('whether hosts are asked for older versions of TLS too').optional(),
    servers: z
      .enum(['all', 'one'])
      .describe('whether every authoritative server is asked by itself')
      .optional(),
  })
  .describe('settings of `mailanchor check`');

const place = text.describe('ADDR or ADDR:PORT');

const service = z
  .strictObject({
    listen: z.array(place).describe('UDP and TCP').optional(),
    'listen-tls': z.array(place).describe('DNS over TLS').optional(),
    'tls-cert': text.describe('PEM file, relative to this file').optional(),
    'tls-key': text.describe('PEM file, relative to this file').optional(),
    allow: z.array(text).describe('networks that may ask').optional(),
    metrics: place.describe('ADDR:PORT of /metrics and /healthz').optional(),
    state: text.describe('folder for the cache between runs, relative to this file').optional(),
    'trust-anchor-state': text
      .describe(
        'file in which trust anchors follow their rollovers (RFC 5011), relative to this file; none: nowhere',
      )
      .optional(),
    'cache-size': z.number().int().min(1).max(65536).describe('MiB').optional(),
    'max-queries': z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .describe('questions under way at a time')
      .optional(),
    'max-queries-per-client': z.number().int().min(1).max(1_000_000).describe('of one address').optional(),
  })
  .describe('settings of `mailanchor resolver`');

const override = z
  .strictObject({
    domain: text.describe('a domain, .domain for all below it, or [host]:port'),
    policy: text.describe('as in smtp_tls_policy_maps of Postfix; default: what Postfix does by itself'),
    reason: text.describe('why there is an exception'),
    expires: scalar.describe('when it ends: ISO 8601 or epoch seconds'),
  })
  .describe('a policy set by hand');

const listener = text.describe('ADDR, ADDR:PORT or unix:/path');

const policyService = z
  .strictObject({
    listen: z.array(listener).describe('socketmap').optional(),
    'tcp-table': z.array(listener).describe('tcp_table').optional(),
    allow: z.array(text).describe('networks that may ask').optional(),
    control: text.describe('path of the socket for query, dump and purge').optional(),
    metrics: place.describe('ADDR:PORT of /metrics and /healthz').optional(),
    state: text.describe('folder for the cache between runs, relative to this file').optional(),
    'cache-entries': z.number().int().min(1).max(10_000_000).describe('answers kept').optional(),
    'max-lookups': z.number().int().min(1).max(100_000).describe('lookups under way at a time').optional(),
    'max-connections': z.number().int().min(1).max(1_000_000).describe('clients connected').optional(),
    'sts-port': port.describe('port of MTA-STS policy hosts, for labs; default 443').optional(),
    'sts-ca': text.describe('PEM file of CAs for MTA-STS policy hosts, relative to this file').optional(),
    'sts-private-addresses': z
      .boolean()
      .describe('whether policies are fetched from addresses that are not on the Internet')
      .optional(),
    'partial-dane': z
      .enum(['dane', 'sts'])
      .describe('which counts where some hosts have TLSA records and MTA-STS is enforced')
      .optional(),
    'tlsrpt-attributes': z
      .boolean()
      .describe('whether every answer bears attributes for TLS reports; Postfix 3.10 and later')
      .optional(),
    overrides: z.array(override).describe('policies set by hand').optional(),
  })
  .describe('settings of `mailanchor policy`');

export const configSchema = z
  .strictObject({
    resolver: text.describe('iterate, or the address of a resolver to ask').optional(),
    'forward-zone': z.array(text).describe('ZONE=ADDRESS, one entry each').optional(),
    'qname-minimisation': z.enum(['on', 'relaxed', 'off']).describe('RFC 9156').optional(),
    'root-hints': text.describe('file of root servers, relative to this file').optional(),
    'trust-anchor': text.describe('file of DS or DNSKEY records, relative to this file').optional(),
    'dns-port': port.describe('port of authoritative servers').optional(),
    at: scalar.describe('the clock starts at this time').optional(),
    'insecure-zone': z.array(text).describe('negative trust anchors, RFC 7646').optional(),
    'nsec3-iterations': z
      .number()
      .int()
      .min(0)
      .max(65535)
      .describe('above this a zone counts as insecure')
      .optional(),
    timeout: z.number().positive().max(3600).describe('seconds for one target').optional(),
    check: check.optional(),
    'resolver-service': service.optional(),
    'policy-service': policyService.optional(),
    publishers: publishers.optional(),
    tlsrpt: tlsrpt.optional(),
    'tlsrpt-collect': tlsrptCollect.optional(),
    watch: watch.optional(),
    tlsa: tlsa.optional(),
    'tlsrpt-read': tlsrptRead.optional(),
  })
  .describe('Mailanchor configuration');

export type Config = z.infer<typeof configSchema>;
