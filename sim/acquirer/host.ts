import type { FieldNumber, Fields } from "../../agent/iso8583/fields.ts";
import { isMac, MAC_BYTES, toMac } from "../../agent/iso8583/mac.ts";
import { type IsoMessage, toFrame, toMacData } from "../../agent/iso8583/message.ts";
import { toField62 } from "../../agent/iso8583/working-keys.ts";
import { concat } from "../../proto/bytes.ts";
import { type Behaviour, type Subject, type Treatment, toTreatment } from "./behaviour.ts";
import { type AcquirerRecord, Books } from "./books.ts";

export interface AcquirerTerminal {
  /** Field 41, 8 characters. */
  readonly terminalNo: string;
  /** Field 42, 15 characters: the one merchant this terminal belongs to. */
  readonly merchantNo: string;
  /** Terminal master key, 16 bytes. */
  readonly tmk: Uint8Array;
}

/** What the host does about one message. */
export interface Reaction {
  /** Frames to send after `afterMs`. */
  readonly frames: readonly Uint8Array[];
  readonly afterMs: number;
  /** Close the connection. */
  readonly drop: boolean;
}

/** Behaviours waiting per terminal; more are refused. */
export const MAX_SCRIPT = 10_000;

const PIK_BYTES = 16;
const MAK_BYTES = 8;
const WRONG_MAC = Buffer.from("00000000", "latin1");
const WRONG_ECHO: Fields = { 41: "WRONG000", 42: "000000000000000" };
const IGNORE: Reaction = { frames: [], afterMs: 0, drop: false };
const SUBJECT_OF: Readonly<Record<string, Subject>> = {
  "0820": "echo",
  "0800": "signIn",
  "0200": "purchase",
  "0400": "reversal",
};
const REPEATED: readonly FieldNumber[] = [3, 4, 11, 25, 41, 42, 49, 60];

/**
 * A scriptable acquirer host without I/O. It knows terminals by number, keeps one MAC key per terminal from its last
 * sign-in, checks and makes MACs, and books purchases and reversals. Field 62 of a sign-in answer is laid out as in
 * `toField62`, with a MAC key of 8 bytes.
 */
export class AcquirerHost {
  readonly #random: (bytes: number) => Uint8Array;
  readonly #terminals = new Map<string, AcquirerTerminal>();
  readonly #maks = new Map<string, Uint8Array>();
  readonly #scripts = new Map<string, Behaviour[]>();
  readonly #books = new Books();
  #references = 0;

  /** @param random source of key bytes */
  constructor(random: (bytes: number) => Uint8Array) {
    this.#random = random;
  }

  /** A terminal that is known already gets its new merchant and key, and has to sign in again. */
  addTerminals(terminals: readonly AcquirerTerminal[]): void {
    for (const terminal of terminals) {
      this.#terminals.set(terminal.terminalNo, terminal);
      this.#maks.delete(terminal.terminalNo);
    }
  }

