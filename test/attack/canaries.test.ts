import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import PDFDocument from "pdfkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { toUpTopic } from "../../proto/topics.ts";
import { BusRecorder } from "../support/bus-recorder.ts";
import { listCanaries, MIN_SAMPLE_NUMBERS, WAYS_IN } from "../support/canaries.ts";
import { type Needle, toForms, toInflatedPlaces } from "../support/canary.ts";
import { look, takeFound } from "../support/canary-look.ts";
import { watchRun } from "../support/canary-run.ts";
import { findCanaries, toFinder } from "../support/canary-search.ts";
import { TUSN_A } from "../support/certificates.ts";
import { openTestBus } from "../support/embedded-bus.ts";
import { openTestFleet } from "../support/fleet-store.ts";
import { MemoryBus } from "../support/memory-bus.ts";
import { connectReadyTerminal, endTerminals } from "../support/mqtt-terminal.ts";
import { discard, MAX_FILE_BYTES, makeScratch } from "../support/scratch.ts";

// The whole test run is searched for card numbers (test/support/canary-watch.ts, canary-run.ts, scratch.ts). Here a number
// is planted in each place, and is found.

const NUMBER = WAYS_IN.settled;
const forms = toForms(NUMBER);

function refusalOf(act: () => void): string {
  try {
    act();
  } catch (error) {
    return String(error);
  }
  return "";
}

/** Where the number was seen since; forgotten, so that this file does not fail for it. */
function takeWhere(): readonly string[] {
  return [...new Set(takeFound().map(({ where }) => where))].toSorted();
}

