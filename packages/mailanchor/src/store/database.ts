/**
 * A service's own small database: one SQLite file that is whole after a power cut. What a commit has returned from is on the disk
 * (WAL, synchronous=FULL). Several processes may have it open; they wait for one another. Each owner has a file of its own, marked as
 * the owner's, and numbered steps that bring an older file up to date.
 */
import { closeSync, constants, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DatabaseError, explain } from './database-error.ts';

/** One step of the schema. Its place in the list is its number: steps are added at the end, and never changed once released. */
export type Migration = string;

export interface DatabaseKind {
  /** What it is for, in errors: `TLS report counts`. */
  readonly name: string;
  /** Written into the file as SQLite's application_id, so that no other kind of file is taken for this one. 1 to 2147483647. */
  readonly applicationId: number;
  readonly migrations: readonly Migration[];
}

export interface DatabaseOptions {
  /** Nothing is written or created; a file that is not up to date is refused. Default false. */
  readonly readOnly?: boolean;
  /** Milliseconds to wait while another process writes. Default 5000. */
  readonly busyMs?: number;
}

/** Throws `DatabaseError`. The file and its folder are made where they are absent, for their owner alone. */
export function openDatabase(path: string, kind: DatabaseKind, options: DatabaseOptions = {}): Database {
  const readOnly = options.readOnly ?? false;
  let handle: DatabaseSync | undefined;
  try {
    if (readOnly) {
      if (!existsSync(path)) throw new DatabaseError('absent', `${kind.name}: there is no ${path}`);
    } else {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      // SQLite would make it readable by all; its -wal and -shm files take the mode of this one.
      closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
    }
    handle = new DatabaseSync(path, { readOnly });
    handle.exec(`PRAGMA busy_timeout = ${Math.trunc(options.busyMs ?? 5000)}; PRAGMA trusted_schema = OFF`);
    const database = new Database(handle, path, kind.name);
    if (readOnly) requireCurrent(database, kind);
    else {
      handle.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
      migrate(database, kind);
    }
    return database;
  } catch (error) {
    handle?.close();
    throw explain(error, kind.name, path);
  }
}

export class Database {
  readonly path: string;
  readonly #handle: DatabaseSync;
  readonly #name: string;

  constructor(handle: DatabaseSync, path: string, name: string) {
    this.#handle = handle;
    this.path = path;
    this.#name = name;
  }

  /** For statements that are used more than once. Their own `run`, `get`, `all` and `iterate` belong inside `read` or `transaction`, which explain what fails. */
  prepare(sql: string): ReturnType<DatabaseSync['prepare']> {
    return this.read(() => this.#handle.prepare(sql));
  }

  /** Statements without parameters or results. */
  exec(sql: string): void {
    this.read(() => this.#handle.exec(sql));
  }

  /** `work` outside a transaction, its errors explained as `DatabaseError`. */
  read<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw explain(error, this.#name, this.path);
    }
  }

  /** All of `work` or nothing of it; when this returns it is on the disk. `work` is synchronous, so that nothing else gets between. Throws what `work` throws, SQLite's errors as `DatabaseError`. */
  transaction<T>(work: () => T): T {
    return this.read(() => {
      // IMMEDIATE: a reader that turns writer in the middle could not wait for its turn.
      this.#handle.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.#handle.exec('COMMIT');
        return result;
      } catch (error) {
        // A full disk may have ended the transaction already.
        if (this.#handle.isTransaction) this.#handle.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /** A number that SQLite keeps: `user_version`, `application_id`. */
  pragma(name: 'user_version' | 'application_id'): number {
    return this.read(() => Number(this.#handle.prepare(`PRAGMA ${name}`).get()?.[name]));
  }

  close(): void {
    if (this.#handle.isOpen) this.#handle.close();
  }
}

/** Files that hold something must be of this kind, and not from a later version of the program. */
function requireKind(database: Database, kind: DatabaseKind): number {
  const version = database.pragma('user_version');
  const application = database.pragma('application_id');
  const empty = database.prepare('SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema) AS empty').get()?.['empty'];
  if (application !== kind.applicationId && !(application === 0 && version === 0 && empty === 1)) {
    throw new DatabaseError('foreign', `${kind.name}: ${database.path} is a database of something else`);
  }
  if (version > kind.migrations.length) {
    throw new DatabaseError(
      'newer',
      `${kind.name}: ${database.path} was written by a later version of this program`,
    );
  }
  return version;
}

function requireCurrent(database: Database, kind: DatabaseKind): void {
  if (requireKind(database, kind) < kind.migrations.length) {
    throw new DatabaseError(
      'older',
      `${kind.name}: ${database.path} is from an earlier version; start the service that owns it once`,
    );
  }
}

function migrate(database: Database, kind: DatabaseKind): void {
  // Looked at without the write lock first: mostly there is nothing to do.
  if (
    requireKind(database, kind) === kind.migrations.length &&
    database.pragma('application_id') === kind.applicationId
  ) {
    return;
  }
  database.transaction(() => {
    const version = requireKind(database, kind);
    for (const step of kind.migrations.slice(version)) database.exec(step);
    database.exec(
      `PRAGMA application_id = ${kind.applicationId}; PRAGMA user_version = ${kind.migrations.length}`,
    );
  });
}
