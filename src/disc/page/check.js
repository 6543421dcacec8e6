// @ts-check
// Judges picked discs: each file against the disc's own lists, against the set's list, against the manifest; the
// manifest against its two signatures; the discs against each other. Says what it found and shows nothing itself:
// report.js does. It never calls good what it did not look at.
var shenlu = shenlu || {};

/**
 * @typedef {{ file: File, sha256?: string, sm3?: string, unreadable?: string }} Known
 * @typedef {{ root: string, record: any, files: Map<string, Known> }} Disc
 * @typedef {"good" | "changed" | "missing" | "extra" | "unreadable"} Outcome
 * @typedef {{ disc: number, path: string, size: number, outcome: Outcome, by: string[] }} Row
 * @typedef {{ name: string, values: (string | number)[], state: "good" | "bad" | "info", text: string,
 *   command?: string }} Item
 * @typedef {{ rows: Row[], items: Item[], verdict: "good" | "bad" | "part" }} Judgement
 */

/** Files that a disc's own lists leave out. */
shenlu.UNLISTED = ["disc.json", "SHA256SUMS", "SM3SUMS"];

/** What lawfully stays in the house, so that the interview's lists name it and no disc has it. */
shenlu.STAYS_OFF = /^(tracks|messages|internal)\/|^attestations\/.*\.json$|^SM3SUMS$/;

shenlu.OPENSSL_ED25519 = "openssl x509 -in device.pem -pubkey -noout > device.pub\n" +
  "openssl pkeyutl -verify -pubin -inkey device.pub -rawin -in manifest.json -sigfile manifest.json.ed25519";

/**
 * The discs among picked files: each folder that has a disc.json.
 * @param {File[]} files
 * @returns {Promise<Disc[]>}
 */
shenlu.discsIn = async function (files) {
  /** @type {Disc[]} */
  var discs = [];
  function path(/** @type {File} */ file) { return file.webkitRelativePath || file.name; }
  for (var file of files) {
    if (!/(^|\/)disc\.json$/.test(path(file))) continue;
    var record = {};
    try {
      record = JSON.parse(await file.text());
    } catch (fault) {
      // Its item says that it is not what it was.
    }
    discs.push({ root: path(file).slice(0, -"disc.json".length), record: record, files: new Map() });
  }
  for (var disc of discs) {
    for (var candidate of files) {
      if (path(candidate).startsWith(disc.root)) {
        disc.files.set(path(candidate).slice(disc.root.length), { file: candidate });
      }
    }
  }
  return discs.sort(function (x, y) { return (x.record.number || 0) - (y.record.number || 0); });
};

/**
 * `digest  path` and `SM3 (path) = digest`; null: a line of another form.
 * @param {string} text
 * @returns {Map<string, string> | null}
 */
shenlu.parseSums = function (text) {
  var sums = new Map();
  for (var line of text.split("\n").filter(Boolean)) {
    var plain = /^([0-9a-f]{64})  (.+)$/.exec(line);
    var tagged = /^SM3 \((.+)\) = ([0-9a-f]{64})$/.exec(line);
    if (plain) sums.set(plain[2], plain[1]);
    else if (tagged) sums.set(tagged[1], tagged[2]);
    else return null;
  }
  return sums;
};

/**
 * @param {Disc[]} discs with the digests of every file
 * @returns {Promise<any>} a Judgement
 */
shenlu.judge = async function (discs) {
  /** @type {Judgement} */
  var told = { rows: [], items: [], verdict: "good" };
  for (var disc of discs) {
    shenlu.judgeRecord(disc, told);
    await shenlu.judgeDisc(disc, told);
  }
  shenlu.judgeOrder(discs, told);
  var last = discs.find(function (one) { return one.files.has("INTERVIEW-SHA256SUMS"); });
  if (last) {
    await shenlu.judgeSet(discs, last, told);
    await shenlu.judgeSignatures(last, told);
  } else {
    ["item-interview", "item-manifest", "item-ed25519", "item-sm2"].forEach((name) => {
      told.items.push({ name: name, values: ["SHA-256"], state: "info", text: shenlu.say("last-only") });
    });
  }
  var is_bad = told.items.some(function (item) { return item.state === "bad"; }) ||
    told.rows.some(function (row) { return row.outcome !== "good"; });
  if (is_bad) told.verdict = "bad";
  return told;
};

