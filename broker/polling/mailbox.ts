import { MAX_DESIRED_BYTES, MAX_DESIRED_MESSAGES } from "../../proto/bounds.ts";
import { isEqual } from "../../proto/bytes.ts";
import { type DesiredMessage, toDesiredBytes, toEntityTag } from "../../proto/polling.ts";
import type { DownKind } from "../../proto/topics.ts";

/** What a message takes beside its payload: its kind, tags and lengths. */
const MESSAGE_OVERHEAD_BYTES = 32;

/** What a terminal is answered. */
export interface Content {
  readonly etag: string;
  /** An encoded `Desired`; undefined where the terminal has this very content. */
  readonly bytes: Uint8Array | undefined;
}

/**
 * What waits for one terminal that polls, within bounds. What was given out stays until the terminal names its tag, by
 * which it says that it has taken it; what comes meanwhile makes a new content. Nothing here is durable.
 */
export class Mailbox {
  /** Oldest first. */
  #messages: DesiredMessage[] = [];
  #bytes = 0;
  #number = 0;
  /** What was given out last, and of how many messages it was; without bytes where the terminal has said that it has it. */
  #last: (Content & { readonly messages: number }) | undefined;

  /** False, and nothing kept, where there is no room. The very same message that waits already is kept once. */
  put(kind: DownKind, payload: Uint8Array): boolean {
    if (this.#messages.some((one) => one.kind === kind && isEqual(one.payload, payload))) return true;
    const bytes = payload.length + MESSAGE_OVERHEAD_BYTES;
    const isFull = this.#messages.length >= MAX_DESIRED_MESSAGES;
    if (isFull || this.#bytes + bytes > MAX_DESIRED_BYTES - MESSAGE_OVERHEAD_BYTES) return false;
    this.#messages.push({ kind, payload });
    this.#bytes += bytes;
    return true;
  }

  /** @param tags of contents that the terminal says it has */
  take(tags: readonly string[]): Content {
    const last = this.#last;
    if (last !== undefined && tags.includes(last.etag)) {
      for (const { payload } of this.#messages.splice(0, last.messages)) {
        this.#bytes -= payload.length + MESSAGE_OVERHEAD_BYTES;
      }
      this.#last = { etag: last.etag, bytes: undefined, messages: 0 };
      if (this.#messages.length === 0) return this.#last;
    } else if (last?.bytes !== undefined && last.messages === this.#messages.length) {
      return last;
    }
    return this.#toContent();
  }

  #toContent(): Content {
    this.#number += 1;
    const bytes = toDesiredBytes({ number: this.#number, messages: this.#messages });
    this.#last = { etag: toEntityTag(bytes), bytes, messages: this.#messages.length };
    return this.#last;
  }
}
