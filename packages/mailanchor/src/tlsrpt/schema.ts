/** The file of counts and reports. Steps are added at the end, and never changed once released. */
import type { DatabaseKind } from '../store/database.ts';

/**
 * - `day`: what one UTC day came to, over all domains
 * - `domain`: one recipient domain on one day, and what became of its report. `spread` places it within the sending window. `state`:
 *   `counting` until its report is composed, then `open` while a destination is due, `sent` once one has it (and none is due any more),
 *   `failed`, or `unwanted` where the domain asks for no reports; `next_at` is when one that is `counting` is looked at again, after a
 *   lookup that failed.
 *   From `open` on nothing is counted into it any more.
 * - `policy`, `detail`: the counts of rfc8460#section-4.2 and below. Empty text: not known
 * - `told`: ids of events that have been counted, so that none is counted twice
 * - `delivery`: one report to one address. `state`: `due`, `sending` (until `next_at`, or its sender died), `sent`, `failed`.
 *   `mail_domain`: of the address, where it is one. `interrupted`: times that a sender died, or was stopped, while it was sending
 */
const FIRST = `
CREATE TABLE day (
  day INTEGER PRIMARY KEY,
  domains INTEGER NOT NULL DEFAULT 0,
  beyond INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE domain (
  id INTEGER PRIMARY KEY,
  day INTEGER NOT NULL,
  domain TEXT NOT NULL,
  spread INTEGER NOT NULL,
  touched_at INTEGER NOT NULL,
  policies INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'counting',
  attempts INTEGER NOT NULL DEFAULT 0,
  first_at INTEGER,
  next_at INTEGER,
  text TEXT NOT NULL DEFAULT '',
  report_id TEXT,
  composed_at INTEGER,
  report BLOB,
  UNIQUE (day, domain)
) STRICT;
CREATE INDEX domain_by_state ON domain (state, day, spread);
CREATE TABLE policy (
  id INTEGER PRIMARY KEY,
  domain INTEGER NOT NULL REFERENCES domain ON DELETE CASCADE,
  key BLOB NOT NULL,
  type TEXT NOT NULL,
  policy_domain TEXT NOT NULL,
  strings TEXT NOT NULL,
  mx_hosts TEXT NOT NULL,
  successes INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  details INTEGER NOT NULL DEFAULT 0,
  UNIQUE (domain, key)
) STRICT;
CREATE TABLE detail (
  id INTEGER PRIMARY KEY,
  policy INTEGER NOT NULL REFERENCES policy ON DELETE CASCADE,
  result_type TEXT NOT NULL,
  sending_ip TEXT NOT NULL,
  mx_hostname TEXT NOT NULL,
  mx_helo TEXT NOT NULL,
  receiving_ip TEXT NOT NULL,
  reason_code TEXT NOT NULL,
  information TEXT NOT NULL,
  sessions INTEGER NOT NULL DEFAULT 0,
  UNIQUE (policy, result_type, sending_ip, mx_hostname, mx_helo, receiving_ip, reason_code, information)
) STRICT;
CREATE TABLE told (
  id TEXT PRIMARY KEY,
  day INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX told_by_day ON told (day);
CREATE TABLE delivery (
  id INTEGER PRIMARY KEY,
  domain INTEGER NOT NULL REFERENCES domain ON DELETE CASCADE,
  rua TEXT NOT NULL,
  mail_domain TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'due',
  attempts INTEGER NOT NULL DEFAULT 0,
  interrupted INTEGER NOT NULL DEFAULT 0,
  first_at INTEGER,
  next_at INTEGER NOT NULL,
  ended_at INTEGER,
  text TEXT NOT NULL DEFAULT '',
  UNIQUE (domain, rua)
) STRICT;
CREATE INDEX delivery_by_state ON delivery (state, next_at);
CREATE INDEX delivery_by_mail_domain ON delivery (mail_domain, ended_at);
`;

/**
 * - `source`: how far each log has been counted, and what was not settled there; opaque here
 * - `unclear`: sessions that a log told of and that could not be counted, by day and reason
 */
const SOURCES = `
CREATE TABLE source (
  name TEXT PRIMARY KEY,
  position TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE unclear (
  day INTEGER NOT NULL,
  reason TEXT NOT NULL,
  sessions INTEGER NOT NULL,
  PRIMARY KEY (day, reason)
) STRICT, WITHOUT ROWID;
`;

export const TLSRPT_DATABASE: DatabaseKind = {
  name: 'TLS report counts',
  // "MAtr"
  applicationId: 0x4d417472,
  migrations: [FIRST, SOURCES],
};
