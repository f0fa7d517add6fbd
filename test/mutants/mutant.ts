/** One break of one check. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  /** Text that stands there exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Test files that should notice. */
  readonly tests: readonly string[];
  /** Beginning of the names of tests within, where the others take long. */
  readonly only?: string;
}
