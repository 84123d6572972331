import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Database, type DatabaseKind, openDatabase } from './database.ts';
import { DatabaseError, type DatabaseProblem } from './database-error.ts';

const NOTES: DatabaseKind = {
  name: 'notes',
  applicationId: 4711,
  migrations: ['CREATE TABLE note (text TEXT NOT NULL) STRICT'],
};

let folder: string;
const opened: Database[] = [];
const open = (...given: Parameters<typeof openDatabase>) => {
  const database = openDatabase(...given);
  opened.push(database);
  return database;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'database-'));
});
afterEach(() => {
  for (const database of opened.splice(0)) database.close();
  rmSync(folder, { recursive: true });
});

const path = () => join(folder, 'new', 'notes.sqlite');
const texts = (database: Database) => database.prepare('SELECT text FROM note ORDER BY rowid').all();
const add = (database: Database, text: string) =>
  database.prepare('INSERT INTO note (text) VALUES (?)').run(text);

function problemOf(work: () => unknown): DatabaseProblem | 'none' {
  try {
    work();
    return 'none';
  } catch (error) {
    if (error instanceof DatabaseError) return error.problem;
    throw error;
  }
}

describe('a file', () => {
  test('is made for its owner alone, its log too', () => {
    const database = open(path(), NOTES);
    database.transaction(() => add(database, 'one'));
    for (const name of [path(), `${path()}-wal`, `${path()}-shm`])
      expect(statSync(name).mode & 0o777).toBe(0o600);
  });

  test('keeps what was committed, and nothing of what was not', () => {
    const database = open(path(), NOTES);
    database.transaction(() => add(database, 'kept'));
    expect(() =>
      database.transaction(() => {
        add(database, 'not kept');
        throw new RangeError('in the middle');
      }),
    ).toThrow(RangeError);
    database.close();
    expect(texts(open(path(), NOTES, { readOnly: true }))).toEqual([{ text: 'kept' }]);
  });

  test('is brought up to date step by step, once', () => {
    open(path(), NOTES).close();
    const later = {
      ...NOTES,
      migrations: [...NOTES.migrations, "INSERT INTO note (text) VALUES ('step 2')"],
    };
    expect(problemOf(() => open(path(), later, { readOnly: true }))).toBe('older');
    open(path(), later).close();
    expect(texts(open(path(), later))).toEqual([{ text: 'step 2' }]);
    expect(problemOf(() => open(path(), NOTES))).toBe('newer');
  });

  test('of which a step fails stays as it was', () => {
    open(path(), NOTES).close();
    const broken = { ...NOTES, migrations: [...NOTES.migrations, 'CREATE TABLE other (x); CREATE nonsense'] };
    expect(problemOf(() => open(path(), broken))).toBe('other');
    expect(
      open(path(), NOTES).prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'other'").get(),
    ).toEqual({ n: 0 });
  });
});

describe('what cannot be used is told, and left as it is', () => {
  test.each<[DatabaseProblem, string, () => void]>([
    ['foreign', 'a database of something else', () => open(path(), { ...NOTES, applicationId: 12 }).close()],
    [
      'damaged',
      'no database',
      () => writeFileSync(join(folder, 'file'), 'no database at all, but long enough '.repeat(99)),
    ],
    ['absent', 'nothing, to read', () => {}],
  ])('%s: %s', (problem, what, prepare) => {
    prepare();
    const place = problem === 'damaged' ? join(folder, 'file') : path();
    expect(
      problemOf(() => open(place, NOTES, { readOnly: problem === 'absent' })),
      what,
    ).toBe(problem);
  });

  test('a folder in its place', () => {
    expect(problemOf(() => open(folder, NOTES))).toBe('not-writable');
  });

  test('a full disk: the transaction fails as a whole, and the next works once there is room', () => {
    const database = open(path(), NOTES);
    database.exec('PRAGMA max_page_count = 3');
    expect(problemOf(() => database.transaction(() => add(database, 'x'.repeat(100_000))))).toBe('full');
    database.exec('PRAGMA max_page_count = 3000');
    database.transaction(() => add(database, 'short'));
    expect(texts(database)).toEqual([{ text: 'short' }]);
  });

  test('a writer that does not end', () => {
    const one = open(path(), NOTES);
    const two = open(path(), NOTES, { busyMs: 20 });
    one.transaction(() => {
      expect(problemOf(() => two.transaction(() => add(two, 'two')))).toBe('busy');
      expect(texts(two)).toEqual([]);
    });
  });
});

test('what a killed process was told is on the disk is there', async () => {
  const script = `
    import { openDatabase } from ${JSON.stringify(new URL('./database.ts', import.meta.url).href)};
    const database = openDatabase(process.argv[1], ${JSON.stringify(NOTES)});
    const insert = database.prepare('INSERT INTO note (text) VALUES (?)');
    for (let i = 0; ; i++) {
      database.transaction(() => { insert.run(String(i)); insert.run(String(i)); });
      process.stdout.write(i + '\\n');
    }`;
  open(path(), NOTES).close();
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, path()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  child.stdout.on('data', (chunk) => {
    told += chunk;
    if (told.length > 500) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const acknowledged = told.split('\n').length - 1;
  const kept = texts(open(path(), NOTES)).map((row) => Number(row['text']));
  expect(kept.length / 2).toBeGreaterThanOrEqual(acknowledged);
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => i >> 1));
});
