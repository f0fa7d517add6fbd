import type { KeyObject } from "node:crypto";
import { request } from "node:https";
import { MAX_RELEASE_FILE_BYTES, MAX_TRUST_BUNDLE_BYTES } from "../../proto/bounds.ts";
import { toDigest } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { signRequest } from "../request.ts";

// The service's desk, where releases wait for signatures. Nothing that it says is believed: releases are judged under
// the approver's own policy, trust under his own root.

const TIMEOUT_MS = 30_000;
/** A release of a million directives over a slow line. */
const MAX_DURATION_MS = 600_000;
const MAX_LIST_BYTES = 1_048_576;
const MAX_ANSWER_BYTES = 65_536;
const NOTHING = new Uint8Array(0);

/** Where the desk is, and whom to take for it. */
export interface Desk {
  /** `https://host[:port]`. */
  readonly service: string;
  /** Certificate authority in PEM; the system's where absent. */
  readonly ca: Buffer | undefined;
}

/** Whoever asks, and when, in seconds. */
export interface Asker {
  readonly key: KeyObject;
  readonly now: number;
}

interface Call {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: Uint8Array;
  readonly by?: Asker;
  /** Bytes of the answer at most. */
  readonly most: number;
}

/** The JSON list of releases that wait. @throws TillsyncError FETCH_FAILED */
export async function fetchReleases(desk: Desk, by: Asker): Promise<Buffer> {
  return await call(desk, { method: "GET", path: "/v1/releases", by, most: MAX_LIST_BYTES });
}

/** A release file. @throws TillsyncError FETCH_FAILED */
export async function fetchRelease(desk: Desk, by: Asker, releaseId: string): Promise<Buffer> {
  return await call(desk, { method: "GET", path: `/v1/releases/${releaseId}`, by, most: MAX_RELEASE_FILE_BYTES });
}

/** Hands in a release file with signatures. @throws TillsyncError FETCH_FAILED */
export async function submitRelease(desk: Desk, by: Asker, releaseId: string, file: Uint8Array): Promise<Buffer> {
  const path = `/v1/releases/${releaseId}/signatures`;
  return await call(desk, { method: "POST", path, body: file, by, most: MAX_ANSWER_BYTES });
}

/** A trust bundle with roots after the version held; needs no signature. @throws TillsyncError FETCH_FAILED */
export async function fetchTrustBundle(desk: Desk, rootVersion: number): Promise<Buffer> {
  const path = `/v1/trust/bundle?after=${rootVersion}`;
  return await call(desk, { method: "GET", path, most: MAX_TRUST_BUNDLE_BYTES });
}

/** The JSON list of enrolments that wait for a person; of one terminal where it is named. @throws TillsyncError FETCH_FAILED */
export async function fetchEnrolments(desk: Desk, by: Asker, tusn?: string): Promise<Buffer> {
  const path = tusn === undefined ? "/v1/enrolments" : `/v1/enrolments/${tusn}`;
  return await call(desk, { method: "GET", path, by, most: MAX_LIST_BYTES });
}

/** Lets a device key enrol as a terminal. @throws TillsyncError FETCH_FAILED */
export async function submitAdmission(desk: Desk, by: Asker, tusn: string, body: Uint8Array): Promise<Buffer> {
  return await call(desk, { method: "POST", path: `/v1/enrolments/${tusn}/admit`, body, by, most: MAX_ANSWER_BYTES });
}

/** What is on record of a terminal that is to be parted from its key. @throws TillsyncError FETCH_FAILED */
export async function fetchUnbinding(desk: Desk, by: Asker, tusn: string): Promise<Buffer> {
  return await call(desk, { method: "GET", path: `/v1/terminals/${tusn}/unbinding`, by, most: MAX_ANSWER_BYTES });
}

/** One person's word that it shall be. @throws TillsyncError FETCH_FAILED */
export async function submitUnbinding(desk: Desk, by: Asker, tusn: string, body: Uint8Array): Promise<Buffer> {
  return await call(desk, {
    method: "POST",
    path: `/v1/terminals/${tusn}/unbinding`,
    body,
    by,
    most: MAX_ANSWER_BYTES,
  });
}

/** The JSON list of changes that wait for a checker's word alone. @throws TillsyncError FETCH_FAILED */
export async function fetchChanges(desk: Desk, by: Asker): Promise<Buffer> {
  return await call(desk, { method: "GET", path: "/v1/changes", by, most: MAX_LIST_BYTES });
}

/** What a change shall bring, as the bytes that are approved. @throws TillsyncError FETCH_FAILED */
export async function fetchChange(desk: Desk, by: Asker, id: string): Promise<Buffer> {
  return await call(desk, { method: "GET", path: `/v1/changes/${id}`, by, most: MAX_ANSWER_BYTES });
}

/** A checker's word. @throws TillsyncError FETCH_FAILED */
export async function submitChangeApproval(desk: Desk, by: Asker, id: string, body: Uint8Array): Promise<Buffer> {
  return await call(desk, { method: "POST", path: `/v1/changes/${id}/approval`, body, by, most: MAX_ANSWER_BYTES });
}

async function call({ service, ca }: Desk, { method, path, body = NOTHING, by, most }: Call): Promise<Buffer> {
  const url = new URL(path, service);
  const target = `${url.pathname}${url.search}`;
  const authorization =
    by === undefined ? {} : { authorization: signRequest(by.key, { method, path: target, at: by.now, body }) };
  const headers = {
    ...authorization,
    "content-length": body.length,
    // Lets the desk know whose body it is before it takes it in (RFC 9530).
    ...(method === "POST" ? { "content-type": "application/octet-stream", "content-digest": toNamed(body) } : {}),
  };
  return await new Promise((resolve, reject) => {
    const fail = (cause: unknown) =>
      reject(cause instanceof TillsyncError ? cause : new TillsyncError("FETCH_FAILED", { path: target }, cause));
    const sending = request(
      url,
      {
        method,
        headers,
        agent: false,
        timeout: TIMEOUT_MS,
        signal: AbortSignal.timeout(MAX_DURATION_MS),
        minVersion: "TLSv1.3",
        // Told, so that no setting of the surroundings turns it off.
        rejectUnauthorized: true,
        ...(ca === undefined ? {} : { ca }),
      },
      (answer) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        answer.on("data", (part: Buffer) => {
          bytes += part.length;
          if (bytes > most) sending.destroy(new TillsyncError("FETCH_FAILED", { path: target, bound: most }));
          else parts.push(part);
        });
        answer.on("error", fail);
        answer.on("end", () => {
          const { statusCode: status = 0, complete } = answer;
          const whole = Buffer.concat(parts);
          if (status >= 200 && status < 300 && complete) resolve(whole);
          else fail(new TillsyncError("FETCH_FAILED", { path: target, status, ...toSaid(whole) }));
        });
      },
    );
    sending.on("timeout", () => sending.destroy(new TillsyncError("FETCH_FAILED", { path: target, idle: TIMEOUT_MS })));
    sending.on("error", fail);
    sending.end(body);
  });
}

function toNamed(body: Uint8Array): string {
  return `sha-256=:${Buffer.from(toDigest(body)).toString("base64")}:`;
}

/** The code of the service's own error, where it told one. */
function toSaid(answer: Buffer): { readonly said?: string } {
  const [, said] = /"code"\s*:\s*"([A-Z_]{1,40})"/.exec(answer.subarray(0, MAX_ANSWER_BYTES).toString("latin1")) ?? [];
  return said === undefined ? {} : { said };
}
