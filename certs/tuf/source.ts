/** Where a repository's files come from. */
export interface Source {
  /**
   * A file by its address below the repository's; undefined where the repository has none of that name.
   *
   * @param most bytes; of a longer file no more than that is ever held
   * @throws TillsyncError BYTES_TOO_LARGE, FETCH_FAILED
   */
  get(address: string, most: number): Promise<Uint8Array | undefined>;
}
