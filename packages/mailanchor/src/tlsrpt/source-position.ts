/** How far a source of events has been counted, kept in the same file as the counts: both are written together or not at all. */
import type { Database } from '../store/database.ts';

/** Of a source by its name; undefined: never read. JSON as it was given. */
export function readPosition(database: Database, name: string): unknown {
  const row = database.read(() => database.prepare('SELECT position FROM source WHERE name = ?').get(name));
  return row && JSON.parse(String(row['position']));
}

/** Within a transaction. */
export function writePosition(database: Database, name: string, position: unknown): void {
  database
    .prepare('INSERT INTO source VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position')
    .run(name, JSON.stringify(position));
}

/** Within a transaction: sessions that could not be counted, by reason. */
export function writeUnclear(
  database: Database,
  day: number,
  reasons: Readonly<Record<string, number>>,
): void {
  const statement = database.prepare(
    'INSERT INTO unclear VALUES (?, ?, ?) ON CONFLICT (day, reason) DO UPDATE SET sessions = sessions + excluded.sessions',
  );
  for (const [reason, sessions] of Object.entries(reasons)) statement.run(day, reason, sessions);
}

/** By reason, of a day; with `until` of all days up to that. */
export function readUnclear(database: Database, day: number, until = day): Readonly<Record<string, number>> {
  const rows = database.read(() =>
    database
      .prepare(
        'SELECT reason, sum(sessions) AS sessions FROM unclear WHERE day BETWEEN ? AND ? GROUP BY reason ORDER BY 2 DESC, reason',
      )
      .all(day, until),
  );
  return Object.fromEntries(rows.map((row) => [String(row['reason']), Number(row['sessions'])]));
}
