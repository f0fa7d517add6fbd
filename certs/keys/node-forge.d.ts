// One module of node-forge on its own: the whole package would be most of a small program.
declare module "node-forge/lib/asn1.js" {
  import type { asn1 } from "node-forge";

  interface ReadOptions {
    /** Refuses lengths beyond the bytes there are. */
    readonly strict: boolean;
    /** Refuses bytes behind the object. */
    readonly parseAllBytes: boolean;
    /** Leaves bit strings alone; else they are searched for objects. */
    readonly decodeBitStrings: boolean;
  }

  const forgeAsn1: Omit<typeof asn1, "fromDer"> & { fromDer(bytes: string, options: ReadOptions): asn1.Asn1 };
  export = forgeAsn1;
}
