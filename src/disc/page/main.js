// @ts-check
// Puts the page together: data, picture, line of time, lists, check; mouse, keyboard, language.
var shenlu = shenlu || {};

/** @param {string} id @returns {any} */
shenlu.element = function (id) {
  return document.getElementById(id);
};

shenlu.RATES = [0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4];
shenlu.ZOOMS = [["zoom-all", 0], ["zoom-hour", 3600000], ["zoom-ten", 600000], ["zoom-one", 60000]];

/** @param {any} data */
shenlu.Page = function (data) {
  var self = this;
  this.data = data;
  this.recording = new shenlu.Recording(data);
  this.files = new shenlu.Files(this.recording);
  this.player = new shenlu.Player(this.recording, this.files, [shenlu.element("first"), shenlu.element("second")],
    function () { self.changed(); });
  this.timeline = new shenlu.Timeline(this.recording, this.files, shenlu.element("drawing"));
  this.lists = new shenlu.Lists(this.recording, this.files, shenlu.element("list"), function (place) { self.player.seek(place); });
  this.report = new shenlu.Report(shenlu.element("report"),
    function () { self.pick("check"); },
    function () { self.openReport(false); });
  /** What a picked folder is for. */
  this.picking = "play";
  this.notice = "";
  /** The place that was last drawn. */
  this.moved = NaN;
  this.wire();
  this.speak();
  var first = this.recording.segments.find(function (segment) { return self.files.address(segment) !== null; });
  if (first) this.player.seek(first.from, false);
  else this.card([shenlu.say("no-segments")], []);
  (function turn() {
    self.move();
    requestAnimationFrame(turn);
  })();
};

/** Says everything in the language that was chosen. */
shenlu.Page.prototype.speak = function () {
  var about = this.data.about;
  document.documentElement.lang = shenlu.language ? "en" : "zh-CN";
  shenlu.element("title").textContent = shenlu.say("title", about.kind || "");
  document.title = shenlu.element("title").textContent + " · " + (about.case_number || "");
  shenlu.element("about").textContent = [
    about.unit, about.case_number, about.case_name, about.room_name, (about.started_at || "").slice(0, 19).replace("T", " "),
    this.data.slot ? shenlu.say("set", this.data.slot.toUpperCase()) : "", shenlu.say("disc", this.data.number),
    (this.data.form || 1) > 1 ? shenlu.say("bad-form", this.data.form) : ""
  ].filter(Boolean).join("　");
  document.querySelectorAll("[data-say]").forEach(function (element) {
    element.textContent = shenlu.say(element.getAttribute("data-say") || "");
  });
  document.querySelectorAll("[data-title]").forEach(function (element) {
    element.setAttribute("title", shenlu.say(element.getAttribute("data-title") || ""));
    element.setAttribute("aria-label", element.getAttribute("title") || "");
  });
  shenlu.element("language").textContent = shenlu.say("language");
  shenlu.element("keys").textContent = shenlu.say("keys");
  this.drawLegend();
  this.openList(this.lists.name);
  if (!shenlu.element("report").hidden) this.report.redraw();
  this.timeline.draw();
  this.changed();
};

shenlu.Page.prototype.drawLegend = function () {
  var box = shenlu.element("legend");
  box.textContent = "";
  [["recorded", "■"], ["other", "□"], ["gap", "▨"], ["interval", "▬"], ["mark", "⚑"], ["act", "○"]].forEach(function (entry) {
    var item = document.createElement("span");
    item.className = "of-" + entry[0];
    item.textContent = entry[1] + " " + shenlu.say("legend-" + entry[0]);
    box.appendChild(item);
  });
  var zoom = shenlu.element("zoom");
  zoom.textContent = "";
  shenlu.ZOOMS.forEach(function (entry) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = shenlu.say(String(entry[0]));
    button.setAttribute("aria-pressed", String(this.timeline.window === entry[1]));
    button.addEventListener("click", () => this.zoom(Number(entry[1])));
    zoom.appendChild(button);
  }, this);
  shenlu.element("drawing").setAttribute("aria-label", shenlu.say("line-label", this.recording.wall(this.recording.from).time,
    this.recording.wall(this.recording.to).time, this.recording.parts.length, this.recording.gaps.length, this.recording.signs.length));
};

/** @param {number} window_ms */
shenlu.Page.prototype.zoom = function (window_ms) {
  this.timeline.window = window_ms;
  this.drawLegend();
  this.timeline.look(this.player.now());
  this.timeline.draw();
};

/** @param {string} name */
shenlu.Page.prototype.openList = function (name) {
  this.lists.open(name);
  document.querySelectorAll("#tabs button").forEach(function (tab) {
    tab.setAttribute("aria-selected", String(tab.getAttribute("data-list") === name));
  });
};

