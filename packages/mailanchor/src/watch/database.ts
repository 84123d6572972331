/** The file of `watch`: what is known of each target, its history, and what is to be told to whom. Times are milliseconds since the epoch. */
import type { DatabaseKind } from '../store/database.ts';

export const WATCH_DATABASE: DatabaseKind = {
  name: 'watch history',
  applicationId: 0x4d415741,
  migrations: [
    `
    CREATE TABLE target (
      id INTEGER PRIMARY KEY,
      text TEXT NOT NULL UNIQUE,
      -- Of the last check; null before the first.
      verdict TEXT,
      checked_at INTEGER,
      next_at INTEGER,
      -- Whether the configuration still names it.
      watched INTEGER NOT NULL DEFAULT 1
    ) STRICT;

    -- Checks in a row that had the same result are one line.
    CREATE TABLE span (
      id INTEGER PRIMARY KEY,
      target INTEGER NOT NULL REFERENCES target (id),
      first_at INTEGER NOT NULL,
      last_at INTEGER NOT NULL,
      checks INTEGER NOT NULL,
      verdict TEXT NOT NULL,
      summary TEXT NOT NULL,
      -- Of the last of them.
      duration_ms INTEGER NOT NULL,
      findings TEXT NOT NULL,
      -- Verdict and which findings there were: their texts tell times that pass.
      sameness TEXT NOT NULL
    ) STRICT;
    CREATE INDEX span_by_target ON span (target, last_at);

    -- One that is there, was there lately, or may be there.
    CREATE TABLE problem (
      target INTEGER NOT NULL REFERENCES target (id),
      key TEXT NOT NULL,
      state TEXT NOT NULL,
      PRIMARY KEY (target, key)
    ) STRICT, WITHOUT ROWID;

    -- What was confirmed, told or not.
    CREATE TABLE change (
      id INTEGER PRIMARY KEY,
      target INTEGER NOT NULL REFERENCES target (id),
      at INTEGER NOT NULL,
      kind TEXT NOT NULL,
      severity TEXT NOT NULL,
      code TEXT NOT NULL,
      subject TEXT NOT NULL,
      text TEXT NOT NULL
    ) STRICT;
    CREATE INDEX change_by_target ON change (target, at);

    CREATE TABLE alert (
      id TEXT PRIMARY KEY,
      at INTEGER NOT NULL,
      alert TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX alert_by_time ON alert (at);

    -- One message to one channel.
    CREATE TABLE delivery (
      id TEXT PRIMARY KEY,
      channel TEXT NOT NULL,
      made_at INTEGER NOT NULL,
      attempts INTEGER NOT NULL DEFAULT 0,
      -- Null once it is done.
      next_at INTEGER,
      -- 'waiting', 'done', 'given-up'.
      state TEXT NOT NULL DEFAULT 'waiting',
      ended_at INTEGER,
      error TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX delivery_due ON delivery (channel, next_at) WHERE state = 'waiting';

    -- Which alerts go to which channel, and by which message; null until one is made.
    CREATE TABLE recipient (
      alert TEXT NOT NULL REFERENCES alert (id),
      channel TEXT NOT NULL,
      delivery TEXT REFERENCES delivery (id),
      PRIMARY KEY (alert, channel)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX recipient_waiting ON recipient (channel) WHERE delivery IS NULL;
    CREATE INDEX recipient_by_delivery ON recipient (delivery);

    -- By how much of their time left a zone's signatures were renewed at the latest. By target: each sees other records of a zone.
    CREATE TABLE signer (
      target TEXT NOT NULL,
      zone TEXT NOT NULL,
      signed_until INTEGER NOT NULL,
      seen_at INTEGER NOT NULL,
      least_left_ms INTEGER,
      PRIMARY KEY (target, zone)
    ) STRICT, WITHOUT ROWID;
    `,
  ],
};
