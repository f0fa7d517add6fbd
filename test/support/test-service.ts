import { createPublicKey } from "node:crypto";
import { verifyMessage } from "../../certs/signatures.ts";
import { toDigest, toHex } from "../../proto/bytes.ts";
import { type Proof, parseProof } from "../../proto/challenge.ts";
import { parseDelivery } from "../../proto/delivery.ts";
import { PAYLOAD_TYPES } from "../../proto/dsse.ts";
import {
  type Hello,
  isOutcome,
  parseEnvelope,
  parseHello,
  parseReport,
  type Report,
  toReceiptBytes,
} from "../../proto/terminal-messages.ts";
import type { DownKind } from "../../proto/topics.ts";
import { toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { loadCertificates } from "./certificates.ts";
import { openTestBus } from "./embedded-bus.ts";
import { createApprovers, type TestApprovers } from "./release.ts";

/** The fleet service as terminals meet it: real broker, real TLS, people and trust metadata of its own, no database. */
export interface TestService {
  readonly port: number;
  readonly approvers: TestApprovers;
  /** All that came, verified, in order; a report that was sent twice is there twice. */
  readonly hellos: readonly Hello[];
  readonly reports: readonly Report[];
  readonly proofs: readonly Proof[];
  /** Sends the delivery now if the terminal is there, and after every hello until its outcome is reported. */
  offer(tusn: Tusn, delivery: Uint8Array): void;
  send(tusn: Tusn, kind: DownKind, payload: Uint8Array): boolean;
  /** While false, reports are stored and no receipt is given. */
  receipts: boolean;
  /** What terminals are sent after a hello with an older timestamp; undefined for nothing. */
  trust: Uint8Array | undefined;
  disconnect(tusn: Tusn): void;
  close(): Promise<void>;
}

/** Outcome reports about one directive, each counter once. */
export function toOutcomes(reports: readonly Report[], delivery: Uint8Array): readonly Report[] {
  const directive = toHex(toDigest(parseDelivery(delivery).directive));
  const outcomes = reports.filter((report) => isOutcome(report.kind) && toHex(report.directive) === directive);
  return [...new Map(outcomes.map((report) => [report.counter, report])).values()];
}

/** @param approvers by default new ones, whose trust metadata cannot be rotated */
export async function openTestService(
  approvers = createApprovers(Math.floor(Date.now() / 1_000)),
): Promise<TestService> {
  const { deviceKey } = await loadCertificates();
  const publicKey = createPublicKey(deviceKey);
  const hellos: Hello[] = [];
  const reports: Report[] = [];
  const proofs: Proof[] = [];
  const offered = new Map<Tusn, Uint8Array>();

  const { bus } = await openTestBus({
    receive: async ({ tusn, kind, payload: bytes }) => {
      const { payload, signature } = parseEnvelope(bytes);
      verifyMessage(publicKey, PAYLOAD_TYPES[kind], payload, signature);
      if (kind === "hello") takeHello(tusn, parseHello(payload));
      else if (kind === "proof") proofs.push(parseProof(payload));
      else takeReport(tusn, parseReport(payload), payload);
    },
    admit: async () => "full",
    takenOver: () => {},
    connected: () => {},
    disconnected: () => {},
  });

  function takeHello(tusn: Tusn, hello: Hello): void {
    hellos.push(hello);
    if (service.trust !== undefined && hello.timestampVersion < 1) bus.send(tusn, "trust", service.trust);
    const delivery = offered.get(tusn);
    if (delivery !== undefined && toOutcomes(reports, delivery).length === 0) bus.send(tusn, "directive", delivery);
  }

  function takeReport(tusn: Tusn, report: Report, payload: Uint8Array): void {
    reports.push(report);
    const receipt = toReceiptBytes({ counter: report.counter, report: toDigest(payload) });
    if (service.receipts) bus.send(tusn, "receipt", receipt);
  }

  const service: TestService = {
    port: bus.port,
    approvers,
    hellos,
    reports,
    proofs,
    receipts: true,
    trust: toTrustBundleBytes(approvers.trust),
    offer: (tusn, delivery) => {
      offered.set(tusn, delivery);
      bus.send(tusn, "directive", delivery);
    },
    send: (tusn, kind, payload) => bus.send(tusn, kind, payload),
    disconnect: (tusn) => bus.disconnect(tusn),
    close: () => bus.close(),
  };
  return service;
}
