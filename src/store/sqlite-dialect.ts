import { setTimeout as sleep } from "node:timers/promises";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import sqlite3 from "sqlite3";
import { TillsyncError } from "../../proto/errors.ts";

// The only file that meets the sqlite3 driver. One connection: whoever has it, has it alone, for one statement or for
// one whole transaction, so that two transactions never interleave and no statement slips into another's transaction.

/** How long a statement waits for another process that writes. */
const BUSY_TIMEOUT_MS = 10_000;
/** Pause between tries to turn a new file to its write-ahead log. */
const TURN_PAUSE_MS = 50;
/** How long a caller waits for the connection. Whoever asks for it inside its own transaction ends here. */
const MAX_WAIT_MS = 60_000;
/** Pages (4 KiB) the write-ahead log may grow by before it is folded back into the file. */
const CHECKPOINT_PAGES = 8_000;

/** SQLite in one file: write-ahead log, every commit synced to disk before it returns. */
export function createSqliteDialect(path: string): Dialect {
  return {
    createAdapter: () => new TransactionalAdapter(),
    createDriver: () => new SqliteDriver(path),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** A migration is one transaction, so that a power cut leaves no half-made schema. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class SqliteDriver implements Driver {
  readonly #path: string;
  readonly #turn = new Turn();
  #connection: SqliteConnection | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async init(): Promise<void> {
    const connection = new SqliteConnection(await openDatabase(this.#path));
    await connection.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    await useWriteAheadLog(connection);
    await connection.run("PRAGMA synchronous = FULL");
    await connection.run("PRAGMA foreign_keys = ON");
    await connection.run("PRAGMA trusted_schema = OFF");
    await connection.run(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    this.#connection = connection;
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#turn.take();
    if (this.#connection !== undefined) return this.#connection;
    this.#turn.pass();
    throw new TillsyncError("STORE_FAILED", { expected: "open" });
  }

  async releaseConnection(): Promise<void> {
    this.#turn.pass();
  }

  /** Immediate, because the service and a command may both write: a reader that turns writer could only fail. */
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("BEGIN IMMEDIATE"));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("COMMIT"));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(CompiledQuery.raw("ROLLBACK"));
    } catch (error) {
      // SQLite itself rolls back on a full disk or an I/O error; the error worth telling is the one before this.
      if (!isNoTransaction(error)) throw error;
    }
  }

  /** Waits for the transaction under way. */
  async destroy(): Promise<void> {
    await this.#turn.take();
    await this.#connection?.close();
    this.#connection = undefined;
    this.#turn.pass();
  }
}

type Row = Record<string, unknown>;

class SqliteConnection implements DatabaseConnection {
  readonly #database: sqlite3.Database;

  constructor(database: sqlite3.Database) {
    this.#database = database;
  }

  async executeQuery<R>(compiled: CompiledQuery): Promise<QueryResult<R>> {
    const { sql, parameters, query } = compiled;
    const isWrite =
      query.kind === "InsertQueryNode" || query.kind === "UpdateQueryNode" || query.kind === "DeleteQueryNode";
    if (!isWrite || query.returning !== undefined) return { rows: (await this.run(sql, parameters)) as R[] };
    return { rows: [], numAffectedRows: BigInt(await this.#change(sql, parameters)) };
  }

  /** Not offered: a reader that is slow would keep the one connection. Lists are read in pages. */
  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new TillsyncError("STORE_FAILED", { expected: "pages" });
  }

  run(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      this.#database.all(sql, parameters, (error: Error | null, rows: Row[]) => {
        if (error === null) resolve(rows);
        else reject(toStoreError(error));
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#database.close((error) => (error === null ? resolve() : reject(toStoreError(error))));
    });
  }

  #change(sql: string, parameters: readonly unknown[]): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#database.run(sql, parameters, function (error: Error | null) {
        if (error === null) resolve(this.changes);
        else reject(toStoreError(error));
      });
    });
  }
}

/**
 * A new file is turned by whoever opens it first. SQLite does not wait here, whatever the time-out: two who hold it to
 * read and both want to turn it could wait for ever. So whoever comes second tries again,
 * for BUSY_TIMEOUT_MS.
 */
async function useWriteAheadLog(connection: SqliteConnection): Promise<void> {
  const until = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      const [mode] = await connection.run("PRAGMA journal_mode = WAL");
      if (mode?.["journal_mode"] !== "wal") throw new TillsyncError("STORE_FAILED", { expected: "WAL" });
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error;
      await sleep(TURN_PAUSE_MS);
    }
  }
}

/** First come, first served. */
class Turn {
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;

  /** @throws TillsyncError STORE_FAILED after MAX_WAIT_MS */
  take(): Promise<void> {
    if (!this.#isTaken) {
      this.#isTaken = true;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const enter = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(new TillsyncError("STORE_FAILED", { waitedMs: MAX_WAIT_MS }));
      }, MAX_WAIT_MS);
      this.#waiting.push(enter);
    });
  }

  pass(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#isTaken = false;
    else next();
  }
}

function openDatabase(path: string): Promise<sqlite3.Database> {
  return new Promise((resolve, reject) => {
    const database = new sqlite3.Database(path, (error) => {
      if (error === null) resolve(database);
      else reject(toStoreError(error));
    });
  });
}

function toStoreError(error: Error & { readonly code?: string }): TillsyncError {
  return new TillsyncError("STORE_FAILED", { sqlite: error.code ?? "SQLITE_ERROR" }, error);
}

function isBusy(error: unknown): boolean {
  return error instanceof TillsyncError && error.fields["sqlite"] === "SQLITE_BUSY";
}

function isNoTransaction(error: unknown): boolean {
  const cause = error instanceof TillsyncError ? error.cause : undefined;
  return cause instanceof Error && cause.message.includes("no transaction is active");
}
