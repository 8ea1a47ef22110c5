/**
 * All migrations, oldest first: entry i takes a database from version i to i + 1 (`PRAGMA user_version`).
 * Invariant: append only.
 */
import { initial } from "./0001-initial.ts";
import { schedules } from "./0002-schedules.ts";

export const migrations: readonly string[] = [initial, schedules];