  /** Appends to the terminal's script; a message without one is approved. */
  script(terminalNo: string, behaviours: readonly Behaviour[]): void {
    const script = [...(this.#scripts.get(terminalNo) ?? []), ...behaviours];
    if (script.length > MAX_SCRIPT) throw new RangeError(`more than ${MAX_SCRIPT} behaviours`);
    this.#scripts.set(terminalNo, script);
  }

  records(): readonly AcquirerRecord[] {
    return this.#books.records();
  }

  /** @param frame the bytes that `message` was read from */
  receive(message: IsoMessage, frame: Uint8Array): Reaction {
    const subject = SUBJECT_OF[message.type];
    if (subject === undefined) return IGNORE;
    const objection = this.#toObjection(subject, message, frame);
    const treatment = toTreatment(
      objection === undefined
        ? this.#takeBehaviour(subject, message.fields[41] ?? "")
        : { kind: "decline", code: objection },
    );
    const code = this.#book(subject, message, treatment.code ?? "");
    return {
      frames: this.#toAnswers(subject, message, code, treatment),
      afterMs: treatment.afterMs,
      drop: treatment.drop,
    };
  }

  /** The code that refuses the message whatever the script says. */
  #toObjection(subject: Subject, message: IsoMessage, frame: Uint8Array): string | undefined {
    const terminal = this.#terminals.get(message.fields[41] ?? "");
    if (terminal === undefined) return "97";
    if (terminal.merchantNo !== message.fields[42]) return "03";
    if (message.fields[11] === undefined || message.fields[60] === undefined) return "30";
    if (subject === "echo" || subject === "signIn") return undefined;
    const mak = this.#maks.get(terminal.terminalNo);
    if (mak === undefined) return "77";
    return isMac(message.fields[64], toMac(mak, toMacData(frame))) ? undefined : "A0";
  }

  #takeBehaviour(subject: Subject, terminalNo: string): Behaviour {
    const script = this.#scripts.get(terminalNo) ?? [];
    const at = script.findIndex((behaviour) => (behaviour.on ?? "purchase") === subject);
    const [behaviour] = at < 0 ? [] : script.splice(at, 1);
    return behaviour ?? { kind: "approve" };
  }

  #book(subject: Subject, { fields }: IsoMessage, code: string): string {
    if (subject !== "purchase" && subject !== "reversal") return code;
    const entry = {
      terminalNo: fields[41] ?? "",
      merchantNo: fields[42] ?? "",
      trace: Number(fields[11] ?? 0),
      batch: (fields[60] ?? "").slice(2, 8),
      amountFen: Number(fields[4] ?? 0),
      reason: fields[39] ?? "",
    };
    return subject === "purchase" ? this.#books.purchase(entry, code) : this.#books.reverse(entry, code);
  }

  #toAnswers(subject: Subject, request: IsoMessage, code: string, treatment: Treatment): readonly Uint8Array[] {
    if (treatment.copies === 0) return [];
    const terminal = this.#terminals.get(request.fields[41] ?? "");
    const hasKeys = subject === "signIn" && code === "00" && terminal !== undefined;
    const repeated = Object.fromEntries(REPEATED.map((field) => [field, request.fields[field]])) as Fields;
    const answer: IsoMessage = {
      tpdu: toAnswerTpdu(request.tpdu),
      header: request.header,
      type: String(Number(request.type) + 10).padStart(4, "0"),
      fields: {
        ...repeated,
        37: this.#nextReference(),
        39: code,
        ...(hasKeys ? { 62: this.#renewKeys(terminal) } : {}),
        ...(treatment.echo === "wrong" ? WRONG_ECHO : {}),
      },
    };
    const frame = this.#seal(subject, request, answer, treatment);
    return Array.from({ length: treatment.copies }, () => frame);
  }

  /** The frame of an answer; with a MAC where the message kind has one and the terminal has signed in. */
  #seal(subject: Subject, request: IsoMessage, answer: IsoMessage, { mac }: Treatment): Uint8Array {
    const mak = this.#maks.get(request.fields[41] ?? "");
    if (subject === "echo" || subject === "signIn" || mak === undefined || mac === "missing") return toFrame(answer);
    const frame = toFrame({ ...answer, fields: { ...answer.fields, 64: WRONG_MAC } });
    if (mac === "wrong") return frame;
    return concat(frame.subarray(0, frame.length - MAC_BYTES), toMac(mak, toMacData(frame)));
  }

  #renewKeys({ terminalNo, tmk }: AcquirerTerminal): Uint8Array {
    const keys = { pik: this.#random(PIK_BYTES), mak: this.#random(MAK_BYTES) };
    this.#maks.set(terminalNo, keys.mak);
    return toField62(tmk, keys);
  }

  #nextReference(): string {
    this.#references += 1;
    return String(this.#references).padStart(12, "0");
  }
}

/** Destination and source change places. */
function toAnswerTpdu(tpdu: Uint8Array): Uint8Array {
  return concat(tpdu.subarray(0, 1), tpdu.subarray(3, 5), tpdu.subarray(1, 3));
}
