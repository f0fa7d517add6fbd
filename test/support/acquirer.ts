import { randomBytes } from "node:crypto";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { splitFrames } from "../../agent/iso8583/frames.ts";
import { type IsoMessage, parseFrame } from "../../agent/iso8583/message.ts";
import { openSimulatedTerminal } from "../../agent/terminal/simulated.ts";
import type { Terminal } from "../../agent/terminal/terminal.ts";
import type { Profile } from "../../proto/profile.ts";
import type { AcquirerRecord } from "../../sim/acquirer/books.ts";
import { AcquirerHost, type AcquirerTerminal } from "../../sim/acquirer/host.ts";
import { toSimulatedTmk } from "../../sim/keys.ts";
import { SAMPLE_PROFILE } from "./release.ts";

export const TMK = toSimulatedTmk("00000304N7NL01933217");

/** The terminal of the sample profile as its acquirer knows it. */
export const KNOWN_TERMINAL: AcquirerTerminal = {
  terminalNo: SAMPLE_PROFILE.acquiring.terminalNo,
  merchantNo: SAMPLE_PROFILE.merchant.number,
  tmk: TMK,
};

/** Long enough for a loaded machine to answer, short enough to wait out. */
export const ANSWER_MS = 600;

/** The sample profile with an acquirer on this machine's `port`. */
export function toProfileAt(port: number): Profile {
  return {
    ...SAMPLE_PROFILE,
    acquiring: { ...SAMPLE_PROFILE.acquiring, host: "127.0.0.1", port },
    parameters: { ...SAMPLE_PROFILE.parameters, amountFen: 1, connectMs: 1_000, answerMs: ANSWER_MS },
  };
}

/** A terminal that holds its master key and no profile. */
export function createTerminal(tmk: Uint8Array = TMK): Terminal {
  return openSimulatedTerminal({ profilePath: "/nonexistent/profile", tmk });
}

/** Purchases that stand at the host: debited and not reversed. */
export function toStanding(records: readonly AcquirerRecord[]): number {
  const effective = records.filter((record) => record.effective);
  return effective.reduce((standing, { kind }) => standing + (kind === "purchase" ? 1 : -1), 0);
}

export interface TamperedAcquirer {
  readonly port: number;
  readonly host: AcquirerHost;
  /** Requests received, in order. */
  readonly requests: readonly IsoMessage[];
  close(): Promise<void>;
}

/** An acquirer behind an attacker on the line, who turns each answer of the host into the chunks that are sent. */
export async function openTamperedAcquirer(
  tamper: (request: IsoMessage, answer: Buffer, socket: Socket) => readonly Uint8Array[],
): Promise<TamperedAcquirer> {
  const host = new AcquirerHost(randomBytes);
  host.addTerminals([KNOWN_TERMINAL]);
  const requests: IsoMessage[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      for (const frame of splitFrames(chunk).frames) {
        const request = parseFrame(frame);
        requests.push(request);
        const answer = Buffer.concat(host.receive(request, frame).frames);
        for (const part of tamper(request, answer, socket)) socket.write(part);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    host,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
