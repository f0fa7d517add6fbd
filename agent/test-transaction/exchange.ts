import { connect } from "node:net";
import { concat } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import type { Profile } from "../../proto/profile.ts";
import { splitFrames } from "../iso8583/frames.ts";
import { type IsoMessage, parseFrame, toFrame } from "../iso8583/message.ts";
import { isAnswerTo } from "./answers.ts";

/** Messages that do not answer the request and are skipped while waiting for the one that does. */
export const MAX_UNRELATED_MESSAGES = 16;

export type Exchange =
  | { readonly kind: "answered"; readonly answer: IsoMessage; readonly frame: Uint8Array }
  /** `sent`: the request may have reached the host. */
  | { readonly kind: "unanswered"; readonly sent: boolean; readonly detail: string };

/**
 * Sends one request over a TCP connection of its own and waits for its answer, within `connectMs` and then `answerMs`.
 * As terminals of this kind connect anew for every message, no late or repeated answer can meet a later request.
 * Trouble of the network is a result, never an error; the socket is always destroyed.
 *
 * @throws TillsyncError ISO_FIELD_INVALID where the request cannot be packed
 */
export async function exchange(profile: Profile, request: IsoMessage): Promise<Exchange> {
  const frame = toFrame(request);
  const { host, port } = profile.acquiring;
  const { connectMs, answerMs } = profile.parameters;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const findAnswer = toAnswerFinder(request);
    let sent = false;
    let timer = setTimeout(() => giveUp("not connected in time"), connectMs);

    function end(): void {
      clearTimeout(timer);
      socket.destroy();
    }
    function giveUp(detail: string): void {
      end();
      resolve({ kind: "unanswered", sent, detail });
    }

    socket.once("connect", () => {
      clearTimeout(timer);
      timer = setTimeout(() => giveUp("no answer in time"), answerMs);
      sent = true;
      socket.write(frame);
    });
    socket.on("data", (chunk) => {
      try {
        const found = findAnswer(chunk);
        if (found === undefined) return;
        end();
        resolve(found);
      } catch (error) {
        if (error instanceof TillsyncError) return giveUp(`unreadable stream (${error.code})`);
        end();
        reject(error);
      }
    });
    socket.on("error", (error: NodeJS.ErrnoException) => giveUp(`connection failed (${error.code ?? error.name})`));
    socket.on("close", () => giveUp("connection closed"));
  });
}

/** Takes the stream chunk by chunk; throws ISO_MALFORMED where no answer can be found in it any more. */
function toAnswerFinder(request: IsoMessage): (chunk: Uint8Array) => Exchange | undefined {
  let rest: Uint8Array = new Uint8Array(0);
  let unrelated = 0;
  return (chunk) => {
    const split = splitFrames(concat(rest, chunk));
    rest = split.rest;
    for (const frame of split.frames) {
      const answer = parseAnswer(request, frame);
      if (answer !== undefined) return { kind: "answered", answer, frame };
      unrelated += 1;
      if (unrelated > MAX_UNRELATED_MESSAGES) throw new TillsyncError("ISO_MALFORMED", { unrelated });
    }
    return undefined;
  };
}

function parseAnswer(request: IsoMessage, frame: Uint8Array): IsoMessage | undefined {
  try {
    const message = parseFrame(frame);
    return isAnswerTo(request, message) ? message : undefined;
  } catch (error) {
    // A frame that cannot be read is one more message that does not answer the request.
    if (error instanceof TillsyncError) return undefined;
    throw error;
  }
}
