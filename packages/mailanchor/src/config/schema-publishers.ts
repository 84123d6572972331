/** `publishers:` of the configuration file: how TLSA records get into the zones. */
import { z } from 'zod';

const text = z.string().min(1);
const timeout = z.number().positive().max(600).describe('seconds for one change; default 30').optional();
const command = z.array(text).min(1).describe('a program and its arguments; no shell reads them');

const rfc2136 = z
  .strictObject({
    kind: z.literal('rfc2136'),
    server: text.describe('ADDR or ADDR:PORT of the primary server, port 53 where none is given'),
    'tsig-key': text.describe(
      'file of the key as tsig-keygen or keymgr prints it, or alg:name:secret; relative to this file',
    ),
    timeout,
  })
  .describe('dynamic updates (RFC 2136) signed with TSIG: BIND, Knot, PowerDNS');

const powerdns = z
  .strictObject({
    kind: z.literal('powerdns'),
    url: text.describe('of the web server, such as http://127.0.0.1:8081; https unless it is on loopback'),
    'api-key-file': text.describe('file that holds the API key and nothing else, relative to this file'),
    'server-id': text.describe('default localhost').optional(),
    ca: text.describe('PEM file of CAs for https, relative to this file').optional(),
    timeout,
  })
  .describe('the HTTP API of PowerDNS');

const snippet = z
  .strictObject({
    kind: z.literal('snippet'),
    file: text.describe('zone file snippet that Mailanchor alone writes, relative to this file'),
    serial: command.describe('run after the file is written, before the reload: bumps the serial').optional(),
    reload: command.describe('has the server read the zone again; the file is put back where it fails'),
    timeout,
  })
  .describe('a file that the zone file includes, and a command that reloads the zone');

const exec = z
  .strictObject({ kind: z.literal('exec'), command, timeout })
  .describe('a command of your own, which gets the change as JSON on its standard input');

export const publishers = z
  .record(
    z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, - and _ make the name of a publisher'),
    z.discriminatedUnion('kind', [rfc2136, powerdns, snippet, exec]),
  )
  .describe('how TLSA records get into the zones, by a name of your own');

export type PublisherConfig = z.infer<typeof publishers>[string];
