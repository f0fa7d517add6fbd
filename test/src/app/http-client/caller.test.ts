import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { TillsyncError } from "../../../../proto/errors.ts";
import { FAILURES_TO_OPEN } from "../../../../src/app/http-client/breaker.ts";
import { type Call, Caller } from "../../../../src/app/http-client/caller.ts";
import { toEndpoint } from "../../../../src/app/http-client/client.ts";
import { openTestFleet } from "../../../support/fleet-store.ts";

const ATTEMPT_MS = 5_000;

/** Takes every request, does what it asks for, and cuts the line instead of answering; or answers with this status. */
async function openOther() {
  const { log } = await openTestFleet();
  const other = { taken: 0, status: 0, close: async () => {} };
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      other.taken += 1;
      if (other.status === 0) request.socket.destroy();
      else response.writeHead(other.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  other.close = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  onTestFinished(() => other.close());
  const waits: (() => Promise<void>)[] = [];
  const caller = new Caller({
    ...{ endpoint: toEndpoint(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, "url"), name: "other" },
    ...{ code: "ACQUIRER_FAILED", maxAnswerBytes: 1_000, log, attemptMs: ATTEMPT_MS, clock: () => 0, random: () => 0 },
    // What happens between two attempts happens while the second is waited for, which takes no time otherwise.
    startTimer: (ms, onElapsed) => {
      if (ms === ATTEMPT_MS) return () => undefined;
      void (waits.shift() ?? (async () => undefined))().then(onElapsed);
      return () => undefined;
    },
  });
  const fail = (call: Partial<Call<unknown>> = {}) =>
    caller.call({ ...ASK, ...call }).then(
      () => expect.unreachable("answered"),
      (error: TillsyncError) => error.fields,
    );
  return { other, waits, fail };
}

const ASK: Call<unknown> = {
  toRequest: () => ({ method: "POST", path: "/", headers: {}, body: "{}" }),
  judge: ({ status }) => ({
    error: new TillsyncError("ACQUIRER_FAILED", { what: "status", status, sent: false }),
    ...{ again: true, counts: true },
  }),
  repeats: true,
};

describe("a question that is asked again", () => {
  it("says that nothing arrived only where no attempt can have", async () => {
    const { other, fail } = await openOther();
    await other.close();
    expect(await fail()).toMatchObject({ network: "ECONNREFUSED", sent: false });
    expect(other.taken).toBe(0);
  });

  it("does not say so where the first attempt arrived and the next found nobody", async () => {
    const { other, waits, fail } = await openOther();
    waits.push(() => other.close());
    const fields = await fail();
    expect(other.taken).toBe(1);
    expect(fields).toMatchObject({ what: "network", network: "ECONNREFUSED" });
    expect(fields).not.toHaveProperty("sent");
  });

  it("does not say so where the other side denies the next attempt only", async () => {
    const { other, waits, fail } = await openOther();
    waits.push(async () => {
      other.status = 429;
    });
    expect(await fail()).toEqual({ what: "status", status: 429 });
    expect(await fail()).toEqual({ what: "status", status: 429, sent: false });
  });

  it("does not say so where it is left alone before the last attempt", async () => {
    const { other, waits, fail } = await openOther();
    // Three failures of three attempts; two more open the circuit.
    await fail();
    expect(other.taken).toBe(FAILURES_TO_OPEN - 2);
    waits.push(() => other.close());
    expect(await fail()).not.toHaveProperty("sent");
    expect(other.taken).toBe(FAILURES_TO_OPEN - 1);
    expect(await fail()).toMatchObject({ what: "left alone after failures", sent: false });
  });

  it("goes out once where it may not be repeated, unless it surely had no effect", async () => {
    const { other, fail } = await openOther();
    expect(await fail({ repeats: false })).not.toHaveProperty("sent");
    expect(other.taken).toBe(1);
    other.status = 429;
    expect(await fail({ repeats: false })).toMatchObject({ sent: false });
    expect(other.taken).toBe(4);
  });
});
