// @ts-check
// Every word that the page says of itself, Chinese first. `{0}`, `{1}` … stand for values.
// The words of the journal (marks, causes, acts) are in terms.js.
var shenlu = shenlu || {};

/** @type {Record<string, [string, string]>} */
shenlu.words = {
  "title": ["{0}同步录音录像", "Synchronous recording ({0})"],
  "disc": ["第 {0} 张光盘", "disc {0}"],
  "set": ["{0} 套", "set {0}"],
  "language": ["English", "中文"],
  "pick": ["选择文件夹…", "Pick a folder…"],
  "check": ["校验本盘", "Check this disc"],
  "speed": ["倍速", "Speed"],
  "volume": ["音量", "Volume"],
  "full": ["全屏", "Full screen"],
  "transcript": ["笔录", "Transcript"],
  "marks": ["标记", "Marks"],
  "segments": ["片段", "Segments"],
  "part": ["第 {0} 段", "Part {0}"],
  "segment": ["片段 {0}", "Segment {0}"],
  "in-gap": ["中断中", "interrupted"],
  "part-length": ["{0} 起，共 {1}", "from {0}, {1} long"],
  "no-transcript": ["本盘上没有笔录内容。笔录随最后一张光盘提供。", "There is no transcript on this disc. It comes with the last disc of the set."],
  "untimed": ["笔录没有逐条时间，不能与画面同步。", "The transcript has no times of its own and cannot follow the picture."],
  "no-marks": ["没有标记。", "There are no marks."],
  "no-segments": ["本张光盘上还没有片段", "No segment on this disc yet"],
  "page": ["第 {0} 页", "Page {0}"],
  "question": ["问", "Q"],
  "answer": ["答", "A"],
  "note": ["记", "Note"],
  "gap": ["中断 · 没有录音录像", "Interruption: nothing was recorded"],
  "gap-times": ["{0} 至 {1}，共 {2}", "{0} to {1}, {2} long"],
  "gap-reason": ["原因：{0}", "Reason: {0}"],
  "gap-no-reason": ["原因：日志中没有记载", "Reason: the journal names none"],
  "statement-made": ["口头说明：{0} 已作出（第 {1} 段）", "Statement: made aloud at {0} (part {1})"],
  "statement-owed": ["口头说明：没有作出", "Statement: not made"],
  "statement-not-obtained": ["口头说明：未取得", "Statement: not obtained"],
  "unrecorded": ["经 {0} 批准，未录音录像继续：{1}", "Went on unrecorded, approved by {0}: {1}"],
  "elsewhere": ["转至他处继续：{0}", "Continued elsewhere: {0}"],
  "go-on": ["继续播放", "Go on"],
  "goes-on": ["{0} 秒后自动继续", "goes on in {0} s"],
  "other-disc": ["此时段在本套第 {0} 张光盘上", "This is on disc {0} of the set"],
  "later-disc": ["此时段在本套后面的光盘上", "This is on a later disc of the set"],
  "other-disc-do": ["请插入该光盘后按“已换盘”，或选择已复制光盘内容的文件夹。", "Insert that disc and press “Disc inserted”, or pick the folder where the discs were copied."],
  "inserted": ["已换盘", "Disc inserted"],
  "picked-none": ["所选文件夹中没有本次录像的片段。", "The picked folder holds no segment of this recording."],
  "unplayable": ["此片段无法在浏览器中播放", "This segment cannot be played here"],
  "unplayable-do": ["请校验本盘，或用 VLC 打开 playlist.m3u8。", "Check the disc, or open playlist.m3u8 with VLC."],
  "end": ["播放完毕", "End of the recording"],
  "end-of-disc": ["本盘播放完毕，录像在下一张光盘上继续", "End of this disc; the recording goes on with the next"],
  "bad-form": ["光盘数据的格式 {0} 比本页面新，显示可能不全。", "The disc's data are of form {0}, newer than this page; not all may be shown."],
  "legend-recorded": ["录像", "recorded"],
  "legend-other": ["在其他光盘", "on another disc"],
  "legend-gap": ["中断", "interruption"],
  "legend-mark": ["标记", "mark"],
  "legend-act": ["签字、捺指印", "signing"],
  "legend-interval": ["休息、离开", "break"],
  "zoom-all": ["全程", "All"],
  "zoom-hour": ["1 小时", "1 h"],
  "zoom-ten": ["10 分钟", "10 min"],
  "zoom-one": ["1 分钟", "1 min"],
  "row-parts": ["录像", "Recording"],
  "row-phases": ["阶段", "Phase"],
  "row-marks": ["标记", "Marks"],
  "row-discs": ["光盘", "Disc"],
  "line-label": ["时间轴：{0} 至 {1}，{2} 段，{3} 处中断，{4} 个标记", "Timeline: {0} to {1}, {2} parts, {3} interruptions, {4} marks"],
  "keys": ["空格 播放/暂停　←→ 5 秒　Shift+←→ 1 分钟　, . 逐帧　N P 下一/上一标记　[ ] 倍速　F 全屏　M 静音", "Space play/pause · ←→ 5 s · Shift+←→ 1 min · , . frame · N P next/previous mark · [ ] speed · F full screen · M mute"],
  "key-play": ["播放/暂停（空格）", "Play/pause (Space)"],
  "key-back": ["后退 5 秒（←）", "5 s back (←)"],
  "key-forward": ["前进 5 秒（→）", "5 s forward (→)"],
  "key-minute-back": ["后退 1 分钟（Shift+←）", "1 min back (Shift+←)"],
  "key-minute": ["前进 1 分钟（Shift+→）", "1 min forward (Shift+→)"],
  "key-frame-back": ["上一帧（,）", "Previous frame (,)"],
  "key-frame": ["下一帧（.）", "Next frame (.)"],
  "key-speed": ["倍速（[ ]）", "Speed ([ ])"],
  "key-full": ["全屏（F）", "Full screen (F)"],
  // The check.
  "report-title": ["校验光盘", "Check of the disc"],
  "report-pick": ["请选择光盘所在的文件夹（光盘根目录），或已复制各张光盘的文件夹。浏览器可能询问是否“上传”：文件只在本机读取，不会离开本机。", "Pick the disc's folder (its root), or the folder where several discs were copied. The browser may speak of an “upload”: the files are only read on this computer and never leave it."],
  "report-choose": ["选择文件夹", "Pick the folder"],
  "report-again": ["再校验一次", "Check again"],
  "report-back": ["返回播放", "Back to the picture"],
  "report-stop": ["停止", "Stop"],
  "running": ["正在校验 {0}", "Checking {0}"],
  "running-figures": ["已读 {0} / {1}，{2} MB/s，约还需 {3}", "{0} of {1} read, {2} MB/s, about {3} left"],
  "verdict-good": ["完好：全部文件与光盘记录相符", "Sound: every file agrees with the disc's record"],
  "verdict-bad": ["不符：光盘内容与记录不一致", "Not sound: the disc does not agree with its record"],
  "verdict-part": ["本次所选内容相符，但不完整", "What was picked agrees, but it is not the whole"],
  "verdict-stopped": ["已停止，没有结论", "Stopped: no verdict"],
  "no-disc": ["所选文件夹不是光盘：没有 disc.json。请选择光盘的根目录。", "The folder is no disc: there is no disc.json. Pick the disc's root."],
  "done-figures": ["共 {0} 个文件，{1}，用时 {2}，{3} MB/s", "{0} files, {1}, in {2}, {3} MB/s"],
  "outcome-good": ["相符", "agrees"],
  "outcome-changed": ["内容不符", "changed"],
  "outcome-missing": ["缺少", "missing"],
  "outcome-extra": ["多余", "not on record"],
  "outcome-unreadable": ["读取失败", "unreadable"],
  "by": ["依据", "by"],
  "file": ["文件", "File"],
  "size": ["大小", "Size"],
  "outcome": ["结果", "Outcome"],
  "all-good": ["{0} 个文件相符：", "{0} files agree:"],
  "some-bad": ["{0} 个文件有问题：", "{0} files are wrong:"],
  "item-sums": ["本盘清单 {0}", "This disc's list {0}"],
  "item-record": ["光盘登记 disc.json", "The disc's record disc.json"],
  "item-interview": ["整套清单 INTERVIEW-SHA256SUMS", "The set's list INTERVIEW-SHA256SUMS"],
  "item-manifest": ["总清单 manifest.json（{0}）", "manifest.json against the files ({0})"],
  "item-ed25519": ["Ed25519 签名", "Ed25519 signature"],
  "item-sm2": ["SM2 签名（国密）", "SM2 signature"],
  "item-key": ["签名设备的证书", "Certificate of the device that signed"],
  "item-order": ["光盘的顺序", "Order of the discs"],
  "sums-good": ["{0} 个文件相符", "{0} files agree"],
  "sums-bad": ["{0} 个不符，{1} 个缺少，{2} 个多余", "{0} changed, {1} missing, {2} not on record"],
  "sums-none": ["没有 {0}：光盘尚未封盘", "There is no {0}: the disc is not finalised"],
  "sums-unread": ["{0} 中有不能识别的行", "{0} has a line that cannot be read"],
  "elsewhere-count": ["{0} 个文件相符，{1} 个在其他光盘（本次未选）", "{0} files agree, {1} are on other discs (not picked)"],
  "last-only": ["在本套最后一张光盘上", "is on the last disc of the set"],
  "signature-good": ["有效：清单由持有此证书密钥的设备签署，未被改动", "Valid: signed by the device that holds this certificate's key, unchanged since"],
  "signature-bad": ["无效：清单或签名被改动，或不是此证书的密钥所签", "Not valid: the manifest or the signature was changed, or another key signed"],
  "signature-cannot": ["此浏览器不支持 Ed25519。请用 OpenSSL 3 验证：", "This browser has no Ed25519. Check it with OpenSSL 3:"],
  "signature-missing": ["缺少 {0}", "{0} is missing"],
  "manifest-unread": ["manifest.json 不能识别", "manifest.json cannot be read"],
  "key-compare": ["证书指纹（SHA-256），请与办案单位登记的核对：{0}", "Fingerprint (SHA-256); compare it with the one that the unit has on record: {0}"],
  "record-good": ["本套第 {0} 张，盘位 {1}，卷标 {2}", "Disc {0} of the set, slot {1}, volume {2}"],
  "record-bad": ["disc.json 与其自身摘要不符", "disc.json does not agree with its own digest"],
  "order-good": ["各张光盘前后相连", "Each disc follows the one before"],
  "order-bad": ["第 {0} 张不是接续第 {1} 张的光盘，或属于另一次录像", "Disc {0} does not follow disc {1}, or is of another recording"],
  "scope": ["本页面只核对文件与清单、清单与签名。要连同时间线、散列链和两套光盘一起核验，请用 shenlu verify。页面本身也在光盘上：对它有怀疑时，请按 README.txt 用系统自带的命令核对。", "This page compares files with lists and lists with signatures. For the timeline, the hash chain and both sets together use shenlu verify. The page itself comes from the disc: who doubts it checks with the plain commands of README.txt."],
  // Lengths of time.
  "hours": ["{0} 小时 {1} 分", "{0} h {1} min"],
  "minutes": ["{0} 分 {1} 秒", "{0} min {1} s"],
  "seconds": ["{0} 秒", "{0} s"]
};

