import { isBuiltin } from "node:module";
import { describe, expect, it } from "vitest";
import { bundle } from "../../support/architecture/bundle.ts";

const OURS = /^(proto|certs)\//;
/** What it truly needs: the wire format, the structure of a key file, canonical JSON, HPKE, and the width of a text. */
const PACKAGES = [
  "@hpke/common",
  "@hpke/core",
  "@tufjs/canonical-json",
  "ansi-regex",
  "emoji-regex",
  "get-east-asian-width",
  "long",
  "node-forge",
  "protobufjs",
  "string-width",
  "strip-ansi",
];
const MAX_BUNDLE_BYTES = 1_048_576;

const { inputs, external, bytes } = await bundle("certs/sign/main.ts");

function toPackage(file: string): string | undefined {
  return /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(file)?.[1];
}

describe("the approvers' program", () => {
  it("holds nothing of ours but proto and certs", () => {
    const ours = inputs.filter((file) => toPackage(file) === undefined);
    expect(ours.filter((file) => !OURS.test(file))).toEqual([]);
    expect(ours).toContain("certs/sign/main.ts");
  });

  it("holds nothing of the certificate authority, and of node-forge only how bytes are structured", () => {
    expect(inputs.filter((file) => /certs\/x509\/(authority|certificate|enrol)/.test(file))).toEqual([]);
    const forge = inputs.filter((file) => toPackage(file) === "node-forge").map((file) => file.replace(/.*\//, ""));
    expect(forge.toSorted()).toEqual(["asn1.js", "baseN.js", "forge.js", "oids.js", "util.js"]);
  });

  it("holds no package but those it needs, and loads none when it runs", () => {
    const packages = new Set(inputs.flatMap((file) => toPackage(file) ?? []));
    expect([...packages].toSorted()).toEqual(PACKAGES);
    expect(external.filter((name) => !isBuiltin(name))).toEqual([]);
    expect(inputs.filter((file) => file.endsWith(".node"))).toEqual([]);
  });

  it("opens no socket but as a client of the service", () => {
    const network = external.filter((name) =>
      /^(node:)?(net|http|https|http2|dgram|tls|child_process|worker_threads|cluster)$/.test(name),
    );
    expect([...new Set(network)]).toEqual(["node:https"]);
  });

  it("stays small", () => {
    expect(bytes).toBeLessThan(MAX_BUNDLE_BYTES);
  });
});
