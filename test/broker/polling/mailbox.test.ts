import { describe, expect, it } from "vitest";
import { Mailbox } from "../../../broker/polling/mailbox.ts";
import { MAX_DESIRED_BYTES, MAX_DESIRED_MESSAGES, MAX_PACKET_BYTES } from "../../../proto/bounds.ts";
import { parseDesired, toEntityTag } from "../../../proto/polling.ts";

/** What a terminal reads that says it has the contents of these tags; undefined where it is told that nothing changed. */
function read(mailbox: Mailbox, ...tags: readonly string[]) {
  const { etag, bytes } = mailbox.take(tags);
  if (bytes === undefined) return { etag, texts: undefined };
  expect(etag).toBe(toEntityTag(bytes));
  return { etag, texts: parseDesired(bytes).messages.map(({ kind, payload }) => `${kind} ${Buffer.from(payload)}`) };
}

const put = (mailbox: Mailbox, text: string) => mailbox.put("receipt", Buffer.from(text));

describe("a mailbox", () => {
  it("gives the same content under the same tag until the terminal says that it has it", () => {
    const mailbox = new Mailbox();
    put(mailbox, "a");
    const first = read(mailbox);
    expect(first.texts).toEqual(["receipt a"]);
    expect(read(mailbox)).toEqual(first);
    expect(read(mailbox, first.etag)).toEqual({ etag: first.etag, texts: undefined });
    expect(read(mailbox, first.etag)).toEqual({ etag: first.etag, texts: undefined });
  });

  it("gives what came since, and what was not taken before it", () => {
    const mailbox = new Mailbox();
    put(mailbox, "a");
    const first = read(mailbox);
    put(mailbox, "b");
    const second = read(mailbox);
    expect(second.texts).toEqual(["receipt a", "receipt b"]);
    put(mailbox, "c");
    expect(read(mailbox, second.etag).texts).toEqual(["receipt c"]);
    expect(read(mailbox, first.etag).texts).toEqual(["receipt c"]);
  });

  it("never says that nothing changed to a tag of before, of nothing, or of a stranger", () => {
    const mailbox = new Mailbox();
    const empty = read(mailbox);
    expect(empty.texts).toEqual([]);
    put(mailbox, "a");
    const first = read(mailbox, empty.etag);
    expect(first.texts).toEqual(["receipt a"]);
    for (const tag of [empty.etag, "*", "", '"0"', toEntityTag(Buffer.alloc(0))]) {
      expect(read(mailbox, tag)).toEqual(first);
    }
  });

  it("gives the very same message again, once it was taken and comes anew, under another tag", () => {
    const mailbox = new Mailbox();
    put(mailbox, "a");
    const first = read(mailbox);
    read(mailbox, first.etag);
    put(mailbox, "a");
    const second = read(mailbox, first.etag);
    expect(second.texts).toEqual(["receipt a"]);
    expect(second.etag).not.toBe(first.etag);
  });

  it("gives a new content to a terminal that has lost the tag of the one it has", () => {
    const mailbox = new Mailbox();
    put(mailbox, "a");
    const first = read(mailbox);
    read(mailbox, first.etag);
    const again = read(mailbox);
    expect(again.texts).toEqual([]);
    expect(again.etag).not.toBe(first.etag);
  });

  it("keeps the same message once while it waits", () => {
    const mailbox = new Mailbox();
    expect([put(mailbox, "a"), put(mailbox, "a"), mailbox.put("trust", Buffer.from("a"))]).toEqual([true, true, true]);
    expect(read(mailbox).texts).toEqual(["receipt a", "trust a"]);
  });

  it("takes so many messages and bytes and no more, until some of them are taken", () => {
    const many = new Mailbox();
    for (let n = 0; n < MAX_DESIRED_MESSAGES; n += 1) expect(put(many, String(n))).toBe(true);
    expect(put(many, "one more")).toBe(false);
    expect(read(many, read(many).etag).texts).toBeUndefined();
    expect(put(many, "one more")).toBe(true);

    const large = new Mailbox();
    let taken = 0;
    while (large.put("trust", Buffer.alloc(MAX_PACKET_BYTES, taken))) taken += 1;
    expect(taken).toBe(Math.floor(MAX_DESIRED_BYTES / MAX_PACKET_BYTES) - 1);
    const { bytes, etag } = large.take([]);
    expect(bytes?.length).toBeLessThanOrEqual(MAX_DESIRED_BYTES);
    large.take([etag]);
    expect(large.put("trust", Buffer.alloc(MAX_PACKET_BYTES))).toBe(true);
  });
});