describe("the canaries", () => {
  it("are all that tests put in, and the accounts of the sample fleet", () => {
    const numbers = [...listCanaries().values()];
    expect(numbers.length).toBeGreaterThan(MIN_SAMPLE_NUMBERS);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it("are found in each form, wherever it begins and ends", () => {
    for (const { form, bytes } of forms) {
      for (const before of [0, 1, 2, 3, 4, 5, 6, 7, 1_000]) {
        for (const after of [0, 1, 100]) {
          const place = Buffer.concat([Buffer.alloc(before, 0xa5), bytes, Buffer.alloc(after, 0xa5)]);
          expect(findCanaries(place), `${form} ${before} ${after}`).not.toEqual([]);
        }
      }
    }
  });

  it("are not found where one digit is another, or one is missing", () => {
    for (let at = 0; at < NUMBER.length; at += 1) {
      const other = NUMBER.slice(0, at) + ((Number(NUMBER[at]) + 1) % 10) + NUMBER.slice(at + 1);
      for (const text of [other, NUMBER.slice(0, at) + NUMBER.slice(at + 1)]) {
        expect(findCanaries(Buffer.from(text))).toEqual([]);
      }
    }
  });

  it("are found as by looking for one after the other", () => {
    const needles = ["abcdefab", "bcdefabc", "abcabcabcab", "abababab", "aabbccaabb"].map((text): Needle => {
      return { form: text, bytes: Buffer.from(text) };
    });
    const find = toFinder(needles);
    let seed = 1;
    for (let round = 0; round < 2_000; round += 1) {
      const letters = Array.from({ length: 60 }, () => {
        seed = (seed * 48_271) % 2_147_483_647;
        return "abcdef"[seed % (round % 2 === 0 ? 2 : 6)];
      });
      const bytes = Buffer.from(letters.join("").slice(0, round % 61));
      const expected = needles.filter((needle) => bytes.includes(needle.bytes)).map(({ form }) => form);
      expect([...find(bytes)].toSorted()).toEqual(expected.toSorted());
    }
    expect(() => toFinder([{ form: "x", bytes: Buffer.from("1234567") }])).toThrow();
  });
});

describe("a number in a file", () => {
  it.each(forms.map(({ form, bytes }) => [form, bytes] as const))(
    "%s is told when the folder is removed, with file and form and without the number",
    (_, bytes) => {
      const folder = makeScratch("found");
      mkdirSync(join(folder, "state"));
      writeFileSync(join(folder, "state", "log"), Buffer.concat([Buffer.from("x"), bytes]));
      const told = refusalOf(() => discard(folder));
      expect(told).toMatch(/^Error: card numbers were left behind:\nfound\/state\/log: settled, /);
      expect(findCanaries(Buffer.from(told))).toEqual([]);
      expect(existsSync(folder)).toBe(false);
    },
  );

  it("is told for a folder within, and in a file's name", () => {
    const folder = makeScratch("found");
    mkdirSync(join(folder, "a"));
    writeFileSync(join(folder, "a", `${NUMBER}.txt`), "");
    const told = refusalOf(() => discard(join(folder, "a")));
    expect(told).toContain("a name in found/a: settled, plain");
    expect(told).not.toContain(NUMBER);
    discard(folder);
  });

  it("is none where the maker keeps it, and is one beside it", () => {
    const folder = makeScratch("shop");
    mkdirSync(join(folder, "maker"));
    writeFileSync(join(folder, "maker", "settlement.json"), NUMBER);
    writeFileSync(join(folder, "settlement.json"), NUMBER);
    expect(
      refusalOf(() => discard(folder))
        .split("\n")
        .slice(1),
    ).toEqual(["shop/settlement.json: settled, plain"]);
  });

  it("is not looked for in a file that is too large, which fails instead", () => {
    const folder = makeScratch("found");
    writeFileSync(join(folder, "large"), "");
    truncateSync(join(folder, "large"), MAX_FILE_BYTES + 1);
    expect(refusalOf(() => discard(folder))).toContain("too large");
    expect(existsSync(folder)).toBe(false);
  });
});

describe("a number that is said or sent", () => {
  it("is seen in what a child process says, in two parts even", async () => {
    const [one, two] = [NUMBER.slice(0, 7), NUMBER.slice(7)];
    for (const stream of ["stdout", "stderr"]) {
      const program = `process.${stream}.write("${one}"); setTimeout(() => process.${stream}.write("${two}"), 100);`;
      const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "pipe"] });
      for (const said of [child.stdout, child.stderr]) said.resume();
      await once(child, "close");
      expect(takeWhere()).toEqual(["in through a pipe"]);
    }
  });

  it("is seen in a message over MQTT, both ways, under TLS", async () => {
    const { bus, address } = await openTestBus(new BusRecorder());
    onTestFinished(() => bus.close());
    onTestFinished(endTerminals);
    const terminal = await connectReadyTerminal(address, TUSN_A);
    expect(takeWhere()).toEqual([]);
    expect(bus.send(TUSN_A, "directive", Buffer.from(NUMBER))).toBe(true);
    await expect.poll(() => terminal.messages.length).toBe(1);
    expect(takeWhere()).toEqual(["in through a socket under TLS", "out through a socket under TLS"]);
    await terminal.client.publishAsync(toUpTopic(TUSN_A, "report"), Buffer.from(NUMBER), { qos: 1 });
    expect(takeWhere()).toEqual(["in through a socket under TLS", "out through a socket under TLS"]);
  });

  it("is seen in a request over HTTP, in path, header and body, and in the answer", async () => {
    const server = createServer((asked, answer) => asked.resume().on("end", () => answer.end(NUMBER)));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const ask = async (path: string, note: string, body: string) => {
      const asking = request({ host: "127.0.0.1", port, path, method: "POST", headers: { note } });
      asking.end(body);
      const [answer] = await once(asking, "response");
      answer.resume();
      await once(answer, "end");
      return takeWhere();
    };
    expect(await ask(`/${NUMBER}`, "x", "x")).toContain("the head of a request over HTTP");
    expect(await ask("/", NUMBER, "x")).toContain("the head of a request over HTTP");
    const seen = await ask("/", "x", NUMBER);
    expect(seen).toContain("the body of a request over HTTP");
    expect(seen).toContain("the body of an answer over HTTP");
    expect(seen).toContain("out through a socket");
  });

  it("is seen in a message that crosses no socket, and in a log", async () => {
    const bus = new MemoryBus();
    await bus.open(new BusRecorder());
    bus.connect(TUSN_A);
    bus.send(TUSN_A, "directive", Buffer.from(NUMBER));
    expect(takeWhere()).toEqual(["a message to a terminal"]);
    await bus.receive(TUSN_A, "report", Buffer.from(NUMBER));
    expect(takeWhere()).toEqual(["a message of a terminal"]);
    const fleet = await openTestFleet();
    fleet.log.info({ note: NUMBER }, NUMBER);
    expect(takeWhere()).toEqual([]);
    fleet.log.info({ note: Buffer.from(NUMBER).toString("base64") }, "not cut");
    expect(takeWhere()).toEqual(["a service's log"]);
  });

  it("is seen in whatever tests are told", () => {
    look("x", `a ${NUMBER} b`);
    expect(takeFound()).toEqual([{ where: "x", form: "settled, plain" }]);
  });
});

