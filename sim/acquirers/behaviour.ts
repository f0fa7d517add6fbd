/** How a simulated acquirer treats one request; each is consumed by the next one. JSON throughout. */
export type Behaviour =
  /** As it should, after so many milliseconds. */
  | { readonly kind: "late"; readonly ms: number }
  /** Not at all: refused in its own form, signed. */
  | { readonly kind: "refuse"; readonly status: number; readonly code: string; readonly words: string }
  /** This status and an empty object, unsigned, without acting: what stands before it answers. */
  | { readonly kind: "status"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** It acts, and the connection is closed without an answer. */
  | { readonly kind: "drop" }
  /** The connection is closed before it acts. */
  | { readonly kind: "close" }
  /** It acts, and never answers. */
  | { readonly kind: "silence" }
  /** It acts, and the answer's signature is another one's. */
  | { readonly kind: "sign_wrongly" }
  /** It acts, and the answer carries no signature. */
  | { readonly kind: "unsigned" }
  /** It acts, and the answer is signed so many seconds from now. */
  | { readonly kind: "sign_at"; readonly aheadS: number }
  /** It acts, and gives the answer to an earlier request again, byte for byte. */
  | { readonly kind: "replay" }
  /** It acts, and answers this text, signed. */
  | { readonly kind: "body"; readonly body: string; readonly type?: string }
  /** It acts, and answers so many bytes. */
  | { readonly kind: "oversized"; readonly bytes: number };
