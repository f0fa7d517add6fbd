import * as $protobuf from "protobufjs/minimal.js";
import Long = require("long");

/** Namespace tillsync. */
export namespace tillsync {

    /**
     * Properties of a Merchant.
     * @deprecated Use tillsync.Merchant.$Properties instead.
     */
    interface IMerchant extends tillsync.Merchant.$Properties {
    }

    /** Represents a Merchant. */
    class Merchant {

        /**
         * Constructs a new Merchant.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Merchant.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Merchant number. */
        number: string;

        /** Merchant name. */
        name: string;

        /** Merchant shortName. */
        shortName: string;

        /** Merchant licenceNo. */
        licenceNo: string;

        /** Merchant taxNo. */
        taxNo: string;

        /** Merchant uscc. */
        uscc: string;

        /** Merchant mcc. */
        mcc: string;

        /**
         * Encodes the specified Merchant message. Does not implicitly {@link tillsync.Merchant.verify|verify} messages.
         * @param message Merchant message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Merchant.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Merchant message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Merchant & tillsync.Merchant.$Shape} Merchant
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Merchant & tillsync.Merchant.$Shape;
    }

    namespace Merchant {

        /** Properties of a Merchant. */
        interface $Properties {

            /** Merchant number */
            number?: (string|null);

            /** Merchant name */
            name?: (string|null);

            /** Merchant shortName */
            shortName?: (string|null);

            /** Merchant licenceNo */
            licenceNo?: (string|null);

            /** Merchant taxNo */
            taxNo?: (string|null);

            /** Merchant uscc */
            uscc?: (string|null);

            /** Merchant mcc */
            mcc?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Merchant. */
        type $Shape = tillsync.Merchant.$Properties;
    }

    /**
     * Properties of a Binding.
     * @deprecated Use tillsync.Binding.$Properties instead.
     */
    interface IBinding extends tillsync.Binding.$Properties {
    }

    /** Represents a Binding. */
    class Binding {

        /**
         * Constructs a new Binding.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Binding.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Binding kind. */
        kind: string;

        /** Binding bank. */
        bank: string;

        /** Binding cnaps. */
        cnaps: string;

        /** Binding holder. */
        holder: string;

        /** Binding bin. */
        bin: string;

        /** Binding last4. */
        last4: string;

        /** Binding commitment. */
        commitment: Uint8Array;

        /**
         * Encodes the specified Binding message. Does not implicitly {@link tillsync.Binding.verify|verify} messages.
         * @param message Binding message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Binding.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Binding message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Binding & tillsync.Binding.$Shape} Binding
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Binding & tillsync.Binding.$Shape;
    }

    namespace Binding {

        /** Properties of a Binding. */
        interface $Properties {

            /** Binding kind */
            kind?: (string|null);

            /** Binding bank */
            bank?: (string|null);

            /** Binding cnaps */
            cnaps?: (string|null);

            /** Binding holder */
            holder?: (string|null);

            /** Binding bin */
            bin?: (string|null);

            /** Binding last4 */
            last4?: (string|null);

            /** Binding commitment */
            commitment?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Binding. */
        type $Shape = tillsync.Binding.$Properties;
    }

    /**
     * Properties of an Acquiring.
     * @deprecated Use tillsync.Acquiring.$Properties instead.
     */
    interface IAcquiring extends tillsync.Acquiring.$Properties {
    }

    /** Represents an Acquiring. */
    class Acquiring {

        /**
         * Constructs a new Acquiring.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Acquiring.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Acquiring acquirer. */
        acquirer: string;

        /** Acquiring terminalNo. */
        terminalNo: string;

        /** Acquiring host. */
        host: string;

        /** Acquiring port. */
        port: number;

        /** Acquiring tpdu. */
        tpdu: Uint8Array;

        /**
         * Encodes the specified Acquiring message. Does not implicitly {@link tillsync.Acquiring.verify|verify} messages.
         * @param message Acquiring message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Acquiring.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Acquiring message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Acquiring & tillsync.Acquiring.$Shape} Acquiring
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Acquiring & tillsync.Acquiring.$Shape;
    }

    namespace Acquiring {

        /** Properties of an Acquiring. */
        interface $Properties {

            /** Acquiring acquirer */
            acquirer?: (string|null);

            /** Acquiring terminalNo */
            terminalNo?: (string|null);

            /** Acquiring host */
            host?: (string|null);

            /** Acquiring port */
            port?: (number|null);

            /** Acquiring tpdu */
            tpdu?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Acquiring. */
        type $Shape = tillsync.Acquiring.$Properties;
    }

