import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { createPlaces } from "../../../../../src/faces/http/api/places.ts";
import { refusedWith } from "../../../../support/accounts.ts";

describe("places", () => {
  it("are bounded of one and of all, and free again when the response is through", async () => {
    const places = createPlaces({ inAll: 3, ofOne: 2 });
    const enter = async (actor: string) => {
      const response = new EventEmitter() as unknown as ServerResponse;
      places.enter(actor, response);
      return response;
    };
    const first = await enter("a");
    await enter("a");
    expect(await refusedWith(enter("a"))).toBe("RATE_LIMITED atOnce");
    const other = await enter("b");
    expect(await refusedWith(enter("c"))).toBe("RATE_LIMITED atOnce");
    first.emit("close");
    first.emit("close");
    await enter("c");
    expect(await refusedWith(enter("b"))).toBe("RATE_LIMITED atOnce");
    other.emit("close");
    await enter("a");
    expect(await refusedWith(enter("a"))).toBe("RATE_LIMITED atOnce");
  });
});
