/** The file of reports that others sent. Steps are added at the end, and never changed once released. */
import type { DatabaseKind } from '../store/database.ts';

/**
 * - `report`: `trusted` is 1 where the reporter is known to have sent it: by mail with a signature, or where the RFC asks for none. `key`: its
 *   reporter, id, day and domains; of two with one key and the same trust the second is the same report again
 * - `policy`, `failure`: its counts. Empty text: not said
 * - `seen`: mails of a Maildir that have been read, by the part of their name that stays
 */
const FIRST = `
CREATE TABLE report (
  id INTEGER PRIMARY KEY,
  key BLOB NOT NULL,
  trusted INTEGER NOT NULL,
  organization TEXT NOT NULL,
  contact TEXT NOT NULL,
  report_id TEXT NOT NULL,
  start_at INTEGER NOT NULL,
  end_at INTEGER NOT NULL,
  source TEXT NOT NULL,
  signature TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  notes TEXT NOT NULL,
  UNIQUE (key, trusted)
) STRICT;
CREATE INDEX report_by_start ON report (start_at);
CREATE INDEX report_by_received ON report (received_at);
CREATE TABLE policy (
  id INTEGER PRIMARY KEY,
  report INTEGER NOT NULL REFERENCES report ON DELETE CASCADE,
  type TEXT NOT NULL,
  domain TEXT NOT NULL,
  strings TEXT NOT NULL,
  mx_hosts TEXT NOT NULL,
  successes INTEGER NOT NULL,
  failures INTEGER NOT NULL
) STRICT;
CREATE INDEX policy_by_report ON policy (report);
CREATE TABLE failure (
  id INTEGER PRIMARY KEY,
  policy INTEGER NOT NULL REFERENCES policy ON DELETE CASCADE,
  result_type TEXT NOT NULL,
  mx_hostname TEXT NOT NULL,
  mx_helo TEXT NOT NULL,
  receiving_ip TEXT NOT NULL,
  sending_ip TEXT NOT NULL,
  reason_code TEXT NOT NULL,
  information TEXT NOT NULL,
  sessions INTEGER NOT NULL
) STRICT;
CREATE INDEX failure_by_policy ON failure (policy);
CREATE TABLE seen (
  name TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

export const RECEIVED_DATABASE: DatabaseKind = {
  name: 'received TLS reports',
  // "MArr"
  applicationId: 0x4d417272,
  migrations: [FIRST],
};
