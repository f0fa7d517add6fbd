import { type Kysely, type Migration, sql } from "kysely";
import { addAccounts } from "./migrations/accounts.ts";
import { addAcquirers } from "./migrations/acquirers.ts";
import { addApi } from "./migrations/api.ts";
import { addBusy } from "./migrations/busy.ts";
import { addChanges } from "./migrations/changes.ts";
import { addNotices } from "./migrations/notices.ts";
import { addReceipts } from "./migrations/receipts.ts";
import { addRecords } from "./migrations/records.ts";
import { addRestore } from "./migrations/restore.ts";
import { addReviews } from "./migrations/reviews.ts";
import { createTable } from "./migrations/table.ts";

/** By name, in order. A migration that has been released is never edited. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001_first": { up: createFirst },
  "0002_trust": { up: addTrust },
  "0003_identity": { up: addIdentity },
  "0004_records": { up: addRecords },
  "0005_changes": { up: addChanges },
  "0006_acquirers": { up: addAcquirers },
  "0007_accounts": { up: addAccounts },
  "0008_restore": { up: addRestore },
  "0009_api": { up: addApi },
  "0010_notices": { up: addNotices },
  "0011_receipts": { up: addReceipts },
  "0012_reviews": { up: addReviews },
  "0013_busy": { up: addBusy },
};

const MERCHANT_TEXTS = [
  "name",
  "short_name",
  "licence_no",
  "tax_no",
  "uscc",
  "mcc",
  "kind",
  "bank",
  "cnaps",
  "holder",
  "bin",
  "last4",
];
const TERMINAL_TEXTS = ["maker", "model", "certificate_no", "place", "terminal_no", "acquirer"];

async function createFirst(db: Kysely<unknown>): Promise<void> {
  let merchants = createTable(db, "merchants").addColumn("number", "text", (c) => c.primaryKey());
  for (const text of MERCHANT_TEXTS) merchants = merchants.addColumn(text, "text", (c) => c.notNull());
  await merchants.addColumn("commitment", "blob", (c) => c.notNull()).execute();

  let terminals = createTable(db, "terminals").addColumn("tusn", "text", (c) => c.primaryKey());
  for (const text of TERMINAL_TEXTS) terminals = terminals.addColumn(text, "text", (c) => c.notNull());
  await terminals
    .addColumn("merchant_number", "text", (c) => c.notNull().references("merchants.number"))
    .addColumn("device_key", "blob")
    .addColumn("certificate_fingerprint", "blob")
    .addColumn("issued_sequence", "integer", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("terminals_merchant").on("terminals").column("merchant_number").execute();
  await db.schema.createIndex("terminals_number").on("terminals").column("terminal_no").execute();

  await createTable(db, "reported")
    .addColumn("tusn", "text", (c) => c.primaryKey().references("terminals.tusn"))
    .addColumn("counter", "integer", (c) => c.notNull())
    .addColumn("sequence", "integer", (c) => c.notNull())
    .addColumn("current_digest", "blob")
    .addColumn("previous_digest", "blob")
    .addColumn("phase", "text")
    .addColumn("stale", "integer")
    .addColumn("agent_version", "text")
    .addColumn("last_seen", "integer", (c) => c.notNull())
    .execute();

  await createTable(db, "used_counters")
    .addColumn("tusn", "text", (c) => c.notNull().references("terminals.tusn"))
    .addColumn("counter", "integer", (c) => c.notNull())
    .addPrimaryKeyConstraint("used_counters_key", ["tusn", "counter"])
    .execute();

  await createTable(db, "profiles")
    .addColumn("digest", "blob", (c) => c.primaryKey())
    .addColumn("bytes", "blob", (c) => c.notNull())
    .execute();

  await createReleases(db);
  await createLedger(db);
}

async function createReleases(db: Kysely<unknown>): Promise<void> {
  await createTable(db, "releases")
    .addColumn("id", "blob", (c) => c.primaryKey())
    .addColumn("purpose", "text", (c) => c.notNull())
    .addColumn("statement", "blob", (c) => c.notNull())
    .addColumn("root", "blob", (c) => c.notNull())
    .addColumn("size", "integer", (c) => c.notNull())
    .addColumn("merchant", "text", (c) => c.notNull())
    .addColumn("created", "integer", (c) => c.notNull())
    .addColumn("expires", "integer", (c) => c.notNull())
    .addColumn("reason", "text", (c) => c.notNull())
    .addColumn("published_at", "integer", (c) => c.notNull())
    .execute();

  await createTable(db, "signatures")
    .addColumn("release_id", "blob", (c) => c.notNull().references("releases.id"))
    .addColumn("key_id", "blob", (c) => c.notNull())
    .addColumn("value", "blob", (c) => c.notNull())
    .addPrimaryKeyConstraint("signatures_key", ["release_id", "key_id"])
    .execute();

  await createTable(db, "deployments")
    .addColumn("tusn", "text", (c) => c.notNull().references("terminals.tusn"))
    .addColumn("sequence", "integer", (c) => c.notNull())
    .addColumn("release_id", "blob", (c) => c.notNull().references("releases.id"))
    .addColumn("leaf_index", "integer", (c) => c.notNull())
    .addColumn("path", "blob", (c) => c.notNull())
    .addColumn("directive", "blob", (c) => c.notNull())
    .addColumn("directive_digest", "blob", (c) => c.notNull().unique())
    .addColumn("base_digest", "blob")
    .addColumn("profile_digest", "blob", (c) => c.notNull().references("profiles.digest"))
    .addColumn("nonce", "blob", (c) => c.notNull())
    .addColumn("not_before", "integer", (c) => c.notNull())
    .addColumn("not_after", "integer", (c) => c.notNull())
    .addColumn("state", "text", (c) => c.notNull())
    .addColumn("code", "text", (c) => c.notNull())
    .addColumn("detail", "text", (c) => c.notNull())
    .addColumn("updated_at", "integer", (c) => c.notNull())
    .addPrimaryKeyConstraint("deployments_key", ["tusn", "sequence"])
    .execute();
  await db.schema.createIndex("deployments_release").on("deployments").columns(["release_id", "state"]).execute();
  await db.schema.createIndex("deployments_state").on("deployments").columns(["state", "not_after"]).execute();

  await createTable(db, "outbox")
    .addColumn("tusn", "text", (c) => c.primaryKey())
    .addColumn("sequence", "integer", (c) => c.notNull())
    .addColumn("due_at", "integer")
    .addColumn("sends", "integer", (c) => c.notNull())
    .addForeignKeyConstraint("outbox_deployment", ["tusn", "sequence"], "deployments", ["tusn", "sequence"])
    .execute();

  await createTable(db, "reports")
    .addColumn("tusn", "text", (c) => c.notNull().references("terminals.tusn"))
    .addColumn("counter", "integer", (c) => c.notNull())
    .addColumn("digest", "blob", (c) => c.notNull())
    .addColumn("payload", "blob", (c) => c.notNull())
    .addColumn("signature", "blob", (c) => c.notNull())
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("directive_digest", "blob", (c) => c.notNull())
    .addColumn("received_at", "integer", (c) => c.notNull())
    .addPrimaryKeyConstraint("reports_key", ["tusn", "counter"])
    .execute();
}

async function createLedger(db: Kysely<unknown>): Promise<void> {
  await createTable(db, "ledger")
    .addColumn("idx", "integer", (c) => c.primaryKey())
    .addColumn("bytes", "blob", (c) => c.notNull())
    .addColumn("leaf_hash", "blob", (c) => c.notNull())
    .execute();
  await createTable(db, "ledger_head")
    .addColumn("id", "integer", (c) => c.primaryKey())
    .addColumn("size", "integer", (c) => c.notNull())
    .addColumn("peaks", "blob", (c) => c.notNull())
    .execute();
  await sql`insert into ledger_head (id, size, peaks) values (1, 0, x'')`.execute(db);
}

/** Ways back, sealed card numbers, what terminals say of their trust, and releases on their way to approvers. */
async function addTrust(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("deployments").addColumn("sealed", "blob").execute();
  await db.schema.alterTable("deployments").addColumn("order_index", "integer").execute();

  for (const integer of ["timestamp_version", "root_version", "stale_since", "stale_alarm_at", "card_key_alarm_at"]) {
    await db.schema.alterTable("reported").addColumn(integer, "integer").execute();
  }
  for (const blob of ["card_key", "card_key_proof"]) {
    await db.schema.alterTable("reported").addColumn(blob, "blob").execute();
  }

  await createTable(db, "drafts")
    .addColumn("release_id", "blob", (c) => c.primaryKey())
    .addColumn("file", "blob", (c) => c.notNull())
    .addColumn("file_digest", "blob", (c) => c.notNull())
    .addColumn("submitted_at", "integer", (c) => c.notNull())
    .addColumn("expires_at", "integer", (c) => c.notNull())
    .addColumn("closed_at", "integer")
    .addColumn("closed_why", "text")
    .execute();
  await db.schema.createIndex("drafts_open").on("drafts").columns(["closed_at", "submitted_at"]).execute();
}

