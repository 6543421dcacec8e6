// @ts-check
// SM3 (GB/T 32905, 密码杂凑算法), piece by piece. Like sha256.js it stands alone, for the worker's sake.
var shenlu = shenlu || {};

shenlu.sm3 = function () {
  var h = Int32Array.of(0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e);
  // The round constants, rotated by their round once for all.
  var t = Int32Array.from({ length: 64 }, function (_, i) {
    var constant = i < 16 ? 0x79cc4519 : 0x7a879d8a;
    var by = i % 32;
    return by ? (constant << by) | (constant >>> (32 - by)) : constant;
  });
  var w = new Int32Array(68);
  var rest = new Uint8Array(64);
  var rest_length = 0;
  var length = 0;

  function expand(/** @type {Uint8Array} */ p, /** @type {number} */ at) {
    var i = 0;
    for (i = 0; i < 16; i += 1, at += 4) w[i] = (p[at] << 24) | (p[at + 1] << 16) | (p[at + 2] << 8) | p[at + 3];
    for (i = 16; i < 68; i += 1) {
      var y = w[i - 3];
      var x = w[i - 16] ^ w[i - 9] ^ ((y << 15) | (y >>> 17));
      var z = w[i - 13];
      w[i] = x ^ ((x << 15) | (x >>> 17)) ^ ((x << 23) | (x >>> 9)) ^ ((z << 7) | (z >>> 25)) ^ w[i - 6];
    }
  }

  function block(/** @type {Uint8Array} */ p, /** @type {number} */ at) {
    expand(p, at);
    var a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], j = h[7];
    for (var i = 0; i < 64; i += 1) {
      var a12 = (a << 12) | (a >>> 20);
      var s = (a12 + e + t[i]) | 0;
      var ss1 = (s << 7) | (s >>> 25);
      var ff = i < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
      var gg = i < 16 ? e ^ f ^ g : (e & f) | (~e & g);
      var tt1 = (ff + d + (ss1 ^ a12) + (w[i] ^ w[i + 4])) | 0;
      var tt2 = (gg + j + ss1 + w[i]) | 0;
      d = c; c = (b << 9) | (b >>> 23); b = a; a = tt1;
      j = g; g = (f << 19) | (f >>> 13); f = e;
      e = tt2 ^ ((tt2 << 9) | (tt2 >>> 23)) ^ ((tt2 << 17) | (tt2 >>> 15));
    }
    h[0] ^= a; h[1] ^= b; h[2] ^= c; h[3] ^= d; h[4] ^= e; h[5] ^= f; h[6] ^= g; h[7] ^= j;
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
