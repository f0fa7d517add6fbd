import type { ServerResponse } from "node:http";
import type { StartTimer } from "../../../../broker/guard/timer.ts";
import { check } from "../../../../proto/check.ts";
import { TillsyncError, toErrorCode } from "../../../../proto/errors.ts";
import type { Context } from "../../../app/context.ts";
import { findLastEvent, listEventPage, type MerchantEvent } from "../../../store/pages.ts";
import {
  LOOKS_PER_HEARTBEAT,
  LOOKS_PER_STREAM,
  MAX_EVENTS_AT_ONCE,
  MAX_STREAMS,
  MAX_STREAMS_OF_ONE,
  POLL_MS,
} from "./limits.ts";
import { createPlaces } from "./places.ts";

export const EVENTS_TYPE = "text/event-stream; charset=utf-8";
const CURSOR = /^(0|[1-9]\d{0,14})$/;

export interface StreamRequest {
  /** Who watches, to be counted. */
  readonly actor: string;
  readonly changeId?: string;
  readonly merchants?: ReadonlySet<string> | undefined;
  /** Id of the last event that he has; the newest one of all where absent. */
  readonly after?: number;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** @throws where he may not watch any more */
  verify(): Promise<void>;
}

/** Streams of server-sent events about changes (HTML standard, section 9.2). */
export interface Streams {
  /**
   * Answers with a stream. It goes on behind `after`, so that whoever comes again misses nothing and gets nothing twice.
   *
   * @throws TillsyncError RATE_LIMITED where there are too many, STORE_FAILED
   */
  open(request: StreamRequest, response: ServerResponse): Promise<void>;
  /** Ends all of them, and resolves when nothing is read any more. */
  close(): Promise<void>;
}

interface Stream extends StreamRequest {
  readonly response: ServerResponse;
  cursor: number;
  looks: number;
}

/** Id of an event, as a client repeats it. @throws TillsyncError CURSOR_INVALID */
export function parseEventId(header: string): number {
  try {
    check(CURSOR.test(header), "last-event-id");
  } catch (cause) {
    throw new TillsyncError("CURSOR_INVALID", {}, cause);
  }
  return Number(header);
}

/** One look at the database for all streams at a time; what a stream reads of it is bounded by what its client takes. */
export function openStreams(context: Pick<Context, "store" | "log">, startTimer: StartTimer): Streams {
  const { store, log } = context;
  const places = createPlaces({ inAll: MAX_STREAMS, ofOne: MAX_STREAMS_OF_ONE });
  const streams = new Set<Stream>();
  let stopTimer: (() => void) | undefined;
  let looking: Promise<void> | undefined;
  let isClosed = false;

  const arm = () => {
    if (isClosed || streams.size === 0 || stopTimer !== undefined) return;
    stopTimer = startTimer(POLL_MS, () => {
      looking = look().finally(() => {
        stopTimer = undefined;
        looking = undefined;
        arm();
      });
    });
  };

  const look = async () => {
    try {
      const last = await findLastEvent(store);
      for (const stream of [...streams]) await serve(stream, last);
    } catch (error) {
      log.warn({ code: toErrorCode(error) }, "events not read");
    }
  };

  const serve = async (stream: Stream, last: number) => {
    stream.looks += 1;
    const { response } = stream;
    const isUntaken = response.writableLength > 0;
    const isBeat = stream.looks % LOOKS_PER_HEARTBEAT === 0;
    const isLate = isBeat && isUntaken;
    if (isLate || stream.looks >= LOOKS_PER_STREAM || (isBeat && !(await mayStay(stream)))) {
      streams.delete(stream);
      // What nobody reads would never be through.
      if (isUntaken) response.destroy();
      else response.end();
      return;
    }
    // Nothing is read for a client that has not taken what it was sent.
    if (!isUntaken && stream.cursor < last) await send(stream, last);
    if (isBeat && response.writableLength === 0) response.write(":\n\n");
  };

  const send = async (stream: Stream, last: number) => {
    const { changeId, merchants, response } = stream;
    const events = await listEventPage(store, {
      ...{ after: stream.cursor, limit: MAX_EVENTS_AT_ONCE },
      ...(changeId === undefined ? {} : { changeId }),
      ...(merchants === undefined ? {} : { merchants: [...merchants] }),
    });
    stream.cursor = events.length < MAX_EVENTS_AT_ONCE ? Math.max(last, toLast(events)) : toLast(events);
    if (events.length > 0) response.write(events.map(toEventText).join(""));
  };

  return {
    open: async (request, response) => {
      places.enter(request.actor, response);
      const cursor = request.after ?? (await findLastEvent(store));
      if (response.destroyed || isClosed) {
        response.destroy();
        return;
      }
      const stream: Stream = { ...request, response, cursor, looks: 0 };
      response.writeHead(200, { ...request.headers, "content-type": EVENTS_TYPE });
      // So that the client knows at once that it is open, and waits before it comes again.
      response.write(`retry: ${POLL_MS}\n\n`);
      streams.add(stream);
      response.once("close", () => streams.delete(stream));
      arm();
    },
    close: async () => {
      isClosed = true;
      stopTimer?.();
      for (const { response } of streams) response.destroy();
      await looking;
    },
  };
}

async function mayStay({ verify }: Stream): Promise<boolean> {
  try {
    await verify();
    return true;
  } catch {
    return false;
  }
}

function toLast(events: readonly MerchantEvent[]): number {
  return events.at(-1)?.id ?? 0;
}

/** JSON has no line break in it, so that one line holds it. */
function toEventText({ id, changeId, merchant, at, event, state, actor, comment }: MerchantEvent): string {
  const data = JSON.stringify({ id, change: changeId, merchant, at, event, state, actor, comment });
  return `id: ${id}\nevent: change\ndata: ${data}\n\n`;
}
