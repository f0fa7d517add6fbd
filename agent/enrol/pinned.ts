import type { X509Certificate } from "node:crypto";
import { statSync } from "node:fs";
import { openRoot } from "../../certs/trust/roots.ts";
import { OWN } from "../../certs/trust/rules.ts";
import { isEqual } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { type Config, readConfigFile } from "../config.ts";
import { openPlace, readPlace, writePlace } from "../slots/place.ts";
import { parseAuthorities } from "./issued.ts";

/** Rights that nobody but a key's owner may have. */
const OTHERS = 0o077;

/** Whom the terminal believes from now on: as the installer's files say, and never as a server does. */
export interface Pinned {
  /** PEM. */
  readonly ca: string;
  readonly authorities: readonly X509Certificate[];
  /** Files that are to be put in their places yet. */
  readonly missing: readonly Chosen[];
}

/**
 * Authority and trust root: those that are in their places, else those given. What is there is never replaced.
 *
 * @throws TillsyncError CONFIG_INVALID where one is missing or differs from the one given; CERTIFICATE_INVALID,
 *   TRUST_INVALID, TRUST_UNSIGNED, KEY_INVALID where one is none
 */
export function readPinned(
  config: Config,
  given: { readonly ca?: string | undefined; readonly root?: string | undefined },
): Pinned {
  const ca = choose("ca", config.caFile, given.ca);
  const root = choose("root", config.rootFile, given.root);
  const pem = Buffer.from(ca.bytes).toString("utf8");
  const authorities = parseAuthorities(pem);
  openRoot(root.bytes, OWN);
  checkKeyFile(config.keyFile);
  return { ca: pem, authorities, missing: [ca, root].filter(({ isNew }) => isNew) };
}

/** Durable when it returns. @throws TillsyncError STATE_WRITE_FAILED */
export function pin({ missing }: Pinned): void {
  for (const { path, bytes } of missing) writePlace(openPlace(path), bytes);
}

interface Chosen {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly isNew: boolean;
}

function choose(name: "ca" | "root", path: string, file: string | undefined): Chosen {
  const held = readPlace(openPlace(path));
  const given = file === undefined ? undefined : readConfigFile(file, `--${name}`);
  if (held !== undefined && given !== undefined && !isEqual(held, given)) {
    throw new TillsyncError("CONFIG_INVALID", { file: `${name}File`, what: `is there, and differs from --${name}` });
  }
  const bytes = held ?? given;
  if (bytes === undefined)
    throw new TillsyncError("CONFIG_INVALID", { file: `${name}File`, missing: `--${name} FILE` });
  return { path, bytes, isNew: held === undefined };
}

function checkKeyFile(path: string): void {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & OTHERS) !== 0) {
    throw new TillsyncError("CONFIG_INVALID", { file: "keyFile", expected: "readable by its owner only" });
  }
}
