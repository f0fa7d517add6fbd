import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { createPlaces } from "../../../../../src/faces/http/api/places.ts";
import { refusedWith } from "../../../../support/accounts.ts";

type Connection = EventEmitter & { destroyed: boolean };

function openConnection(): Connection {
  return Object.assign(new EventEmitter(), { destroyed: false });
}

function toResponse(socket: Connection): Connection & ServerResponse {
  const response = Object.assign(new EventEmitter(), { destroyed: false, req: { socket } });
  return response as unknown as Connection & ServerResponse;
}

function openPlaces() {
  const places = createPlaces({ inAll: 3, ofOne: 2 });
  return async (actor: string, response = toResponse(openConnection())) => {
    places.enter(actor, response);
    return response;
  };
}

describe("places", () => {
  it("are bounded of one and of all, and free again when the response is through", async () => {
    const enter = openPlaces();
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

  it("are free again, once each, when the connection goes that responses still wait for", async () => {
    const enter = openPlaces();
    const socket = openConnection();
    const responses = [await enter("a", toResponse(socket)), await enter("a", toResponse(socket))];
    socket.emit("close");
    await enter("b");
    await enter("a");
    await enter("a");
    for (const response of responses) response.emit("close");
    expect(await refusedWith(enter("b"))).toBe("RATE_LIMITED atOnce");
  });

  it("are given to nobody who is gone already", async () => {
    const enter = openPlaces();
    const [response, socket] = [toResponse(openConnection()), openConnection()];
    response.destroyed = true;
    socket.destroyed = true;
    for (const gone of [response, toResponse(socket)]) {
      expect(await refusedWith(enter("a", gone))).toBe("RATE_LIMITED atOnce");
    }
    await enter("a");
    await enter("a");
    await enter("b");
  });

  it("leave nothing behind on a connection that many requests come over", async () => {
    const enter = openPlaces();
    const socket = openConnection();
    const most = socket.getMaxListeners();
    for (let n = 0; n < 20; n += 1) (await enter("a", toResponse(socket))).emit("close");
    expect([socket.listenerCount("close"), socket.getMaxListeners()]).toEqual([0, most]);
  });

  it("are taken over one connection without a word, however many there are", async () => {
    const told: string[] = [];
    const listen = ({ name }: Error) => void told.push(name);
    process.on("warning", listen);
    onTestFinished(() => void process.off("warning", listen));
    const places = createPlaces({ inAll: 40, ofOne: 40 });
    const socket = openConnection();
    for (let n = 0; n < 40; n += 1) places.enter("a", toResponse(socket));
    await new Promise((resolve) => setImmediate(resolve));
    expect([socket.listenerCount("close"), told]).toEqual([40, []]);
  });

  it("are taken for work until it is done or has failed", async () => {
    const places = createPlaces({ inAll: 3, ofOne: 1 });
    const ends: ((error?: Error) => void)[] = [];
    const start = () =>
      places.during(
        "a",
        () => new Promise<void>((done, fail) => ends.push((e) => (e === undefined ? done() : fail(e)))),
      );
    for (const error of [undefined, new Error("over")]) {
      const first = start();
      expect(await refusedWith(start())).toBe("RATE_LIMITED atOnce");
      ends.pop()?.(error);
      await first.catch(() => undefined);
    }
    const third = start();
    ends.pop()?.();
    await third;
  });
});
