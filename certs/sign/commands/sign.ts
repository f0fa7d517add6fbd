import type { KeyObject } from "node:crypto";
import { toPrintable } from "../../../proto/printable.ts";
import type { Arguments, Command } from "../arguments.ts";
import { PUBLIC, replaceFile } from "../files.ts";
import { readPolicy } from "../home.ts";
import { openKeyFile } from "../key-file.ts";
import { readOpening } from "../opening.ts";
import { print } from "../output.ts";
import type { Ports } from "../ports.ts";
import { isCeremony, mergeReleases, parseWhole, readInput } from "../release-input.ts";
import { renderRelease } from "../render/release.ts";
import { signWhole } from "../sign-release.ts";
import { type Signed, toLatest } from "../signed.ts";
import { signCeremonyFile } from "./ceremony.ts";
import { KEY, STALE, toHome, toOut, toPassphraseSource, toPrompts, toView, VIEW } from "./options.ts";

const DAY_S = 86_400;

export const sign: Command = {
  name: "sign",
  about: "show a release or a change of trust, and add your signature to the file once you have answered for it",
  operands: ["FILE"],
  options: {
    ...KEY,
    last4: {
      value: "DDDD",
      about: "checker: last four digits of the new card, for each new one in turn; else they are asked for",
      isRepeated: true,
      pattern: /^\d{4}$/,
    },
    opening: {
      value: "FILE",
      about: "maker: number and salt made by binding; seals the number to terminals that need it",
    },
    yes: { about: "confirm beforehand instead of typing the fingerprint" },
    out: { value: "FILE", about: "write there and leave the file as it is" },
    ...STALE,
    ...VIEW,
  },
  run: async (given, ports) => {
    const path = given.operands[0] ?? "";
    const out = toOut(path, given);
    // Read once: what is shown and what is signed are the same bytes.
    const bytes = readInput(path);
    const signed = isCeremony(bytes)
      ? await signCeremonyFile(bytes, given, ports, () => openKey(given, ports))
      : await signReleaseFile(bytes, given, ports);
    replaceFile(out, out === path ? toLatest(signed, path, bytes) : signed.bytes, PUBLIC);
    const { signer } = signed;
    const toText = () => toPrompts(given, ports).signed(toPrintable(out), signer);
    print(ports, given.flag("json"), { file: out, signer }, toText);
  },
};

async function signReleaseFile(bytes: Uint8Array, given: Arguments, ports: Ports): Promise<Signed> {
  const whole = parseWhole(bytes);
  const prompts = toPrompts(given, ports);
  const { policy, staleS } = readPolicy(toHome(given, ports), ports.now(), given.flag("accept-stale"));
  if (staleS > 0) ports.err(`${prompts.stale(Math.ceil(staleS / DAY_S))}\n`);
  const opening = given.text("opening");
  const key = await openKey(given, ports);
  const [view, now] = [toView(given, ports), ports.now()];
  const show = given.flag("json") ? ports.err : ports.out;
  const signed = await signWhole(
    whole,
    {
      ...{ policy, key, now },
      opening: opening === undefined ? undefined : readOpening(opening),
      last4: given.list("last4"),
      isConfirmed: given.flag("yes"),
      show: (shown, signedBy, blind) => show(`${renderRelease(shown, { ...view, policy, blind, signedBy, now })}\n\n`),
    },
    { prompt: ports.prompt, prompts, err: ports.err },
  );
  return { bytes: signed.bytes, signer: signed.person.id, merge: (other) => mergeReleases(signed.bytes, other) };
}

function openKey(given: Arguments, ports: Ports): Promise<KeyObject> {
  return openKeyFile(given.demanded("key"), toPassphraseSource(given, ports));
}
