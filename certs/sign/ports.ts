import type { Language } from "./render/words.ts";

/** A person at a terminal. */
export interface Prompt {
  /** Whether there is a person to ask. Where there is none, every answer has to come as an option. */
  readonly isInteractive: boolean;
  /**
   * One line of what the person types, without its end.
   *
   * @param hidden shows nothing of it
   * @throws TillsyncError NOT_CONFIRMED where the person breaks off or nobody is there
   */
  ask(question: string, hidden: boolean): Promise<string>;
}

/** What the program has of the world besides files and the network. */
export interface Ports {
  /** Seconds. */
  now(): number;
  /** What was asked for. */
  out(text: string): void;
  /** Everything else: questions, warnings, errors. */
  err(text: string): void;
  readonly prompt: Prompt;
  /** Where trust is kept unless `--home` says otherwise. */
  readonly home: string;
  readonly lang: Language;
}
