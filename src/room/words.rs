//! What the room itself says to people, Chinese and English beside each other; the interview has its own table.
//!
//! `{}` stands for the one detail that a sentence may carry. Nothing outside this table and the panel's is
//! read by an officer.

use super::case_paths::PathFault;
use super::content::Unfit;
use pipelines::messages::CameraFault;

/// One sentence in both languages.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    pub zh: &'static str,
    pub en: &'static str,
}

impl Said {
    /// With its detail, in Chinese and in English.
    pub fn with(self, detail: impl std::fmt::Display) -> (String, String) {
        let detail = detail.to_string();
        (
            self.zh.replacen("{}", &detail, 1),
            self.en.replacen("{}", &detail, 1),
        )
    }

    /// Both in one line, for places that show one text.
    pub fn both(self) -> String {
        format!("{} {}", self.zh, self.en)
    }

    pub fn both_with(self, detail: impl std::fmt::Display) -> String {
        let (zh, en) = self.with(detail);
        format!("{zh} {en}")
    }
}

/// What is wrong with a camera and what to do; `reason` is the pipeline's own sentence, in English.
pub fn camera_lost(cause: CameraFault, reason: &str) -> String {
    let zh = match cause {
        CameraFault::Unreachable => "连接不上摄像机,请检查电源、网线和地址",
        CameraFault::Unauthorized => "摄像机拒绝登录,请检查用户名和口令 (password_file)",
        CameraFault::UnsupportedCodec => "视频编码不受支持,请把摄像机设为 H.264 或 H.265",
        CameraFault::Stalled => "摄像机已连接但没有画面,请检查摄像机和网络",
        CameraFault::Frozen => "画面静止不动,请重新启动摄像机",
        CameraFault::Ended => "摄像机结束了视频流,正在重新连接",
        CameraFault::NotFound => "设备或视频流不存在或不能打开,请检查地址路径",
        CameraFault::Failed => "摄像机故障,请检查摄像机",
    };
    format!("{zh} {reason}")
}

/// Why the e-case file cannot have a file of this name, and what to do.
pub fn given_path(fault: PathFault) -> Said {
    match fault {
        PathFault::Form => GIVEN_PATH_FORM,
        PathFault::Character => GIVEN_PATH_CHARACTER,
        PathFault::NameTooLong => GIVEN_NAME_LONG,
        PathFault::PathTooLong => GIVEN_PATH_LONG,
        PathFault::TooDeep => GIVEN_PATH_DEEP,
        PathFault::OfTheDisc => GIVEN_PATH_OURS,
    }
}

/// Why the e-case file does not take such a file, and what to do.
pub fn given_unfit(unfit: Unfit) -> Said {
    match unfit {
        Unfit::Program => GIVEN_PROGRAM,
        Unfit::Script => GIVEN_SCRIPT,
        Unfit::Macros => GIVEN_MACROS,
        Unfit::Archive => GIVEN_ARCHIVE,
    }
}

macro_rules! words {
    ($($name:ident = $zh:literal, $en:literal;)*) => {
        $(pub const $name: Said = Said { zh: $zh, en: $en };)*
    };
}