    /**
     * Properties of a Parameters.
     * @deprecated Use tillsync.Parameters.$Properties instead.
     */
    interface IParameters extends tillsync.Parameters.$Properties {
    }

    /** Represents a Parameters. */
    class Parameters {

        /**
         * Constructs a new Parameters.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Parameters.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Parameters amountFen. */
        amountFen: number;

        /** Parameters connectMs. */
        connectMs: number;

        /** Parameters answerMs. */
        answerMs: number;

        /** Parameters attempts. */
        attempts: number;

        /** Parameters retryBaseMs. */
        retryBaseMs: number;

        /** Parameters reversalBaseMs. */
        reversalBaseMs: number;

        /** Parameters deadlineS. */
        deadlineS: number;

        /**
         * Encodes the specified Parameters message. Does not implicitly {@link tillsync.Parameters.verify|verify} messages.
         * @param message Parameters message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Parameters.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Parameters message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Parameters & tillsync.Parameters.$Shape} Parameters
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Parameters & tillsync.Parameters.$Shape;
    }

    namespace Parameters {

        /** Properties of a Parameters. */
        interface $Properties {

            /** Parameters amountFen */
            amountFen?: (number|null);

            /** Parameters connectMs */
            connectMs?: (number|null);

            /** Parameters answerMs */
            answerMs?: (number|null);

            /** Parameters attempts */
            attempts?: (number|null);

            /** Parameters retryBaseMs */
            retryBaseMs?: (number|null);

            /** Parameters reversalBaseMs */
            reversalBaseMs?: (number|null);

            /** Parameters deadlineS */
            deadlineS?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Parameters. */
        type $Shape = tillsync.Parameters.$Properties;
    }

    /**
     * Properties of a Profile.
     * @deprecated Use tillsync.Profile.$Properties instead.
     */
    interface IProfile extends tillsync.Profile.$Properties {
    }

    /** Represents a Profile. */
    class Profile {

        /**
         * Constructs a new Profile.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Profile.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Profile number. */
        number: number;

        /** Profile merchant. */
        merchant?: (tillsync.Merchant.$Properties|null);

        /** Profile binding. */
        binding?: (tillsync.Binding.$Properties|null);

        /** Profile acquiring. */
        acquiring?: (tillsync.Acquiring.$Properties|null);

        /** Profile parameters. */
        parameters?: (tillsync.Parameters.$Properties|null);

        /**
         * Encodes the specified Profile message. Does not implicitly {@link tillsync.Profile.verify|verify} messages.
         * @param message Profile message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Profile.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Profile message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Profile & tillsync.Profile.$Shape} Profile
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Profile & tillsync.Profile.$Shape;
    }

    namespace Profile {

        /** Properties of a Profile. */
        interface $Properties {

            /** Profile number */
            number?: (number|null);

            /** Profile merchant */
            merchant?: (tillsync.Merchant.$Properties|null);

            /** Profile binding */
            binding?: (tillsync.Binding.$Properties|null);

            /** Profile acquiring */
            acquiring?: (tillsync.Acquiring.$Properties|null);

            /** Profile parameters */
            parameters?: (tillsync.Parameters.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Profile. */
        type $Shape = tillsync.Profile.$Properties;
    }

    /**
     * Properties of a Directive.
     * @deprecated Use tillsync.Directive.$Properties instead.
     */
    interface IDirective extends tillsync.Directive.$Properties {
    }

    /** Represents a Directive. */
    class Directive {

        /**
         * Constructs a new Directive.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Directive.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Directive tusn. */
        tusn: string;

        /** Directive deviceKey. */
        deviceKey: Uint8Array;

        /** Directive sequence. */
        sequence: number;

        /** Directive baseDigest. */
        baseDigest: Uint8Array;

        /** Directive profile. */
        profile: Uint8Array;

        /** Directive notBefore. */
        notBefore: number;

        /** Directive notAfter. */
        notAfter: number;

        /** Directive onFail. */
        onFail: string;

        /** Directive salt. */
        salt: Uint8Array;

        /** Directive restores. */
        restores: Uint8Array;

        /**
         * Encodes the specified Directive message. Does not implicitly {@link tillsync.Directive.verify|verify} messages.
         * @param message Directive message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Directive.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Directive message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Directive & tillsync.Directive.$Shape} Directive
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Directive & tillsync.Directive.$Shape;
    }

    namespace Directive {

        /** Properties of a Directive. */
        interface $Properties {

            /** Directive tusn */
            tusn?: (string|null);