/** 0: Chinese, 1: English. */
shenlu.language = 0;

/**
 * @param {string} key
 * @param {...(string | number)} values
 * @returns {string}
 */
shenlu.say = function (key, ...values) {
  var pair = shenlu.words[key];
  if (!pair) return key;
  return pair[shenlu.language].replace(/\{(\d)\}/g, function (_, n) {
    return String(values[Number(n)]);
  });
};

/**
 * A length of time as it is read aloud.
 * @param {number} ms
 * @returns {string}
 */
shenlu.sayLength = function (ms) {
  var s = Math.round(ms / 1000);
  if (ms < 9950) return shenlu.say("seconds", (ms / 1000).toFixed(ms % 1000 ? 1 : 0));
  if (s < 60) return shenlu.say("seconds", s);
  if (s < 3600) return shenlu.say("minutes", Math.floor(s / 60), s % 60);
  return shenlu.say("hours", Math.floor(s / 3600), Math.floor(s / 60) % 60);
};

/** @param {number} bytes */
shenlu.saySize = function (bytes) {
  if (bytes < 1e6) return (bytes / 1e3).toFixed(bytes < 1e5 ? 1 : 0) + " kB";
  if (bytes < 1e9) return (bytes / 1e6).toFixed(1) + " MB";
  return (bytes / 1e9).toFixed(2) + " GB";
};