/** What is known of each terminal's identity: its life, the verdicts on its TUSN, its keys and certificates. */
async function addIdentity(db: Kysely<unknown>): Promise<void> {
  const texts = { life: "registered", life_before: "", verdict: "format-only", replaces: "", replaced_by: "" };
  for (const [name, value] of Object.entries(texts)) {
    await db.schema
      .alterTable("terminals")
      .addColumn(name, "text", (c) => c.notNull().defaultTo(value))
      .execute();
  }
  await db.schema.alterTable("terminals").addColumn("proven_at", "integer").execute();
  await sql`update terminals set life = 'active' where device_key is not null`.execute(db);

  let legacy = createTable(db, "legacy_terminals").addColumn("serial", "text", (c) => c.primaryKey());
  for (const text of TERMINAL_TEXTS) legacy = legacy.addColumn(text, "text", (c) => c.notNull());
  await legacy
    .addColumn("merchant_number", "text", (c) => c.notNull().references("merchants.number"))
    .addColumn("replaced_by", "text", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("legacy_number").on("legacy_terminals").column("terminal_no").execute();

  await createTable(db, "history")
    .addColumn("id", "integer", (c) => c.primaryKey().autoIncrement())
    .addColumn("tusn", "text", (c) => c.notNull())
    .addColumn("at", "integer", (c) => c.notNull())
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("actor", "text", (c) => c.notNull())
    .addColumn("detail", "text", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("history_tusn").on("history").columns(["tusn", "id"]).execute();

  await createTable(db, "verdicts")
    .addColumn("id", "integer", (c) => c.primaryKey().autoIncrement())
    .addColumn("tusn", "text", (c) => c.notNull())
    .addColumn("verdict", "text", (c) => c.notNull())
    .addColumn("source", "text", (c) => c.notNull())
    .addColumn("evidence", "text", (c) => c.notNull())
    .addColumn("evidence_digest", "blob")
    .addColumn("actor", "text", (c) => c.notNull())
    .addColumn("at", "integer", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("verdicts_tusn").on("verdicts").columns(["tusn", "id"]).execute();

  await createProofs(db);
  await createEnrolment(db);
  await createClones(db);
}

async function createProofs(db: Kysely<unknown>): Promise<void> {
  await createTable(db, "sn_keys")
    .addColumn("tusn", "text", (c) => c.primaryKey())
    .addColumn("key_id", "text", (c) => c.notNull())
    .addColumn("nonce", "blob", (c) => c.notNull())
    .addColumn("sealed", "blob", (c) => c.notNull())
    .addColumn("kcv", "text", (c) => c.notNull())
    .addColumn("added_at", "integer", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("sn_keys_key").on("sn_keys").column("key_id").execute();

  await createTable(db, "proofs")
    .addColumn("tusn", "text", (c) => c.primaryKey().references("terminals.tusn"))
    .addColumn("due_at", "integer")
    .addColumn("why", "text", (c) => c.notNull())
    .addColumn("challenge", "blob")
    .addColumn("factor", "text", (c) => c.notNull())
    .addColumn("expires_at", "integer")
    .addColumn("failures", "integer", (c) => c.notNull())
    .addColumn("tries", "integer", (c) => c.notNull())
    .addColumn("code", "text", (c) => c.notNull())
    .addColumn("locked_at", "integer")
    .execute();
  await db.schema.createIndex("proofs_due").on("proofs").column("due_at").execute();
}

async function createEnrolment(db: Kysely<unknown>): Promise<void> {
  await createTable(db, "certificates")
    .addColumn("fingerprint", "blob", (c) => c.primaryKey())
    .addColumn("tusn", "text", (c) => c.notNull())
    .addColumn("serial", "text", (c) => c.notNull())
    .addColumn("device_key", "blob", (c) => c.notNull())
    .addColumn("bytes", "blob", (c) => c.notNull())
    .addColumn("not_after", "integer", (c) => c.notNull())
    .addColumn("issued_at", "integer", (c) => c.notNull())
    .addColumn("revoked_at", "integer")
    .addColumn("revoked_why", "text", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("certificates_tusn").on("certificates").column("tusn").execute();
  await db.schema.createIndex("certificates_device_key").on("certificates").column("device_key").execute();
  await db.schema.createIndex("certificates_revoked").on("certificates").column("revoked_at").execute();

  await createTable(db, "enrolment_tokens")
    .addColumn("digest", "blob", (c) => c.primaryKey())
    .addColumn("tusn", "text", (c) => c.notNull())
    .addColumn("created_at", "integer", (c) => c.notNull())
    .addColumn("expires_at", "integer", (c) => c.notNull())
    .addColumn("actor", "text", (c) => c.notNull())
    .addColumn("needs_admission", "integer", (c) => c.notNull())
    .addColumn("closed_at", "integer")
    .addColumn("closed_why", "text", (c) => c.notNull())
    .addColumn("admission_evidence", "text", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("enrolment_tokens_tusn").on("enrolment_tokens").column("tusn").execute();

  await createTable(db, "enrolments")
    .addColumn("tusn", "text", (c) => c.primaryKey().references("terminals.tusn"))
    .addColumn("failures", "integer", (c) => c.notNull())
    .addColumn("locked_at", "integer")
    .addColumn("factor", "text", (c) => c.notNull())
    .addColumn("factor_expires_at", "integer")
    .addColumn("token", "blob")
    .addColumn("device_key", "blob")
    .addColumn("requested_at", "integer")
    .addColumn("admitted_by", "text", (c) => c.notNull())
    .addColumn("admitted_at", "integer")
    .execute();

  await createTable(db, "unbindings")
    .addColumn("tusn", "text", (c) => c.notNull())
    .addColumn("device_key", "blob", (c) => c.notNull())
    .addColumn("person", "text", (c) => c.notNull())
    .addColumn("reason", "text", (c) => c.notNull())
    .addColumn("evidence", "text", (c) => c.notNull())
    .addColumn("at", "integer", (c) => c.notNull())
    .addColumn("done_at", "integer")
    .addPrimaryKeyConstraint("unbindings_key", ["tusn", "device_key", "person"])
    .execute();

  await createTable(db, "auditors")
    .addColumn("name", "text", (c) => c.primaryKey())
    .addColumn("key_digest", "blob", (c) => c.notNull().unique())
    .addColumn("created_at", "integer", (c) => c.notNull())
    .addColumn("revoked_at", "integer")
    .execute();
}

async function createClones(db: Kysely<unknown>): Promise<void> {
  await createTable(db, "heard")
    .addColumn("tusn", "text", (c) => c.notNull())
    .addColumn("counter", "integer", (c) => c.notNull())
    .addColumn("digest", "blob", (c) => c.notNull())
    .addPrimaryKeyConstraint("heard_key", ["tusn", "counter"])
    .execute();

  await createTable(db, "quarantines")
    .addColumn("id", "integer", (c) => c.primaryKey().autoIncrement())
    .addColumn("tusn", "text", (c) => c.notNull())
    .addColumn("at", "integer", (c) => c.notNull())
    .addColumn("why", "text", (c) => c.notNull())
    .addColumn("sides", "text", (c) => c.notNull())
    .addColumn("counter", "integer")
    .addColumn("released_at", "integer")
    .addColumn("released_by", "text", (c) => c.notNull())
    .addColumn("reason", "text", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("quarantines_tusn").on("quarantines").columns(["tusn", "released_at"]).execute();
  await db.schema.alterTable("used_counters").addColumn("behind_at", "integer").execute();
}
