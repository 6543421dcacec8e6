// @ts-check
// Verifies an SM2 signature (GB/T 32918.2) over a small file, as `openssl dgst -sm3 -verify` does with the
// identity 1234567812345678. No browser has SM2, so it is worked out here with whole numbers; nothing secret is
// handled, so time and memory may show what they like.
var shenlu = shenlu || {};

shenlu.sm2 = (function () {
  // The curve's parameters (GB/T 32918.5).
  var p = BigInt("0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF");
  var a = BigInt("0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC");
  var b = BigInt("0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93");
  var n = BigInt("0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123");
  var g = {
    x: BigInt("0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7"),
    y: BigInt("0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0")
  };
  var ZERO = BigInt(0), ONE = BigInt(1), TWO = BigInt(2), THREE = BigInt(3);
  /** @typedef {{ x: bigint, y: bigint } | null} Point null: infinity */

  function mod(/** @type {bigint} */ value) {
    var left = value % p;
    return left < ZERO ? left + p : left;
  }

  function inverse(/** @type {bigint} */ value) {
    var r = p, s = mod(value), t = ZERO, u = ONE;
    while (s !== ZERO) {
      var q = r / s;
      [r, s] = [s, r - q * s];
      [t, u] = [u, t - q * u];
    }
    return mod(t);
  }

  /** @param {Point} left @param {Point} right @returns {Point} */
  function add(left, right) {
    if (!left) return right;
    if (!right) return left;
    if (left.x === right.x && mod(left.y + right.y) === ZERO) return null;
    var slope = left.x === right.x
      ? mod((THREE * left.x * left.x + a) * inverse(TWO * left.y))
      : mod((right.y - left.y) * inverse(right.x - left.x));
    var x = mod(slope * slope - left.x - right.x);
    return { x: x, y: mod(slope * (left.x - x) - left.y) };
  }

  /** @param {bigint} times @param {Point} point @returns {Point} */
  function multiply(times, point) {
    /** @type {Point} */
    var sum = null;
    for (; times > ZERO; times >>= ONE) {
      if (times & ONE) sum = add(sum, point);
      point = add(point, point);
    }
    return sum;
  }

  function number(/** @type {Uint8Array} */ bytes) {
    return BigInt("0x0" + Array.from(bytes, function (byte) { return byte.toString(16).padStart(2, "0"); }).join(""));
  }

  function bytesOf(/** @type {string} */ hex) {
    return Uint8Array.from(hex.match(/../g) || [], function (pair) { return parseInt(pair, 16); });
  }

  function hex64(/** @type {bigint} */ value) {
    return value.toString(16).padStart(64, "0");
  }

  /** Two INTEGERs in a SEQUENCE. @param {Uint8Array} der */
  function readSignature(der) {
    if (der[0] !== 0x30 || der[1] !== der.length - 2 || der[2] !== 2) return null;
    var r_end = 4 + der[3];
    if (der[r_end] !== 2 || r_end + 2 + der[r_end + 1] !== der.length) return null;
    return { r: number(der.subarray(4, r_end)), s: number(der.subarray(r_end + 2)) };
  }

  /** What is signed: the signer's identity and the curve, then the message. */
  function digest(/** @type {{ x: bigint, y: bigint }} */ key, /** @type {Uint8Array} */ message) {
    var id = new TextEncoder().encode("1234567812345678");
    var z = shenlu.sm3();
    z.update(Uint8Array.of(0, id.length * 8));
    z.update(id);
    [a, b, g.x, g.y, key.x, key.y].forEach(function (value) { z.update(bytesOf(hex64(value))); });
    var e = shenlu.sm3();
    e.update(bytesOf(z.finish()));
    e.update(message);
    return BigInt("0x" + e.finish());
  }

  /**
   * @param {Uint8Array} point the public key, 04 and both coordinates
   * @param {Uint8Array} message
   * @param {Uint8Array} der the signature
   * @returns {boolean}
   */
  function verify(point, message, der) {
    var signature = readSignature(der);
    if (!signature || point.length !== 65 || point[0] !== 4) return false;
    var key = { x: number(point.subarray(1, 33)), y: number(point.subarray(33)) };
    var is_on_curve = mod(key.y * key.y - key.x * key.x * key.x - a * key.x - b) === ZERO;
    var r = signature.r, s = signature.s;
    if (!is_on_curve || r < ONE || r >= n || s < ONE || s >= n) return false;
    var t = (r + s) % n;
    var found = t === ZERO ? null : add(multiply(s, g), multiply(t, key));
    return found !== null && (digest(key, message) + found.x) % n === r;
  }

  return { verify: verify };
})();
