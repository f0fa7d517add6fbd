/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["tillsync"] || ($protobuf.roots["tillsync"] = {});

export const tillsync = $root.tillsync = (() => {

    /**
     * Namespace tillsync.
     * @exports tillsync
     * @namespace
     */
    const tillsync = {};

    tillsync.Merchant = (function() {

        /**
         * Properties of a Merchant.
         * @typedef {Object} tillsync.Merchant.$Properties
         * @property {string|null} [number] Merchant number
         * @property {string|null} [name] Merchant name
         * @property {string|null} [shortName] Merchant shortName
         * @property {string|null} [licenceNo] Merchant licenceNo
         * @property {string|null} [taxNo] Merchant taxNo
         * @property {string|null} [uscc] Merchant uscc
         * @property {string|null} [mcc] Merchant mcc
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Merchant.
         * @memberof tillsync
         * @interface IMerchant
         * @augments tillsync.Merchant.$Properties
         * @deprecated Use tillsync.Merchant.$Properties instead.
         */

        /**
         * Shape of a Merchant.
         * @typedef {tillsync.Merchant.$Properties} tillsync.Merchant.$Shape
         */

        /**
         * Constructs a new Merchant.
         * @memberof tillsync
         * @classdesc Represents a Merchant.
         * @constructor
         * @param {tillsync.Merchant.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Merchant = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Merchant number.
         * @member {string} number
         * @memberof tillsync.Merchant
         * @instance
         */
        Merchant.prototype.number = "";

        /**
         * Merchant name.
         * @member {string} name
         * @memberof tillsync.Merchant
         * @instance
         */
        Merchant.prototype.name = "";

        /**
         * Merchant shortName.
         * @member {string} shortName
         * @memberof tillsync.Merchant
         * @instance
         */
        Merchant.prototype.shortName = "";

        /**
         * Merchant licenceNo.
         * @member {string} licenceNo
         * @memberof tillsync.Merchant
         * @instance
         */
        Merchant.prototype.licenceNo = "";

        /**
         * Merchant taxNo.
         * @member {string} taxNo
         * @memberof tillsync.Merchant
         * @instance
         */
        Merchant.prototype.taxNo = "";

        /**
         * Merchant uscc.
         * @member {string} uscc
         * @memberof tillsync.Merchant
         * @instance
         */
        Merchant.prototype.uscc = "";

        /**
         * Merchant mcc.
         * @member {string} mcc
         * @memberof tillsync.Merchant
         * @instance
         */
        Merchant.prototype.mcc = "";

        /**
         * Encodes the specified Merchant message. Does not implicitly {@link tillsync.Merchant.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Merchant
         * @static
         * @param {tillsync.Merchant.$Properties} message Merchant message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Merchant.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.number != null && $Object.hasOwnProperty.call(message, "number") && message.number !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.number);
            if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.name);
            if (message.shortName != null && $Object.hasOwnProperty.call(message, "shortName") && message.shortName !== "")
                writer.uint32(/* id 3, wireType 2 =*/26).string(message.shortName);
            if (message.licenceNo != null && $Object.hasOwnProperty.call(message, "licenceNo") && message.licenceNo !== "")
                writer.uint32(/* id 4, wireType 2 =*/34).string(message.licenceNo);
            if (message.taxNo != null && $Object.hasOwnProperty.call(message, "taxNo") && message.taxNo !== "")
                writer.uint32(/* id 5, wireType 2 =*/42).string(message.taxNo);
            if (message.uscc != null && $Object.hasOwnProperty.call(message, "uscc") && message.uscc !== "")
                writer.uint32(/* id 6, wireType 2 =*/50).string(message.uscc);
            if (message.mcc != null && $Object.hasOwnProperty.call(message, "mcc") && message.mcc !== "")
                writer.uint32(/* id 7, wireType 2 =*/58).string(message.mcc);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Merchant message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Merchant
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Merchant & tillsync.Merchant.$Shape} Merchant
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Merchant.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Merchant();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.number = value;
                        else
                            delete message.number;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.name = value;
                        else
                            delete message.name;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.shortName = value;
                        else
                            delete message.shortName;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.licenceNo = value;
                        else
                            delete message.licenceNo;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.taxNo = value;
                        else
                            delete message.taxNo;
                        continue;
                    }
                case 6: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.uscc = value;
                        else
                            delete message.uscc;
                        continue;
                    }
                case 7: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.mcc = value;
                        else
                            delete message.mcc;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Merchant;
    })();

    tillsync.Binding = (function() {

        /**
         * Properties of a Binding.
         * @typedef {Object} tillsync.Binding.$Properties
         * @property {string|null} [kind] Binding kind
         * @property {string|null} [bank] Binding bank
         * @property {string|null} [cnaps] Binding cnaps
         * @property {string|null} [holder] Binding holder
         * @property {string|null} [bin] Binding bin
         * @property {string|null} [last4] Binding last4
         * @property {Uint8Array|null} [commitment] Binding commitment
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Binding.
         * @memberof tillsync
         * @interface IBinding
         * @augments tillsync.Binding.$Properties
         * @deprecated Use tillsync.Binding.$Properties instead.
         */

        /**
         * Shape of a Binding.
         * @typedef {tillsync.Binding.$Properties} tillsync.Binding.$Shape
         */

        /**
         * Constructs a new Binding.
         * @memberof tillsync
         * @classdesc Represents a Binding.
         * @constructor
         * @param {tillsync.Binding.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Binding = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Binding kind.
         * @member {string} kind
         * @memberof tillsync.Binding
         * @instance
         */
        Binding.prototype.kind = "";

        /**
         * Binding bank.
         * @member {string} bank
         * @memberof tillsync.Binding
         * @instance
         */
        Binding.prototype.bank = "";

        /**
         * Binding cnaps.
         * @member {string} cnaps
         * @memberof tillsync.Binding
         * @instance
         */
        Binding.prototype.cnaps = "";

        /**
         * Binding holder.
         * @member {string} holder
         * @memberof tillsync.Binding
         * @instance
         */
        Binding.prototype.holder = "";

        /**
         * Binding bin.
         * @member {string} bin
         * @memberof tillsync.Binding
         * @instance
         */
        Binding.prototype.bin = "";

        /**
         * Binding last4.
         * @member {string} last4
         * @memberof tillsync.Binding
         * @instance
         */
        Binding.prototype.last4 = "";

        /**
         * Binding commitment.
         * @member {Uint8Array} commitment
         * @memberof tillsync.Binding
         * @instance
         */
        Binding.prototype.commitment = $util.newBuffer([]);

        /**
         * Encodes the specified Binding message. Does not implicitly {@link tillsync.Binding.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Binding
         * @static
         * @param {tillsync.Binding.$Properties} message Binding message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Binding.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.kind);
            if (message.bank != null && $Object.hasOwnProperty.call(message, "bank") && message.bank !== "")
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.bank);
            if (message.cnaps != null && $Object.hasOwnProperty.call(message, "cnaps") && message.cnaps !== "")
                writer.uint32(/* id 3, wireType 2 =*/26).string(message.cnaps);
            if (message.holder != null && $Object.hasOwnProperty.call(message, "holder") && message.holder !== "")
                writer.uint32(/* id 4, wireType 2 =*/34).string(message.holder);
            if (message.bin != null && $Object.hasOwnProperty.call(message, "bin") && message.bin !== "")
                writer.uint32(/* id 5, wireType 2 =*/42).string(message.bin);
            if (message.last4 != null && $Object.hasOwnProperty.call(message, "last4") && message.last4 !== "")
                writer.uint32(/* id 6, wireType 2 =*/50).string(message.last4);
            if (message.commitment != null && $Object.hasOwnProperty.call(message, "commitment") && message.commitment.length)
                writer.uint32(/* id 7, wireType 2 =*/58).bytes(message.commitment);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Binding message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Binding
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Binding & tillsync.Binding.$Shape} Binding
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Binding.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Binding();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.kind = value;
                        else
                            delete message.kind;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.bank = value;
                        else
                            delete message.bank;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.cnaps = value;
                        else
                            delete message.cnaps;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.holder = value;
                        else
                            delete message.holder;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.bin = value;
                        else
                            delete message.bin;
                        continue;
                    }
                case 6: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.last4 = value;
                        else
                            delete message.last4;
                        continue;
                    }
                case 7: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.commitment = value;
                        else
                            delete message.commitment;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Binding;
    })();

    tillsync.Acquiring = (function() {

        /**
         * Properties of an Acquiring.
         * @typedef {Object} tillsync.Acquiring.$Properties
         * @property {string|null} [acquirer] Acquiring acquirer
         * @property {string|null} [terminalNo] Acquiring terminalNo
         * @property {string|null} [host] Acquiring host
         * @property {number|null} [port] Acquiring port
         * @property {Uint8Array|null} [tpdu] Acquiring tpdu
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an Acquiring.
         * @memberof tillsync
         * @interface IAcquiring
         * @augments tillsync.Acquiring.$Properties
         * @deprecated Use tillsync.Acquiring.$Properties instead.
         */

        /**
         * Shape of an Acquiring.
         * @typedef {tillsync.Acquiring.$Properties} tillsync.Acquiring.$Shape
         */

        /**
         * Constructs a new Acquiring.
         * @memberof tillsync
         * @classdesc Represents an Acquiring.
         * @constructor
         * @param {tillsync.Acquiring.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Acquiring = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Acquiring acquirer.
         * @member {string} acquirer
         * @memberof tillsync.Acquiring
         * @instance
         */
        Acquiring.prototype.acquirer = "";

        /**
         * Acquiring terminalNo.
         * @member {string} terminalNo
         * @memberof tillsync.Acquiring
         * @instance
         */
        Acquiring.prototype.terminalNo = "";

        /**
         * Acquiring host.
         * @member {string} host
         * @memberof tillsync.Acquiring
         * @instance
         */
        Acquiring.prototype.host = "";

        /**
         * Acquiring port.
         * @member {number} port
         * @memberof tillsync.Acquiring
         * @instance
         */
        Acquiring.prototype.port = 0;

        /**
         * Acquiring tpdu.
         * @member {Uint8Array} tpdu
         * @memberof tillsync.Acquiring
         * @instance
         */
        Acquiring.prototype.tpdu = $util.newBuffer([]);

        /**
         * Encodes the specified Acquiring message. Does not implicitly {@link tillsync.Acquiring.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Acquiring
         * @static
         * @param {tillsync.Acquiring.$Properties} message Acquiring message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Acquiring.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.acquirer != null && $Object.hasOwnProperty.call(message, "acquirer") && message.acquirer !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.acquirer);
            if (message.terminalNo != null && $Object.hasOwnProperty.call(message, "terminalNo") && message.terminalNo !== "")
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.terminalNo);
            if (message.host != null && $Object.hasOwnProperty.call(message, "host") && message.host !== "")
                writer.uint32(/* id 3, wireType 2 =*/26).string(message.host);
            if (message.port != null && $Object.hasOwnProperty.call(message, "port") && message.port !== 0)
                writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.port);
            if (message.tpdu != null && $Object.hasOwnProperty.call(message, "tpdu") && message.tpdu.length)
                writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.tpdu);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an Acquiring message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Acquiring
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Acquiring & tillsync.Acquiring.$Shape} Acquiring
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Acquiring.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Acquiring();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.acquirer = value;
                        else
                            delete message.acquirer;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.terminalNo = value;
                        else
                            delete message.terminalNo;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.host = value;
                        else
                            delete message.host;
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.port = value;
                        else
                            delete message.port;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.tpdu = value;
                        else
                            delete message.tpdu;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Acquiring;
    })();

    tillsync.Parameters = (function() {

        /**
         * Properties of a Parameters.
         * @typedef {Object} tillsync.Parameters.$Properties
         * @property {number|null} [amountFen] Parameters amountFen
         * @property {number|null} [connectMs] Parameters connectMs
         * @property {number|null} [answerMs] Parameters answerMs
         * @property {number|null} [attempts] Parameters attempts
         * @property {number|null} [retryBaseMs] Parameters retryBaseMs
         * @property {number|null} [reversalBaseMs] Parameters reversalBaseMs
         * @property {number|null} [deadlineS] Parameters deadlineS
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Parameters.
         * @memberof tillsync
         * @interface IParameters
         * @augments tillsync.Parameters.$Properties
         * @deprecated Use tillsync.Parameters.$Properties instead.
         */

        /**
         * Shape of a Parameters.
         * @typedef {tillsync.Parameters.$Properties} tillsync.Parameters.$Shape
         */

        /**
         * Constructs a new Parameters.
         * @memberof tillsync
         * @classdesc Represents a Parameters.
         * @constructor
         * @param {tillsync.Parameters.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Parameters = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Parameters amountFen.
         * @member {number} amountFen
         * @memberof tillsync.Parameters
         * @instance
         */
        Parameters.prototype.amountFen = 0;

        /**
         * Parameters connectMs.
         * @member {number} connectMs
         * @memberof tillsync.Parameters
         * @instance
         */
        Parameters.prototype.connectMs = 0;

        /**
         * Parameters answerMs.
         * @member {number} answerMs
         * @memberof tillsync.Parameters
         * @instance
         */
        Parameters.prototype.answerMs = 0;

        /**
         * Parameters attempts.
         * @member {number} attempts
         * @memberof tillsync.Parameters
         * @instance
         */
        Parameters.prototype.attempts = 0;

        /**
         * Parameters retryBaseMs.
         * @member {number} retryBaseMs
         * @memberof tillsync.Parameters
         * @instance
         */
        Parameters.prototype.retryBaseMs = 0;

        /**
         * Parameters reversalBaseMs.
         * @member {number} reversalBaseMs
         * @memberof tillsync.Parameters
         * @instance
         */
        Parameters.prototype.reversalBaseMs = 0;

        /**
         * Parameters deadlineS.
         * @member {number} deadlineS
         * @memberof tillsync.Parameters
         * @instance
         */
        Parameters.prototype.deadlineS = 0;

        /**
         * Encodes the specified Parameters message. Does not implicitly {@link tillsync.Parameters.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Parameters
         * @static
         * @param {tillsync.Parameters.$Properties} message Parameters message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Parameters.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.amountFen != null && $Object.hasOwnProperty.call(message, "amountFen") && message.amountFen !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.amountFen);
            if (message.connectMs != null && $Object.hasOwnProperty.call(message, "connectMs") && message.connectMs !== 0)
                writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.connectMs);
            if (message.answerMs != null && $Object.hasOwnProperty.call(message, "answerMs") && message.answerMs !== 0)
                writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.answerMs);
            if (message.attempts != null && $Object.hasOwnProperty.call(message, "attempts") && message.attempts !== 0)
                writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.attempts);
            if (message.retryBaseMs != null && $Object.hasOwnProperty.call(message, "retryBaseMs") && message.retryBaseMs !== 0)
                writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.retryBaseMs);
            if (message.reversalBaseMs != null && $Object.hasOwnProperty.call(message, "reversalBaseMs") && message.reversalBaseMs !== 0)
                writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.reversalBaseMs);
            if (message.deadlineS != null && $Object.hasOwnProperty.call(message, "deadlineS") && message.deadlineS !== 0)
                writer.uint32(/* id 7, wireType 0 =*/56).uint32(message.deadlineS);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Parameters message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Parameters
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Parameters & tillsync.Parameters.$Shape} Parameters
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Parameters.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Parameters();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.amountFen = value;
                        else
                            delete message.amountFen;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.connectMs = value;
                        else
                            delete message.connectMs;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.answerMs = value;
                        else
                            delete message.answerMs;
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.attempts = value;
                        else
                            delete message.attempts;
                        continue;
                    }
                case 5: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.retryBaseMs = value;
                        else
                            delete message.retryBaseMs;
                        continue;
                    }
                case 6: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.reversalBaseMs = value;
                        else
                            delete message.reversalBaseMs;
                        continue;
                    }
                case 7: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.deadlineS = value;
                        else
                            delete message.deadlineS;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Parameters;
    })();

    tillsync.Profile = (function() {

        /**
         * Properties of a Profile.
         * @typedef {Object} tillsync.Profile.$Properties
         * @property {number|null} [number] Profile number
         * @property {tillsync.Merchant.$Properties|null} [merchant] Profile merchant
         * @property {tillsync.Binding.$Properties|null} [binding] Profile binding
         * @property {tillsync.Acquiring.$Properties|null} [acquiring] Profile acquiring
         * @property {tillsync.Parameters.$Properties|null} [parameters] Profile parameters
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Profile.
         * @memberof tillsync
         * @interface IProfile
         * @augments tillsync.Profile.$Properties
         * @deprecated Use tillsync.Profile.$Properties instead.
         */

        /**
         * Shape of a Profile.
         * @typedef {tillsync.Profile.$Properties} tillsync.Profile.$Shape
         */

        /**
         * Constructs a new Profile.
         * @memberof tillsync
         * @classdesc Represents a Profile.
         * @constructor
         * @param {tillsync.Profile.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Profile = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Profile number.
         * @member {number} number
         * @memberof tillsync.Profile
         * @instance
         */
        Profile.prototype.number = 0;

        /**
         * Profile merchant.
         * @member {tillsync.Merchant.$Properties|null|undefined} merchant
         * @memberof tillsync.Profile
         * @instance
         */
        Profile.prototype.merchant = null;

        /**
         * Profile binding.
         * @member {tillsync.Binding.$Properties|null|undefined} binding
         * @memberof tillsync.Profile
         * @instance
         */
        Profile.prototype.binding = null;

        /**
         * Profile acquiring.
         * @member {tillsync.Acquiring.$Properties|null|undefined} acquiring
         * @memberof tillsync.Profile
         * @instance
         */
        Profile.prototype.acquiring = null;

        /**
         * Profile parameters.
         * @member {tillsync.Parameters.$Properties|null|undefined} parameters
         * @memberof tillsync.Profile
         * @instance
         */
        Profile.prototype.parameters = null;

        /**
         * Encodes the specified Profile message. Does not implicitly {@link tillsync.Profile.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Profile
         * @static
         * @param {tillsync.Profile.$Properties} message Profile message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Profile.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.number != null && $Object.hasOwnProperty.call(message, "number") && message.number !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.number);
            if (message.merchant != null && $Object.hasOwnProperty.call(message, "merchant"))
                $root.tillsync.Merchant.encode(message.merchant, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
            if (message.binding != null && $Object.hasOwnProperty.call(message, "binding"))
                $root.tillsync.Binding.encode(message.binding, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
            if (message.acquiring != null && $Object.hasOwnProperty.call(message, "acquiring"))
                $root.tillsync.Acquiring.encode(message.acquiring, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
            if (message.parameters != null && $Object.hasOwnProperty.call(message, "parameters"))
                $root.tillsync.Parameters.encode(message.parameters, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Profile message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Profile
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Profile & tillsync.Profile.$Shape} Profile
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Profile.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Profile();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.number = value;
                        else
                            delete message.number;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        message.merchant = $root.tillsync.Merchant.decode(reader, reader.size(), $undefined, _depth + 1, message.merchant);
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        message.binding = $root.tillsync.Binding.decode(reader, reader.size(), $undefined, _depth + 1, message.binding);
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        message.acquiring = $root.tillsync.Acquiring.decode(reader, reader.size(), $undefined, _depth + 1, message.acquiring);
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        message.parameters = $root.tillsync.Parameters.decode(reader, reader.size(), $undefined, _depth + 1, message.parameters);
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Profile;
    })();

    tillsync.Directive = (function() {

        /**
         * Properties of a Directive.
         * @typedef {Object} tillsync.Directive.$Properties
         * @property {string|null} [tusn] Directive tusn
         * @property {Uint8Array|null} [deviceKey] Directive deviceKey
         * @property {number|null} [sequence] Directive sequence
         * @property {Uint8Array|null} [baseDigest] Directive baseDigest
         * @property {Uint8Array|null} [profile] Directive profile
         * @property {number|null} [notBefore] Directive notBefore
         * @property {number|null} [notAfter] Directive notAfter
         * @property {string|null} [onFail] Directive onFail
         * @property {Uint8Array|null} [salt] Directive salt
         * @property {Uint8Array|null} [restores] Directive restores
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Directive.
         * @memberof tillsync
         * @interface IDirective
         * @augments tillsync.Directive.$Properties
         * @deprecated Use tillsync.Directive.$Properties instead.
         */

        /**
         * Shape of a Directive.
         * @typedef {tillsync.Directive.$Properties} tillsync.Directive.$Shape
         */

        /**
         * Constructs a new Directive.
         * @memberof tillsync
         * @classdesc Represents a Directive.
         * @constructor
         * @param {tillsync.Directive.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Directive = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Directive tusn.
         * @member {string} tusn
         * @memberof tillsync.Directive
         * @instance
         */
        Directive.prototype.tusn = "";

        /**
         * Directive deviceKey.
         * @member {Uint8Array} deviceKey
         * @memberof tillsync.Directive
         * @instance
         */
        Directive.prototype.deviceKey = $util.newBuffer([]);

        /**
         * Directive sequence.
         * @member {number} sequence
         * @memberof tillsync.Directive
         * @instance
         */
        Directive.prototype.sequence = 0;

        /**
         * Directive baseDigest.
         * @member {Uint8Array} baseDigest
         * @memberof tillsync.Directive
         * @instance
         */
        Directive.prototype.baseDigest = $util.newBuffer([]);

        /**
         * Directive profile.
         * @member {Uint8Array} profile
         * @memberof tillsync.Directive
         * @instance
         */
        Directive.prototype.profile = $util.newBuffer([]);

        /**
         * Directive notBefore.
         * @member {number} notBefore
         * @memberof tillsync.Directive
         * @instance
         */
        Directive.prototype.notBefore = 0;

        /**
         * Directive notAfter.
         * @member {number} notAfter
         * @memberof tillsync.Directive
         * @instance
         */
        Directive.prototype.notAfter = 0;

        /**
         * Directive onFail.
         * @member {string} onFail
         * @memberof tillsync.Directive
         * @instance
         */
        Directive.prototype.onFail = "";

        /**
         * Directive salt.
         * @member {Uint8Array} salt
         * @memberof tillsync.Directive
         * @instance
         */
        Directive.prototype.salt = $util.newBuffer([]);

        /**
         * Directive restores.
         * @member {Uint8Array} restores
         * @memberof tillsync.Directive
         * @instance
         */
        Directive.prototype.restores = $util.newBuffer([]);

        /**
         * Encodes the specified Directive message. Does not implicitly {@link tillsync.Directive.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Directive
         * @static
         * @param {tillsync.Directive.$Properties} message Directive message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Directive.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.tusn != null && $Object.hasOwnProperty.call(message, "tusn") && message.tusn !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.tusn);
            if (message.deviceKey != null && $Object.hasOwnProperty.call(message, "deviceKey") && message.deviceKey.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.deviceKey);
            if (message.sequence != null && $Object.hasOwnProperty.call(message, "sequence") && message.sequence !== 0)
                writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.sequence);
            if (message.baseDigest != null && $Object.hasOwnProperty.call(message, "baseDigest") && message.baseDigest.length)
                writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.baseDigest);
            if (message.profile != null && $Object.hasOwnProperty.call(message, "profile") && message.profile.length)
                writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.profile);
            if (message.notBefore != null && $Object.hasOwnProperty.call(message, "notBefore") && message.notBefore !== 0)
                writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.notBefore);
            if (message.notAfter != null && $Object.hasOwnProperty.call(message, "notAfter") && message.notAfter !== 0)
                writer.uint32(/* id 7, wireType 0 =*/56).uint32(message.notAfter);
            if (message.onFail != null && $Object.hasOwnProperty.call(message, "onFail") && message.onFail !== "")
                writer.uint32(/* id 8, wireType 2 =*/66).string(message.onFail);
            if (message.salt != null && $Object.hasOwnProperty.call(message, "salt") && message.salt.length)
                writer.uint32(/* id 9, wireType 2 =*/74).bytes(message.salt);
            if (message.restores != null && $Object.hasOwnProperty.call(message, "restores") && message.restores.length)
                writer.uint32(/* id 10, wireType 2 =*/82).bytes(message.restores);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Directive message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Directive
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Directive & tillsync.Directive.$Shape} Directive
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Directive.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Directive();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.tusn = value;
                        else
                            delete message.tusn;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.deviceKey = value;
                        else
                            delete message.deviceKey;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.sequence = value;
                        else
                            delete message.sequence;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.baseDigest = value;
                        else
                            delete message.baseDigest;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.profile = value;
                        else
                            delete message.profile;
                        continue;
                    }
                case 6: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.notBefore = value;
                        else
                            delete message.notBefore;
                        continue;
                    }
                case 7: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.notAfter = value;
                        else
                            delete message.notAfter;
                        continue;
                    }
                case 8: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.onFail = value;
                        else
                            delete message.onFail;
                        continue;
                    }
                case 9: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.salt = value;
                        else
                            delete message.salt;
                        continue;
                    }
                case 10: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.restores = value;
                        else
                            delete message.restores;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Directive;
    })();

    tillsync.Statement = (function() {

        /**
         * Properties of a Statement.
         * @typedef {Object} tillsync.Statement.$Properties
         * @property {Uint8Array|null} [releaseId] Statement releaseId
         * @property {string|null} [purpose] Statement purpose
         * @property {Uint8Array|null} [root] Statement root
         * @property {number|null} [size] Statement size
         * @property {string|null} [merchant] Statement merchant
         * @property {number|null} [created] Statement created
         * @property {number|null} [expires] Statement expires
         * @property {Uint8Array|null} [reason] Statement reason
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Statement.
         * @memberof tillsync
         * @interface IStatement
         * @augments tillsync.Statement.$Properties
         * @deprecated Use tillsync.Statement.$Properties instead.
         */

        /**
         * Shape of a Statement.
         * @typedef {tillsync.Statement.$Properties} tillsync.Statement.$Shape
         */

        /**
         * Constructs a new Statement.
         * @memberof tillsync
         * @classdesc Represents a Statement.
         * @constructor
         * @param {tillsync.Statement.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Statement = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Statement releaseId.
         * @member {Uint8Array} releaseId
         * @memberof tillsync.Statement
         * @instance
         */
        Statement.prototype.releaseId = $util.newBuffer([]);

        /**
         * Statement purpose.
         * @member {string} purpose
         * @memberof tillsync.Statement
         * @instance
         */
        Statement.prototype.purpose = "";

        /**
         * Statement root.
         * @member {Uint8Array} root
         * @memberof tillsync.Statement
         * @instance
         */
        Statement.prototype.root = $util.newBuffer([]);

        /**
         * Statement size.
         * @member {number} size
         * @memberof tillsync.Statement
         * @instance
         */
        Statement.prototype.size = 0;

        /**
         * Statement merchant.
         * @member {string} merchant
         * @memberof tillsync.Statement
         * @instance
         */
        Statement.prototype.merchant = "";

        /**
         * Statement created.
         * @member {number} created
         * @memberof tillsync.Statement
         * @instance
         */
        Statement.prototype.created = 0;

        /**
         * Statement expires.
         * @member {number} expires
         * @memberof tillsync.Statement
         * @instance
         */
        Statement.prototype.expires = 0;

        /**
         * Statement reason.
         * @member {Uint8Array} reason
         * @memberof tillsync.Statement
         * @instance
         */
        Statement.prototype.reason = $util.newBuffer([]);

        /**
         * Encodes the specified Statement message. Does not implicitly {@link tillsync.Statement.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Statement
         * @static
         * @param {tillsync.Statement.$Properties} message Statement message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Statement.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.releaseId != null && $Object.hasOwnProperty.call(message, "releaseId") && message.releaseId.length)
                writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.releaseId);
            if (message.purpose != null && $Object.hasOwnProperty.call(message, "purpose") && message.purpose !== "")
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.purpose);
            if (message.root != null && $Object.hasOwnProperty.call(message, "root") && message.root.length)
                writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.root);
            if (message.size != null && $Object.hasOwnProperty.call(message, "size") && message.size !== 0)
                writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.size);
            if (message.merchant != null && $Object.hasOwnProperty.call(message, "merchant") && message.merchant !== "")
                writer.uint32(/* id 5, wireType 2 =*/42).string(message.merchant);
            if (message.created != null && $Object.hasOwnProperty.call(message, "created") && message.created !== 0)
                writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.created);
            if (message.expires != null && $Object.hasOwnProperty.call(message, "expires") && message.expires !== 0)
                writer.uint32(/* id 7, wireType 0 =*/56).uint32(message.expires);
            if (message.reason != null && $Object.hasOwnProperty.call(message, "reason") && message.reason.length)
                writer.uint32(/* id 8, wireType 2 =*/66).bytes(message.reason);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Statement message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Statement
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Statement & tillsync.Statement.$Shape} Statement
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Statement.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Statement();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.releaseId = value;
                        else
                            delete message.releaseId;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.purpose = value;
                        else
                            delete message.purpose;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.root = value;
                        else
                            delete message.root;
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.size = value;
                        else
                            delete message.size;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.merchant = value;
                        else
                            delete message.merchant;
                        continue;
                    }
                case 6: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.created = value;
                        else
                            delete message.created;
                        continue;
                    }
                case 7: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.expires = value;
                        else
                            delete message.expires;
                        continue;
                    }
                case 8: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.reason = value;
                        else
                            delete message.reason;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Statement;
    })();

    tillsync.Signature = (function() {

        /**
         * Properties of a Signature.
         * @typedef {Object} tillsync.Signature.$Properties
         * @property {Uint8Array|null} [keyId] Signature keyId
         * @property {Uint8Array|null} [value] Signature value
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Signature.
         * @memberof tillsync
         * @interface ISignature
         * @augments tillsync.Signature.$Properties
         * @deprecated Use tillsync.Signature.$Properties instead.
         */

        /**
         * Shape of a Signature.
         * @typedef {tillsync.Signature.$Properties} tillsync.Signature.$Shape
         */

        /**
         * Constructs a new Signature.
         * @memberof tillsync
         * @classdesc Represents a Signature.
         * @constructor
         * @param {tillsync.Signature.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Signature = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Signature keyId.
         * @member {Uint8Array} keyId
         * @memberof tillsync.Signature
         * @instance
         */
        Signature.prototype.keyId = $util.newBuffer([]);

        /**
         * Signature value.
         * @member {Uint8Array} value
         * @memberof tillsync.Signature
         * @instance
         */
        Signature.prototype.value = $util.newBuffer([]);

        /**
         * Encodes the specified Signature message. Does not implicitly {@link tillsync.Signature.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Signature
         * @static
         * @param {tillsync.Signature.$Properties} message Signature message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Signature.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.keyId != null && $Object.hasOwnProperty.call(message, "keyId") && message.keyId.length)
                writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.keyId);
            if (message.value != null && $Object.hasOwnProperty.call(message, "value") && message.value.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.value);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Signature message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Signature
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Signature & tillsync.Signature.$Shape} Signature
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Signature.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Signature();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.keyId = value;
                        else
                            delete message.keyId;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.value = value;
                        else
                            delete message.value;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Signature;
    })();

    tillsync.Delivery = (function() {

        /**
         * Properties of a Delivery.
         * @typedef {Object} tillsync.Delivery.$Properties
         * @property {Uint8Array|null} [statement] Delivery statement
         * @property {Array.<tillsync.Signature.$Properties>|null} [signatures] Delivery signatures
         * @property {number|null} [index] Delivery index
         * @property {Array.<Uint8Array>|null} [path] Delivery path
         * @property {Uint8Array|null} [directive] Delivery directive
         * @property {Uint8Array|null} [nonce] Delivery nonce
         * @property {Uint8Array|null} [sealed] Delivery sealed
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Delivery.
         * @memberof tillsync
         * @interface IDelivery
         * @augments tillsync.Delivery.$Properties
         * @deprecated Use tillsync.Delivery.$Properties instead.
         */

        /**
         * Shape of a Delivery.
         * @typedef {tillsync.Delivery.$Properties} tillsync.Delivery.$Shape
         */

        /**
         * Constructs a new Delivery.
         * @memberof tillsync
         * @classdesc Represents a Delivery.
         * @constructor
         * @param {tillsync.Delivery.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Delivery = function (properties) {
            this.signatures = [];
            this.path = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Delivery statement.
         * @member {Uint8Array} statement
         * @memberof tillsync.Delivery
         * @instance
         */
        Delivery.prototype.statement = $util.newBuffer([]);

        /**
         * Delivery signatures.
         * @member {Array.<tillsync.Signature.$Properties>} signatures
         * @memberof tillsync.Delivery
         * @instance
         */
        Delivery.prototype.signatures = $util.emptyArray;

        /**
         * Delivery index.
         * @member {number} index
         * @memberof tillsync.Delivery
         * @instance
         */
        Delivery.prototype.index = 0;

        /**
         * Delivery path.
         * @member {Array.<Uint8Array>} path
         * @memberof tillsync.Delivery
         * @instance
         */
        Delivery.prototype.path = $util.emptyArray;

        /**
         * Delivery directive.
         * @member {Uint8Array} directive
         * @memberof tillsync.Delivery
         * @instance
         */
        Delivery.prototype.directive = $util.newBuffer([]);

        /**
         * Delivery nonce.
         * @member {Uint8Array} nonce
         * @memberof tillsync.Delivery
         * @instance
         */
        Delivery.prototype.nonce = $util.newBuffer([]);

        /**
         * Delivery sealed.
         * @member {Uint8Array} sealed
         * @memberof tillsync.Delivery
         * @instance
         */
        Delivery.prototype.sealed = $util.newBuffer([]);

        /**
         * Encodes the specified Delivery message. Does not implicitly {@link tillsync.Delivery.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Delivery
         * @static
         * @param {tillsync.Delivery.$Properties} message Delivery message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Delivery.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.statement != null && $Object.hasOwnProperty.call(message, "statement") && message.statement.length)
                writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.statement);
            if (message.signatures != null && message.signatures.length)
                for (let i = 0; i < message.signatures.length; ++i)
                    $root.tillsync.Signature.encode(message.signatures[i], writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
            if (message.index != null && $Object.hasOwnProperty.call(message, "index") && message.index !== 0)
                writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.index);
            if (message.path != null && message.path.length)
                for (let i = 0; i < message.path.length; ++i)
                    writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.path[i]);
            if (message.directive != null && $Object.hasOwnProperty.call(message, "directive") && message.directive.length)
                writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.directive);
            if (message.nonce != null && $Object.hasOwnProperty.call(message, "nonce") && message.nonce.length)
                writer.uint32(/* id 6, wireType 2 =*/50).bytes(message.nonce);
            if (message.sealed != null && $Object.hasOwnProperty.call(message, "sealed") && message.sealed.length)
                writer.uint32(/* id 7, wireType 2 =*/58).bytes(message.sealed);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Delivery message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Delivery
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Delivery & tillsync.Delivery.$Shape} Delivery
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Delivery.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Delivery();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.statement = value;
                        else
                            delete message.statement;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if (!(message.signatures && message.signatures.length))
                            message.signatures = [];
                        message.signatures.push($root.tillsync.Signature.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.index = value;
                        else
                            delete message.index;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if (!(message.path && message.path.length))
                            message.path = [];
                        message.path.push(reader.bytes());
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.directive = value;
                        else
                            delete message.directive;
                        continue;
                    }
                case 6: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.nonce = value;
                        else
                            delete message.nonce;
                        continue;
                    }
                case 7: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.sealed = value;
                        else
                            delete message.sealed;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Delivery;
    })();

    tillsync.TrustBundle = (function() {

        /**
         * Properties of a TrustBundle.
         * @typedef {Object} tillsync.TrustBundle.$Properties
         * @property {Array.<Uint8Array>|null} [roots] TrustBundle roots
         * @property {Uint8Array|null} [timestamp] TrustBundle timestamp
         * @property {Uint8Array|null} [snapshot] TrustBundle snapshot
         * @property {Uint8Array|null} [targets] TrustBundle targets
         * @property {Uint8Array|null} [policy] TrustBundle policy
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a TrustBundle.
         * @memberof tillsync
         * @interface ITrustBundle
         * @augments tillsync.TrustBundle.$Properties
         * @deprecated Use tillsync.TrustBundle.$Properties instead.
         */

        /**
         * Shape of a TrustBundle.
         * @typedef {tillsync.TrustBundle.$Properties} tillsync.TrustBundle.$Shape
         */

        /**
         * Constructs a new TrustBundle.
         * @memberof tillsync
         * @classdesc Represents a TrustBundle.
         * @constructor
         * @param {tillsync.TrustBundle.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const TrustBundle = function (properties) {
            this.roots = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * TrustBundle roots.
         * @member {Array.<Uint8Array>} roots
         * @memberof tillsync.TrustBundle
         * @instance
         */
        TrustBundle.prototype.roots = $util.emptyArray;

        /**
         * TrustBundle timestamp.
         * @member {Uint8Array} timestamp
         * @memberof tillsync.TrustBundle
         * @instance
         */
        TrustBundle.prototype.timestamp = $util.newBuffer([]);

        /**
         * TrustBundle snapshot.
         * @member {Uint8Array} snapshot
         * @memberof tillsync.TrustBundle
         * @instance
         */
        TrustBundle.prototype.snapshot = $util.newBuffer([]);

        /**
         * TrustBundle targets.
         * @member {Uint8Array} targets
         * @memberof tillsync.TrustBundle
         * @instance
         */
        TrustBundle.prototype.targets = $util.newBuffer([]);

        /**
         * TrustBundle policy.
         * @member {Uint8Array} policy
         * @memberof tillsync.TrustBundle
         * @instance
         */
        TrustBundle.prototype.policy = $util.newBuffer([]);

        /**
         * Encodes the specified TrustBundle message. Does not implicitly {@link tillsync.TrustBundle.verify|verify} messages.
         * @function encode
         * @memberof tillsync.TrustBundle
         * @static
         * @param {tillsync.TrustBundle.$Properties} message TrustBundle message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        TrustBundle.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.roots != null && message.roots.length)
                for (let i = 0; i < message.roots.length; ++i)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.roots[i]);
            if (message.timestamp != null && $Object.hasOwnProperty.call(message, "timestamp") && message.timestamp.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.timestamp);
            if (message.snapshot != null && $Object.hasOwnProperty.call(message, "snapshot") && message.snapshot.length)
                writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.snapshot);
            if (message.targets != null && $Object.hasOwnProperty.call(message, "targets") && message.targets.length)
                writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.targets);
            if (message.policy != null && $Object.hasOwnProperty.call(message, "policy") && message.policy.length)
                writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.policy);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a TrustBundle message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.TrustBundle
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.TrustBundle & tillsync.TrustBundle.$Shape} TrustBundle
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        TrustBundle.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.TrustBundle();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.roots && message.roots.length))
                            message.roots = [];
                        message.roots.push(reader.bytes());
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.timestamp = value;
                        else
                            delete message.timestamp;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.snapshot = value;
                        else
                            delete message.snapshot;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.targets = value;
                        else
                            delete message.targets;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.policy = value;
                        else
                            delete message.policy;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return TrustBundle;
    })();

    tillsync.Envelope = (function() {

        /**
         * Properties of an Envelope.
         * @typedef {Object} tillsync.Envelope.$Properties
         * @property {Uint8Array|null} [payload] Envelope payload
         * @property {Uint8Array|null} [signature] Envelope signature
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an Envelope.
         * @memberof tillsync
         * @interface IEnvelope
         * @augments tillsync.Envelope.$Properties
         * @deprecated Use tillsync.Envelope.$Properties instead.
         */

        /**
         * Shape of an Envelope.
         * @typedef {tillsync.Envelope.$Properties} tillsync.Envelope.$Shape
         */

        /**
         * Constructs a new Envelope.
         * @memberof tillsync
         * @classdesc Represents an Envelope.
         * @constructor
         * @param {tillsync.Envelope.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Envelope = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Envelope payload.
         * @member {Uint8Array} payload
         * @memberof tillsync.Envelope
         * @instance
         */
        Envelope.prototype.payload = $util.newBuffer([]);

        /**
         * Envelope signature.
         * @member {Uint8Array} signature
         * @memberof tillsync.Envelope
         * @instance
         */
        Envelope.prototype.signature = $util.newBuffer([]);

        /**
         * Encodes the specified Envelope message. Does not implicitly {@link tillsync.Envelope.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Envelope
         * @static
         * @param {tillsync.Envelope.$Properties} message Envelope message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Envelope.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.payload != null && $Object.hasOwnProperty.call(message, "payload") && message.payload.length)
                writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.payload);
            if (message.signature != null && $Object.hasOwnProperty.call(message, "signature") && message.signature.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.signature);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an Envelope message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Envelope
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Envelope & tillsync.Envelope.$Shape} Envelope
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Envelope.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Envelope();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.payload = value;
                        else
                            delete message.payload;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.signature = value;
                        else
                            delete message.signature;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Envelope;
    })();

    tillsync.Hello = (function() {

        /**
         * Properties of a Hello.
         * @typedef {Object} tillsync.Hello.$Properties
         * @property {string|null} [tusn] Hello tusn
         * @property {number|null} [counter] Hello counter
         * @property {number|null} [sequence] Hello sequence
         * @property {Uint8Array|null} [current] Hello current
         * @property {Uint8Array|null} [previous] Hello previous
         * @property {string|null} [phase] Hello phase
         * @property {Uint8Array|null} [directive] Hello directive
         * @property {number|null} [timestampVersion] Hello timestampVersion
         * @property {boolean|null} [stale] Hello stale
         * @property {number|null} [unsent] Hello unsent
         * @property {string|null} [agentVersion] Hello agentVersion
         * @property {number|null} [rootVersion] Hello rootVersion
         * @property {Uint8Array|null} [cardKey] Hello cardKey
         * @property {Uint8Array|null} [cardKeyProof] Hello cardKeyProof
         * @property {Uint8Array|null} [run] Hello run
         * @property {string|null} [busy] Hello busy
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Hello.
         * @memberof tillsync
         * @interface IHello
         * @augments tillsync.Hello.$Properties
         * @deprecated Use tillsync.Hello.$Properties instead.
         */

        /**
         * Shape of a Hello.
         * @typedef {tillsync.Hello.$Properties} tillsync.Hello.$Shape
         */

        /**
         * Constructs a new Hello.
         * @memberof tillsync
         * @classdesc Represents a Hello.
         * @constructor
         * @param {tillsync.Hello.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Hello = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Hello tusn.
         * @member {string} tusn
         * @memberof tillsync.Hello
         * @instance
         */
        Hello.prototype.tusn = "";

        /**
         * Hello counter.
         * @member {number} counter
         * @memberof tillsync.Hello
         * @instance
         */
        Hello.prototype.counter = 0;

        /**
         * Hello sequence.
         * @member {number} sequence
         * @memberof tillsync.Hello
         * @instance
         */
        Hello.prototype.sequence = 0;

        /**
         * Hello current.
         * @member {Uint8Array} current
         * @memberof tillsync.Hello
         * @instance
         */
        Hello.prototype.current = $util.newBuffer([]);

        /**
         * Hello previous.
         * @member {Uint8Array} previous
         * @memberof tillsync.Hello
         * @instance
         */
        Hello.prototype.previous = $util.newBuffer([]);

        /**
         * Hello phase.
         * @member {string} phase
         * @memberof tillsync.Hello
         * @instance
         */
        Hello.prototype.phase = "";

        /**
         * Hello directive.
         * @member {Uint8Array} directive
         * @memberof tillsync.Hello
         * @instance
         */
        Hello.prototype.directive = $util.newBuffer([]);

        /**
         * Hello timestampVersion.
         * @member {number} timestampVersion
         * @memberof tillsync.Hello
         * @instance
         */
        Hello.prototype.timestampVersion = 0;

        /**
         * Hello stale.
         * @member {boolean} stale
         * @memberof tillsync.Hello
         * @instance
         */
        Hello.prototype.stale = false;

        /**
         * Hello unsent.
         * @member {number} unsent
         * @memberof tillsync.Hello
         * @instance
         */
        Hello.prototype.unsent = 0;

        /**
         * Hello agentVersion.
         * @member {string} agentVersion
         * @memberof tillsync.Hello
         * @instance
         */
        Hello.prototype.agentVersion = "";

        /**
         * Hello rootVersion.
         * @member {number} rootVersion
         * @memberof tillsync.Hello
         * @instance
         */
        Hello.prototype.rootVersion = 0;

        /**
         * Hello cardKey.
         * @member {Uint8Array} cardKey
         * @memberof tillsync.Hello
         * @instance
         */
        Hello.prototype.cardKey = $util.newBuffer([]);

        /**
         * Hello cardKeyProof.
         * @member {Uint8Array} cardKeyProof
         * @memberof tillsync.Hello
         * @instance
         */
        Hello.prototype.cardKeyProof = $util.newBuffer([]);

        /**
         * Hello run.
         * @member {Uint8Array} run
         * @memberof tillsync.Hello
         * @instance
         */
        Hello.prototype.run = $util.newBuffer([]);

        /**
         * Hello busy.
         * @member {string} busy
         * @memberof tillsync.Hello
         * @instance
         */
        Hello.prototype.busy = "";

        /**
         * Encodes the specified Hello message. Does not implicitly {@link tillsync.Hello.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Hello
         * @static
         * @param {tillsync.Hello.$Properties} message Hello message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Hello.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.tusn != null && $Object.hasOwnProperty.call(message, "tusn") && message.tusn !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.tusn);
            if (message.counter != null && $Object.hasOwnProperty.call(message, "counter") && message.counter !== 0)
                writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.counter);
            if (message.sequence != null && $Object.hasOwnProperty.call(message, "sequence") && message.sequence !== 0)
                writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.sequence);
            if (message.current != null && $Object.hasOwnProperty.call(message, "current") && message.current.length)
                writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.current);
            if (message.previous != null && $Object.hasOwnProperty.call(message, "previous") && message.previous.length)
                writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.previous);
            if (message.phase != null && $Object.hasOwnProperty.call(message, "phase") && message.phase !== "")
                writer.uint32(/* id 6, wireType 2 =*/50).string(message.phase);
            if (message.directive != null && $Object.hasOwnProperty.call(message, "directive") && message.directive.length)
                writer.uint32(/* id 7, wireType 2 =*/58).bytes(message.directive);
            if (message.timestampVersion != null && $Object.hasOwnProperty.call(message, "timestampVersion") && message.timestampVersion !== 0)
                writer.uint32(/* id 8, wireType 0 =*/64).uint32(message.timestampVersion);
            if (message.stale != null && $Object.hasOwnProperty.call(message, "stale") && message.stale !== false)
                writer.uint32(/* id 9, wireType 0 =*/72).bool(message.stale);
            if (message.unsent != null && $Object.hasOwnProperty.call(message, "unsent") && message.unsent !== 0)
                writer.uint32(/* id 10, wireType 0 =*/80).uint32(message.unsent);
            if (message.agentVersion != null && $Object.hasOwnProperty.call(message, "agentVersion") && message.agentVersion !== "")
                writer.uint32(/* id 11, wireType 2 =*/90).string(message.agentVersion);
            if (message.rootVersion != null && $Object.hasOwnProperty.call(message, "rootVersion") && message.rootVersion !== 0)
                writer.uint32(/* id 12, wireType 0 =*/96).uint32(message.rootVersion);
            if (message.cardKey != null && $Object.hasOwnProperty.call(message, "cardKey") && message.cardKey.length)
                writer.uint32(/* id 13, wireType 2 =*/106).bytes(message.cardKey);
            if (message.cardKeyProof != null && $Object.hasOwnProperty.call(message, "cardKeyProof") && message.cardKeyProof.length)
                writer.uint32(/* id 14, wireType 2 =*/114).bytes(message.cardKeyProof);
            if (message.run != null && $Object.hasOwnProperty.call(message, "run") && message.run.length)
                writer.uint32(/* id 15, wireType 2 =*/122).bytes(message.run);
            if (message.busy != null && $Object.hasOwnProperty.call(message, "busy") && message.busy !== "")
                writer.uint32(/* id 16, wireType 2 =*/130).string(message.busy);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Hello message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Hello
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Hello & tillsync.Hello.$Shape} Hello
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Hello.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Hello();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.tusn = value;
                        else
                            delete message.tusn;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.counter = value;
                        else
                            delete message.counter;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.sequence = value;
                        else
                            delete message.sequence;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.current = value;
                        else
                            delete message.current;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.previous = value;
                        else
                            delete message.previous;
                        continue;
                    }
                case 6: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.phase = value;
                        else
                            delete message.phase;
                        continue;
                    }
                case 7: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.directive = value;
                        else
                            delete message.directive;
                        continue;
                    }
                case 8: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.timestampVersion = value;
                        else
                            delete message.timestampVersion;
                        continue;
                    }
                case 9: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.bool())
                            message.stale = value;
                        else
                            delete message.stale;
                        continue;
                    }
                case 10: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.unsent = value;
                        else
                            delete message.unsent;
                        continue;
                    }
                case 11: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.agentVersion = value;
                        else
                            delete message.agentVersion;
                        continue;
                    }
                case 12: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.rootVersion = value;
                        else
                            delete message.rootVersion;
                        continue;
                    }
                case 13: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.cardKey = value;
                        else
                            delete message.cardKey;
                        continue;
                    }
                case 14: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.cardKeyProof = value;
                        else
                            delete message.cardKeyProof;
                        continue;
                    }
                case 15: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.run = value;
                        else
                            delete message.run;
                        continue;
                    }
                case 16: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.busy = value;
                        else
                            delete message.busy;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Hello;
    })();

    tillsync.Report = (function() {

        /**
         * Properties of a Report.
         * @typedef {Object} tillsync.Report.$Properties
         * @property {string|null} [tusn] Report tusn
         * @property {number|null} [counter] Report counter
         * @property {string|null} [kind] Report kind
         * @property {string|null} [code] Report code
         * @property {Uint8Array|null} [directive] Report directive
         * @property {number|null} [sequence] Report sequence
         * @property {Uint8Array|null} [current] Report current
         * @property {Uint8Array|null} [previous] Report previous
         * @property {Uint8Array|null} [nonce] Report nonce
         * @property {number|null} [at] Report at
         * @property {string|null} [detail] Report detail
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Report.
         * @memberof tillsync
         * @interface IReport
         * @augments tillsync.Report.$Properties
         * @deprecated Use tillsync.Report.$Properties instead.
         */

        /**
         * Shape of a Report.
         * @typedef {tillsync.Report.$Properties} tillsync.Report.$Shape
         */

        /**
         * Constructs a new Report.
         * @memberof tillsync
         * @classdesc Represents a Report.
         * @constructor
         * @param {tillsync.Report.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Report = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Report tusn.
         * @member {string} tusn
         * @memberof tillsync.Report
         * @instance
         */
        Report.prototype.tusn = "";

        /**
         * Report counter.
         * @member {number} counter
         * @memberof tillsync.Report
         * @instance
         */
        Report.prototype.counter = 0;

        /**
         * Report kind.
         * @member {string} kind
         * @memberof tillsync.Report
         * @instance
         */
        Report.prototype.kind = "";

        /**
         * Report code.
         * @member {string} code
         * @memberof tillsync.Report
         * @instance
         */
        Report.prototype.code = "";

        /**
         * Report directive.
         * @member {Uint8Array} directive
         * @memberof tillsync.Report
         * @instance
         */
        Report.prototype.directive = $util.newBuffer([]);

        /**
         * Report sequence.
         * @member {number} sequence
         * @memberof tillsync.Report
         * @instance
         */
        Report.prototype.sequence = 0;

        /**
         * Report current.
         * @member {Uint8Array} current
         * @memberof tillsync.Report
         * @instance
         */
        Report.prototype.current = $util.newBuffer([]);

        /**
         * Report previous.
         * @member {Uint8Array} previous
         * @memberof tillsync.Report
         * @instance
         */
        Report.prototype.previous = $util.newBuffer([]);

        /**
         * Report nonce.
         * @member {Uint8Array} nonce
         * @memberof tillsync.Report
         * @instance
         */
        Report.prototype.nonce = $util.newBuffer([]);

        /**
         * Report at.
         * @member {number} at
         * @memberof tillsync.Report
         * @instance
         */
        Report.prototype.at = 0;

        /**
         * Report detail.
         * @member {string} detail
         * @memberof tillsync.Report
         * @instance
         */
        Report.prototype.detail = "";

        /**
         * Encodes the specified Report message. Does not implicitly {@link tillsync.Report.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Report
         * @static
         * @param {tillsync.Report.$Properties} message Report message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Report.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.tusn != null && $Object.hasOwnProperty.call(message, "tusn") && message.tusn !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.tusn);
            if (message.counter != null && $Object.hasOwnProperty.call(message, "counter") && message.counter !== 0)
                writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.counter);
            if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== "")
                writer.uint32(/* id 3, wireType 2 =*/26).string(message.kind);
            if (message.code != null && $Object.hasOwnProperty.call(message, "code") && message.code !== "")
                writer.uint32(/* id 4, wireType 2 =*/34).string(message.code);
            if (message.directive != null && $Object.hasOwnProperty.call(message, "directive") && message.directive.length)
                writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.directive);
            if (message.sequence != null && $Object.hasOwnProperty.call(message, "sequence") && message.sequence !== 0)
                writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.sequence);
            if (message.current != null && $Object.hasOwnProperty.call(message, "current") && message.current.length)
                writer.uint32(/* id 7, wireType 2 =*/58).bytes(message.current);
            if (message.previous != null && $Object.hasOwnProperty.call(message, "previous") && message.previous.length)
                writer.uint32(/* id 8, wireType 2 =*/66).bytes(message.previous);
            if (message.nonce != null && $Object.hasOwnProperty.call(message, "nonce") && message.nonce.length)
                writer.uint32(/* id 9, wireType 2 =*/74).bytes(message.nonce);
            if (message.at != null && $Object.hasOwnProperty.call(message, "at") && message.at !== 0)
                writer.uint32(/* id 10, wireType 0 =*/80).uint32(message.at);
            if (message.detail != null && $Object.hasOwnProperty.call(message, "detail") && message.detail !== "")
                writer.uint32(/* id 11, wireType 2 =*/90).string(message.detail);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Report message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Report
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Report & tillsync.Report.$Shape} Report
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Report.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Report();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.tusn = value;
                        else
                            delete message.tusn;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.counter = value;
                        else
                            delete message.counter;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.kind = value;
                        else
                            delete message.kind;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.code = value;
                        else
                            delete message.code;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.directive = value;
                        else
                            delete message.directive;
                        continue;
                    }
                case 6: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.sequence = value;
                        else
                            delete message.sequence;
                        continue;
                    }
                case 7: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.current = value;
                        else
                            delete message.current;
                        continue;
                    }
                case 8: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.previous = value;
                        else
                            delete message.previous;
                        continue;
                    }
                case 9: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.nonce = value;
                        else
                            delete message.nonce;
                        continue;
                    }
                case 10: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.at = value;
                        else
                            delete message.at;
                        continue;
                    }
                case 11: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.detail = value;
                        else
                            delete message.detail;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Report;
    })();

    tillsync.Receipt = (function() {

        /**
         * Properties of a Receipt.
         * @typedef {Object} tillsync.Receipt.$Properties
         * @property {number|null} [counter] Receipt counter
         * @property {Uint8Array|null} [report] Receipt report
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Receipt.
         * @memberof tillsync
         * @interface IReceipt
         * @augments tillsync.Receipt.$Properties
         * @deprecated Use tillsync.Receipt.$Properties instead.
         */

        /**
         * Shape of a Receipt.
         * @typedef {tillsync.Receipt.$Properties} tillsync.Receipt.$Shape
         */

        /**
         * Constructs a new Receipt.
         * @memberof tillsync
         * @classdesc Represents a Receipt.
         * @constructor
         * @param {tillsync.Receipt.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Receipt = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Receipt counter.
         * @member {number} counter
         * @memberof tillsync.Receipt
         * @instance
         */
        Receipt.prototype.counter = 0;

        /**
         * Receipt report.
         * @member {Uint8Array} report
         * @memberof tillsync.Receipt
         * @instance
         */
        Receipt.prototype.report = $util.newBuffer([]);

        /**
         * Encodes the specified Receipt message. Does not implicitly {@link tillsync.Receipt.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Receipt
         * @static
         * @param {tillsync.Receipt.$Properties} message Receipt message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Receipt.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.counter != null && $Object.hasOwnProperty.call(message, "counter") && message.counter !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.counter);
            if (message.report != null && $Object.hasOwnProperty.call(message, "report") && message.report.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.report);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Receipt message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Receipt
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Receipt & tillsync.Receipt.$Shape} Receipt
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Receipt.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Receipt();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.counter = value;
                        else
                            delete message.counter;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.report = value;
                        else
                            delete message.report;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Receipt;
    })();

    tillsync.Challenge = (function() {

        /**
         * Properties of a Challenge.
         * @typedef {Object} tillsync.Challenge.$Properties
         * @property {Uint8Array|null} [id] Challenge id
         * @property {string|null} [factor] Challenge factor
         * @property {number|null} [expires] Challenge expires
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Challenge.
         * @memberof tillsync
         * @interface IChallenge
         * @augments tillsync.Challenge.$Properties
         * @deprecated Use tillsync.Challenge.$Properties instead.
         */

        /**
         * Shape of a Challenge.
         * @typedef {tillsync.Challenge.$Properties} tillsync.Challenge.$Shape
         */

        /**
         * Constructs a new Challenge.
         * @memberof tillsync
         * @classdesc Represents a Challenge.
         * @constructor
         * @param {tillsync.Challenge.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Challenge = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Challenge id.
         * @member {Uint8Array} id
         * @memberof tillsync.Challenge
         * @instance
         */
        Challenge.prototype.id = $util.newBuffer([]);

        /**
         * Challenge factor.
         * @member {string} factor
         * @memberof tillsync.Challenge
         * @instance
         */
        Challenge.prototype.factor = "";

        /**
         * Challenge expires.
         * @member {number} expires
         * @memberof tillsync.Challenge
         * @instance
         */
        Challenge.prototype.expires = 0;

        /**
         * Encodes the specified Challenge message. Does not implicitly {@link tillsync.Challenge.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Challenge
         * @static
         * @param {tillsync.Challenge.$Properties} message Challenge message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Challenge.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id.length)
                writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.id);
            if (message.factor != null && $Object.hasOwnProperty.call(message, "factor") && message.factor !== "")
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.factor);
            if (message.expires != null && $Object.hasOwnProperty.call(message, "expires") && message.expires !== 0)
                writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.expires);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Challenge message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Challenge
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Challenge & tillsync.Challenge.$Shape} Challenge
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Challenge.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Challenge();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.id = value;
                        else
                            delete message.id;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.factor = value;
                        else
                            delete message.factor;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.expires = value;
                        else
                            delete message.expires;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Challenge;
    })();

    tillsync.Proof = (function() {

        /**
         * Properties of a Proof.
         * @typedef {Object} tillsync.Proof.$Properties
         * @property {string|null} [tusn] Proof tusn
         * @property {Uint8Array|null} [challenge] Proof challenge
         * @property {string|null} [factor] Proof factor
         * @property {string|null} [cryptogram] Proof cryptogram
         * @property {string|null} [code] Proof code
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Proof.
         * @memberof tillsync
         * @interface IProof
         * @augments tillsync.Proof.$Properties
         * @deprecated Use tillsync.Proof.$Properties instead.
         */

        /**
         * Shape of a Proof.
         * @typedef {tillsync.Proof.$Properties} tillsync.Proof.$Shape
         */

        /**
         * Constructs a new Proof.
         * @memberof tillsync
         * @classdesc Represents a Proof.
         * @constructor
         * @param {tillsync.Proof.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Proof = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Proof tusn.
         * @member {string} tusn
         * @memberof tillsync.Proof
         * @instance
         */
        Proof.prototype.tusn = "";

        /**
         * Proof challenge.
         * @member {Uint8Array} challenge
         * @memberof tillsync.Proof
         * @instance
         */
        Proof.prototype.challenge = $util.newBuffer([]);

        /**
         * Proof factor.
         * @member {string} factor
         * @memberof tillsync.Proof
         * @instance
         */
        Proof.prototype.factor = "";

        /**
         * Proof cryptogram.
         * @member {string} cryptogram
         * @memberof tillsync.Proof
         * @instance
         */
        Proof.prototype.cryptogram = "";

        /**
         * Proof code.
         * @member {string} code
         * @memberof tillsync.Proof
         * @instance
         */
        Proof.prototype.code = "";

        /**
         * Encodes the specified Proof message. Does not implicitly {@link tillsync.Proof.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Proof
         * @static
         * @param {tillsync.Proof.$Properties} message Proof message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Proof.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.tusn != null && $Object.hasOwnProperty.call(message, "tusn") && message.tusn !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.tusn);
            if (message.challenge != null && $Object.hasOwnProperty.call(message, "challenge") && message.challenge.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.challenge);
            if (message.factor != null && $Object.hasOwnProperty.call(message, "factor") && message.factor !== "")
                writer.uint32(/* id 3, wireType 2 =*/26).string(message.factor);
            if (message.cryptogram != null && $Object.hasOwnProperty.call(message, "cryptogram") && message.cryptogram !== "")
                writer.uint32(/* id 4, wireType 2 =*/34).string(message.cryptogram);
            if (message.code != null && $Object.hasOwnProperty.call(message, "code") && message.code !== "")
                writer.uint32(/* id 5, wireType 2 =*/42).string(message.code);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Proof message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Proof
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Proof & tillsync.Proof.$Shape} Proof
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Proof.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Proof();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.tusn = value;
                        else
                            delete message.tusn;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.challenge = value;
                        else
                            delete message.challenge;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.factor = value;
                        else
                            delete message.factor;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.cryptogram = value;
                        else
                            delete message.cryptogram;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.code = value;
                        else
                            delete message.code;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Proof;
    })();

    tillsync.UpMessage = (function() {

        /**
         * Properties of an UpMessage.
         * @typedef {Object} tillsync.UpMessage.$Properties
         * @property {string|null} [kind] UpMessage kind
         * @property {Uint8Array|null} [envelope] UpMessage envelope
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an UpMessage.
         * @memberof tillsync
         * @interface IUpMessage
         * @augments tillsync.UpMessage.$Properties
         * @deprecated Use tillsync.UpMessage.$Properties instead.
         */

        /**
         * Shape of an UpMessage.
         * @typedef {tillsync.UpMessage.$Properties} tillsync.UpMessage.$Shape
         */

        /**
         * Constructs a new UpMessage.
         * @memberof tillsync
         * @classdesc Represents an UpMessage.
         * @constructor
         * @param {tillsync.UpMessage.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const UpMessage = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * UpMessage kind.
         * @member {string} kind
         * @memberof tillsync.UpMessage
         * @instance
         */
        UpMessage.prototype.kind = "";

        /**
         * UpMessage envelope.
         * @member {Uint8Array} envelope
         * @memberof tillsync.UpMessage
         * @instance
         */
        UpMessage.prototype.envelope = $util.newBuffer([]);

        /**
         * Encodes the specified UpMessage message. Does not implicitly {@link tillsync.UpMessage.verify|verify} messages.
         * @function encode
         * @memberof tillsync.UpMessage
         * @static
         * @param {tillsync.UpMessage.$Properties} message UpMessage message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        UpMessage.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.kind);
            if (message.envelope != null && $Object.hasOwnProperty.call(message, "envelope") && message.envelope.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.envelope);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an UpMessage message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.UpMessage
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.UpMessage & tillsync.UpMessage.$Shape} UpMessage
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        UpMessage.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.UpMessage();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.kind = value;
                        else
                            delete message.kind;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.envelope = value;
                        else
                            delete message.envelope;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return UpMessage;
    })();

    tillsync.Upload = (function() {

        /**
         * Properties of an Upload.
         * @typedef {Object} tillsync.Upload.$Properties
         * @property {Array.<tillsync.UpMessage.$Properties>|null} [messages] Upload messages
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an Upload.
         * @memberof tillsync
         * @interface IUpload
         * @augments tillsync.Upload.$Properties
         * @deprecated Use tillsync.Upload.$Properties instead.
         */

        /**
         * Shape of an Upload.
         * @typedef {tillsync.Upload.$Properties} tillsync.Upload.$Shape
         */

        /**
         * Constructs a new Upload.
         * @memberof tillsync
         * @classdesc Represents an Upload.
         * @constructor
         * @param {tillsync.Upload.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Upload = function (properties) {
            this.messages = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Upload messages.
         * @member {Array.<tillsync.UpMessage.$Properties>} messages
         * @memberof tillsync.Upload
         * @instance
         */
        Upload.prototype.messages = $util.emptyArray;

        /**
         * Encodes the specified Upload message. Does not implicitly {@link tillsync.Upload.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Upload
         * @static
         * @param {tillsync.Upload.$Properties} message Upload message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Upload.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.messages != null && message.messages.length)
                for (let i = 0; i < message.messages.length; ++i)
                    $root.tillsync.UpMessage.encode(message.messages[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an Upload message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Upload
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Upload & tillsync.Upload.$Shape} Upload
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Upload.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Upload();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.messages && message.messages.length))
                            message.messages = [];
                        message.messages.push($root.tillsync.UpMessage.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Upload;
    })();

    tillsync.Uploaded = (function() {

        /**
         * Properties of an Uploaded.
         * @typedef {Object} tillsync.Uploaded.$Properties
         * @property {Array.<string>|null} [codes] Uploaded codes
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an Uploaded.
         * @memberof tillsync
         * @interface IUploaded
         * @augments tillsync.Uploaded.$Properties
         * @deprecated Use tillsync.Uploaded.$Properties instead.
         */

        /**
         * Shape of an Uploaded.
         * @typedef {tillsync.Uploaded.$Properties} tillsync.Uploaded.$Shape
         */

        /**
         * Constructs a new Uploaded.
         * @memberof tillsync
         * @classdesc Represents an Uploaded.
         * @constructor
         * @param {tillsync.Uploaded.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Uploaded = function (properties) {
            this.codes = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Uploaded codes.
         * @member {Array.<string>} codes
         * @memberof tillsync.Uploaded
         * @instance
         */
        Uploaded.prototype.codes = $util.emptyArray;

        /**
         * Encodes the specified Uploaded message. Does not implicitly {@link tillsync.Uploaded.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Uploaded
         * @static
         * @param {tillsync.Uploaded.$Properties} message Uploaded message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Uploaded.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.codes != null && message.codes.length)
                for (let i = 0; i < message.codes.length; ++i)
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.codes[i]);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an Uploaded message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Uploaded
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Uploaded & tillsync.Uploaded.$Shape} Uploaded
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Uploaded.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Uploaded();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.codes && message.codes.length))
                            message.codes = [];
                        message.codes.push(reader.stringVerify());
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Uploaded;
    })();

    tillsync.DownMessage = (function() {

        /**
         * Properties of a DownMessage.
         * @typedef {Object} tillsync.DownMessage.$Properties
         * @property {string|null} [kind] DownMessage kind
         * @property {Uint8Array|null} [payload] DownMessage payload
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a DownMessage.
         * @memberof tillsync
         * @interface IDownMessage
         * @augments tillsync.DownMessage.$Properties
         * @deprecated Use tillsync.DownMessage.$Properties instead.
         */

        /**
         * Shape of a DownMessage.
         * @typedef {tillsync.DownMessage.$Properties} tillsync.DownMessage.$Shape
         */

        /**
         * Constructs a new DownMessage.
         * @memberof tillsync
         * @classdesc Represents a DownMessage.
         * @constructor
         * @param {tillsync.DownMessage.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const DownMessage = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * DownMessage kind.
         * @member {string} kind
         * @memberof tillsync.DownMessage
         * @instance
         */
        DownMessage.prototype.kind = "";

        /**
         * DownMessage payload.
         * @member {Uint8Array} payload
         * @memberof tillsync.DownMessage
         * @instance
         */
        DownMessage.prototype.payload = $util.newBuffer([]);

        /**
         * Encodes the specified DownMessage message. Does not implicitly {@link tillsync.DownMessage.verify|verify} messages.
         * @function encode
         * @memberof tillsync.DownMessage
         * @static
         * @param {tillsync.DownMessage.$Properties} message DownMessage message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        DownMessage.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.kind);
            if (message.payload != null && $Object.hasOwnProperty.call(message, "payload") && message.payload.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.payload);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a DownMessage message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.DownMessage
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.DownMessage & tillsync.DownMessage.$Shape} DownMessage
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        DownMessage.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.DownMessage();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.kind = value;
                        else
                            delete message.kind;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.payload = value;
                        else
                            delete message.payload;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return DownMessage;
    })();

    tillsync.Desired = (function() {

        /**
         * Properties of a Desired.
         * @typedef {Object} tillsync.Desired.$Properties
         * @property {number|null} [number] Desired number
         * @property {Array.<tillsync.DownMessage.$Properties>|null} [messages] Desired messages
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Desired.
         * @memberof tillsync
         * @interface IDesired
         * @augments tillsync.Desired.$Properties
         * @deprecated Use tillsync.Desired.$Properties instead.
         */

        /**
         * Shape of a Desired.
         * @typedef {tillsync.Desired.$Properties} tillsync.Desired.$Shape
         */

        /**
         * Constructs a new Desired.
         * @memberof tillsync
         * @classdesc Represents a Desired.
         * @constructor
         * @param {tillsync.Desired.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Desired = function (properties) {
            this.messages = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Desired number.
         * @member {number} number
         * @memberof tillsync.Desired
         * @instance
         */
        Desired.prototype.number = 0;

        /**
         * Desired messages.
         * @member {Array.<tillsync.DownMessage.$Properties>} messages
         * @memberof tillsync.Desired
         * @instance
         */
        Desired.prototype.messages = $util.emptyArray;

        /**
         * Encodes the specified Desired message. Does not implicitly {@link tillsync.Desired.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Desired
         * @static
         * @param {tillsync.Desired.$Properties} message Desired message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Desired.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.number != null && $Object.hasOwnProperty.call(message, "number") && message.number !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.number);
            if (message.messages != null && message.messages.length)
                for (let i = 0; i < message.messages.length; ++i)
                    $root.tillsync.DownMessage.encode(message.messages[i], writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Desired message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Desired
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Desired & tillsync.Desired.$Shape} Desired
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Desired.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Desired();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.number = value;
                        else
                            delete message.number;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if (!(message.messages && message.messages.length))
                            message.messages = [];
                        message.messages.push($root.tillsync.DownMessage.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Desired;
    })();

    tillsync.Recipient = (function() {

        /**
         * Properties of a Recipient.
         * @typedef {Object} tillsync.Recipient.$Properties
         * @property {number|null} [index] Recipient index
         * @property {Uint8Array|null} [deviceKey] Recipient deviceKey
         * @property {Uint8Array|null} [cardKey] Recipient cardKey
         * @property {Uint8Array|null} [proof] Recipient proof
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Recipient.
         * @memberof tillsync
         * @interface IRecipient
         * @augments tillsync.Recipient.$Properties
         * @deprecated Use tillsync.Recipient.$Properties instead.
         */

        /**
         * Shape of a Recipient.
         * @typedef {tillsync.Recipient.$Properties} tillsync.Recipient.$Shape
         */

        /**
         * Constructs a new Recipient.
         * @memberof tillsync
         * @classdesc Represents a Recipient.
         * @constructor
         * @param {tillsync.Recipient.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Recipient = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Recipient index.
         * @member {number} index
         * @memberof tillsync.Recipient
         * @instance
         */
        Recipient.prototype.index = 0;

        /**
         * Recipient deviceKey.
         * @member {Uint8Array} deviceKey
         * @memberof tillsync.Recipient
         * @instance
         */
        Recipient.prototype.deviceKey = $util.newBuffer([]);

        /**
         * Recipient cardKey.
         * @member {Uint8Array} cardKey
         * @memberof tillsync.Recipient
         * @instance
         */
        Recipient.prototype.cardKey = $util.newBuffer([]);

        /**
         * Recipient proof.
         * @member {Uint8Array} proof
         * @memberof tillsync.Recipient
         * @instance
         */
        Recipient.prototype.proof = $util.newBuffer([]);

        /**
         * Encodes the specified Recipient message. Does not implicitly {@link tillsync.Recipient.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Recipient
         * @static
         * @param {tillsync.Recipient.$Properties} message Recipient message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Recipient.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.index != null && $Object.hasOwnProperty.call(message, "index") && message.index !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.index);
            if (message.deviceKey != null && $Object.hasOwnProperty.call(message, "deviceKey") && message.deviceKey.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.deviceKey);
            if (message.cardKey != null && $Object.hasOwnProperty.call(message, "cardKey") && message.cardKey.length)
                writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.cardKey);
            if (message.proof != null && $Object.hasOwnProperty.call(message, "proof") && message.proof.length)
                writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.proof);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Recipient message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Recipient
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Recipient & tillsync.Recipient.$Shape} Recipient
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Recipient.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Recipient();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.index = value;
                        else
                            delete message.index;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.deviceKey = value;
                        else
                            delete message.deviceKey;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.cardKey = value;
                        else
                            delete message.cardKey;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.proof = value;
                        else
                            delete message.proof;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Recipient;
    })();

    tillsync.Sealed = (function() {

        /**
         * Properties of a Sealed.
         * @typedef {Object} tillsync.Sealed.$Properties
         * @property {number|null} [index] Sealed index
         * @property {Uint8Array|null} [bytes] Sealed bytes
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Sealed.
         * @memberof tillsync
         * @interface ISealed
         * @augments tillsync.Sealed.$Properties
         * @deprecated Use tillsync.Sealed.$Properties instead.
         */

        /**
         * Shape of a Sealed.
         * @typedef {tillsync.Sealed.$Properties} tillsync.Sealed.$Shape
         */

        /**
         * Constructs a new Sealed.
         * @memberof tillsync
         * @classdesc Represents a Sealed.
         * @constructor
         * @param {tillsync.Sealed.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Sealed = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Sealed index.
         * @member {number} index
         * @memberof tillsync.Sealed
         * @instance
         */
        Sealed.prototype.index = 0;

        /**
         * Sealed bytes.
         * @member {Uint8Array} bytes
         * @memberof tillsync.Sealed
         * @instance
         */
        Sealed.prototype.bytes = $util.newBuffer([]);

        /**
         * Encodes the specified Sealed message. Does not implicitly {@link tillsync.Sealed.verify|verify} messages.
         * @function encode
         * @memberof tillsync.Sealed
         * @static
         * @param {tillsync.Sealed.$Properties} message Sealed message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Sealed.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.index != null && $Object.hasOwnProperty.call(message, "index") && message.index !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.index);
            if (message.bytes != null && $Object.hasOwnProperty.call(message, "bytes") && message.bytes.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.bytes);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Sealed message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.Sealed
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.Sealed & tillsync.Sealed.$Shape} Sealed
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Sealed.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.Sealed();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.index = value;
                        else
                            delete message.index;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.bytes = value;
                        else
                            delete message.bytes;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Sealed;
    })();

    tillsync.CardKey = (function() {

        /**
         * Properties of a CardKey.
         * @typedef {Object} tillsync.CardKey.$Properties
         * @property {string|null} [tusn] CardKey tusn
         * @property {Uint8Array|null} [cardKey] CardKey cardKey
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a CardKey.
         * @memberof tillsync
         * @interface ICardKey
         * @augments tillsync.CardKey.$Properties
         * @deprecated Use tillsync.CardKey.$Properties instead.
         */

        /**
         * Shape of a CardKey.
         * @typedef {tillsync.CardKey.$Properties} tillsync.CardKey.$Shape
         */

        /**
         * Constructs a new CardKey.
         * @memberof tillsync
         * @classdesc Represents a CardKey.
         * @constructor
         * @param {tillsync.CardKey.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const CardKey = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * CardKey tusn.
         * @member {string} tusn
         * @memberof tillsync.CardKey
         * @instance
         */
        CardKey.prototype.tusn = "";

        /**
         * CardKey cardKey.
         * @member {Uint8Array} cardKey
         * @memberof tillsync.CardKey
         * @instance
         */
        CardKey.prototype.cardKey = $util.newBuffer([]);

        /**
         * Encodes the specified CardKey message. Does not implicitly {@link tillsync.CardKey.verify|verify} messages.
         * @function encode
         * @memberof tillsync.CardKey
         * @static
         * @param {tillsync.CardKey.$Properties} message CardKey message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        CardKey.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.tusn != null && $Object.hasOwnProperty.call(message, "tusn") && message.tusn !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.tusn);
            if (message.cardKey != null && $Object.hasOwnProperty.call(message, "cardKey") && message.cardKey.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.cardKey);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a CardKey message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.CardKey
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.CardKey & tillsync.CardKey.$Shape} CardKey
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        CardKey.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.CardKey();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.tusn = value;
                        else
                            delete message.tusn;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.cardKey = value;
                        else
                            delete message.cardKey;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return CardKey;
    })();

    tillsync.ReleaseFile = (function() {

        /**
         * Properties of a ReleaseFile.
         * @typedef {Object} tillsync.ReleaseFile.$Properties
         * @property {Uint8Array|null} [statement] ReleaseFile statement
         * @property {Array.<tillsync.Signature.$Properties>|null} [signatures] ReleaseFile signatures
         * @property {Array.<Uint8Array>|null} [directives] ReleaseFile directives
         * @property {Array.<Uint8Array>|null} [bases] ReleaseFile bases
         * @property {string|null} [reason] ReleaseFile reason
         * @property {Array.<tillsync.Recipient.$Properties>|null} [recipients] ReleaseFile recipients
         * @property {Array.<tillsync.Sealed.$Properties>|null} [sealed] ReleaseFile sealed
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a ReleaseFile.
         * @memberof tillsync
         * @interface IReleaseFile
         * @augments tillsync.ReleaseFile.$Properties
         * @deprecated Use tillsync.ReleaseFile.$Properties instead.
         */

        /**
         * Shape of a ReleaseFile.
         * @typedef {tillsync.ReleaseFile.$Properties} tillsync.ReleaseFile.$Shape
         */

        /**
         * Constructs a new ReleaseFile.
         * @memberof tillsync
         * @classdesc Represents a ReleaseFile.
         * @constructor
         * @param {tillsync.ReleaseFile.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const ReleaseFile = function (properties) {
            this.signatures = [];
            this.directives = [];
            this.bases = [];
            this.recipients = [];
            this.sealed = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * ReleaseFile statement.
         * @member {Uint8Array} statement
         * @memberof tillsync.ReleaseFile
         * @instance
         */
        ReleaseFile.prototype.statement = $util.newBuffer([]);

        /**
         * ReleaseFile signatures.
         * @member {Array.<tillsync.Signature.$Properties>} signatures
         * @memberof tillsync.ReleaseFile
         * @instance
         */
        ReleaseFile.prototype.signatures = $util.emptyArray;

        /**
         * ReleaseFile directives.
         * @member {Array.<Uint8Array>} directives
         * @memberof tillsync.ReleaseFile
         * @instance
         */
        ReleaseFile.prototype.directives = $util.emptyArray;

        /**
         * ReleaseFile bases.
         * @member {Array.<Uint8Array>} bases
         * @memberof tillsync.ReleaseFile
         * @instance
         */
        ReleaseFile.prototype.bases = $util.emptyArray;

        /**
         * ReleaseFile reason.
         * @member {string} reason
         * @memberof tillsync.ReleaseFile
         * @instance
         */
        ReleaseFile.prototype.reason = "";

        /**
         * ReleaseFile recipients.
         * @member {Array.<tillsync.Recipient.$Properties>} recipients
         * @memberof tillsync.ReleaseFile
         * @instance
         */
        ReleaseFile.prototype.recipients = $util.emptyArray;

        /**
         * ReleaseFile sealed.
         * @member {Array.<tillsync.Sealed.$Properties>} sealed
         * @memberof tillsync.ReleaseFile
         * @instance
         */
        ReleaseFile.prototype.sealed = $util.emptyArray;

        /**
         * Encodes the specified ReleaseFile message. Does not implicitly {@link tillsync.ReleaseFile.verify|verify} messages.
         * @function encode
         * @memberof tillsync.ReleaseFile
         * @static
         * @param {tillsync.ReleaseFile.$Properties} message ReleaseFile message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        ReleaseFile.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.statement != null && $Object.hasOwnProperty.call(message, "statement") && message.statement.length)
                writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.statement);
            if (message.signatures != null && message.signatures.length)
                for (let i = 0; i < message.signatures.length; ++i)
                    $root.tillsync.Signature.encode(message.signatures[i], writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
            if (message.directives != null && message.directives.length)
                for (let i = 0; i < message.directives.length; ++i)
                    writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.directives[i]);
            if (message.bases != null && message.bases.length)
                for (let i = 0; i < message.bases.length; ++i)
                    writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.bases[i]);
            if (message.reason != null && $Object.hasOwnProperty.call(message, "reason") && message.reason !== "")
                writer.uint32(/* id 5, wireType 2 =*/42).string(message.reason);
            if (message.recipients != null && message.recipients.length)
                for (let i = 0; i < message.recipients.length; ++i)
                    $root.tillsync.Recipient.encode(message.recipients[i], writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
            if (message.sealed != null && message.sealed.length)
                for (let i = 0; i < message.sealed.length; ++i)
                    $root.tillsync.Sealed.encode(message.sealed[i], writer.uint32(/* id 7, wireType 2 =*/58).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a ReleaseFile message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.ReleaseFile
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.ReleaseFile & tillsync.ReleaseFile.$Shape} ReleaseFile
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        ReleaseFile.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.ReleaseFile();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.statement = value;
                        else
                            delete message.statement;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if (!(message.signatures && message.signatures.length))
                            message.signatures = [];
                        message.signatures.push($root.tillsync.Signature.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if (!(message.directives && message.directives.length))
                            message.directives = [];
                        message.directives.push(reader.bytes());
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if (!(message.bases && message.bases.length))
                            message.bases = [];
                        message.bases.push(reader.bytes());
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.reason = value;
                        else
                            delete message.reason;
                        continue;
                    }
                case 6: {
                        if (wireType !== 2)
                            break;
                        if (!(message.recipients && message.recipients.length))
                            message.recipients = [];
                        message.recipients.push($root.tillsync.Recipient.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                case 7: {
                        if (wireType !== 2)
                            break;
                        if (!(message.sealed && message.sealed.length))
                            message.sealed = [];
                        message.sealed.push($root.tillsync.Sealed.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ReleaseFile;
    })();

    tillsync.LedgerEntry = (function() {

        /**
         * Properties of a LedgerEntry.
         * @typedef {Object} tillsync.LedgerEntry.$Properties
         * @property {number|null} [at] LedgerEntry at
         * @property {string|null} [kind] LedgerEntry kind
         * @property {string|null} [actor] LedgerEntry actor
         * @property {string|null} [subject] LedgerEntry subject
         * @property {Uint8Array|null} [digest] LedgerEntry digest
         * @property {string|null} [detail] LedgerEntry detail
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a LedgerEntry.
         * @memberof tillsync
         * @interface ILedgerEntry
         * @augments tillsync.LedgerEntry.$Properties
         * @deprecated Use tillsync.LedgerEntry.$Properties instead.
         */

        /**
         * Shape of a LedgerEntry.
         * @typedef {tillsync.LedgerEntry.$Properties} tillsync.LedgerEntry.$Shape
         */

        /**
         * Constructs a new LedgerEntry.
         * @memberof tillsync
         * @classdesc Represents a LedgerEntry.
         * @constructor
         * @param {tillsync.LedgerEntry.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const LedgerEntry = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * LedgerEntry at.
         * @member {number} at
         * @memberof tillsync.LedgerEntry
         * @instance
         */
        LedgerEntry.prototype.at = 0;

        /**
         * LedgerEntry kind.
         * @member {string} kind
         * @memberof tillsync.LedgerEntry
         * @instance
         */
        LedgerEntry.prototype.kind = "";

        /**
         * LedgerEntry actor.
         * @member {string} actor
         * @memberof tillsync.LedgerEntry
         * @instance
         */
        LedgerEntry.prototype.actor = "";

        /**
         * LedgerEntry subject.
         * @member {string} subject
         * @memberof tillsync.LedgerEntry
         * @instance
         */
        LedgerEntry.prototype.subject = "";

        /**
         * LedgerEntry digest.
         * @member {Uint8Array} digest
         * @memberof tillsync.LedgerEntry
         * @instance
         */
        LedgerEntry.prototype.digest = $util.newBuffer([]);

        /**
         * LedgerEntry detail.
         * @member {string} detail
         * @memberof tillsync.LedgerEntry
         * @instance
         */
        LedgerEntry.prototype.detail = "";

        /**
         * Encodes the specified LedgerEntry message. Does not implicitly {@link tillsync.LedgerEntry.verify|verify} messages.
         * @function encode
         * @memberof tillsync.LedgerEntry
         * @static
         * @param {tillsync.LedgerEntry.$Properties} message LedgerEntry message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        LedgerEntry.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.at != null && $Object.hasOwnProperty.call(message, "at") && message.at !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.at);
            if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== "")
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.kind);
            if (message.actor != null && $Object.hasOwnProperty.call(message, "actor") && message.actor !== "")
                writer.uint32(/* id 3, wireType 2 =*/26).string(message.actor);
            if (message.subject != null && $Object.hasOwnProperty.call(message, "subject") && message.subject !== "")
                writer.uint32(/* id 4, wireType 2 =*/34).string(message.subject);
            if (message.digest != null && $Object.hasOwnProperty.call(message, "digest") && message.digest.length)
                writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.digest);
            if (message.detail != null && $Object.hasOwnProperty.call(message, "detail") && message.detail !== "")
                writer.uint32(/* id 6, wireType 2 =*/50).string(message.detail);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a LedgerEntry message from the specified reader or buffer.
         * @function decode
         * @memberof tillsync.LedgerEntry
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {tillsync.LedgerEntry & tillsync.LedgerEntry.$Shape} LedgerEntry
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        LedgerEntry.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.tillsync.LedgerEntry();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.at = value;
                        else
                            delete message.at;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.kind = value;
                        else
                            delete message.kind;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.actor = value;
                        else
                            delete message.actor;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.subject = value;
                        else
                            delete message.subject;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.digest = value;
                        else
                            delete message.digest;
                        continue;
                    }
                case 6: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.detail = value;
                        else
                            delete message.detail;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return LedgerEntry;
    })();

    return tillsync;
})();

export {
  $root as default
};