/** disc.json carries the digest of itself without that digest. */
shenlu.judgeRecord = function (/** @type {Disc} */ disc, /** @type {Judgement} */ told) {
  var record = Object.assign({}, disc.record);
  delete record.sha256;
  /** @type {Record<string, any>} */
  var sorted = {};
  Object.keys(record).sort().forEach(function (key) { sorted[key] = record[key]; });
  var hash = shenlu.sha256();
  hash.update(new TextEncoder().encode(JSON.stringify(sorted)));
  var is_good = hash.finish() === disc.record.sha256;
  var text = is_good
    ? shenlu.say("record-good", disc.record.number, String(disc.record.slot).toUpperCase(), disc.record.volume)
    : shenlu.say("record-bad");
  told.items.push({ name: "item-record", values: [], state: is_good ? "good" : "bad", text: text });
};

/** Every file of a disc against the disc's own two lists. */
shenlu.judgeDisc = async function (/** @type {Disc} */ disc, /** @type {Judgement} */ told) {
  /** @type {Map<string, Row>} */
  var rows = new Map();
  function row(/** @type {string} */ path, /** @type {Outcome} */ outcome, /** @type {string} */ list) {
    var known = disc.files.get(path);
    /** @type {Row} */
    var own = rows.get(path) || { disc: disc.record.number || 0, path: path, size: known ? known.file.size : 0, outcome: outcome, by: [] };
    if (own.outcome === "good") own.outcome = outcome;
    own.by.push(list);
    rows.set(path, own);
  }
  for (var list of ["SHA256SUMS", "SM3SUMS"]) {
    var file = disc.files.get(list);
    var sums = file ? shenlu.parseSums(await file.file.text()) : null;
    if (!file || !sums) {
      var why = file ? shenlu.say("sums-unread", list) : shenlu.say("sums-none", list);
      told.items.push({ name: "item-sums", values: [list], state: file ? "bad" : "info", text: why });
      if (!file) told.verdict = "part";
      continue;
    }
    var counts = { good: 0, changed: 0, missing: 0, extra: 0, unreadable: 0 };
    /** @type {"sha256" | "sm3"} */
    var digest = list === "SM3SUMS" ? "sm3" : "sha256";
    for (var [path, wanted] of sums) {
      var outcome = shenlu.compare(disc.files.get(path), wanted, digest);
      counts[outcome] += 1;
      row(path, outcome, list);
    }
    for (var found of disc.files.keys()) {
      if (sums.has(found) || shenlu.UNLISTED.includes(found)) continue;
      counts.extra += 1;
      row(found, "extra", list);
    }
    var bad = counts.changed + counts.unreadable;
    var is_good = bad + counts.missing + counts.extra === 0;
    var text = is_good ? shenlu.say("sums-good", counts.good) : shenlu.say("sums-bad", bad, counts.missing, counts.extra);
    told.items.push({ name: "item-sums", values: [list], state: is_good ? "good" : "bad", text: text });
  }
  told.rows.push.apply(told.rows, Array.from(rows.values()));
};

/**
 * @param {Known | any} known
 * @param {string} wanted
 * @param {"sha256" | "sm3"} digest
 * @returns {Outcome | any}
 */
shenlu.compare = function (known, wanted, digest) {
  if (!known) return "missing";
  if (known.unreadable) return "unreadable";
  return known[digest] === wanted ? "good" : "changed";
};