words! {
    // Pre-check: figures that are words.
    MEDIA_NOT_READY = "录制程序未就绪", "media process not ready";
    CONNECTING = "正在连接", "connecting";
    NOT_CONFIGURED = "未配置", "not configured";
    ALL_ZERO = "全零信号,请检查线路", "all samples are zero: check the cable";
    NO_LEVEL = "尚无电平", "no level yet";
    NO_MICROPHONE = "无拾音器", "no microphone";
    UNREADABLE = "无法读取", "cannot be read";
    CLOCK_UNCHECKED = "按配置未核对", "unchecked by configuration";
    CLOCK_NOT_YET = "尚未核对", "not checked yet";
    CLOCK_ERROR_UNKNOWN = "误差未知,{}", "error unknown, {}";
    NO_READING = "无读数", "no reading";
    BLANK_DISC = "空白盘", "blank";
    NO_DISC = "没有光盘,请放入空白光盘", "no disc in the drive: insert a blank one";
    USED_DISC = "光盘已使用({} 个区段),请换空白光盘", "used disc ({} sessions): insert a blank one";
    WRONG_DISC = "不支持的光盘 {},请换空白 DVD 或 BD", "{} cannot be used: insert a blank DVD or BD";
    // Refusals of the room itself.
    NO_PLACE = "主存储无法写入,不能开始: {}。请检查磁盘空间和权限",
        "the master disk cannot be written, nothing can begin: {}. Check space and permissions";
    CONFIRMS_NOTHING = "没有指明待确认的讯问: {}", "name the interview whose end waits to be confirmed, of: {}";
    IS_CLOSING = "正在封存,不能再记入。未使用批准口令或一次性口令",
        "the interview is being sealed and takes nothing more; no secret or code was used";
    NO_INTERVIEW = "没有正在进行的讯问,文件无处归入", "no interview is open, so the file belongs nowhere";
    FILE_NOT_TAKEN = "文件未被接收: {}", "the file was not taken: {}";
    NOTHING_TO_RESUME = "没有等待继续的录制", "no recording waits to be resumed";
    MALFORMED = "命令内容有误: {}", "the command is malformed: {}";
    // An approver's word.
    APPROVER_BARE = "批准人身份未经验证:请批准人本人输入口令 (credential.secret),或电话告知一次性验证码 (credential.code)",
        "the approver's word is not proved: he gives his own secret (credential.secret), or reads out a one-time code over the telephone (credential.code)";
    APPROVER_CENTRE = "尚未接入监督管理平台,不能由平台确认:请批准人本人输入口令,或电话告知一次性验证码",
        "no centre is connected that could confirm it: the approver gives his own secret, or reads out a one-time code over the telephone";
    APPROVER_MALFORMED = "批准凭据有误:须填写 approver.number,credential 须为 {\"secret\"} 或 {\"code\": \"序号-1234-5678\"}",
        "the credential cannot be read: approver.number is wanted, and credential {\"secret\"} or {\"code\": \"<index>-1234-5678\"}";
    APPROVER_WRONG = "批准人警号、口令或验证码错误(验证码只能使用一次):请核对后重新提交(使用新的 command_id)",
        "wrong approver's number, secret or code (a code counts once): check it and send the command again under a new command_id";
    APPROVER_WAIT = "批准凭据多次错误,请等待 {} 秒", "too many wrong credentials of this approver; wait {} s";
    NO_ACCOUNTS = "账号文件无法读取,请联系技术人员", "the accounts cannot be read; call a technician";
    // Discs by order.
    NO_SUCH_INTERVIEW = "没有这次讯问的录像,请核对编号 (interview)", "there is no such interview: check its id (interview)";
    NOT_CLOSED_YET = "录像尚未结束,结束后方可刻录", "the interview is not closed yet; discs are burnt afterwards";
    NO_BURNER = "没有配置刻录机", "no burner is configured";
    ALREADY_BURNT = "光盘已全部封盘,无需再刻", "all its discs are finalised; nothing is to be burnt";
    NOT_ORDERED = "台账无法写入,未受理", "the ledger cannot be written, so nothing was ordered";
    FULL_SOON = "约 {} 分钟后写满", "full in about {} minutes";
    SETS_DIFFER = "{} 个文件", "{} files";
    // Files of mobile recorders.
    IMPORT_FAILED = "文件未能接收,请检查主存储后重试", "the file could not be received: check the master disk and send it again";
    IMPORT_NAME = "文件名不可用:须为 200 字节以内的普通文件名,不含路径", "this cannot be a file's name here: up to 200 bytes, no path";
    IMPORT_SPACE = "主存储空间不足:须为当前录制保留至少一小时的空间", "not enough space: the recording in hand keeps an hour's";
    IMPORT_TAKEN = "同名文件已存在且内容不同,请改名", "another file of this name stands there; give this one another name";
    IMPORT_VOLUMES = "数据目录跨越多个卷,不能导入,请联系技术人员",
        "incoming files and interviews lie on different volumes; call a technician";
    IMPORT_TIMES = "from 和 until 须为 RFC 3339 格式的时间", "from and until must be RFC 3339 times";
    IMPORT_FORM = "须填写 interruption、device、from 和 until", "interruption, device, from and until are wanted";
    IMPORT_RUNNING = "正在导入另一个文件,请稍后重试", "another file is coming in; send this one afterwards";
    IMPORT_BROKEN = "文件未传完,已丢弃,请重新发送", "the file broke off and was dropped; send it again";
    // The e-case file.
    GIVEN_FORM = "internal 须为 true 或 false", "internal must be true or false";
    GIVEN_TOO_LARGE = "文件过大,电子案卷放不下;请压缩或另行随案移送", "the file is larger than what is left of the e-case file; make it smaller or hand it over with the case";
    GIVEN_PATH_FORM = "文件名不可用:须为普通名称,不以点或空格开头或结尾,不含 .. 和控制字符",
        "this cannot be a name: plain names joined by '/', not beginning or ending with a dot or a space, no control characters";
    GIVEN_PATH_CHARACTER = "文件名含有光盘不支持的字符(\\ : * ? \" < > | ; 或生僻字扩展字符),请改名",
        "the name has a character that a disc cannot hold (\\ : * ? \" < > | ; or one beyond 16 bits); rename it";
    GIVEN_NAME_LONG = "文件名或文件夹名超过 64 个字符,光盘会截断,请缩短", "a name is longer than 64 characters and a disc would cut it; shorten it";
    GIVEN_PATH_LONG = "路径超过 180 个字符,请缩短", "the path is longer than 180 characters; shorten it";
    GIVEN_PATH_DEEP = "文件夹超过 5 层,请减少层级", "more than five folders deep; make it flatter";
    GIVEN_PATH_OURS = "case.json 是光盘自身的文件名,请改名", "case.json is the disc's own; rename the file";
    GIVEN_PROGRAM = "这是可执行程序,不能放入电子案卷(光盘要在法院等单位的计算机上打开)",
        "this is a program; discs are opened on a court's computers, so the e-case file takes none";
    GIVEN_SCRIPT = "这是脚本、网页或可执行的文件类型,不能放入电子案卷;请导出为 PDF 或图片",
        "this is a script, a page, or of a type that computers run; export it as PDF or picture";
    GIVEN_MACROS = "文件含有宏,不能放入电子案卷;请另存为不含宏的文件或 PDF", "the file has macros in it; save it without them, or as PDF";
    GIVEN_ARCHIVE = "压缩包不能放入电子案卷;请解压后逐个提交(可保留文件夹)",
        "archives are not taken, nobody can see what is in them; unpack it and give the files, in folders if you like";
    // The merged disc of a case.
    CASE_DRIVES_BUSY = "刻录机正用于讯问或另一张合并光盘,请在封盘后再制作案件 {} 的合并光盘",
        "the drives serve an interview or another case disc; order the disc of case {} when they are done";
    CASE_NO_DRIVE = "没有这个盘位或刻录机(案件 {}):请填写 a、b、standby 或 /dev/sr0 等", "no such slot or drive (case {}): name a, b, standby, or one such as /dev/sr0";
    CASE_NOTHING = "本机没有案件 {} 的已封存录音录像,请核对案件编号", "nothing that is closed belongs to case {} here; check the number";
    CASE_NO_THREAD = "无法开始(案件 {}),请稍后重试", "it could not be begun (case {}); try again";
    CASE_OPEN = "{} 尚未封存,未收入", "{} is not closed yet and not on the disc";
    CASE_GONE = "{} 的目录不在主存储上,未收入", "the directory of {} is not on the master disk, so it is not on the disc";
    CASE_UNREADABLE = "{} 无法读取,未收入", "{} cannot be read and is not on the disc";
    CASE_INCOMPLETE = "{} 未完成签捺结束", "{} ended before everything was signed";
    CASE_UNRECORDED = "{} 有经批准未录音录像的时段", "{} went on unrecorded for a time, by approval";
    CASE_ELSEWHERE = "另有录音录像未在本机: {}", "another recording is not in this room: {}";
    // Alarms' details and the picture.
    WAITS_FOR_RESUME = "已中断 {},等待按“继续录制”", "interrupted for {}, waits for `resume`";
    SUSPENDED = "中止", "suspended";
    UNRECORDED = "经批准继续,录制故障", "goes on by approval, recording failed";
    BREAK = "休息", "break";
    ABSENCE = "离开", "absence";
    CARE = "饮食、如厕或就医", "food, toilet or medical care";
    // At the door.
    SIGN_IN = "请先登录", "Sign in first: POST /api/v1/login";
    LOGIN_FORM = "登录请求须含 account 和 secret", "send {\"account\", \"secret\"}";
    WAIT = "口令多次错误,请等待 {} 秒", "too many wrong secrets; wait {} s";
    WRONG_SECRET = "账号或口令错误", "wrong account or secret";
    NO_SESSION = "无法建立会话", "a session cannot be made";
    NOT_UNDERSTOOD = "命令无法理解: {}", "the command cannot be understood: {}. See /api/openapi.json";
    NO_ANSWER = "主机没有及时答复,请用同一 command_id 再次提交",
        "the room did not answer in time; send it again with the same command_id";
    NOT_AUDITED = "审计日志无法写入,不能查看 (R-21)", "the audit log cannot be written, so nothing is shown (R-21)";
    NO_INDEX = "索引暂时不可用", "the index is not available";
    NO_FILE = "没有这个文件", "there is no such file";
    NO_LABEL = "标签未能生成,请联系技术人员", "the label could not be made; call a technician";
    NO_FOLDER = "文件须放入 transcript、documents、attestations 或 attachments",
        "files go into transcript, documents, attestations or attachments";
}
