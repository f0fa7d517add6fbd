/** Messages that a behaviour can be meant for. */
export const SUBJECTS = ["echo", "signIn", "purchase", "reversal"] as const;
export type Subject = (typeof SUBJECTS)[number];

/** How the host treats one message; each is consumed by the next message of its subject. JSON throughout. */
export type Behaviour = {
  /** "purchase" where it is not given. */
  readonly on?: Subject;
} & (
  | { readonly kind: "approve" }
  /** Refused with this response code, such as 03, 58, 77, 97. */
  | { readonly kind: "decline"; readonly code: string }
  /** The host finds the MAC wrong: A0. */
  | { readonly kind: "macError" }
  /** Done, but answered with a wrong MAC. */
  | { readonly kind: "wrongMac" }
  /** Done, but answered without a MAC. */
  | { readonly kind: "missingMac" }
  /** Done, but answered with another terminal's number and merchant. */
  | { readonly kind: "wrongEcho" }
  /** Never arrived: not done, not answered. */
  | { readonly kind: "silence" }
  /** Done at once, answered after so many milliseconds. */
  | { readonly kind: "lateAnswer"; readonly ms: number }
  /** Done once, answered twice. */
  | { readonly kind: "answerTwice" }
  /** Done, then the connection is closed without an answer. */
  | { readonly kind: "dropAfterDebit" }
);

/** What a behaviour means for one message. */
export interface Treatment {
  /** Response code; undefined where the message never arrived. */
  readonly code: string | undefined;
  readonly mac: "right" | "wrong" | "missing";
  readonly echo: "right" | "wrong";
  readonly copies: 0 | 1 | 2;
  readonly afterMs: number;
  readonly drop: boolean;
}

const APPROVE: Treatment = { code: "00", mac: "right", echo: "right", copies: 1, afterMs: 0, drop: false };

export function toTreatment(behaviour: Behaviour): Treatment {
  switch (behaviour.kind) {
    case "approve":
      return APPROVE;
    case "decline":
      return { ...APPROVE, code: behaviour.code };
    case "macError":
      return { ...APPROVE, code: "A0" };
    case "wrongMac":
      return { ...APPROVE, mac: "wrong" };
    case "missingMac":
      return { ...APPROVE, mac: "missing" };
    case "wrongEcho":
      return { ...APPROVE, echo: "wrong" };
    case "silence":
      return { ...APPROVE, code: undefined, copies: 0 };
    case "lateAnswer":
      return { ...APPROVE, afterMs: behaviour.ms };
    case "answerTwice":
      return { ...APPROVE, copies: 2 };
    case "dropAfterDebit":
      return { ...APPROVE, copies: 0, drop: true };
  }
}
