import { parseCertificate, toTerm } from "./enrol/issued.ts";
import type { Renew } from "./enrol/renew.ts";
import { type Log, toErrorFields } from "./log.ts";
import type { StartTimer } from "./timer.ts";

/** How often the certificate's age is looked at: clocks are set, so that nothing is reckoned far ahead. */
export const RENEWAL_CHECK_MS = 600_000;
/** An agent that starts with a renewal due waits for its own moment within this: power comes back for many at once. */
export const RENEWAL_START_MS = 600_000;
/** A fleet enrolled in one day is renewed over one day: each terminal's moment is drawn evenly from so many seconds. */
export const RENEWAL_WINDOW_S = 86_400;
/** Share of a certificate's life at which its renewal becomes due; the window takes at most a twelfth more. */
const DUE_AFTER = 2 / 3;
const WINDOW_SHARE = 1 / 12;
/** After a failure: never sooner than the first, plus full jitter over a span that doubles up to the second. */
export const RENEWAL_RETRY_BASE_MS = 60_000;
export const RENEWAL_RETRY_CAP_MS = 14_400_000;
const MAX_DOUBLINGS = 30;
/** Without a service to ask, a person is told so often that the certificate ends soon. */
export const ENDING_WARNING_S = 86_400;

export interface RenewalPorts {
  /** The certificate held, in PEM. */
  readonly certificate: string;
  /** Absent where no service is named to ask. */
  readonly renew: Renew | undefined;
  /** Takes the new certificate for every connection from the next one on. */
  readonly use: (certificate: string) => void;
  /** Seconds. */
  readonly now: () => number;
  /** Evenly drawn from [0, 1). */
  readonly random: () => number;
  readonly startTimer: StartTimer;
  readonly log: Log;
}

/** From which second on a certificate is to be renewed, `drawn` evenly from [0, 1). */
export function toRenewalDue(certificate: string, drawn: number): number {
  const { notBefore, notAfter } = toTerm(parseCertificate(certificate));
  const life = notAfter - notBefore;
  return Math.floor(notBefore + life * DUE_AFTER + drawn * Math.min(RENEWAL_WINDOW_S, life * WINDOW_SHARE));
}

/**
 * Renews the terminal's certificate at two thirds of its life, beside everything else the agent does; where it fails it
 * is tried again for as long as the agent runs, ever more seldom. Keeps nothing: an agent that starts anew finds out from
 * the certificate itself. The function given back ends it.
 */
export function watchRenewal(ports: RenewalPorts): () => void {
  const { renew, use, now, random, startTimer, log } = ports;
  let certificate = ports.certificate;
  let due = toRenewalDue(certificate, random());
  let failures = 0;
  let warnedAt: number | undefined;
  let ended = false;
  let cancel: () => void = () => undefined;

  const lookIn = (ms: number): void => {
    if (!ended) cancel = startTimer(ms, look);
  };
  const look = (): void => {
    if (now() < due) lookIn(RENEWAL_CHECK_MS);
    else if (renew === undefined) warn();
    else renew(certificate, now()).then(take, retry);
  };
  const take = (renewed: string): void => {
    certificate = renewed;
    due = toRenewalDue(renewed, random());
    failures = 0;
    if (!ended) use(renewed);
    log("info", "certificate renewed", { until: toUntil(renewed) });
    lookIn(RENEWAL_CHECK_MS);
  };
  const retry = (error: unknown): void => {
    const span = Math.min(RENEWAL_RETRY_CAP_MS, RENEWAL_RETRY_BASE_MS * 2 ** failures);
    failures = Math.min(failures + 1, MAX_DOUBLINGS);
    const pauseMs = Math.round(RENEWAL_RETRY_BASE_MS + random() * span);
    log("warn", "certificate not renewed", { ...toErrorFields(error), until: toUntil(certificate), pauseMs });
    lookIn(pauseMs);
  };
  const warn = (): void => {
    const isTold = warnedAt !== undefined && now() >= warnedAt && now() < warnedAt + ENDING_WARNING_S;
    if (!isTold) {
      warnedAt = now();
      log("warn", "certificate ends soon", { until: toUntil(certificate), what: "no enrolUrl to renew it by" });
    }
    lookIn(RENEWAL_CHECK_MS);
  };
  lookIn(random() * RENEWAL_START_MS);
  return () => {
    ended = true;
    cancel();
  };
}

function toUntil(certificate: string): string {
  return new Date(toTerm(parseCertificate(certificate)).notAfter * 1_000).toISOString();
}
