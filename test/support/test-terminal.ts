import type { KeyObject } from "node:crypto";
import { signMessage } from "../../certs/signatures.ts";
import { toDigest } from "../../proto/bytes.ts";
import { toCardKeyBytes } from "../../proto/card-key.ts";
import { type Delivery, parseDelivery } from "../../proto/delivery.ts";
import { type Directive, parseDirective } from "../../proto/directive.ts";
import { PAYLOAD_TYPES } from "../../proto/dsse.ts";
import {
  type Hello,
  type Report,
  type ReportKind,
  toEnvelopeBytes,
  toHelloBytes,
  toReportBytes,
} from "../../proto/terminal-messages.ts";
import type { UpKind } from "../../proto/topics.ts";
import type { Tusn } from "../../proto/tusn.ts";

const NO_DIGEST = new Uint8Array(0);

/** A terminal as the service sees it: it keeps count, remembers its profile and signs what it says. */
export class TestTerminal {
  readonly tusn: Tusn;
  readonly deviceKey: KeyObject;
  counter = 0;
  sequence = 0;
  current: Uint8Array = NO_DIGEST;
  previous: Uint8Array = NO_DIGEST;

  constructor(tusn: Tusn, deviceKey: KeyObject) {
    this.tusn = tusn;
    this.deviceKey = deviceKey;
  }

  /** A signed hello under the next counter. */
  hello(change: Partial<Hello> = {}): Uint8Array {
    this.counter += 1;
    const hello: Hello = {
      tusn: this.tusn,
      counter: this.counter,
      sequence: this.sequence,
      current: this.current,
      previous: this.previous,
      phase: "idle",
      directive: NO_DIGEST,
      timestampVersion: 1,
      stale: false,
      unsent: 0,
      agentVersion: "0.1.0",
      rootVersion: 1,
      cardKey: new Uint8Array(0),
      cardKeyProof: new Uint8Array(0),
      run: new Uint8Array(0),
      busy: "",
      ...change,
    };
    return this.sign("hello", toHelloBytes(hello));
  }

  /** A signed report about a delivery under the next counter; committed takes the profile over. */
  report(delivery: Uint8Array, kind: ReportKind, change: Partial<Report> = {}): Uint8Array {
    const { directive, parsed, nonce } = readDelivery(delivery);
    if (kind !== "refused") this.sequence = Math.max(this.sequence, parsed.sequence);
    if (kind === "committed") {
      this.previous = this.current;
      this.current = toDigest(parsed.profile);
    }
    return this.sign("report", toReportBytes({ ...this.toReport(kind, directive), nonce, ...change }));
  }

  /** The next report's plain form, about directive bytes. */
  toReport(kind: ReportKind, directive: Uint8Array): Report {
    this.counter += 1;
    return {
      tusn: this.tusn,
      counter: this.counter,
      kind,
      code: kind === "rolled_back" ? "TEST_FAILED" : kind === "refused" ? "STATEMENT_UNSIGNED" : "",
      directive: toDigest(directive),
      sequence: this.sequence,
      current: this.current,
      previous: this.previous,
      nonce: NO_DIGEST,
      at: 1,
      detail: kind === "rolled_back" ? "97" : "",
    };
  }

  /** What a hello of a terminal tells that needs card numbers. */
  vouch(cardKey: Uint8Array): Pick<Hello, "cardKey" | "cardKeyProof"> {
    const cardKeyProof = signMessage(this.deviceKey, PAYLOAD_TYPES.cardKey, toCardKeyBytes(this.tusn, cardKey));
    return { cardKey, cardKeyProof };
  }

  sign(kind: UpKind, payload: Uint8Array): Uint8Array {
    const signature = signMessage(this.deviceKey, PAYLOAD_TYPES[kind], payload);
    return toEnvelopeBytes({ payload, signature });
  }
}

/** A delivery with its directive read. */
export function readDelivery(bytes: Uint8Array): Delivery & { readonly parsed: Directive } {
  const delivery = parseDelivery(bytes);
  return { ...delivery, parsed: parseDirective(delivery.directive) };
}
