import { describe, expect, it } from "vitest";
import { createApproverKey, toPublicKey } from "../../certs/keys.ts";
import { REQUEST_WINDOW_S, type SignedRequest, signRequest, verifyRequest } from "../../certs/request.ts";
import { signStatement } from "../../certs/signatures.ts";
import { toHex, toUtf8 } from "../../proto/bytes.ts";
import { createApprovers } from "../support/release.ts";

const NOW = 1_800_000_000;
const approvers = createApprovers(NOW);
const { policy, maker, checker } = approvers;
const GET: SignedRequest = { method: "GET", path: "/v1/releases?state=open", body: new Uint8Array(0) };
const POST: SignedRequest = { method: "POST", path: "/v1/releases/00ff/signatures", body: toUtf8("a file") };

function sign(request: SignedRequest, at = NOW, key = maker): string {
  return signRequest(key, { ...request, at });
}

function expectUnsigned(header: string | undefined, request: SignedRequest, now = NOW): void {
  expect(() => verifyRequest(policy, header, request, now)).toThrow(
    expect.objectContaining({ code: "REQUEST_UNSIGNED" }),
  );
}

describe("a request of an approver", () => {
  it("tells which person of the policy made it", () => {
    expect(verifyRequest(policy, sign(GET), GET, NOW).id).toBe("li.mei");
    expect(verifyRequest(policy, sign(POST, NOW, checker), POST, NOW).id).toBe("wang.jun");
  });

  it("is refused without a header, or with one of another form", () => {
    const header = sign(GET);
    const others = [
      undefined,
      "",
      "Basic bGk6cGFzcw==",
      header.toUpperCase(),
      `${header} `,
      `${header},at=1`,
      header.replace("at=", "at=0"),
      header.replace("at=1800000000", "at=1800000000.0"),
      header.slice(0, -2),
      header.replace(",", ", "),
    ];
    for (const other of others) expectUnsigned(other, GET);
  });

  it("is refused where method, path, query or body are not those that were signed", () => {
    const header = sign(POST);
    expectUnsigned(header, { ...POST, method: "PUT" });
    expectUnsigned(header, { ...POST, path: "/v1/releases/00fe/signatures" });
    expectUnsigned(header, { ...POST, path: `${POST.path}?force=1` });
    expectUnsigned(header, { ...POST, body: toUtf8("another file") });
    expectUnsigned(header, { ...POST, body: new Uint8Array(0) });
  });

  it("is refused where its lines could be read in another way", () => {
    expectUnsigned(sign(GET), { ...GET, method: "GET\n/v1/releases" });
    expectUnsigned(sign(GET), { ...GET, path: "/v1/releases\n1800000000" });
    const expected = expect.objectContaining({ code: "FIELD_INVALID" });
    expect(() => sign({ ...GET, method: "get" })).toThrow(expected);
    expect(() => sign({ ...GET, path: "v1/releases" })).toThrow(expected);
    expect(() => sign({ ...GET, path: "/v1/releases HTTP/1.1" })).toThrow(expected);
  });

  it("is refused outside its window, and good at either end of it", () => {
    const header = sign(GET);
    for (const now of [NOW - REQUEST_WINDOW_S, NOW + REQUEST_WINDOW_S]) {
      expect(verifyRequest(policy, header, GET, now).id).toBe("li.mei");
    }
    expectUnsigned(header, GET, NOW - REQUEST_WINDOW_S - 1);
    expectUnsigned(header, GET, NOW + REQUEST_WINDOW_S + 1);
    expectUnsigned(header.replace(`at=${NOW}`, `at=${NOW + 1}`), GET, NOW);
  });

  it("is refused by a key that the policy does not name, also under the name of one that it does", () => {
    const stranger = createApproverKey();
    const header = sign(GET, NOW, stranger);
    expectUnsigned(header, GET);
    expectUnsigned(header.replace(toPublicKey(stranger).id, toPublicKey(maker).id), GET);
  });

  it("is refused by a person whose name was taken out of the policy", () => {
    const left = { ...policy, persons: policy.persons.filter(({ id }) => id !== "li.mei") };
    expect(() => verifyRequest(left, sign(GET), GET, NOW)).toThrow(
      expect.objectContaining({ code: "REQUEST_UNSIGNED" }),
    );
  });

  it("never takes an approval for a request", () => {
    const approval = signStatement(maker, toUtf8(`GET\n${GET.path}\n${NOW}\n${"0".repeat(64)}`));
    const header = `Tillsync-Approver key=${toPublicKey(maker).id},at=${NOW},signature=${toHex(approval.value)}`;
    expectUnsigned(header, GET);
  });
});
