import { toSealedAccountJson } from "../../certs/acquirer/seal.ts";
import { toHex } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import type { Acquirer } from "../../src/app/acquirers/acquirer.ts";
import type { OnRecord } from "../../src/domain/acquirers/on-record.ts";
import type { BindingFacts, Told } from "../../src/domain/acquirers/order.ts";

/** An acquirer in this process: it keeps what it was asked for, and answers as the test says. */
export class FakeAcquirer implements Acquirer {
  readonly adapter = "webhook";
  readonly asked: string[] = [];
  answer: Told["state"] = "succeeded";
  account: BindingFacts | undefined;

  async request(order: Parameters<Acquirer["request"]>[0]): Promise<Told> {
    if (!this.asked.includes(order.requestNo)) this.asked.push(order.requestNo);
    const told = this.tell();
    if (told.state === "succeeded") this.account = order.wanted;
    return told;
  }

  async follow(order: Parameters<Acquirer["follow"]>[0]): Promise<Told> {
    const told = this.tell();
    if (told.state === "succeeded") this.account = order.wanted;
    return told;
  }

  async query(): Promise<OnRecord | undefined> {
    if (this.account === undefined) return undefined;
    const { kind, bin, last4, bank, cnaps, holder } = this.account;
    return { kind, masked: `${bin}*********${last4}`, bank, cnaps, holder, credit: "", at: 0 };
  }

  async check(): Promise<void> {}

  private tell(): Told {
    const reference = "R-1";
    switch (this.answer) {
      case "failed":
        return { state: "failed", reference, code: "NAME_MISMATCH", words: "holder differs" };
      case "auditing":
      case "succeeded":
        return { state: this.answer, reference, words: "" };
      default:
        throw new TillsyncError("ACQUIRER_FAILED");
    }
  }
}

/** As an approver's program makes it, for one order alone where its number is given; nobody opens it here. */
export function toSealed(commitment: Uint8Array = new Uint8Array(0), request = ""): string {
  const ciphertext = Buffer.alloc(64).toString("base64");
  const sealed = { scheme: "webhook", key: "k1", request, commitment: toHex(commitment), ciphertext } as const;
  return Buffer.from(toSealedAccountJson(sealed)).toString("base64");
}