/** Every frame: the head on the line, the clock, the list. */
shenlu.Page.prototype.move = function () {
  var place = this.player.now();
  if (place === this.moved) return;
  this.moved = place;
  this.timeline.move(place);
  this.lists.move(place);
  var wall = this.recording.wall(place);
  shenlu.element("wall").textContent = wall.date + " " + wall.time;
  var part = this.recording.parts.filter(function (known) { return place >= known.from; }).pop();
  var s = part ? Math.floor((Math.min(place, part.to) - part.from) / 1000) : 0;
  var elapsed = [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60].map(function (n) { return String(n).padStart(2, "0"); });
  if (this.player.state === "gap") shenlu.element("elapsed").textContent = shenlu.say("in-gap");
  else shenlu.element("elapsed").textContent = part ? shenlu.say("part", part.part) + " " + elapsed.join(":") : "";
};

/** The player's state changed: button, card. */
shenlu.Page.prototype.changed = function () {
  var player = this.player;
  shenlu.element("play").textContent = player.wants_to_play ? "❚❚" : "▶";
  shenlu.element("speed").value = String(player.rate);
  document.body.dataset.state = player.state;
  this.moved = NaN;
  if (player.state === "gap") this.showGap(player.current);
  else if (player.state === "elsewhere") this.showElsewhere(player.current);
  else if (player.state === "unplayable") this.card([shenlu.say("unplayable"), shenlu.say("unplayable-do")], []);
  else if (player.state === "end") this.card([shenlu.say(this.data.is_last === false ? "end-of-disc" : "end")], ["pick"]);
  else if (this.notice) this.card([this.notice], []);
  else shenlu.element("card").hidden = true;
};

/**
 * Words over the picture.
 * @param {string[]} lines the first one large
 * @param {string[]} buttons
 */
shenlu.Page.prototype.card = function (lines, buttons) {
  var card = shenlu.element("card");
  card.textContent = "";
  card.hidden = false;
  lines.forEach(function (line, n) {
    var text = document.createElement(n === 0 ? "h2" : "p");
    text.textContent = line;
    card.appendChild(text);
  });
  buttons.forEach(function (key) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = shenlu.say(key);
    button.dataset.act = key;
    button.addEventListener("click", () => this.act(key));
    card.appendChild(button);
  }, this);
};

shenlu.Page.prototype.showGap = function (/** @type {any} */ gap) {
  var lines = shenlu.gapLines(this.recording, gap);
  if (this.player.wants_to_play) lines.push(shenlu.say("goes-on", shenlu.GAP_SHOWN_MS / 1000));
  this.card(lines, ["go-on"]);
};

shenlu.Page.prototype.showElsewhere = function (/** @type {any} */ segment) {
  var where = segment.disc ? shenlu.say("other-disc", segment.disc) : shenlu.say("later-disc");
  this.card([where, shenlu.say("other-disc-do")].concat(this.notice ? [this.notice] : []), ["pick", "inserted"]);
};

/** @param {string} key */
shenlu.Page.prototype.act = function (key) {
  var player = this.player;
  if (key === "go-on") player.seek(player.current.to, true);
  else if (key === "pick") this.pick("play");
  else if (key === "inserted") {
    this.files.inserted.add(player.current.disc);
    player.seek(player.place);
  }
};

/** @param {string} purpose `play` or `check` */
shenlu.Page.prototype.pick = function (purpose) {
  this.picking = purpose;
  shenlu.element("folder").value = "";
  shenlu.element("folder").click();
};

/** @param {File[]} files */
shenlu.Page.prototype.picked = async function (files) {
  if (this.picking === "check") {
    this.report.run(files);
    return;
  }
  var newer = await shenlu.newerData(files, this.data);
  if (newer) this.take(newer);
  var place = this.player.now();
  var count = this.files.take(files);
  this.notice = count ? "" : shenlu.say("picked-none");
  this.timeline.draw();
  this.lists.draw();
  this.player.seek(Math.max(place, this.recording.from));
};

/** Goes on with what a later disc of the set knows. @param {any} data */
shenlu.Page.prototype.take = function (data) {
  var own = this.data;
  this.data = Object.assign({}, data, { number: own.number });
  var recording = new shenlu.Recording(this.data);
  this.files.recording = recording;
  for (var holder of [this, this.player, this.timeline, this.lists]) holder.recording = recording;
  if (recording.transcript.length) this.openList("transcript");
  this.timeline.window = 0;
  this.timeline.look(recording.from);
  this.speak();
};

/** @param {boolean} is_open */
shenlu.Page.prototype.openReport = function (is_open) {
  if (is_open) {
    this.player.pause();
    this.report.open();
  }
  shenlu.element("report").hidden = !is_open;
  document.body.classList.toggle("checking", is_open);
  if (!is_open) this.timeline.draw();
};

