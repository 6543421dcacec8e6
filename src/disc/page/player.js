// @ts-check
// Plays the recording over all its segments. Two video elements take turns: while one plays, the other has the
// next segment loaded and stands on its first picture, so that the change shows no hole.
// What it meets that is no picture (a gap, another disc, the end) it tells as `state`; words are main.js's.
var shenlu = shenlu || {};

/**
 * @typedef {"idle" | "loading" | "paused" | "playing" | "gap" | "elsewhere" | "unplayable" | "end"} PlayerState
 * @typedef {HTMLVideoElement & { segment?: any, shift_s?: number, is_ready?: boolean }} Half
 */

/** How long a gap is shown before playing goes on. */
shenlu.GAP_SHOWN_MS = 4000;

/**
 * @param {any} recording
 * @param {any} files
 * @param {HTMLVideoElement[]} videos
 * @param {() => void} changed called when state or place changed
 */
shenlu.Player = function (recording, files, videos, changed) {
  this.recording = recording;
  this.files = files;
  /** @type {Half[]} */
  this.videos = videos;
  this.shown = 0;
  this.changed = changed;
  /** @type {PlayerState} */
  this.state = "idle";
  /** Where the viewer is when no picture plays. */
  this.place = recording.from;
  /** @type {any} The segment or gap that is shown. */
  this.current = null;
  this.wants_to_play = false;
  this.rate = 1;
  this.turn = 0;
  /** @type {any} */
  this.timer = 0;
  /** Figures for tests: changes from one segment to the next. */
  this.swaps = 0;
  var self = this;
  this.videos.forEach(function (video, n) {
    video.addEventListener("ended", function () { if (n === self.shown) self.goOn(); });
    video.addEventListener("error", function () { if (n === self.shown) self.fail(); });
  });
};

shenlu.Player.prototype.screen = function () {
  return this.videos[this.shown];
};

/** The place on the line that is shown now. */
shenlu.Player.prototype.now = function () {
  var video = this.screen();
  if ((this.state !== "playing" && this.state !== "paused") || !video.segment) return this.place;
  var inside_s = video.currentTime + (video.shift_s || 0) - video.segment.media_s;
  var segment = video.segment;
  return Math.min(Math.max(segment.from + inside_s * 1000, segment.from), segment.to);
};

/**
 * @param {PlayerState} state
 * @param {any} current
 */
shenlu.Player.prototype.become = function (state, current) {
  this.state = state;
  this.current = current;
  this.changed();
};

/**
 * Goes to a place on the line and plays on if it played.
 * @param {number} place
 * @param {boolean} [playing]
 */
shenlu.Player.prototype.seek = function (place, playing) {
  if (playing !== undefined) this.wants_to_play = playing;
  this.turn += 1;
  clearTimeout(this.timer);
  var recording = this.recording;
  this.place = Math.min(Math.max(place, recording.from), recording.to);
  var found = recording.at(this.place);
  if (found.segment) this.open(found.segment, this.place);
  else if (found.gap) this.rest(found.gap);
  else this.finish();
};

/** A time without a recording: it is shown for some seconds, never skipped silently. */
shenlu.Player.prototype.rest = function (gap) {
  var self = this;
  this.videos.forEach(function (video) { video.pause(); });
  this.become("gap", gap);
  if (!this.wants_to_play) return;
  this.timer = setTimeout(function () { self.seek(gap.to, true); }, shenlu.GAP_SHOWN_MS / Math.max(1, this.rate));
};

shenlu.Player.prototype.finish = function () {
  this.videos.forEach(function (video) { video.pause(); });
  this.wants_to_play = false;
  this.become("end", null);
};

shenlu.Player.prototype.fail = function () {
  var segment = this.screen().segment;
  this.place = segment ? segment.from : this.place;
  // A disc that was taken out: what is not there may be on the one that lies there now.
  this.become(segment && segment.disc !== this.recording.data.number ? "elsewhere" : "unplayable", segment);
};

/**
 * @param {any} segment
 * @param {number} place
 */
shenlu.Player.prototype.open = async function (segment, place) {
  var turn = this.turn;
  var address = this.files.address(segment);
  if (!address) {
    this.videos.forEach(function (video) { video.pause(); });
    this.become("elsewhere", segment);
    return;
  }
  var old = this.screen();
  if (old.segment !== segment || old.error) {
    if (this.videos[1 - this.shown].segment !== segment) this.become("loading", segment);
    var next = this.videos[1 - this.shown];
    if (!(await this.load(next, segment, address)) || turn !== this.turn) return;
  }
  var video = this.screen().segment === segment && !this.screen().error ? this.screen() : this.videos[1 - this.shown];
  await this.stand(video, segment, place);
  if (turn !== this.turn) return;
  this.show(video);
};

