import { describe, expect, it } from "vitest";
import { toDigest } from "../../../proto/bytes.ts";
import { addDraft, closeDraft, findDraft, listDrafts, putDraftFile } from "../../../src/store/drafts.ts";
import { type Tx, transact } from "../../../src/store/store.ts";
import { openTestFleet } from "../../support/fleet-store.ts";

const [A, B] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)];
const [FIRST, SECOND] = [Buffer.from("first file"), Buffer.from("second file")];

function toDraft(releaseId: Uint8Array, submittedAt = 100, file: Uint8Array = FIRST) {
  return { releaseId, file, submittedAt, expiresAt: 900 };
}

async function open() {
  const { store } = await openTestFleet();
  const act = <T>(work: (tx: Tx) => Promise<T>) => transact(store, work);
  return { store, act };
}

describe("a draft", () => {
  it("is added once for a release; another file under its id changes nothing", async () => {
    const { store, act } = await open();
    expect(await act((tx) => addDraft(tx, toDraft(A)))).toBe(true);
    expect(await act((tx) => addDraft(tx, toDraft(A, 200, SECOND)))).toBe(false);
    expect(await findDraft(store, A)).toMatchObject({ file: FIRST, submittedAt: 100, closedAt: null, closedWhy: null });
    expect(await findDraft(store, B)).toBeUndefined();
  });

  it("is listed while it is open, the oldest first, without its file, and no more than asked for", async () => {
    const { store, act } = await open();
    await act((tx) => addDraft(tx, toDraft(B, 200)));
    await act((tx) => addDraft(tx, toDraft(A, 300)));
    await act((tx) => addDraft(tx, toDraft(Buffer.alloc(16, 3), 100)));
    expect((await listDrafts(store, 2)).map(({ submittedAt }) => submittedAt)).toEqual([100, 200]);
    expect((await listDrafts(store, 9))[0]).not.toHaveProperty("file");
    await act((tx) => closeDraft(tx, B, 400, "published"));
    expect((await listDrafts(store, 9)).map(({ submittedAt }) => submittedAt)).toEqual([100, 300]);
  });

  it("takes a new file in the place of the one that its writer saw, and of no other", async () => {
    const { store, act } = await open();
    await act((tx) => addDraft(tx, toDraft(A)));
    expect(await act((tx) => putDraftFile(tx, A, toDigest(FIRST), SECOND))).toBe(true);
    expect(await act((tx) => putDraftFile(tx, A, toDigest(FIRST), Buffer.from("third")))).toBe(false);
    expect(await act((tx) => putDraftFile(tx, B, toDigest(FIRST), SECOND))).toBe(false);
    expect(await findDraft(store, A)).toMatchObject({ file: SECOND, fileDigest: Buffer.from(toDigest(SECOND)) });
  });

  it("of two writers that saw the same file lets one through", async () => {
    const { store, act } = await open();
    await act((tx) => addDraft(tx, toDraft(A)));
    const files = Array.from({ length: 8 }, (_, n) => Buffer.from(`file ${n}`));
    const outcomes = await Promise.all(files.map((file) => act((tx) => putDraftFile(tx, A, toDigest(FIRST), file))));
    expect(outcomes.filter((isPut) => isPut)).toHaveLength(1);
    expect((await findDraft(store, A))?.file).toEqual(files[outcomes.indexOf(true)]);
  });

  it("is closed once, with its reason, keeps its file no longer and takes none after that", async () => {
    const { store, act } = await open();
    await act((tx) => addDraft(tx, toDraft(A)));
    expect(await act((tx) => closeDraft(tx, A, 500, "published"))).toBe(true);
    expect(await act((tx) => closeDraft(tx, A, 600, "withdrawn"))).toBe(false);
    expect(await act((tx) => closeDraft(tx, B, 600, "withdrawn"))).toBe(false);
    expect(await act((tx) => putDraftFile(tx, A, toDigest(FIRST), SECOND))).toBe(false);
    const [file, fileDigest] = [Buffer.alloc(0), Buffer.from(toDigest(FIRST))];
    expect(await findDraft(store, A)).toMatchObject({ closedAt: 500, closedWhy: "published", file, fileDigest });
  });
});
