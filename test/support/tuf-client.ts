import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { run } from "../../certs/tuf/program.ts";
import { TILLSYNC_TUF } from "./programs.ts";
import { discard, makeScratch } from "./scratch.ts";
import { createTufRepository, type TufRepository } from "./tuf-repository.ts";

const MAX_MS = 20_000;
/** Deep below the test's own folder, so that a name which climbs out would still be seen. */
export const STATE = "1/2/3/4/5/6/7/8";

export interface Outcome {
  readonly exit: number;
  /** The code that standard error begins with. */
  readonly code: string | undefined;
}

export const DONE: Outcome = { exit: 0, code: undefined };

/** A repository on a real server, and the command with a folder that pins its first root. */
export interface TufClient {
  readonly repository: TufRepository;
  /** Addresses asked for, in order. */
  readonly requests: string[];
  /** Answers one address in a way of its own. */
  readonly answers: Map<string, (response: ServerResponse) => void>;
  readonly url: string;
  /** Everything that the command may write to lies below. */
  readonly folder: string;
  run(...args: readonly string[]): Promise<Outcome>;
  refresh(): Promise<Outcome>;
  download(...names: readonly string[]): Promise<Outcome>;
  /** Versions on disk, by file name without `.json`. */
  versions(): Readonly<Record<string, number>>;
  /** Content of all targets on disk by file name. */
  targets(): Readonly<Record<string, string>>;
}

export interface Start {
  readonly isConsistent?: boolean;
  readonly isInitialized?: boolean;
  /** Whether each command is the built program in a process of its own, which takes ten times as long. */
  readonly isProcess?: boolean;
}

/** Seconds; files are made for the real present, because a real process judges them. */
export const NOW = Math.floor(Date.now() / 1_000);

export async function startTufClient(start: Start = {}): Promise<TufClient> {
  const { isConsistent = true, isInitialized = true, isProcess = false } = start;
  const repository = createTufRepository(NOW, isConsistent);
  const requests: string[] = [];
  const answers: TufClient["answers"] = new Map();
  const server = createServer((request, response) => {
    const address = (request.url ?? "").slice(1);
    requests.push(address);
    const answer = answers.get(address);
    if (answer !== undefined) return answer(response);
    const bytes = repository.files.get(address);
    response.writeHead(bytes === undefined ? 404 : 200);
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const folder = makeScratch("tuf");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    discard(folder);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [metadata, targets, rootFile] = [`${STATE}/metadata`, `${STATE}/targets`, "root.json"].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  mkdirSync(join(folder, STATE), { recursive: true });
  writeFileSync(rootFile, repository.firstRoot);
  const command = (...args: readonly string[]) =>
    (isProcess ? runProgram : callProgram)(["--metadata-dir", metadata, ...args]);
  const toTargets = ["--target-base-url", `${url}/targets`, "--target-dir", targets];
  const toMetadata = ["--metadata-url", `${url}/metadata/`];
  if (isInitialized) await command("init", rootFile);
  return {
    repository,
    requests,
    answers,
    url,
    folder,
    run: command,
    refresh: () => command(...toMetadata, "refresh"),
    download: (...names) =>
      command(...toMetadata, ...names.map((name) => `--target-name=${name}`), ...toTargets, "download"),
    versions: () => readVersions(metadata),
    targets: () =>
      Object.fromEntries(listNames(targets).map((name) => [name, readFileSync(join(targets, name), "utf8")])),
  };
}

/** A client that has seen version 3 of timestamp, snapshot and targets. */
export async function startAtThree(): Promise<TufClient> {
  const client = await startTufClient();
  for (let version = 2; version <= 3; version += 1) client.repository.publish("targets", "snapshot", "timestamp");
  expect(await client.refresh()).toEqual(DONE);
  expect(client.versions()).toEqual({ root: 1, timestamp: 3, snapshot: 3, targets: 3 });
  return client;
}

/** Sets which version of a role is published next. */
export function setVersion({ repository }: TufClient, role: string, version: number): void {
  const part = repository.parts[role];
  if (part !== undefined) part.version = version - 1;
}

/** All files below a folder. */
export function listFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

async function callProgram(args: readonly string[]): Promise<Outcome> {
  let told = "";
  const err = (text: string) => {
    told += text;
  };
  const exit = await run(args, { out: () => undefined, err });
  return { exit, code: toCode(told) };
}

function toCode(told: string): string | undefined {
  return /^[A-Z_]+/.exec(told)?.[0];
}

function runProgram(args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [TILLSYNC_TUF, ...args], { timeout: MAX_MS }, (error, _, stderr) => {
      const exit = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ exit, code: toCode(stderr) });
    });
  });
}

function readVersions(folder: string): Readonly<Record<string, number>> {
  const names = listNames(folder).filter((name) => name.endsWith(".json"));
  return Object.fromEntries(
    names.map((name) => [
      name.slice(0, -".json".length),
      JSON.parse(readFileSync(join(folder, name), "utf8")).signed.version,
    ]),
  );
}

function listNames(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}
