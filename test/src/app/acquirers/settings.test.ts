import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openAcquirers } from "../../../../src/app/acquirers/open.ts";
import { readAcquirerSettings } from "../../../../src/app/acquirers/settings.ts";
import { MERCHANT, openSettling, SCHEMES } from "../../../support/acquirers.ts";
import { makeFolder, openTestFleet } from "../../../support/fleet-store.ts";

const WECHAT = {
  ...{ adapter: "wechatpay", url: "https://api.mch.weixin.qq.com", mchid: "1900000001", serial: "S1" },
  ...{ keyFile: "wx.pem", platformKeys: { PUB_KEY_ID_1: "platform.pem" }, merchants: { [MERCHANT]: "1900006491" } },
};
const LAKALA = {
  ...{ adapter: "lakala", url: "https://s2.lakala.com", appid: "OP1", serial: "S1", keyFile: "/keys/lkl.pem" },
  ...{ platformKeys: { A: "lkl.cer" }, organisation: "1", callback: "https://tillsync.example/x" },
};
const WEBHOOK = { adapter: "webhook", url: "http://127.0.0.1:1", algorithm: "hmac-sha256", keyId: "k1", keyFile: "k" };

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});

function read(acquirers: unknown) {
  writeFileSync(join(folder, "acquirers.json"), typeof acquirers === "string" ? acquirers : JSON.stringify(acquirers));
  return readAcquirerSettings(folder);
}

describe("the settings of acquirers", () => {
  it("name no acquirer where there are none", () => {
    expect(readAcquirerSettings(folder)).toEqual([]);
  });

  it("are read with paths from the data folder and what is usual for the rest", () => {
    const [wx, lkl, hook, bank] = read({
      wx: WECHAT,
      lkl: LAKALA,
      hook: WEBHOOK,
      bank: { adapter: "manual", channel: "bank-app" },
    });
    expect(wx).toMatchObject({
      code: "wx",
      keyFile: join(folder, "wx.pem"),
      banks: {},
      merchants: { [MERCHANT]: "1900006491" },
    });
    expect(lkl).toMatchObject({
      keyFile: "/keys/lkl.pem",
      member: "merCupNo",
      paths: { account: "", change: "/api/v2/mms/openApi/changeMer" },
    });
    expect(hook).toMatchObject({ code: "hook", merchants: {} });
    expect(bank).toEqual({ adapter: "manual", code: "bank", channel: "bank-app" });
  });

  it("are refused in any other form, naming the acquirer and the member", () => {
    const bad: readonly (readonly [unknown, string])[] = [
      [{ ...WECHAT, secret: "x" }, "secret"],
      [{ ...WECHAT, adapter: "other" }, "adapter"],
      [{ ...WECHAT, mchid: "abc" }, "mchid"],
      [{ ...WECHAT, url: "ftp://x" }, "url"],
      [{ ...WECHAT, platformKeys: {} }, "platformKeys"],
      [{ ...WECHAT, merchants: { "1": "2" } }, "merchants"],
      [{ ...WECHAT, merchants: { [MERCHANT]: "../../x" } }, "merchants"],
      [{ ...WECHAT, keyFile: 7 }, "keyFile"],
      [{ ...LAKALA, paths: { change: "//evil/../x" } }, "paths"],
      [{ ...LAKALA, paths: { other: "/x" } }, "paths"],
      [{ ...WEBHOOK, algorithm: "none" }, "algorithm"],
      [{ ...WEBHOOK, algorithm: "ed25519" }, "answerKeyFile"],
      [{ ...WEBHOOK, answerKeyFile: "x" }, "answerKeyFile"],
      [{ adapter: "manual", channel: "fax" }, "channel"],
      [[], "acquirer"],
    ];
    for (const [members, field] of bad) {
      expect(() => read({ A1: members }), field).toThrow(
        expect.objectContaining({ fields: { acquirer: "A1", field, file: "acquirers.json" } }),
      );
    }
    for (const text of ["[]", "{", '{"a b":{}}']) expect(() => read(text)).toThrow("DATA_FOLDER_INVALID");
  });

  it("are opened only with keys that others cannot read, and that are keys", async () => {
    const fleet = await openTestFleet();
    const settling = await openSettling("webhook");
    const { settings } = settling;
    chmodSync(join(settling.folder, "secret.hex"), 0o644);
    expect(() => openAcquirers(fleet, [settings])).toThrow("DATA_FOLDER_INVALID");
    writeFileSync(join(settling.folder, "secret.hex"), "short");
    chmodSync(join(settling.folder, "secret.hex"), 0o600);
    expect(() => openAcquirers(fleet, [settings])).toThrow("DATA_FOLDER_INVALID");
    for (const one of read({ wx: WECHAT })) expect(() => openAcquirers(fleet, [one])).toThrow("DATA_FOLDER_INVALID");
  });

  it("reach no acquirer without TLS but on this machine", async () => {
    const fleet = await openTestFleet();
    for (const scheme of SCHEMES) {
      const { settings } = await openSettling(scheme);
      if (settings.adapter === "manual") throw new Error("not remote");
      expect(() => openAcquirers(fleet, [{ ...settings, url: "http://acquirer.example" }])).toThrow("CONFIG_INVALID");
    }
  });
});
