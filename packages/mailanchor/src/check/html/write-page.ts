/** The file of `check --html`: every target in full, or of a list a page that stays small. */
import { open, writeFile } from 'node:fs/promises';
import type { DomainCheck } from '@mailanchor/smtp';
import { fileProblem, UsageError } from '../../errors.ts';
import { earlierResults } from '../../list/done-before.ts';
import type { ProfileResult } from '../../profile/profile.ts';
import { ListPage } from './list-page.ts';
import { renderPage } from './page.ts';

export type JudgedCheck = DomainCheck & { readonly profile?: ProfileResult };

export interface Report {
  add(check: JudgedCheck): void;
  /** Results of an earlier run, the first so many lines of its file. `judge`: by the profile of this one. */
  addEarlier(path: string, count: number, judge: (check: JudgedCheck) => JudgedCheck): Promise<void>;
  /** `badLines`: of the list, that were no targets. Throws `UsageError` where it cannot be written. */
  write(badLines: number): Promise<void>;
}

/** Throws `UsageError` for a place that cannot be written to: now, and not when all is done. What stands there stays until then. */
export async function openReport(file: string, isList: boolean): Promise<Report> {
  try {
    await (await open(file, 'a')).close();
  } catch (error) {
    throw problem(error);
  }
  return isList ? listReport(file) : reportInFull(file);
}

function reportInFull(file: string): Report {
  const checks: JudgedCheck[] = [];
  return {
    add: (check) => checks.push(check),
    // Of named targets the page is of those that were looked at now.
    addEarlier: async () => {},
    write: () => {
      const profiles = new Map(checks.flatMap((check) => (check.profile ? [[check, check.profile]] : [])));
      return put(file, renderPage(checks, profiles));
    },
  };
}

function listReport(file: string): Report {
  const page = new ListPage();
  return {
    add: (check) => page.add(check, check.profile),
    async addEarlier(path, count, judge) {
      for await (const result of earlierResults(path, count)) {
        try {
          const check = judge(result as JudgedCheck);
          page.add(check, check.profile);
        } catch (error) {
          throw new UsageError(
            `--html: ${path} has results of another version: check anew, or leave --html out`,
            {
              cause: error,
            },
          );
        }
      }
    },
    write: (badLines) => put(file, [...page.render(badLines)].join('')),
  };
}

async function put(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw problem(error);
  }
}

function problem(error: unknown): UsageError {
  return new UsageError(`--html: ${fileProblem(error)}`, { cause: error });
}