            /** Directive deviceKey */
            deviceKey?: (Uint8Array|null);

            /** Directive sequence */
            sequence?: (number|null);

            /** Directive baseDigest */
            baseDigest?: (Uint8Array|null);

            /** Directive profile */
            profile?: (Uint8Array|null);

            /** Directive notBefore */
            notBefore?: (number|null);

            /** Directive notAfter */
            notAfter?: (number|null);

            /** Directive onFail */
            onFail?: (string|null);

            /** Directive salt */
            salt?: (Uint8Array|null);

            /** Directive restores */
            restores?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Directive. */
        type $Shape = tillsync.Directive.$Properties;
    }

    /**
     * Properties of a Statement.
     * @deprecated Use tillsync.Statement.$Properties instead.
     */
    interface IStatement extends tillsync.Statement.$Properties {
    }

    /** Represents a Statement. */
    class Statement {

        /**
         * Constructs a new Statement.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Statement.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Statement releaseId. */
        releaseId: Uint8Array;

        /** Statement purpose. */
        purpose: string;

        /** Statement root. */
        root: Uint8Array;

        /** Statement size. */
        size: number;

        /** Statement merchant. */
        merchant: string;

        /** Statement created. */
        created: number;

        /** Statement expires. */
        expires: number;

        /** Statement reason. */
        reason: Uint8Array;

        /**
         * Encodes the specified Statement message. Does not implicitly {@link tillsync.Statement.verify|verify} messages.
         * @param message Statement message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Statement.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Statement message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Statement & tillsync.Statement.$Shape} Statement
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Statement & tillsync.Statement.$Shape;
    }

    namespace Statement {

        /** Properties of a Statement. */
        interface $Properties {

            /** Statement releaseId */
            releaseId?: (Uint8Array|null);

            /** Statement purpose */
            purpose?: (string|null);

            /** Statement root */
            root?: (Uint8Array|null);

            /** Statement size */
            size?: (number|null);

            /** Statement merchant */
            merchant?: (string|null);

            /** Statement created */
            created?: (number|null);

            /** Statement expires */
            expires?: (number|null);

            /** Statement reason */
            reason?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Statement. */
        type $Shape = tillsync.Statement.$Properties;
    }

    /**
     * Properties of a Signature.
     * @deprecated Use tillsync.Signature.$Properties instead.
     */
    interface ISignature extends tillsync.Signature.$Properties {
    }

    /** Represents a Signature. */
    class Signature {

        /**
         * Constructs a new Signature.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Signature.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Signature keyId. */
        keyId: Uint8Array;

        /** Signature value. */
        value: Uint8Array;

        /**
         * Encodes the specified Signature message. Does not implicitly {@link tillsync.Signature.verify|verify} messages.
         * @param message Signature message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Signature.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Signature message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Signature & tillsync.Signature.$Shape} Signature
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Signature & tillsync.Signature.$Shape;
    }

    namespace Signature {

        /** Properties of a Signature. */
        interface $Properties {

            /** Signature keyId */
            keyId?: (Uint8Array|null);

            /** Signature value */
            value?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Signature. */
        type $Shape = tillsync.Signature.$Properties;
    }

    /**
     * Properties of a Delivery.
     * @deprecated Use tillsync.Delivery.$Properties instead.
     */
    interface IDelivery extends tillsync.Delivery.$Properties {
    }

    /** Represents a Delivery. */
    class Delivery {

        /**
         * Constructs a new Delivery.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Delivery.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Delivery statement. */
        statement: Uint8Array;

        /** Delivery signatures. */
        signatures: tillsync.Signature.$Properties[];

        /** Delivery index. */
        index: number;

        /** Delivery path. */
        path: Uint8Array[];

        /** Delivery directive. */
        directive: Uint8Array;

        /** Delivery nonce. */
        nonce: Uint8Array;

        /** Delivery sealed. */
        sealed: Uint8Array;

        /**
         * Encodes the specified Delivery message. Does not implicitly {@link tillsync.Delivery.verify|verify} messages.
         * @param message Delivery message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Delivery.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Delivery message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Delivery & tillsync.Delivery.$Shape} Delivery
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Delivery & tillsync.Delivery.$Shape;
    }

    namespace Delivery {

        /** Properties of a Delivery. */
        interface $Properties {

            /** Delivery statement */
            statement?: (Uint8Array|null);

            /** Delivery signatures */
            signatures?: (tillsync.Signature.$Properties[]|null);

            /** Delivery index */
            index?: (number|null);

            /** Delivery path */
            path?: (Uint8Array[]|null);

