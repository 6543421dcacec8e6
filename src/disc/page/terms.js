// @ts-check
// The journal's own words as a person reads them, Chinese first. A word that is not here is shown as it stands.
var shenlu = shenlu || {};

/** @type {Record<string, Record<string, [string, string]>>} */
shenlu.terms = {
  mark: {
    "announced": ["告知同步录音录像", "Recording announced"],
    "rights-read": ["告知权利义务", "Rights read"],
    "identity-established": ["核实身份", "Identity established"],
    "health-asked": ["询问健康状况", "Health asked"],
    "treatment-asked": ["询问是否受到公正对待", "Treatment asked"],
    "evidence-shown": ["出示证据", "Evidence shown"],
    "identification": ["辨认", "Identification"],
    "statement": ["重要陈述", "Statement"],
    "rest": ["休息", "Rest"],
    "help": ["求助", "Help called"],
    "own": ["标记", "Mark"]
  },
  interval: {
    "break": ["休息", "Break"],
    "absence": ["离开", "Absence"],
    "care": ["饮食、如厕或就医", "Care"]
  },
  cause: {
    "media-failed": ["录制程序故障", "The recording program failed"],
    "power-loss": ["断电或系统重启", "Power was lost or the system restarted"],
    "master-failed": ["主存储故障", "The master disk failed"],
    "no-space": ["存储空间不足", "There was no space left"],
    "clock-lost": ["时钟异常", "The clock could not be relied on"],
    "picture-lost": ["图像信号丢失", "The picture was lost"],
    "sound-lost": ["声音信号丢失", "The sound was lost"],
    "other": ["其他故障", "Another fault"]
  },
  phase: {
    "questioning": ["讯问 / 询问", "Questioning"],
    "review": ["核对笔录、签字、捺指印", "Review and signing"],
    "closing": ["结束", "Closing"]
  },
  act: {
    "check": ["核对", "checked"],
    "sign": ["签字", "signed"],
    "fingerprint": ["捺指印", "gave a fingerprint"]
  },
  outcome: {
    "done": ["", ""],
    "refused": ["拒绝", "refused"],
    "unable": ["不能", "unable"]
  }
};

/**
 * @param {string} table
 * @param {string} word
 * @returns {string}
 */
shenlu.term = function (table, word) {
  var pair = shenlu.terms[table][word];
  return pair ? pair[shenlu.language] : word;
};
