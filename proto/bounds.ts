/** Largest encodings accepted, in bytes (clause 2.2). A delivery with all it holds stays far under one MQTT packet. */
export const MAX_PROFILE_BYTES = 4_096;
export const MAX_DIRECTIVE_BYTES = 6_144;
export const MAX_STATEMENT_BYTES = 512;
export const MAX_DELIVERY_BYTES = 16_384;
export const MAX_ENVELOPE_BYTES = 4_096;
export const MAX_PAYLOAD_BYTES = 2_048;
export const MAX_RECEIPT_BYTES = 128;
export const MAX_CHALLENGE_BYTES = 64;
/** All trust files together fit one MQTT packet. */
export const MAX_TRUST_FILE_BYTES = 32_768;
export const MAX_TRUST_BUNDLE_BYTES = 61_440;
/** Trust roots in one bundle; a terminal further behind is told in several. */
export const MAX_BUNDLE_ROOTS = 16;
export const MAX_RELEASE_FILE_BYTES = 67_108_864;
export const MAX_LEDGER_ENTRY_BYTES = 16_384;

/** One MQTT packet, either way. */
export const MAX_PACKET_BYTES = 65_536;

/** One request and one answer of a terminal that polls (clause 5.10), and the messages in it. */
export const MAX_UPLOAD_BYTES = 131_072;
export const MAX_UPLOAD_MESSAGES = 32;
export const MAX_UPLOADED_BYTES = 4_096;
export const MAX_DESIRED_BYTES = 262_144;
export const MAX_DESIRED_MESSAGES = 64;

export const MAX_SIGNATURES = 16;
/** An inclusion path for 2^32 leaves. */
export const MAX_PATH_HASHES = 32;
/** Directives in one release. */
export const MAX_DIRECTIVES = 1_000_000;
/** Sequences and counters are unsigned 32-bit. */
export const MAX_UINT32 = 0xffff_ffff;
/** X25519 public key, and what seals a card number (clause 3.5): 32 of HPKE, 16 salt, up to 32 digits, 16 tag. */
export const CARD_KEY_BYTES = 32;
export const MAX_SEALED_BYTES = 128;
/** SubjectPublicKeyInfo and signature of a device key of up to 4,096 bits. */
export const MAX_DEVICE_KEY_BYTES = 1_024;
export const MAX_DEVICE_SIGNATURE_BYTES = 512;
