import type { RoleName } from "../../certs/trust/metadata.ts";
import type { ErrorCode } from "../../proto/errors.ts";
import type { Receipt } from "../../proto/terminal-messages.ts";
import type { ReversalReason } from "../test-transaction/messages.ts";
import type { Digest, Failure, HeldTrust, Slot, State, Task, Verdict } from "./state.ts";

/** What a terminal said when asked to take a profile; "busy" and "failed" with the reason for people. */
export interface Applied {
  readonly result: "applied" | "busy" | "failed";
  readonly detail: string;
}

/** What happened, by kind. Every event also carries `now`. */
export interface Happenings {
  /** The agent started, or a slot turned out unreadable: `unreadable` names the deliveries that cannot be used. */
  boot: { readonly unreadable: readonly Digest[] };
  /** A delivery passed the gate and its bytes are durable. */
  accepted: { readonly task: Task; readonly slot: Slot };
  /** A delivery was refused, or belongs to nobody: `directive` is then the digest of the whole delivery. */
  refused: {
    readonly code: ErrorCode;
    readonly directive: Digest;
    /** Hexadecimal; empty where it could not be read. */
    readonly nonce: string;
    readonly detail: string;
  };
  /** A directive came again: the one under way, or the last one decided. */
  repeated: { readonly directive: Digest };
  receipt: Receipt;
  /**
   * The next trust root was verified and its bytes are durable: `roots` names all, `changed` the roles it gives anew,
   * `replaced` those that the former holders cannot sign for any more.
   */
  rooted: {
    readonly roots: readonly Digest[];
    readonly changed: readonly RoleName[];
    readonly replaced: readonly RoleName[];
  };
  /** Newer trust metadata was verified under the newest root and its bytes are durable. */
  trusted: HeldTrust;
  /** A hello is about to be sent. */
  greeted: object;
  /**
   * Answer to `read_status`; `busy` is the reason, undefined where the terminal is ready. `withdrawn` says why the
   * directive may not begin any more: a policy has come since under which it is not approved.
   */
  status: { readonly busy: string | undefined; readonly withdrawn?: Failure | undefined };
  /** Answer to `apply`. */
  applied: Applied;
  /** Answer to `test`; `reversalReason` is undefined where no purchase can stand at the host. */
  tested: {
    readonly verdict: Verdict;
    readonly reversalReason: ReversalReason | undefined;
  };
  /** Answer to `reverse`. */
  reversed: { readonly answered: boolean };
  /** The pause is over. */
  resumed: object;
}

export type EventKind = keyof Happenings;

/** `now` in seconds: the terminal's clock, never before the trust timestamp was signed. */
export type EventOf<K extends EventKind> = { readonly kind: K; readonly now: number } & Happenings[K];
export type Event = { [K in EventKind]: EventOf<K> }[EventKind];

/**
 * What to do next, once the state is durable. Each may be done again after a power cut. At most one is outstanding: the
 * next comes only after its answer, or after boot.
 */
export type Effect =
  | { readonly kind: "read_status" }
  /** Undefined: to hold no profile. */
  | { readonly kind: "apply"; readonly slot: Slot | undefined }
  | { readonly kind: "test"; readonly slot: Slot; readonly trace: number }
  | {
      readonly kind: "reverse";
      readonly slot: Slot;
      /** First trace of the attempt whose purchase is reversed. */
      readonly trace: number;
      readonly signInTrace: number;
      readonly reason: ReversalReason;
    }
  /** Wait anything from nothing to `atMostMs`, drawn evenly (full jitter). */
  | { readonly kind: "pause"; readonly atMostMs: number };

export interface Step {
  readonly state: State;
  readonly effect?: Effect;
}