/**
 * Loads a segment into an element. False: it cannot be played.
 * @param {Half} video
 * @param {any} segment
 * @param {string} address
 * @returns {Promise<boolean>}
 */
shenlu.Player.prototype.load = function (video, segment, address) {
  var self = this;
  if (video.segment === segment && video.is_ready && !video.error) return Promise.resolve(true);
  return new Promise(function (resolve) {
    function settle(/** @type {boolean} */ is_good) {
      video.removeEventListener("loadeddata", good);
      video.removeEventListener("error", bad);
      video.is_ready = is_good;
      // What was said to have been inserted is not there.
      if (!is_good && segment.disc !== self.recording.data.number) self.files.inserted.delete(segment.disc);
      if (!is_good && video.segment === segment && self.state === "loading") {
        self.place = Math.max(self.place, segment.from);
        self.become(segment.disc === self.recording.data.number ? "unplayable" : "elsewhere", segment);
      }
      resolve(is_good && video.segment === segment);
    }
    function good() {
      video.shift_s = shenlu.clockShift(video, segment);
      settle(true);
    }
    function bad() { settle(false); }
    video.pause();
    video.segment = segment;
    video.is_ready = false;
    video.addEventListener("loadeddata", good);
    video.addEventListener("error", bad);
    video.src = address;
    video.load();
  });
};

/**
 * Some players count a segment's clock from its part's start, as it stands in the file; others from zero.
 * @param {HTMLVideoElement} video
 * @param {any} segment
 * @returns {number} what is to be added to the element's time
 */
shenlu.clockShift = function (video, segment) {
  var length_s = (segment.to - segment.from) / 1000;
  var runs_on = Math.abs(video.duration - segment.media_s - length_s);
  var from_zero = Math.abs(video.duration - length_s);
  return from_zero < runs_on ? segment.media_s : 0;
};

/**
 * Puts an element on a place of its segment; resolves when the picture is there.
 * @param {Half} video
 * @param {any} segment
 * @param {number} place
 * @returns {Promise<void>}
 */
shenlu.Player.prototype.stand = function (video, segment, place) {
  var target = segment.media_s + (place - segment.from) / 1000 - (video.shift_s || 0);
  if (Math.abs(video.currentTime - target) < 0.005) return Promise.resolve();
  return new Promise(function (resolve) {
    function done() {
      video.removeEventListener("seeked", done);
      video.removeEventListener("error", done);
      resolve();
    }
    video.addEventListener("seeked", done);
    video.addEventListener("error", done);
    video.currentTime = target;
  });
};

/**
 * Makes an element the one that is seen, and loads what follows into the other.
 * @param {Half} video
 */
shenlu.Player.prototype.show = function (video) {
  var other = this.videos[1 - this.videos.indexOf(video)];
  this.shown = this.videos.indexOf(video);
  video.classList.remove("behind");
  other.classList.add("behind");
  if (other !== video) other.pause();
  video.playbackRate = this.rate;
  if (this.wants_to_play) video.play().catch(function () {});
  else video.pause();
  this.become(this.wants_to_play ? "playing" : "paused", video.segment);
  this.prepare();
};

/** The next segment stands ready before it is needed. */
shenlu.Player.prototype.prepare = function () {
  var next = this.recording.after(this.screen().segment).segment;
  var address = next && this.files.address(next);
  if (address) this.load(this.videos[1 - this.shown], next, address);
};

/** A segment has ended. */
shenlu.Player.prototype.goOn = function () {
  var ended = this.screen().segment;
  var follows = this.recording.after(ended);
  var spare = this.videos[1 - this.shown];
  this.place = ended.to;
  if (follows.gap) {
    this.turn += 1;
    this.place = follows.gap.from;
    this.rest(follows.gap);
  } else if (follows.segment && spare.segment === follows.segment && spare.is_ready && this.files.address(spare.segment)) {
    this.swaps += 1;
    this.show(spare);
  } else if (follows.segment) {
    this.seek(follows.segment.from, this.wants_to_play);
  } else {
    this.finish();
  }
};

shenlu.Player.prototype.play = function () {
  if (this.state === "end") return this.seek(this.recording.from, true);
  this.wants_to_play = true;
  if (this.state === "paused") this.show(this.screen());
  else this.seek(this.state === "gap" ? this.current.to : this.place, true);
};

shenlu.Player.prototype.pause = function () {
  this.place = this.now();
  this.wants_to_play = false;
  clearTimeout(this.timer);
  this.videos.forEach(function (video) { video.pause(); });
  if (this.state === "playing") this.become("paused", this.screen().segment);
  else this.changed();
};

/** @param {number} rate */
shenlu.Player.prototype.setRate = function (rate) {
  this.rate = rate;
  this.screen().playbackRate = rate;
  this.changed();
};
