import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { DONE, startTufClient } from "../../support/tuf-client.ts";

describe("a server that points elsewhere", () => {
  const to = (location: string) => (response: ServerResponse) => {
    response.writeHead(302, { location });
    response.end();
  };

  it("is followed on the same scheme, a few times", async () => {
    const client = await startTufClient();
    const { repository, answers } = client;
    repository.files.set("elsewhere", repository.files.get("metadata/timestamp.json") as Uint8Array);
    answers.set("metadata/timestamp.json", to("/elsewhere"));
    expect(await client.refresh()).toEqual(DONE);
  });

  it.each(["/metadata/timestamp.json", "https://127.0.0.1:1/x", "file:///etc/passwd", "data:application/json,%7B%7D"])(
    "is not followed to %s",
    async (location) => {
      const client = await startTufClient();
      client.answers.set("metadata/timestamp.json", to(location));
      expect(await client.refresh()).toEqual({ exit: 1, code: "FETCH_FAILED" });
      expect(client.requests.length).toBeLessThan(8);
    },
  );

  it("or fails, is told as that: only what is not there ends the walk of roots", async () => {
    const client = await startTufClient();
    client.answers.set("metadata/2.root.json", (response) => {
      response.writeHead(500);
      response.end();
    });
    expect(await client.refresh()).toEqual({ exit: 1, code: "FETCH_FAILED" });
    expect(client.requests).toEqual(["metadata/2.root.json"]);
  });

  it.each(["timestamp", "2.snapshot", "2.targets"])("or has no %s", async (name) => {
    const client = await startTufClient();
    client.repository.publish("targets", "snapshot", "timestamp");
    client.repository.files.delete(`metadata/${name}.json`);
    expect(await client.refresh()).toEqual({ exit: 1, code: "FETCH_FAILED" });
  });
});