            /** Delivery directive */
            directive?: (Uint8Array|null);

            /** Delivery nonce */
            nonce?: (Uint8Array|null);

            /** Delivery sealed */
            sealed?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Delivery. */
        type $Shape = tillsync.Delivery.$Properties;
    }

    /**
     * Properties of a TrustBundle.
     * @deprecated Use tillsync.TrustBundle.$Properties instead.
     */
    interface ITrustBundle extends tillsync.TrustBundle.$Properties {
    }

    /** Represents a TrustBundle. */
    class TrustBundle {

        /**
         * Constructs a new TrustBundle.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.TrustBundle.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** TrustBundle roots. */
        roots: Uint8Array[];

        /** TrustBundle timestamp. */
        timestamp: Uint8Array;

        /** TrustBundle snapshot. */
        snapshot: Uint8Array;

        /** TrustBundle targets. */
        targets: Uint8Array;

        /** TrustBundle policy. */
        policy: Uint8Array;

        /**
         * Encodes the specified TrustBundle message. Does not implicitly {@link tillsync.TrustBundle.verify|verify} messages.
         * @param message TrustBundle message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.TrustBundle.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a TrustBundle message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.TrustBundle & tillsync.TrustBundle.$Shape} TrustBundle
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.TrustBundle & tillsync.TrustBundle.$Shape;
    }

    namespace TrustBundle {

        /** Properties of a TrustBundle. */
        interface $Properties {

            /** TrustBundle roots */
            roots?: (Uint8Array[]|null);

            /** TrustBundle timestamp */
            timestamp?: (Uint8Array|null);

            /** TrustBundle snapshot */
            snapshot?: (Uint8Array|null);

            /** TrustBundle targets */
            targets?: (Uint8Array|null);

            /** TrustBundle policy */
            policy?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a TrustBundle. */
        type $Shape = tillsync.TrustBundle.$Properties;
    }

    /**
     * Properties of an Envelope.
     * @deprecated Use tillsync.Envelope.$Properties instead.
     */
    interface IEnvelope extends tillsync.Envelope.$Properties {
    }

    /** Represents an Envelope. */
    class Envelope {

        /**
         * Constructs a new Envelope.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Envelope.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Envelope payload. */
        payload: Uint8Array;

        /** Envelope signature. */
        signature: Uint8Array;

        /**
         * Encodes the specified Envelope message. Does not implicitly {@link tillsync.Envelope.verify|verify} messages.
         * @param message Envelope message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Envelope.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Envelope message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Envelope & tillsync.Envelope.$Shape} Envelope
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Envelope & tillsync.Envelope.$Shape;
    }

    namespace Envelope {

        /** Properties of an Envelope. */
        interface $Properties {

            /** Envelope payload */
            payload?: (Uint8Array|null);

            /** Envelope signature */
            signature?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Envelope. */
        type $Shape = tillsync.Envelope.$Properties;
    }

    /**
     * Properties of a Hello.
     * @deprecated Use tillsync.Hello.$Properties instead.
     */
    interface IHello extends tillsync.Hello.$Properties {
    }

    /** Represents a Hello. */
    class Hello {

        /**
         * Constructs a new Hello.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Hello.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Hello tusn. */
        tusn: string;

        /** Hello counter. */
        counter: number;

        /** Hello sequence. */
        sequence: number;

        /** Hello current. */
        current: Uint8Array;

        /** Hello previous. */
        previous: Uint8Array;

        /** Hello phase. */
        phase: string;

        /** Hello directive. */
        directive: Uint8Array;

        /** Hello timestampVersion. */
        timestampVersion: number;

        /** Hello stale. */
        stale: boolean;

        /** Hello unsent. */
        unsent: number;

        /** Hello agentVersion. */
        agentVersion: string;

        /** Hello rootVersion. */
        rootVersion: number;

        /** Hello cardKey. */
        cardKey: Uint8Array;

        /** Hello cardKeyProof. */
        cardKeyProof: Uint8Array;

        /** Hello run. */
        run: Uint8Array;

        /** Hello busy. */
        busy: string;

        /**
         * Encodes the specified Hello message. Does not implicitly {@link tillsync.Hello.verify|verify} messages.
         * @param message Hello message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Hello.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Hello message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Hello & tillsync.Hello.$Shape} Hello
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Hello & tillsync.Hello.$Shape;
    }

    namespace Hello {

        /** Properties of a Hello. */
        interface $Properties {

            /** Hello tusn */
            tusn?: (string|null);

