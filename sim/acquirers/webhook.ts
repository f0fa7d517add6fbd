import {
  constants,
  createHash,
  createHmac,
  type KeyObject,
  privateDecrypt,
  sign,
  timingSafeEqual,
  verify,
} from "node:crypto";
import type { Account, Books, Change } from "./books.ts";
import { type Incoming, Nonces, type Outgoing, Refusal, type Scheme } from "./scheme.ts";

// An acquirer that keeps our own contract (docs/acquirers.md).

const SALT_BYTES = 16;

export interface WebhookOptions {
  readonly keyId: string;
  readonly secret?: Uint8Array;
  /** Ed25519: the asker's public key, and our own private one. */
  readonly askerKey?: KeyObject;
  readonly answerKey?: KeyObject;
  /** RSA: opens what was sealed. */
  readonly platformKey: KeyObject;
  readonly books: Books;
}

export class WebhookScheme implements Scheme {
  readonly #options: WebhookOptions;
  readonly #nonces = new Nonces();

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  handle(request: Incoming): Outgoing {
    this.#verify(request);
    const { method, path, body } = request;
    const [, changeNo] = /^\/v1\/settlement-changes\/([0-9A-Za-z_-]+)$/.exec(path) ?? [];
    const [, merchant] = /^\/v1\/merchants\/([0-9A-Za-z_-]+)\/settlement$/.exec(path) ?? [];
    if (method === "GET" && path === "/v1/status") return toOutgoing({});
    if (method === "GET" && changeNo !== undefined) return this.#find(changeNo);
    if (method === "GET" && merchant !== undefined) return this.#account(merchant);
    if (method === "POST" && path === "/v1/settlement-changes") return this.#change(JSON.parse(body));
    if (method === "POST" && path === "/v1/settlement-reversals") return this.#reverse(JSON.parse(body));
    throw new Refusal(404, "not_found");
  }

  toRefusal({ status, code, words }: Refusal): Outgoing {
    return { status, body: JSON.stringify({ code, words }) };
  }

  sign(request: Incoming, { status, body }: Outgoing, at: number, wrongly: boolean): Readonly<Record<string, string>> {
    const nonce = String(request.headers["tillsync-nonce"]);
    const text = `tillsync-acquirer-v1\nanswer\n${status}\n${at}\n${nonce}\n${toDigest(body)}\n`;
    const signature = this.#sign(wrongly ? `${text}x` : text);
    return { "tillsync-timestamp": String(at), "tillsync-signature": signature.toString("base64") };
  }

  #verify({ method, path, headers, body }: Incoming): void {
    const [keyId, at, nonce, signature] = ["key", "timestamp", "nonce", "signature"].map((name) =>
      String(headers[`tillsync-${name}`] ?? ""),
    ) as [string, string, string, string];
    const text = `tillsync-acquirer-v1\nrequest\n${method}\n${path}\n${at}\n${nonce}\n${toDigest(body)}\n`;
    const isSigned = this.#isSignature(text, Buffer.from(signature, "base64"));
    if (keyId !== this.#options.keyId || !isSigned) throw new Refusal(401, "signature");
    this.#nonces.take(nonce, at, "signature");
  }

  #change(asked: {
    readonly requestNo: string;
    readonly merchant: string;
    readonly account: Omit<Account, "number"> & {
      readonly bin: string;
      readonly last4: string;
      readonly commitment: string;
    };
    readonly sealed: { readonly ciphertext: string };
  }): Outgoing {
    const { kind, bank, cnaps, holder, bin, last4, commitment } = asked.account;
    const oaepLabel = Buffer.from(commitment, "hex");
    const opened = this.#open(Buffer.from(asked.sealed.ciphertext, "base64"), oaepLabel);
    const number = opened.subarray(SALT_BYTES).toString("latin1");
    const isCommitted = createHash("sha256").update(opened).digest("hex") === commitment;
    if (!isCommitted || !number.startsWith(bin) || !number.endsWith(last4)) throw new Refusal(400, "sealed");
    const change = this.#options.books.open(asked.requestNo, asked.merchant, { kind, bank, cnaps, holder, number });
    return toOutgoing(toTold(change));
  }

  #reverse({ requestNo, reverses }: { readonly requestNo: string; readonly reverses: string }): Outgoing {
    const { books } = this.#options;
    const taken = books.findByReference(reverses);
    if (taken?.before === undefined || taken.state !== "succeeded") throw new Refusal(409, "nothing_to_reverse");
    return toOutgoing(toTold(books.open(requestNo, taken.merchant, taken.before)));
  }

  #find(id: string): Outgoing {
    const change = this.#options.books.changes.get(id);
    if (change === undefined) throw new Refusal(404, "unknown");
    return toOutgoing(toTold(change));
  }

  #account(merchant: string): Outgoing {
    const account = this.#options.books.accounts.get(merchant);
    if (account === undefined) throw new Refusal(404, "unknown");
    const { kind, bank, cnaps, holder, number, credit = "" } = account;
    const masked = `${number.slice(0, 6)}******${number.slice(-4)}`;
    return toOutgoing({ merchant, account: { kind, bank, cnaps, holder, masked, credit } });
  }

  #open(ciphertext: Buffer, oaepLabel: Buffer): Buffer {
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    try {
      return privateDecrypt({ key: this.#options.platformKey, padding, oaepHash: "sha256", oaepLabel }, ciphertext);
    } catch {
      throw new Refusal(400, "sealed");
    }
  }

  #sign(text: string): Buffer {
    const { secret, answerKey } = this.#options;
    if (answerKey !== undefined) return sign(null, Buffer.from(text), answerKey);
    return createHmac("sha256", secret ?? Buffer.alloc(0))
      .update(text)
      .digest();
  }

  #isSignature(text: string, signature: Buffer): boolean {
    const { askerKey } = this.#options;
    if (askerKey !== undefined) return verify(null, Buffer.from(text), askerKey, signature);
    const expected = this.#sign(text);
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  }
}

function toTold({ id, reference, state, code, words }: Change): object {
  return { requestNo: id, reference, state, code, words };
}

function toOutgoing(body: object): Outgoing {
  return { status: 200, body: JSON.stringify(body) };
}

function toDigest(body: string): string {
  return createHash("sha256").update(body).digest("hex");
}