/** Each disc names the one before it by the digest of its record. */
shenlu.judgeOrder = function (/** @type {Disc[]} */ discs, /** @type {Judgement} */ told) {
  for (var n = 1; n < discs.length; n += 1) {
    var before = discs[n - 1], disc = discs[n];
    var named = disc.record.predecessor;
    var record = before.files.get("disc.json");
    var follows = disc.record.number === before.record.number + 1;
    var is_named = [record && record.sha256, before.record.sha256, before.record.volume].includes(named);
    var is_one = disc.record.uuid === before.record.uuid;
    // Discs that are not neighbours cannot name each other; that the set has a hole, the set's list shows.
    var is_good = is_one && (is_named || !follows);
    var text = is_good ? shenlu.say("order-good") : shenlu.say("order-bad", disc.record.number, before.record.number);
    told.items.push({ name: "item-order", values: [], state: is_good ? "good" : "bad", text: text });
  }
};

/** The interview's list and its manifest against the files of all picked discs together. */
shenlu.judgeSet = async function (/** @type {Disc[]} */ discs, /** @type {Disc} */ last, /** @type {Judgement} */ told) {
  /** @type {Map<string, Known>} */
  var all = new Map();
  discs.forEach(function (disc) {
    disc.files.forEach(function (known, path) {
      // A disc before the last has a playlist of its own under the name of the interview's.
      if (path !== "playlist.m3u8" || disc === last) all.set(path, known);
    });
  });
  var numbers = new Set(discs.map(function (disc) { return disc.record.number; }));
  var is_whole = numbers.size >= last.record.number;
  var list = last.files.get("INTERVIEW-SHA256SUMS");
  var sums = list ? shenlu.parseSums(await list.file.text()) : null;
  if (sums) told.items.push(shenlu.judgeList("item-interview", sums, all, "sha256", is_whole));
  else told.items.push({ name: "item-interview", values: [], state: "bad", text: shenlu.say("sums-unread", "INTERVIEW-SHA256SUMS") });
  var manifest = last.files.get("manifest.json");
  try {
    var files = JSON.parse(manifest ? await manifest.file.text() : "").files;
    for (var digest of /** @type {("sha256" | "sm3")[]} */ (["sha256", "sm3"])) {
      var named = new Map(files.map(function (/** @type {any} */ file) { return [file.path, file[digest]]; }));
      var item = shenlu.judgeList("item-manifest", named, all, digest, is_whole);
      item.values = [digest === "sm3" ? "SM3" : "SHA-256"];
      told.items.push(item);
    }
  } catch (fault) {
    told.items.push({ name: "item-manifest", values: ["JSON"], state: "bad", text: shenlu.say("manifest-unread") });
  }
};

/**
 * @param {string} name
 * @param {Map<string, string> | any} sums
 * @param {Map<string, Known> | any} all
 * @param {any} digest
 * @param {boolean} is_whole every disc of the set was picked
 * @returns {any} an Item
 */
shenlu.judgeList = function (name, sums, all, digest, is_whole) {
  var good = 0, changed = 0, missing = 0, elsewhere = 0;
  for (var [path, wanted] of sums) {
    var outcome = shenlu.compare(all.get(path), wanted, digest);
    if (outcome === "good") good += 1;
    else if (outcome !== "missing") changed += 1;
    else if (shenlu.STAYS_OFF.test(path)) continue;
    else if (is_whole) missing += 1;
    else elsewhere += 1;
  }
  var is_good = changed + missing === 0;
  var text = !is_good ? shenlu.say("sums-bad", changed, missing, 0)
    : elsewhere ? shenlu.say("elsewhere-count", good, elsewhere) : shenlu.say("sums-good", good);
  return { name: name, values: [], state: is_good ? (elsewhere ? "info" : "good") : "bad", text: text };
};

/** @param {string} pem @returns {Uint8Array} */
shenlu.fromPem = function (pem) {
  var body = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+\/=\s]+)-----END/.exec(pem);
  return Uint8Array.from(atob(body ? body[1].replace(/\s/g, "") : ""), function (c) { return c.charCodeAt(0); });
};