            /** Hello counter */
            counter?: (number|null);

            /** Hello sequence */
            sequence?: (number|null);

            /** Hello current */
            current?: (Uint8Array|null);

            /** Hello previous */
            previous?: (Uint8Array|null);

            /** Hello phase */
            phase?: (string|null);

            /** Hello directive */
            directive?: (Uint8Array|null);

            /** Hello timestampVersion */
            timestampVersion?: (number|null);

            /** Hello stale */
            stale?: (boolean|null);

            /** Hello unsent */
            unsent?: (number|null);

            /** Hello agentVersion */
            agentVersion?: (string|null);

            /** Hello rootVersion */
            rootVersion?: (number|null);

            /** Hello cardKey */
            cardKey?: (Uint8Array|null);

            /** Hello cardKeyProof */
            cardKeyProof?: (Uint8Array|null);

            /** Hello run */
            run?: (Uint8Array|null);

            /** Hello busy */
            busy?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Hello. */
        type $Shape = tillsync.Hello.$Properties;
    }

    /**
     * Properties of a Report.
     * @deprecated Use tillsync.Report.$Properties instead.
     */
    interface IReport extends tillsync.Report.$Properties {
    }

    /** Represents a Report. */
    class Report {

        /**
         * Constructs a new Report.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Report.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Report tusn. */
        tusn: string;

        /** Report counter. */
        counter: number;

        /** Report kind. */
        kind: string;

        /** Report code. */
        code: string;

        /** Report directive. */
        directive: Uint8Array;

        /** Report sequence. */
        sequence: number;

        /** Report current. */
        current: Uint8Array;

        /** Report previous. */
        previous: Uint8Array;

        /** Report nonce. */
        nonce: Uint8Array;

        /** Report at. */
        at: number;

        /** Report detail. */
        detail: string;

        /**
         * Encodes the specified Report message. Does not implicitly {@link tillsync.Report.verify|verify} messages.
         * @param message Report message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Report.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Report message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Report & tillsync.Report.$Shape} Report
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Report & tillsync.Report.$Shape;
    }

    namespace Report {

        /** Properties of a Report. */
        interface $Properties {

            /** Report tusn */
            tusn?: (string|null);

            /** Report counter */
            counter?: (number|null);

            /** Report kind */
            kind?: (string|null);

            /** Report code */
            code?: (string|null);

            /** Report directive */
            directive?: (Uint8Array|null);

            /** Report sequence */
            sequence?: (number|null);

            /** Report current */
            current?: (Uint8Array|null);

            /** Report previous */
            previous?: (Uint8Array|null);

            /** Report nonce */
            nonce?: (Uint8Array|null);

            /** Report at */
            at?: (number|null);

            /** Report detail */
            detail?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Report. */
        type $Shape = tillsync.Report.$Properties;
    }

    /**
     * Properties of a Receipt.
     * @deprecated Use tillsync.Receipt.$Properties instead.
     */
    interface IReceipt extends tillsync.Receipt.$Properties {
    }

    /** Represents a Receipt. */
    class Receipt {

        /**
         * Constructs a new Receipt.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Receipt.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Receipt counter. */
        counter: number;

        /** Receipt report. */
        report: Uint8Array;

        /**
         * Encodes the specified Receipt message. Does not implicitly {@link tillsync.Receipt.verify|verify} messages.
         * @param message Receipt message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Receipt.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Receipt message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Receipt & tillsync.Receipt.$Shape} Receipt
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Receipt & tillsync.Receipt.$Shape;
    }

    namespace Receipt {

        /** Properties of a Receipt. */
        interface $Properties {

            /** Receipt counter */
            counter?: (number|null);

            /** Receipt report */
            report?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Receipt. */
        type $Shape = tillsync.Receipt.$Properties;
    }

    /**
     * Properties of a Challenge.
     * @deprecated Use tillsync.Challenge.$Properties instead.
     */
    interface IChallenge extends tillsync.Challenge.$Properties {
    }

    /** Represents a Challenge. */
    class Challenge {

        /**
         * Constructs a new Challenge.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Challenge.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Challenge id. */
        id: Uint8Array;

        /** Challenge factor. */
        factor: string;

        /** Challenge expires. */
        expires: number;

        /**
         * Encodes the specified Challenge message. Does not implicitly {@link tillsync.Challenge.verify|verify} messages.
         * @param message Challenge message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Challenge.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Challenge message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Challenge & tillsync.Challenge.$Shape} Challenge
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Challenge & tillsync.Challenge.$Shape;
    }

    namespace Challenge {

        /** Properties of a Challenge. */
        interface $Properties {

