import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { toErrorCode } from "../../../../proto/errors.ts";
import { openEmail, SEND_MS } from "../../../../src/app/notices/email.ts";
import type { NoticeContent } from "../../../../src/domain/notices/words.ts";
import type { StoredNotice } from "../../../../src/store/notices.ts";

const LINES = 3;
const CONTENT: NoticeContent = {
  ...{ change: "C0123456789abcdef", event: "submit", kind: "merchant", merchant: "822290058120001" },
  ...{ merchantName: "小张餐饮", account: "", reason: "", comment: "", at: 0 },
};
const NOTICE: StoredNotice = {
  ...{ id: 1, changeId: CONTENT.change, eventId: 1, event: "submit", channel: "email", audience: "staff" },
  ...{ recipient: "sales@op.example", content: JSON.stringify(CONTENT), createdAt: 0, attempts: 0, dueAt: 0 },
  ...{ deliveredAt: null, code: "" },
};

/** Greets, and then never ends its answer: one line more each few milliseconds, whatever its client says or hangs up. */
async function openDripping() {
  const dripping = { lines: 0, closed: Promise.resolve(), onLine: () => {} };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    dripping.closed = new Promise((resolve) => socket.on("close", () => resolve()));
    socket.resume().write("220 mail.example ESMTP\r\n");
    const timer = setInterval(() => {
      socket.write("250-more\r\n");
      dripping.lines += 1;
      dripping.onLine();
    }, 5);
    socket.on("close", () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return Object.assign(dripping, { port: (server.address() as AddressInfo).port });
}

describe("a mail server that never comes to an end", () => {
  it("is left when the time for a whole mail is up, and its connection is closed", async () => {
    const server = await openDripping();
    let bound = 0;
    const settings = { host: "127.0.0.1", port: server.port, secure: false, from: "tillsync@op.example" };
    const send = openEmail(settings, "en", (ms, onElapsed) => {
      bound = ms;
      server.onLine = () => {
        if (server.lines === LINES) onElapsed();
      };
      return () => undefined;
    });
    await expect(send(NOTICE).catch(toErrorCode)).resolves.toBe("NOTICE_FAILED");
    expect(bound).toBe(SEND_MS);
    await server.closed;
  });
});