describe("a number that the run prints or leaves", () => {
  const openRun = () => {
    const printed: string[] = [];
    const printing = { write: (part: string | Uint8Array) => printed.push(Buffer.from(part).toString()) > 0 };
    return { printed, printing, end: watchRun([printing]) };
  };

  it("is told at the end, in colours and in two parts even; a test's own name is not", () => {
    const run = openRun();
    run.printing.write(` \x1b[32m✓\x1b[39m takes ${NUMBER}\n FAIL  x.test.ts > takes ${NUMBER}\n`);
    expect(refusalOf(run.end)).toBe("");
    expect(run.printed.join("")).toContain(NUMBER);
    const other = openRun();
    other.printing.write(`AssertionError: expected '\x1b[31m${NUMBER.slice(0, 9)}`);
    other.printing.write(Buffer.from(`\x1b[39m${NUMBER.slice(9)}' to be ''`));
    const told = refusalOf(other.end);
    expect(told).toBe("Error: card numbers were printed:\nprinted: settled, plain");
  });

  it("is told at the end where it stays in the folder for temporary files", () => {
    const before = tmpdir();
    const run = openRun();
    writeFileSync(join(makeScratch("forgotten"), "log"), NUMBER);
    expect(refusalOf(run.end)).toContain("log: settled, plain");
    expect(tmpdir()).toBe(before);
  });
});

describe("a number in a PDF", () => {
  const find = (pdf: Buffer) => {
    expect(findCanaries(pdf)).toEqual([]);
    return toInflatedPlaces({ name: "x.pdf", bytes: pdf }).flatMap(({ name, bytes }) =>
      findCanaries(bytes).map((form) => `${name}: ${form}`),
    );
  };

  it("is found in its text", async () => {
    const document = new PDFDocument();
    const parts: Buffer[] = [];
    document.on("data", (part: Buffer) => parts.push(part));
    document.text(`card ${NUMBER} of nobody`);
    document.end();
    await once(document, "end");
    expect(find(Buffer.concat(parts))).toContain("x.pdf, text: settled, plain");
  });

  it("is found in text of an embedded font, whose glyphs are numbered otherwise", () => {
    const glyph = (digit: string) => `00${(Number(digit) + 0x21).toString(16)}`;
    const shown = Array.from(NUMBER, glyph).join("");
    const page = `BT /F1 12 Tf [<${shown.slice(0, 24)}> -20 <${shown.slice(24)}>] TJ ET`;
    const digits = Array.from("0123456789", (digit) => `<003${digit}>`).join(" ");
    const table = `begincmap 1 beginbfrange <0021> <002a> [${digits}] endbfrange endcmap`;
    const stream = (text: string) => {
      const content = deflateSync(Buffer.from(text));
      return Buffer.concat([Buffer.from("1 0 obj << >>\nstream\n"), content, Buffer.from("\nendstream\nendobj\n")]);
    };
    expect(find(Buffer.concat([stream(page), stream(table)]))).toEqual(["x.pdf, text: settled, plain"]);
    expect(find(Buffer.concat([stream(page), stream(table.replace("[", "[<0039> "))]))).toEqual([]);
  });

  it("is found whatever byte its stream ends with, a line's end too", () => {
    const LINE_ENDS = [0x0a, 0x0d];
    // The last byte follows from the sum of all characters.
    const contents = Array.from({ length: 256 }, (_, n) => deflateSync(Buffer.from(`${NUMBER} ${"!".repeat(n)}`)));
    for (const end of LINE_ENDS) {
      const content = contents.find((bytes) => bytes.at(-1) === end);
      if (content === undefined) throw new Error(`none ends with ${end}`);
      const pdf = Buffer.concat([Buffer.from("stream\n"), content, Buffer.from("\nendstream")]);
      expect(find(pdf)).toEqual(["x.pdf, stream 1: settled, plain"]);
    }
  });

  it("is found in an attachment", () => {
    const content = deflateSync(Buffer.from(`{"card":"${NUMBER}"}`));
    const pdf = Buffer.concat([Buffer.from("1 0 obj\nstream\n"), content, Buffer.from("\nendstream")]);
    expect(find(pdf)).toEqual(["x.pdf, stream 1: settled, plain"]);
  });
});