            /** Challenge id */
            id?: (Uint8Array|null);

            /** Challenge factor */
            factor?: (string|null);

            /** Challenge expires */
            expires?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Challenge. */
        type $Shape = tillsync.Challenge.$Properties;
    }

    /**
     * Properties of a Proof.
     * @deprecated Use tillsync.Proof.$Properties instead.
     */
    interface IProof extends tillsync.Proof.$Properties {
    }

    /** Represents a Proof. */
    class Proof {

        /**
         * Constructs a new Proof.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Proof.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Proof tusn. */
        tusn: string;

        /** Proof challenge. */
        challenge: Uint8Array;

        /** Proof factor. */
        factor: string;

        /** Proof cryptogram. */
        cryptogram: string;

        /** Proof code. */
        code: string;

        /**
         * Encodes the specified Proof message. Does not implicitly {@link tillsync.Proof.verify|verify} messages.
         * @param message Proof message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Proof.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Proof message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Proof & tillsync.Proof.$Shape} Proof
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Proof & tillsync.Proof.$Shape;
    }

    namespace Proof {

        /** Properties of a Proof. */
        interface $Properties {

            /** Proof tusn */
            tusn?: (string|null);

            /** Proof challenge */
            challenge?: (Uint8Array|null);

            /** Proof factor */
            factor?: (string|null);

            /** Proof cryptogram */
            cryptogram?: (string|null);

            /** Proof code */
            code?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Proof. */
        type $Shape = tillsync.Proof.$Properties;
    }

    /**
     * Properties of an UpMessage.
     * @deprecated Use tillsync.UpMessage.$Properties instead.
     */
    interface IUpMessage extends tillsync.UpMessage.$Properties {
    }

    /** Represents an UpMessage. */
    class UpMessage {

        /**
         * Constructs a new UpMessage.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.UpMessage.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** UpMessage kind. */
        kind: string;

        /** UpMessage envelope. */
        envelope: Uint8Array;

        /**
         * Encodes the specified UpMessage message. Does not implicitly {@link tillsync.UpMessage.verify|verify} messages.
         * @param message UpMessage message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.UpMessage.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an UpMessage message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.UpMessage & tillsync.UpMessage.$Shape} UpMessage
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.UpMessage & tillsync.UpMessage.$Shape;
    }

    namespace UpMessage {

        /** Properties of an UpMessage. */
        interface $Properties {

            /** UpMessage kind */
            kind?: (string|null);

            /** UpMessage envelope */
            envelope?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an UpMessage. */
        type $Shape = tillsync.UpMessage.$Properties;
    }

    /**
     * Properties of an Upload.
     * @deprecated Use tillsync.Upload.$Properties instead.
     */
    interface IUpload extends tillsync.Upload.$Properties {
    }

    /** Represents an Upload. */
    class Upload {

        /**
         * Constructs a new Upload.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Upload.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Upload messages. */
        messages: tillsync.UpMessage.$Properties[];

        /**
         * Encodes the specified Upload message. Does not implicitly {@link tillsync.Upload.verify|verify} messages.
         * @param message Upload message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Upload.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Upload message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Upload & tillsync.Upload.$Shape} Upload
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Upload & tillsync.Upload.$Shape;
    }

    namespace Upload {

        /** Properties of an Upload. */
        interface $Properties {

            /** Upload messages */
            messages?: (tillsync.UpMessage.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Upload. */
        type $Shape = tillsync.Upload.$Properties;
    }

    /**
     * Properties of an Uploaded.
     * @deprecated Use tillsync.Uploaded.$Properties instead.
     */
    interface IUploaded extends tillsync.Uploaded.$Properties {
    }

    /** Represents an Uploaded. */
    class Uploaded {

        /**
         * Constructs a new Uploaded.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Uploaded.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Uploaded codes. */
        codes: string[];

        /**
         * Encodes the specified Uploaded message. Does not implicitly {@link tillsync.Uploaded.verify|verify} messages.
         * @param message Uploaded message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Uploaded.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Uploaded message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Uploaded & tillsync.Uploaded.$Shape} Uploaded
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Uploaded & tillsync.Uploaded.$Shape;
    }

    namespace Uploaded {

        /** Properties of an Uploaded. */
        interface $Properties {

