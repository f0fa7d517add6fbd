import { toHex } from "../../../proto/bytes.ts";
import type { Command } from "../arguments.ts";
import { chooseNewPassphrase, createKeyFile } from "../key-file.ts";
import { print } from "../output.ts";
import { toFingerprint } from "../render/fingerprint.ts";
import { LANG, PASSPHRASE, PERSON_ID, toPassphraseSource } from "./options.ts";

export const keygen: Command = {
  name: "keygen",
  about: "make your key pair: FILE (private, encrypted, mode 0600) and FILE.pub (to hand in)",
  operands: [],
  options: {
    out: { value: "FILE", about: "private key file to make; never one that is there", isRequired: true },
    ...PERSON_ID,
    ...PASSPHRASE,
    ...LANG,
  },
  run: async (given, ports) => {
    const path = given.demanded("out");
    const passphrase = await chooseNewPassphrase(toPassphraseSource(given, ports));
    const key = createKeyFile(path, passphrase, given.text("person"));
    const made = { key: path, public: toHex(key.raw), id: key.id, fingerprint: toFingerprint(key.raw) };
    const { public: hex, id, fingerprint } = made;
    print(ports, given.flag("json"), made, () =>
      [path, `${path}.pub`, `public key  ${hex}`, `key id      ${id}`, `read out    ${fingerprint}`].join("\n"),
    );
  },
};
