/** How the simulated registry treats one question; each is consumed by the next one. JSON throughout. */
export type Behaviour =
  /** As it should, after so many milliseconds. */
  | { readonly kind: "late"; readonly ms: number }
  /** This status and an empty object. */
  | { readonly kind: "status"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** This text with status 200, whatever it is. */
  | { readonly kind: "body"; readonly body: string; readonly headers?: Readonly<Record<string, string>> }
  /** So many bytes that begin like an answer. */
  | { readonly kind: "oversized"; readonly bytes: number }
  /** A byte of a right answer now and then, and never the last one. */
  | { readonly kind: "drip"; readonly everyMs: number }
  /** The connection is closed without an answer. */
  | { readonly kind: "close" }
  /** The connection is closed within the answer. */
  | { readonly kind: "cut" }
  /** No answer ever. */
  | { readonly kind: "silence" };
