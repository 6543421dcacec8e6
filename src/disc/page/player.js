// Plays the segments of this disc one after the other. Opened from file://, so nothing is fetched: the list
// comes from segments.js, and two video elements take turns so that the next segment is loaded in time.
(function () {
  "use strict";
  var disc = window.shenluDisc || { about: {}, segments: [] };
  var videos = [document.getElementById("first"), document.getElementById("second")];
  var list = document.getElementById("list");
  var message = document.getElementById("message");
  var current = -1;
  var shown = 0;

  function tell(text) {
    message.textContent = text;
    message.hidden = !text;
  }

  // A segment's clock runs on through the part: to begin again it is loaded anew, not sought to zero.
  function source(video, index) {
    var segment = disc.segments[index];
    if (!segment) return;
    if (video.dataset.path !== segment.path) {
      video.dataset.path = segment.path;
      video.preload = "auto";
      video.src = segment.path;
    } else if (video.played.length > 0) {
      video.load();
    }
  }

  function play(index) {
    if (!disc.segments[index]) {
      tell("本张光盘播放完毕 · End of this disc");
      return;
    }
    var next = videos[1 - shown];
    videos[shown].pause();
    videos[shown].hidden = true;
    source(next, index);
    next.hidden = false;
    shown = 1 - shown;
    current = index;
    tell("");
    next.play().catch(function () {});
    source(videos[1 - shown], index + 1);
    mark();
  }

  function mark() {
    list.querySelectorAll("button").forEach(function (button, index) {
      button.setAttribute("aria-current", String(index === current));
      if (index === current) button.scrollIntoView({ block: "nearest" });
    });
  }

  videos.forEach(function (video, index) {
    video.addEventListener("ended", function () {
      if (index === shown) play(current + 1);
    });
    video.addEventListener("error", function () {
      if (index === shown) tell("此片段无法播放，请尝试其他播放器 · This segment cannot be played here");
    });
  });

  var about = disc.about;
  document.getElementById("title").textContent = (about.kind || "") + " 同步录音录像";
  document.getElementById("about").textContent = [
    about.unit, about.case_number, about.case_name, about.room_name,
    (about.started_at || "").slice(0, 19).replace("T", " "),
    disc.number ? "第 " + disc.number + " 张 · disc " + disc.number : ""
  ].filter(Boolean).join(" · ");

  var part = "";
  disc.segments.forEach(function (segment, index) {
    if (segment.part !== part) {
      part = segment.part;
      var heading = document.createElement("h2");
      heading.textContent = "第 " + Number(part) + " 段 · Part " + Number(part);
      list.appendChild(heading);
    }
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = "片段 " + Number(segment.number);
    button.addEventListener("click", function () { play(index); });
    list.appendChild(button);
  });

  if (disc.segments.length === 0) {
    tell("本张光盘上还没有片段 · No segment on this disc yet");
  } else {
    current = 0;
    source(videos[0], 0);
    source(videos[1], 1);
    mark();
  }
})();
