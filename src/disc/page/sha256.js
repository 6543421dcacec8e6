// @ts-check
// SHA-256 (FIPS 180-4), piece by piece: WebCrypto wants a whole file at once, and a segment may be large.
// The function uses nothing from outside itself, since its text also goes into a worker.
var shenlu = shenlu || {};

shenlu.sha256 = function () {
  /** The first 32 bits of the fractional parts of roots of the first primes, worked out rather than listed. */
  function roots() {
    var primes = [];
    for (var n = 2; primes.length < 64; n += 1) {
      if (primes.every(function (prime) { return n % prime !== 0; })) primes.push(n);
    }
    function fraction(/** @type {number} */ root) { return ((root - Math.floor(root)) * 4294967296) | 0; }
    return {
      k: Int32Array.from(primes, function (prime) { return fraction(Math.cbrt(prime)); }),
      h: Int32Array.from(primes.slice(0, 8), function (prime) { return fraction(Math.sqrt(prime)); })
    };
  }

  var constants = roots();
  var k = constants.k;
  var h = constants.h;
  var w = new Int32Array(64);
  var rest = new Uint8Array(64);
  var rest_length = 0;
  var length = 0;

  function block(/** @type {Uint8Array} */ p, /** @type {number} */ at) {
    var i = 0;
    for (i = 0; i < 16; i += 1, at += 4) w[i] = (p[at] << 24) | (p[at + 1] << 16) | (p[at + 2] << 8) | p[at + 3];
    for (i = 16; i < 64; i += 1) {
      var x = w[i - 15];
      var y = w[i - 2];
      var s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      var s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
    }
    var a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], j = h[7];
    for (i = 0; i < 64; i += 1) {
      var e1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      var t1 = (j + e1 + (g ^ (e & (f ^ g))) + k[i] + w[i]) | 0;
      var e0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      var t2 = (e0 + ((a & b) | (c & (a | b)))) | 0;
      j = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
    }
    h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += j;
  }

  function update(/** @type {Uint8Array} */ bytes) {
    var at = 0;
    length += bytes.length;
    if (rest_length) {
      at = Math.min(64 - rest_length, bytes.length);
      rest.set(bytes.subarray(0, at), rest_length);
      rest_length += at;
      if (rest_length < 64) return;
      block(rest, 0);
      rest_length = 0;
    }
    for (; at + 64 <= bytes.length; at += 64) block(bytes, at);
    rest.set(bytes.subarray(at));
    rest_length = bytes.length - at;
  }

  /** @returns {string} lower-case hexadecimal digits */
  function finish() {
    var bits = length * 8;
    var padding = new Uint8Array((rest_length < 56 ? 64 : 128) - rest_length);
    padding[0] = 0x80;
    var view = new DataView(padding.buffer);
    view.setUint32(padding.length - 8, Math.floor(bits / 4294967296));
    view.setUint32(padding.length - 4, bits >>> 0);
    update(padding);
    return Array.from(h, function (word) { return (word >>> 0).toString(16).padStart(8, "0"); }).join("");
  }

  return { update: update, finish: finish };
};
