import { describe, expect, it } from "vitest";
import {
  MAX_DESIRED_BYTES,
  MAX_DESIRED_MESSAGES,
  MAX_ENVELOPE_BYTES,
  MAX_PACKET_BYTES,
  MAX_UPLOAD_BYTES,
  MAX_UPLOAD_MESSAGES,
  MAX_UPLOADED_BYTES,
} from "../../proto/bounds.ts";
import { encode } from "../../proto/codec.ts";
import { tillsync } from "../../proto/gen/tillsync.js";
import {
  parseDesired,
  parseUpload,
  parseUploaded,
  toDesiredBytes,
  toEntityTag,
  toUploadBytes,
  toUploadedBytes,
} from "../../proto/polling.ts";

const code = (name: string) => expect.objectContaining({ code: name });
/** With bytes as hexadecimal, of whatever class they are. */
const plain = (value: object) =>
  JSON.parse(JSON.stringify(value, (_, one) => (one?.type === "Buffer" ? Buffer.from(one.data).toString("hex") : one)));
const bytes = (...values: readonly number[]) => Buffer.from(values);
const envelope = bytes(1, 2);
const payload = bytes(3);

describe("what a terminal uploads", () => {
  const one = { kind: "report", envelope };

  it("comes back as it was said, in its order", () => {
    const messages = [{ kind: "hello", envelope } as const, { kind: "proof", envelope: payload } as const];
    expect(plain(parseUpload(toUploadBytes(messages)))).toEqual(plain(messages));
  });

  it.each([
    ["no message", []],
    ["too many messages", Array(MAX_UPLOAD_MESSAGES + 1).fill(one)],
    ["a kind that no terminal says", [{ ...one, kind: "trust" }]],
    ["no kind", [{ envelope }]],
    ["an empty envelope", [{ ...one, envelope: new Uint8Array(0) }]],
    ["a large envelope", [{ ...one, envelope: new Uint8Array(MAX_ENVELOPE_BYTES + 1) }]],
  ])("is refused with %s", (_, messages) => {
    expect(() => parseUpload(encode(tillsync.Upload, { messages }))).toThrow(code("FIELD_INVALID"));
  });

  it("is refused unread where it is too large, and where it is not canonical", () => {
    expect(() => parseUpload(new Uint8Array(MAX_UPLOAD_BYTES + 1))).toThrow(code("BYTES_TOO_LARGE"));
    const good = toUploadBytes([{ kind: "hello", envelope }]);
    for (const bad of [good.subarray(1), Buffer.concat([good, Buffer.from([0x18, 1])])]) {
      expect(() => parseUpload(bad)).toThrow(code("BYTES_NOT_CANONICAL"));
    }
  });
});

describe("what becomes of an upload", () => {
  it("comes back as it was said", () => {
    expect(parseUploaded(toUploadedBytes(["", "STORE_FAILED", ""]))).toEqual(["", "STORE_FAILED", ""]);
  });

  it("is refused with a code that there is not, too many of them, or none", () => {
    for (const codes of [[], ["NO_SUCH_CODE"], Array(MAX_UPLOAD_MESSAGES + 1).fill("")]) {
      expect(() => parseUploaded(encode(tillsync.Uploaded, { codes }))).toThrow(code("FIELD_INVALID"));
    }
    expect(() => parseUploaded(new Uint8Array(MAX_UPLOADED_BYTES + 1))).toThrow(code("BYTES_TOO_LARGE"));
  });
});

describe("what waits for a terminal", () => {
  const one = { kind: "directive", payload };

  it("comes back as it was said, in its order, under a tag of its own", () => {
    const messages = [{ kind: "trust", payload } as const, { kind: "receipt", payload: envelope } as const];
    const desired = toDesiredBytes({ number: 7, messages });
    expect(plain(parseDesired(desired))).toEqual(plain({ number: 7, messages }));
    expect(toEntityTag(desired)).toMatch(/^"[0-9a-f]{64}"$/);
    expect(toEntityTag(desired)).not.toBe(toEntityTag(toDesiredBytes({ number: 8, messages })));
  });

  it.each([
    ["too many messages", { number: 1, messages: Array(MAX_DESIRED_MESSAGES + 1).fill(one) }],
    ["a kind that no service sends", { number: 1, messages: [{ ...one, kind: "hello" }] }],
    [
      "more than one packet may have",
      { number: 1, messages: [{ ...one, payload: new Uint8Array(MAX_PACKET_BYTES + 1) }] },
    ],
    ["no number", { messages: [one] }],
  ])("is refused with %s", (_, desired) => {
    expect(() => parseDesired(encode(tillsync.Desired, desired))).toThrow(code("FIELD_INVALID"));
  });

  it("is refused unread where it is too large", () => {
    expect(() => parseDesired(new Uint8Array(MAX_DESIRED_BYTES + 1))).toThrow(code("BYTES_TOO_LARGE"));
  });
});