/** The next mark or gap in a direction. @param {number} direction */
shenlu.Page.prototype.jump = function (direction) {
  var now = this.player.now();
  var places = this.recording.signs.map(function (/** @type {any} */ sign) { return sign.place; })
    .concat(this.recording.gaps.map(function (/** @type {any} */ gap) { return gap.from; }))
    .sort(function (/** @type {number} */ a, /** @type {number} */ b) { return a - b; });
  // A mark that was just jumped to plays on; back means the one before it.
  var found = direction > 0
    ? places.find(function (/** @type {number} */ place) { return place > now + 50; })
    : places.filter(function (/** @type {number} */ place) { return place < now - 1500; }).pop();
  if (found !== undefined) this.player.seek(found);
};

/** @param {number} direction */
shenlu.Page.prototype.faster = function (direction) {
  var next = shenlu.RATES[shenlu.RATES.indexOf(this.player.rate) + direction];
  if (next) this.player.setRate(next);
};

/** @param {number} seconds */
shenlu.Page.prototype.step = function (seconds) {
  if (Math.abs(seconds) < 1) this.player.pause();
  this.player.seek(this.player.now() + seconds * 1000);
};

shenlu.Page.prototype.fullScreen = function () {
  if (document.fullscreenElement) document.exitFullscreen();
  else shenlu.element("picture").requestFullscreen();
};

shenlu.Page.prototype.toggle = function () {
  if (this.player.wants_to_play) this.player.pause();
  else this.player.play();
};

/** @param {KeyboardEvent} event */
shenlu.Page.prototype.key = function (event) {
  var target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.altKey || event.metaKey || /INPUT|SELECT/.test(target.tagName)) return;
  if (!shenlu.element("report").hidden) return;
  var volume = shenlu.element("volume");
  /** @type {Record<string, () => void>} */
  var keys = {
    " ": () => this.toggle(),
    "ArrowLeft": () => this.step(event.shiftKey ? -60 : -5),
    "ArrowRight": () => this.step(event.shiftKey ? 60 : 5),
    ",": () => this.step(-0.04),
    ".": () => this.step(0.04),
    "n": () => this.jump(1),
    "p": () => this.jump(-1),
    "[": () => this.faster(-1),
    "]": () => this.faster(1),
    "f": () => this.fullScreen(),
    "m": () => this.setVolume(Number(volume.value) ? 0 : 100),
    "Home": () => this.player.seek(this.recording.from),
    "End": () => this.player.seek(this.recording.to - 1000)
  };
  var act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
};

/** @param {number} percent */
shenlu.Page.prototype.setVolume = function (percent) {
  shenlu.element("volume").value = String(percent);
  this.player.videos.forEach(function (/** @type {HTMLVideoElement} */ video) { video.volume = percent / 100; });
};

shenlu.Page.prototype.wire = function () {
  var self = this;
  var speed = shenlu.element("speed");
  shenlu.RATES.forEach(function (rate) { speed.add(new Option(rate + "×", String(rate))); });
  speed.addEventListener("change", function () { self.player.setRate(Number(speed.value)); });
  shenlu.element("play").addEventListener("click", function () { self.toggle(); });
  shenlu.element("screen").addEventListener("click", function (/** @type {Event} */ event) {
    if (/** @type {HTMLElement} */ (event.target).tagName === "VIDEO") self.toggle();
  });
  document.querySelectorAll("[data-step]").forEach(function (button) {
    button.addEventListener("click", function () { self.step(Number(button.getAttribute("data-step"))); });
  });
  document.querySelectorAll("#tabs button").forEach(function (tab) {
    tab.addEventListener("click", function () { self.openList(tab.getAttribute("data-list") || ""); });
  });
  shenlu.element("full").addEventListener("click", function () { self.fullScreen(); });
  shenlu.element("volume").addEventListener("input", function () { self.setVolume(Number(shenlu.element("volume").value)); });
  shenlu.element("pick").addEventListener("click", function () { self.pick("play"); });
  shenlu.element("check").addEventListener("click", function () { self.openReport(true); });
  shenlu.element("language").addEventListener("click", function () {
    shenlu.language = 1 - shenlu.language;
    self.speak();
  });
  shenlu.element("folder").addEventListener("change", function () {
    self.picked(Array.from(shenlu.element("folder").files));
  });
  shenlu.element("drawing").addEventListener("pointerdown", function (/** @type {PointerEvent} */ event) { self.press(event); });
  document.addEventListener("keydown", function (event) { self.key(event); });
  window.addEventListener("resize", function () {
    self.timeline.draw();
    self.moved = NaN;
  });
};

/** A press on a mark goes to the mark, elsewhere to the place under it. @param {PointerEvent} event */
shenlu.Page.prototype.press = function (event) {
  var mark = /** @type {Element} */ (event.target).getAttribute("data-place");
  var left = shenlu.element("drawing").getBoundingClientRect().left;
  this.player.seek(mark !== null ? Number(mark) : this.timeline.placeAt(event.clientX - left));
};

/** The page of this disc. @type {any} */
shenlu.page = new shenlu.Page(/** @type {any} */ (window).shenluDisc || { about: {}, number: 1, segments: [] });