/**
 * The bytes behind the first place where `mark` stands.
 * @param {Uint8Array} bytes
 * @param {number[]} mark
 * @param {number} length
 */
shenlu.behind = function (bytes, mark, length) {
  for (var at = 0; at + mark.length + length <= bytes.length; at += 1) {
    if (mark.every(function (byte, n) { return bytes[at + n] === byte; })) {
      return bytes.slice(at + mark.length, at + mark.length + length);
    }
  }
  return new Uint8Array(0);
};

/** Both signatures of the manifest, each with the certificate beside it. */
shenlu.judgeSignatures = async function (/** @type {Disc} */ disc, /** @type {Judgement} */ told) {
  async function read(/** @type {string} */ path) {
    var known = disc.files.get(path);
    return known ? new Uint8Array(await known.file.arrayBuffer()) : null;
  }
  /** @type {[string, string, string, (m: Uint8Array, s: Uint8Array, c: Uint8Array) => Promise<boolean | null>][]} */
  var both = [
    ["item-ed25519", "manifest.json.ed25519", "device.pem", shenlu.isEd25519],
    ["item-sm2", "manifest.json.sm2", "device-sm2.pem", shenlu.isSm2]
  ];
  var manifest = await read("manifest.json");
  for (var [name, signature_path, certificate_path, is_signed] of both) {
    var signature = await read(signature_path);
    var certificate = await read(certificate_path);
    if (!manifest || !signature || !certificate) {
      var absent = !manifest ? "manifest.json" : signature ? certificate_path : signature_path;
      told.items.push({ name: name, values: [], state: "bad", text: shenlu.say("signature-missing", absent) });
      continue;
    }
    var der = shenlu.fromPem(new TextDecoder().decode(certificate));
    var verdict = await is_signed(manifest, signature, der);
    if (verdict === null) {
      told.items.push({ name: name, values: [], state: "info", text: shenlu.say("signature-cannot"), command: shenlu.OPENSSL_ED25519 });
      continue;
    }
    var text = shenlu.say(verdict ? "signature-good" : "signature-bad");
    told.items.push({ name: name, values: [], state: verdict ? "good" : "bad", text: text });
    var hash = shenlu.sha256();
    hash.update(der);
    var print = hash.finish().replace(/(.{8})(?=.)/g, "$1 ");
    told.items.push({ name: "item-key", values: [], state: "info", text: certificate_path + " — " + shenlu.say("key-compare", print) });
  }
};

/** Null: this browser cannot. */
shenlu.isEd25519 = async function (/** @type {Uint8Array} */ message, /** @type {Uint8Array} */ signature, /** @type {Uint8Array} */ certificate) {
  // SubjectPublicKeyInfo of Ed25519 (RFC 8410), up to the key.
  var raw = shenlu.behind(certificate, [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00], 32);
  var subtle = window.crypto && window.crypto.subtle;
  if (!subtle) return null;
  try {
    var probe = Uint8Array.from({ length: 32 }, function (_, n) { return n === 0 ? 1 : 0; });
    await subtle.importKey("raw", probe, { name: "Ed25519" }, false, ["verify"]);
  } catch (fault) {
    return null;
  }
  try {
    var key = await subtle.importKey("raw", /** @type {any} */ (raw), { name: "Ed25519" }, false, ["verify"]);
    return await subtle.verify({ name: "Ed25519" }, key, /** @type {any} */ (signature), /** @type {any} */ (message));
  } catch (fault) {
    return false;
  }
};

shenlu.isSm2 = async function (/** @type {Uint8Array} */ message, /** @type {Uint8Array} */ signature, /** @type {Uint8Array} */ certificate) {
  // A BIT STRING of 65 bytes that begins with 04: the key as an uncompressed point.
  var point = shenlu.behind(certificate, [0x03, 0x42, 0x00], 65);
  return shenlu.sm2.verify(point, message, signature);
};
