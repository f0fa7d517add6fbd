import {
  MAX_DESIRED_BYTES,
  MAX_DESIRED_MESSAGES,
  MAX_ENVELOPE_BYTES,
  MAX_PACKET_BYTES,
  MAX_UINT32,
  MAX_UPLOAD_BYTES,
  MAX_UPLOAD_MESSAGES,
  MAX_UPLOADED_BYTES,
} from "./bounds.ts";
import { toDigest, toHex } from "./bytes.ts";
import { check, checkChoice, checkRange } from "./check.ts";
import { decode, encode } from "./codec.ts";
import { ERRORS, type ErrorCode } from "./errors.ts";
import { tillsync } from "./gen/tillsync.js";
import { DOWN_KINDS, type DownKind, UP_KINDS, type UpKind } from "./topics.ts";

// What a terminal that polls and the service say to each other (clause 5.10): the messages of clause 5, several at once.

export const REPORTS_PATH = "/terminal/v1/reports";
export const DESIRED_PATH = "/terminal/v1/desired";
export const POLLING_TYPE = "application/x-protobuf";
/** Names the session that a hello began: SESSION_BYTES random bytes in hexadecimal. */
export const SESSION_HEADER = "tillsync-session";
export const SESSION_BYTES = 16;
/** Seconds until the terminal is to ask again. */
export const NEXT_POLL_HEADER = "tillsync-next-poll";
/** More than this no service asks a terminal to wait, and no terminal waits. */
export const MAX_NEXT_POLL_S = 3_600;

/** A message of a terminal; its envelope is hostile until it is verified. */
export interface UploadMessage {
  readonly kind: UpKind;
  readonly envelope: Uint8Array;
}

/** A message to a terminal; its payload is hostile until it is verified. */
export interface DesiredMessage {
  readonly kind: DownKind;
  readonly payload: Uint8Array;
}

/** All that waits for a terminal, oldest first. */
export interface Desired {
  /** Counts up with each new content of a session, from 1, so that no two contents are the same bytes. */
  readonly number: number;
  readonly messages: readonly DesiredMessage[];
}

export function toUploadBytes(messages: readonly UploadMessage[]): Uint8Array {
  return encode(tillsync.Upload, { messages: [...messages] });
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID */
export function parseUpload(bytes: Uint8Array): readonly UploadMessage[] {
  const { messages } = decode(tillsync.Upload, bytes, MAX_UPLOAD_BYTES);
  check(messages.length >= 1 && messages.length <= MAX_UPLOAD_MESSAGES, "upload.messages");
  // Decoded messages have every field, which their type does not say.
  return (messages as readonly tillsync.UpMessage[]).map(({ kind, envelope }) => {
    check(envelope.length >= 1 && envelope.length <= MAX_ENVELOPE_BYTES, "upload.envelope");
    return { kind: checkChoice(kind, UP_KINDS, "upload.kind"), envelope };
  });
}

/** @param codes for each message, why it has to come again; empty where it has not */
export function toUploadedBytes(codes: readonly (ErrorCode | "")[]): Uint8Array {
  return encode(tillsync.Uploaded, { codes: [...codes] });
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID */
export function parseUploaded(bytes: Uint8Array): readonly (ErrorCode | "")[] {
  const { codes } = decode(tillsync.Uploaded, bytes, MAX_UPLOADED_BYTES);
  check(codes.length >= 1 && codes.length <= MAX_UPLOAD_MESSAGES, "uploaded.codes");
  return codes.map((code) =>
    code === "" ? "" : checkChoice(code, Object.keys(ERRORS) as ErrorCode[], "uploaded.code"),
  );
}

export function toDesiredBytes({ number, messages }: Desired): Uint8Array {
  return encode(tillsync.Desired, { number, messages: [...messages] });
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID */
export function parseDesired(bytes: Uint8Array): Desired {
  const { number, messages } = decode(tillsync.Desired, bytes, MAX_DESIRED_BYTES);
  check(messages.length <= MAX_DESIRED_MESSAGES, "desired.messages");
  return {
    number: checkRange(number, 1, MAX_UINT32, "desired.number"),
    messages: (messages as readonly tillsync.DownMessage[]).map(({ kind, payload }) => {
      check(payload.length <= MAX_PACKET_BYTES, "desired.payload");
      return { kind: checkChoice(kind, DOWN_KINDS, "desired.kind"), payload };
    }),
  };
}

/** The strong entity tag (RFC 9110, section 8.8.3) of a content: its SHA-256 in hexadecimal, in quotes. */
export function toEntityTag(bytes: Uint8Array): string {
  return `"${toHex(toDigest(bytes))}"`;
}
