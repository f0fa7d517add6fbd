import { sql } from "kysely";
import type { Tusn } from "../../proto/tusn.ts";
import { type Life, OUT_OF_SERVICE } from "../domain/life.ts";
import type { Verdict } from "../domain/verdict.ts";
import type { MerchantRow, TerminalRow } from "./schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// Merchants and terminals as the records have them.

export type TerminalRoute = Pick<TerminalRow, "tusn" | "terminalNo" | "acquirer">;

export function findMerchants(db: Store, numbers: readonly string[]): Promise<readonly MerchantRow[]> {
  return inChunks(numbers, (chunk) => db.selectFrom("merchants").selectAll().where("number", "in", chunk).execute());
}

/** Adds merchants; rows that are there already are replaced. */
export async function putMerchants(tx: Tx, rows: readonly MerchantRow[]): Promise<void> {
  await inChunks(rows, (chunk) =>
    tx
      .insertInto("merchants")
      .values(chunk)
      .onConflict((conflict) =>
        conflict.column("number").doUpdateSet((row) => ({
          name: row.ref("excluded.name"),
          shortName: row.ref("excluded.shortName"),
          licenceNo: row.ref("excluded.licenceNo"),
          taxNo: row.ref("excluded.taxNo"),
          uscc: row.ref("excluded.uscc"),
          mcc: row.ref("excluded.mcc"),
          kind: row.ref("excluded.kind"),
          bank: row.ref("excluded.bank"),
          cnaps: row.ref("excluded.cnaps"),
          holder: row.ref("excluded.holder"),
          bin: row.ref("excluded.bin"),
          last4: row.ref("excluded.last4"),
          commitment: row.ref("excluded.commitment"),
        })),
      )
      .execute(),
  );
}

export function findTerminals(db: Store, tusns: readonly Tusn[]): Promise<readonly TerminalRow[]> {
  return inChunks(tusns, (chunk) => db.selectFrom("terminals").selectAll().where("tusn", "in", chunk).execute());
}

/** Those that have one of these terminal numbers, at whatever acquirer. */
export function findByTerminalNos(db: Store, terminalNos: readonly string[]): Promise<readonly TerminalRow[]> {
  return inChunks(terminalNos, (chunk) =>
    db.selectFrom("terminals").selectAll().where("terminalNo", "in", chunk).execute(),
  );
}

/** In order of TUSN; those of one merchant where it is given. */
export function listTerminals(db: Store, merchantNumber?: string): Promise<readonly TerminalRow[]> {
  const all = db.selectFrom("terminals").selectAll().orderBy("tusn");
  return (merchantNumber === undefined ? all : all.where("merchantNumber", "=", merchantNumber)).execute();
}

/** Those of a merchant that may still be given something, in order of TUSN. */
export function listInService(db: Store, merchantNumber: string): Promise<readonly TerminalRow[]> {
  return db
    .selectFrom("terminals")
    .selectAll()
    .where("merchantNumber", "=", merchantNumber)
    .where("life", "not in", [...OUT_OF_SERVICE])
    .orderBy("tusn")
    .execute();
}

/** Which terminals, and how many at most: those behind `after`, in order of TUSN. */
export interface TerminalQuery {
  readonly merchant?: string;
  readonly life?: Life;
  readonly verdict?: Verdict;
  readonly after: string;
  readonly limit: number;
}

export function listTerminalPage(db: Store, query: TerminalQuery): Promise<readonly TerminalRow[]> {
  const { merchant, life, verdict, after, limit } = query;
  return db
    .selectFrom("terminals")
    .selectAll()
    .where("tusn", ">", after as Tusn)
    .$if(merchant !== undefined, (rows) => rows.where("merchantNumber", "=", String(merchant)))
    .$if(life !== undefined, (rows) => rows.where("life", "=", life as Life))
    .$if(verdict !== undefined, (rows) => rows.where("verdict", "=", verdict as Verdict))
    .orderBy("tusn")
    .limit(limit)
    .execute();
}

/** Notes under which terminal number and at which acquirer terminals trade. */
export async function setRoutes(tx: Tx, routes: readonly TerminalRoute[]): Promise<void> {
  await inChunks(routes, async (chunk) => {
    const values = chunk.map(({ tusn, terminalNo, acquirer }) => sql`(${tusn}, ${terminalNo}, ${acquirer})`);
    await sql`
      update terminals set terminal_no = news.column2, acquirer = news.column3
      from (values ${sql.join(values)}) as news
      where terminals.tusn = news.column1`.execute(tx);
    return [];
  });
}

export async function setDevice(tx: Tx, tusn: Tusn, deviceKey: Uint8Array, fingerprint: Uint8Array): Promise<void> {
  await tx
    .updateTable("terminals")
    .set({ deviceKey, certificateFingerprint: fingerprint })
    .where("tusn", "=", tusn)
    .execute();
}

export type TerminalIdentity = Pick<TerminalRow, "verdict" | "provenAt" | "life" | "lifeBefore">;

export async function setIdentity(tx: Tx, tusn: Tusn, identity: Partial<TerminalIdentity>): Promise<void> {
  await tx.updateTable("terminals").set(identity).where("tusn", "=", tusn).execute();
}

/** Writes where terminals stand in life, many in one statement. */
export async function setLives(
  tx: Tx,
  rows: readonly Pick<TerminalRow, "tusn" | "life" | "lifeBefore">[],
): Promise<void> {
  await inChunks(rows, async (chunk) => {
    const values = chunk.map(({ tusn, life, lifeBefore }) => sql`(${tusn}, ${life}, ${lifeBefore})`);
    await sql`
      update terminals set life = news.column2, life_before = news.column3
      from (values ${sql.join(values)}) as news
      where terminals.tusn = news.column1`.execute(tx);
    return [];
  });
}

export type TerminalPost = Pick<TerminalRow, "merchantNumber" | "terminalNo" | "acquirer" | "place">;

/** Puts a terminal in another one's place. */
export async function setPost(tx: Tx, tusn: Tusn, post: TerminalPost, replaces: string): Promise<void> {
  const { merchantNumber, terminalNo, acquirer, place } = post;
  await tx
    .updateTable("terminals")
    .set({ merchantNumber, terminalNo, acquirer, place, replaces })
    .where("tusn", "=", tusn)
    .execute();
}

/** Notes that another terminal took its place. */
export async function setReplaced(tx: Tx, tusn: Tusn, replacedBy: Tusn): Promise<void> {
  await tx
    .updateTable("terminals")
    .set({ life: "replaced", lifeBefore: "", replacedBy })
    .where("tusn", "=", tusn)
    .execute();
}

export async function setIssuedSequence(tx: Tx, tusn: Tusn, issuedSequence: number): Promise<void> {
  await tx.updateTable("terminals").set({ issuedSequence }).where("tusn", "=", tusn).execute();
}

/** Notes the highest sequence that a release issues to each of its terminals, ways back included. */
export async function raiseIssuedSequences(tx: Tx, releaseId: Uint8Array): Promise<void> {
  await tx
    .updateTable("terminals")
    .from((query) =>
      query
        .selectFrom("deployments")
        .select((row) => ["tusn", row.fn.max("sequence").as("highest")])
        .where("releaseId", "=", releaseId)
        .groupBy("tusn")
        .as("issued"),
    )
    .set((row) => ({ issuedSequence: row.ref("issued.highest") }))
    .whereRef("issued.tusn", "=", "terminals.tusn")
    .execute();
}
