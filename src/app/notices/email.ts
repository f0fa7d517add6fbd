import { createTransport } from "nodemailer";
import { type StartTimer, startTimer } from "../../../broker/guard/timer.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { type NoticeContent, type NoticeLanguage, toMessage } from "../../domain/notices/words.ts";
import { readPublicFile, readSecretFile } from "../key-files.ts";
import type { SendNotice } from "./sender.ts";
import type { SmtpSettings } from "./settings.ts";

const CONNECT_MS = 10_000;
const SOCKET_MS = 20_000;
/** For one whole mail, from the name's look-up to the last answer: one that keeps talking never falls silent. */
export const SEND_MS = 60_000;
/** Until a connection is cut that the server does not close from its side. */
const CLOSE_MS = 1_000;
const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/;

/**
 * E-mail over SMTP (RFC 5321), never in clear but to this very machine. The Message-ID is the notice's own, so that a
 * repetition shows as the same message. Given up, with the connection closed, after SEND_MS.
 *
 * @throws TillsyncError DATA_FOLDER_INVALID where a file of the settings cannot be used
 */
export function openEmail(
  settings: SmtpSettings,
  language: NoticeLanguage,
  timer: StartTimer = startTimer,
): SendNotice {
  const { host, port, secure, from, user, passwordFile, caFile } = settings;
  const pass = passwordFile === undefined ? "" : readSecretFile(passwordFile).trimEnd();
  const transport = createTransport({
    ...{ host, port, secure, requireTLS: !secure && !LOOPBACK.test(host) },
    ...{ connectionTimeout: CONNECT_MS, greetingTimeout: CONNECT_MS, socketTimeout: SOCKET_MS },
    socketCloseTimeout: CLOSE_MS,
    // A message is made of our own text alone.
    ...{ disableFileAccess: true, disableUrlAccess: true },
    ...(user === undefined ? {} : { auth: { user, pass } }),
    tls: {
      minVersion: "TLSv1.2",
      rejectUnauthorized: true,
      ...(caFile === undefined ? {} : { ca: readPublicFile(caFile) }),
    },
  });
  return async ({ id, audience, recipient, content }) => {
    const { subject, text } = toMessage(JSON.parse(content) as NoticeContent, audience, language);
    const abort = new AbortController();
    const stopTimer = timer(SEND_MS, () => abort.abort());
    try {
      const mail = { from, to: recipient, subject, text, messageId: toMessageId(id, from) };
      await transport.sendMail({ ...mail, signal: abort.signal });
    } catch (error) {
      // Its words quote the other side; the status is enough.
      const { code = "", responseCode = 0 } = error as { readonly code?: string; readonly responseCode?: number };
      throw new TillsyncError("NOTICE_FAILED", { channel: "email", network: code, status: responseCode });
    } finally {
      stopTimer();
    }
  };
}

function toMessageId(id: number, from: string): string {
  return `<notice-${id}@${from.slice(from.indexOf("@") + 1)}>`;
}
