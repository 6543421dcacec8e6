// @ts-check
// Where a segment's bytes come from: this disc by its path beside the page, or a folder that the viewer picked.
// A picked file counts only if it has the size that the data tell of; its digest is the check's matter.
var shenlu = shenlu || {};

/**
 * @param {InstanceType<typeof shenlu.Recording>} recording
 */
shenlu.Files = function (recording) {
  this.recording = recording;
  /** @type {Map<string, string>} Path of a segment to the address of the picked file. */
  this.picked = new Map();
  /** Discs that lie where the page was opened, as far as is known; null: a later one, of unknown number. */
  this.inserted = new Set(/** @type {(number | null)[]} */ ([recording.data.number]));
};

/**
 * @param {Segment} segment
 * @returns {string | null} an address for a video element; null: on a disc that is not here
 */
shenlu.Files.prototype.address = function (segment) {
  var picked = this.picked.get(segment.path);
  if (picked) return picked;
  return this.inserted.has(segment.disc) ? segment.path : null;
};

/**
 * Takes what it can use of a picked folder: the disc's root, or a folder above one or several discs.
 * @param {File[]} files
 * @returns {number} how many segments there are
 */
shenlu.Files.prototype.take = function (files) {
  var wanted = new Map(this.recording.segments.map(function (segment) { return [segment.path, segment]; }));
  var found = 0;
  for (var file of files) {
    var path = /part-\d+\/seg-\d+\.mp4$/.exec(file.webkitRelativePath || file.name);
    var segment = path && wanted.get(path[0]);
    if (!segment || segment.size !== file.size || this.picked.has(segment.path)) continue;
    this.picked.set(segment.path, URL.createObjectURL(file));
    found += 1;
  }
  return found;
};

/**
 * The data script of a later disc of the same set, if one was picked: it knows more than this disc's.
 * @param {File[]} files
 * @param {DiscData} own
 * @returns {Promise<any | null>}
 */
shenlu.newerData = async function (files, own) {
  var newest = null;
  for (var file of files) {
    if (!/(^|\/)player\/segments\.js$/.test(file.webkitRelativePath || file.name)) continue;
    var text = await file.text();
    var begin = text.indexOf("{");
    try {
      var data = JSON.parse(text.slice(begin, text.lastIndexOf("}") + 1));
      var known = newest || own;
      var is_same = data.about.uuid === own.about.uuid && data.slot === own.slot;
      if (is_same && (data.journal_seq || 0) > (known.journal_seq || 0)) newest = data;
    } catch (fault) {
      // Another page's script, or a damaged one: the check names it.
    }
  }
  return newest;
};