            /** Uploaded codes */
            codes?: (string[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Uploaded. */
        type $Shape = tillsync.Uploaded.$Properties;
    }

    /**
     * Properties of a DownMessage.
     * @deprecated Use tillsync.DownMessage.$Properties instead.
     */
    interface IDownMessage extends tillsync.DownMessage.$Properties {
    }

    /** Represents a DownMessage. */
    class DownMessage {

        /**
         * Constructs a new DownMessage.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.DownMessage.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** DownMessage kind. */
        kind: string;

        /** DownMessage payload. */
        payload: Uint8Array;

        /**
         * Encodes the specified DownMessage message. Does not implicitly {@link tillsync.DownMessage.verify|verify} messages.
         * @param message DownMessage message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.DownMessage.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a DownMessage message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.DownMessage & tillsync.DownMessage.$Shape} DownMessage
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.DownMessage & tillsync.DownMessage.$Shape;
    }

    namespace DownMessage {

        /** Properties of a DownMessage. */
        interface $Properties {

            /** DownMessage kind */
            kind?: (string|null);

            /** DownMessage payload */
            payload?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a DownMessage. */
        type $Shape = tillsync.DownMessage.$Properties;
    }

    /**
     * Properties of a Desired.
     * @deprecated Use tillsync.Desired.$Properties instead.
     */
    interface IDesired extends tillsync.Desired.$Properties {
    }

    /** Represents a Desired. */
    class Desired {

        /**
         * Constructs a new Desired.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Desired.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Desired number. */
        number: number;

        /** Desired messages. */
        messages: tillsync.DownMessage.$Properties[];

        /**
         * Encodes the specified Desired message. Does not implicitly {@link tillsync.Desired.verify|verify} messages.
         * @param message Desired message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Desired.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Desired message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Desired & tillsync.Desired.$Shape} Desired
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Desired & tillsync.Desired.$Shape;
    }

    namespace Desired {

        /** Properties of a Desired. */
        interface $Properties {

            /** Desired number */
            number?: (number|null);

            /** Desired messages */
            messages?: (tillsync.DownMessage.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Desired. */
        type $Shape = tillsync.Desired.$Properties;
    }

    /**
     * Properties of a Recipient.
     * @deprecated Use tillsync.Recipient.$Properties instead.
     */
    interface IRecipient extends tillsync.Recipient.$Properties {
    }

    /** Represents a Recipient. */
    class Recipient {

        /**
         * Constructs a new Recipient.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Recipient.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Recipient index. */
        index: number;

        /** Recipient deviceKey. */
        deviceKey: Uint8Array;

        /** Recipient cardKey. */
        cardKey: Uint8Array;

        /** Recipient proof. */
        proof: Uint8Array;

        /**
         * Encodes the specified Recipient message. Does not implicitly {@link tillsync.Recipient.verify|verify} messages.
         * @param message Recipient message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Recipient.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Recipient message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Recipient & tillsync.Recipient.$Shape} Recipient
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Recipient & tillsync.Recipient.$Shape;
    }

    namespace Recipient {

        /** Properties of a Recipient. */
        interface $Properties {

            /** Recipient index */
            index?: (number|null);

            /** Recipient deviceKey */
            deviceKey?: (Uint8Array|null);

            /** Recipient cardKey */
            cardKey?: (Uint8Array|null);

            /** Recipient proof */
            proof?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Recipient. */
        type $Shape = tillsync.Recipient.$Properties;
    }

    /**
     * Properties of a Sealed.
     * @deprecated Use tillsync.Sealed.$Properties instead.
     */
    interface ISealed extends tillsync.Sealed.$Properties {
    }

    /** Represents a Sealed. */
    class Sealed {

        /**
         * Constructs a new Sealed.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.Sealed.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Sealed index. */
        index: number;

        /** Sealed bytes. */
        bytes: Uint8Array;

        /**
         * Encodes the specified Sealed message. Does not implicitly {@link tillsync.Sealed.verify|verify} messages.
         * @param message Sealed message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.Sealed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Sealed message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.Sealed & tillsync.Sealed.$Shape} Sealed
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.Sealed & tillsync.Sealed.$Shape;
    }

    namespace Sealed {

        /** Properties of a Sealed. */
        interface $Properties {

            /** Sealed index */
            index?: (number|null);

            /** Sealed bytes */
            bytes?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Sealed. */
        type $Shape = tillsync.Sealed.$Properties;
    }

    /**
     * Properties of a CardKey.
     * @deprecated Use tillsync.CardKey.$Properties instead.
     */
    interface ICardKey extends tillsync.CardKey.$Properties {
    }

    /** Represents a CardKey. */
    class CardKey {

        /**
         * Constructs a new CardKey.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.CardKey.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** CardKey tusn. */
        tusn: string;

        /** CardKey cardKey. */
        cardKey: Uint8Array;

        /**
         * Encodes the specified CardKey message. Does not implicitly {@link tillsync.CardKey.verify|verify} messages.
         * @param message CardKey message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.CardKey.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a CardKey message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.CardKey & tillsync.CardKey.$Shape} CardKey
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.CardKey & tillsync.CardKey.$Shape;
    }

    namespace CardKey {

        /** Properties of a CardKey. */
        interface $Properties {

            /** CardKey tusn */
            tusn?: (string|null);

            /** CardKey cardKey */
            cardKey?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a CardKey. */
        type $Shape = tillsync.CardKey.$Properties;
    }

    /**
     * Properties of a ReleaseFile.
     * @deprecated Use tillsync.ReleaseFile.$Properties instead.
     */
    interface IReleaseFile extends tillsync.ReleaseFile.$Properties {
    }

    /** Represents a ReleaseFile. */
    class ReleaseFile {

        /**
         * Constructs a new ReleaseFile.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.ReleaseFile.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ReleaseFile statement. */
        statement: Uint8Array;

        /** ReleaseFile signatures. */
        signatures: tillsync.Signature.$Properties[];

        /** ReleaseFile directives. */
        directives: Uint8Array[];

        /** ReleaseFile bases. */
        bases: Uint8Array[];

        /** ReleaseFile reason. */
        reason: string;

        /** ReleaseFile recipients. */
        recipients: tillsync.Recipient.$Properties[];

        /** ReleaseFile sealed. */
        sealed: tillsync.Sealed.$Properties[];

        /**
         * Encodes the specified ReleaseFile message. Does not implicitly {@link tillsync.ReleaseFile.verify|verify} messages.
         * @param message ReleaseFile message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.ReleaseFile.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ReleaseFile message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.ReleaseFile & tillsync.ReleaseFile.$Shape} ReleaseFile
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.ReleaseFile & tillsync.ReleaseFile.$Shape;
    }

    namespace ReleaseFile {

        /** Properties of a ReleaseFile. */
        interface $Properties {

            /** ReleaseFile statement */
            statement?: (Uint8Array|null);

            /** ReleaseFile signatures */
            signatures?: (tillsync.Signature.$Properties[]|null);

            /** ReleaseFile directives */
            directives?: (Uint8Array[]|null);

            /** ReleaseFile bases */
            bases?: (Uint8Array[]|null);

            /** ReleaseFile reason */
            reason?: (string|null);

            /** ReleaseFile recipients */
            recipients?: (tillsync.Recipient.$Properties[]|null);

            /** ReleaseFile sealed */
            sealed?: (tillsync.Sealed.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ReleaseFile. */
        type $Shape = tillsync.ReleaseFile.$Properties;
    }

    /**
     * Properties of a LedgerEntry.
     * @deprecated Use tillsync.LedgerEntry.$Properties instead.
     */
    interface ILedgerEntry extends tillsync.LedgerEntry.$Properties {
    }

    /** Represents a LedgerEntry. */
    class LedgerEntry {

        /**
         * Constructs a new LedgerEntry.
         * @param [properties] Properties to set
         */
        constructor(properties?: tillsync.LedgerEntry.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** LedgerEntry at. */
        at: number;

        /** LedgerEntry kind. */
        kind: string;

        /** LedgerEntry actor. */
        actor: string;

        /** LedgerEntry subject. */
        subject: string;

        /** LedgerEntry digest. */
        digest: Uint8Array;

        /** LedgerEntry detail. */
        detail: string;

        /**
         * Encodes the specified LedgerEntry message. Does not implicitly {@link tillsync.LedgerEntry.verify|verify} messages.
         * @param message LedgerEntry message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: tillsync.LedgerEntry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a LedgerEntry message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {tillsync.LedgerEntry & tillsync.LedgerEntry.$Shape} LedgerEntry
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tillsync.LedgerEntry & tillsync.LedgerEntry.$Shape;
    }

    namespace LedgerEntry {

        /** Properties of a LedgerEntry. */
        interface $Properties {

            /** LedgerEntry at */
            at?: (number|null);

            /** LedgerEntry kind */
            kind?: (string|null);

            /** LedgerEntry actor */
            actor?: (string|null);

            /** LedgerEntry subject */
            subject?: (string|null);

            /** LedgerEntry digest */
            digest?: (Uint8Array|null);

            /** LedgerEntry detail */
            detail?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a LedgerEntry. */
        type $Shape = tillsync.LedgerEntry.$Properties;
    }
}
