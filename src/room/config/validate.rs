//! From what the file says to what the room can rely on: ranges, names, secrets, paths.
//!
//! Called by `RoomConfig::load` only. Must never start or open a device: a configuration is judged by what
//! it says, the pre-check judges what is there.

use super::raw;
use super::signing::signing;
use super::{Burner, BurnerSlot, Climate, Clock, ClockSource, ConfigError, Data, Disc, DiscMode};
use super::{InterviewRules, Room, RoomConfig, Tls, Web};
use pipelines::settings::{
    CameraSettings, CameraSource, Channel, EncoderChoice, MicrophoneSettings, MicrophoneSource, Rate, Secret,
    Slot, Transport, VideoSettings,
};
use std::path::{Path, PathBuf};

/// What went wrong at one key, before the file's path is added.
pub(super) struct Wrong {
    pub zh: String,
    pub en: String,
}

pub(super) type Checked<T> = Result<T, Wrong>;

pub(super) fn wrong<T>(zh: impl Into<String>, en: impl Into<String>) -> Checked<T> {
    Err(Wrong {
        zh: zh.into(),
        en: en.into(),
    })
}

pub fn validate(path: &Path, file: raw::File) -> Result<RoomConfig, ConfigError> {
    let base = path.parent().map(Path::to_path_buf).unwrap_or_default();
    checked(&base, file).map_err(|w| ConfigError::new(path, w.zh, w.en))
}

fn checked(base: &Path, file: raw::File) -> Checked<RoomConfig> {
    if file.version != 1 {
        return wrong(
            format!("version = {}: 本程序只认识版本 1", file.version),
            format!("version = {}: this program knows version 1", file.version),
        );
    }
    refuse_what_is_not_built(&file)?;
    let video = file.video.unwrap_or_default();
    let segment_seconds = within(
        "video.segment_seconds",
        video.segment_seconds.unwrap_or(60),
        2,
        3600,
    )?;
    let burners = burners(base, file.burner)?;
    let config = RoomConfig {
        room: room(file.room)?,
        data: Data {
            dir: base.join(file.data.dir),
            mirror: file.data.mirror.map(|m| base.join(m)),
            min_free_hours: within(
                "data.min_free_hours",
                file.data.min_free_hours.unwrap_or(8),
                0,
                240,
            )?,
        },
        spool_dir: file
            .spool
            .as_ref()
            .map_or_else(|| PathBuf::from("/run/shenlu/spool"), |s| base.join(&s.dir)),
        spool_limit_bytes: file.spool.and_then(|s| s.limit_mib).unwrap_or(1024) << 20,
        web: web(base, file.web)?,
        cameras: cameras(base, file.camera)?,
        microphones: microphones(file.microphone)?,
        video: video_settings(&video)?,
        segment_seconds,
        disc: disc(&file.disc.unwrap_or_default(), &burners)?,
        burners,
        climate: file.climate.map(climate).transpose()?,
        clock: clock(file.clock)?,
        interview: interview(file.interview)?,
        signing: signing(base, file.signing.unwrap_or_default())?,
    };
    camera_of_microphone_exists(&config)?;
    Ok(config)
}

/// Keys of the contract whose rooms are not built yet must not be believed to work.
fn refuse_what_is_not_built(file: &raw::File) -> Checked<()> {
    let named = [
        ("case_system", file.case_system.is_some()),
        ("link", file.link.is_some()),
        ("archive", file.archive.is_some()),
    ];
    for (key, present) in named {
        if present {
            return wrong(
                format!("[{key}]: 本版本尚不支持,请删除该节"),
                format!("[{key}]: not supported by this version yet; remove the section"),
            );
        }
    }
    match &file.fingerprint {
        Some(f) if f.driver != "sim" => {
            one_of("fingerprint.driver", &f.driver, &[("sim", ())])?;
            Ok(())
        }
        Some(_) | None => Ok(()),
    }
}

fn room(raw: raw::Room) -> Checked<Room> {
    let fits = (1..=16).contains(&raw.id.len())
        && raw
            .id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if !fits {
        return wrong(
            format!("room.id = \"{}\": 须为 1 至 16 位小写字母或数字", raw.id),
            format!("room.id = \"{}\": must be 1 to 16 of a-z and 0-9", raw.id),
        );
    }
    Ok(Room {
        id: raw.id,
        name: raw.name,
        unit: raw.unit,
    })
}

fn web(base: &Path, raw: Option<raw::Web>) -> Checked<Web> {
    let (listen, tls) = raw.map_or((None, None), |w| (w.listen, w.tls));
    let listen = listen.unwrap_or_else(|| "0.0.0.0:8443".to_owned());
    let listen = listen.parse().or_else(|_| {
        wrong(
            format!("web.listen = \"{listen}\": 须写作 地址:端口,例如 0.0.0.0:8443"),
            format!("web.listen = \"{listen}\": must be address:port, for example 0.0.0.0:8443"),
        )
    })?;
    let tls = match tls {
        None => Tls::SelfSigned,
        Some(raw::Tls::Word(word)) => one_of("web.tls", &word, &[("self-signed", Tls::SelfSigned)])?,
        Some(raw::Tls::Files { cert_file, key_file }) => Tls::Files {
            cert_file: base.join(cert_file),
            key_file: base.join(key_file),
        },
    };
    Ok(Web { listen, tls })
}

fn cameras(base: &Path, raw: Vec<raw::Camera>) -> Checked<Vec<CameraSettings>> {
    let mut cameras: Vec<CameraSettings> = Vec::new();
    for camera in raw {
        let slot = one_of("camera.slot", &camera.slot, &Slot::ALL.map(|s| (s.name(), s)))?;
        if cameras.iter().any(|c| c.slot == slot) {
            return wrong(
                format!("camera.slot = \"{}\": 同一机位配置了两次", slot.name()),
                format!("camera.slot = \"{}\": configured twice", slot.name()),
            );
        }
        let transports = [
            ("auto", Transport::Auto),
            ("tcp", Transport::Tcp),
            ("udp", Transport::Udp),
        ];
        let transport = one_of(
            "camera.transport",
            camera.transport.as_deref().unwrap_or("auto"),
            &transports,
        )?;
        let password = camera.password_file.map(|f| secret(&base.join(f))).transpose()?;
        let source = camera_source(&camera.source, transport, password)?;
        cameras.push(CameraSettings {
            slot,
            source,
            keep_original: camera.keep_original.unwrap_or(false),
        });
    }
    if !cameras.iter().any(|c| c.slot == Slot::Interviewee) {
        return wrong(
            "没有配置被讯问人机位: 请加入 [[camera]] slot = \"interviewee\" (R-09)",
            "no camera for the interviewee: add [[camera]] slot = \"interviewee\" (R-09)",
        );
    }
    Ok(cameras)
}

/// A camera's source as written in the configuration or given to `--camera`; both texts of a refusal.
pub fn parse_camera_source(
    text: &str,
    transport: Transport,
    password: Option<Secret>,
) -> Result<CameraSource, (String, String)> {
    camera_source(text, transport, password).map_err(|w| (w.zh, w.en))
}

fn camera_source(text: &str, transport: Transport, password: Option<Secret>) -> Checked<CameraSource> {
    if text.starts_with("rtsp://") || text.starts_with("rtsps://") {
        return rtsp(text, transport, password);
    }
    match text.split_once(':') {
        Some(("v4l2", device)) if !device.is_empty() => Ok(CameraSource::V4l2 {
            device: device.into(),
        }),
        Some(("file", path)) if !path.is_empty() => Ok(CameraSource::File { path: path.into() }),
        Some(("test", pattern)) if !pattern.is_empty() => Ok(CameraSource::Test {
            pattern: pattern.to_owned(),
        }),
        _ => wrong(
            "camera.source: 须为 rtsp://用户@主机/流、v4l2:/dev/videoN、file:路径 或 test:图案",
            "camera.source: must be rtsp://user@host/stream, v4l2:/dev/videoN, file:<path> or test:<pattern>",
        ),
    }
}

fn rtsp(text: &str, transport: Transport, password: Option<Secret>) -> Checked<CameraSource> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("rtsp", text));
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(a, p)| (a, p));
    let (user_info, host) = authority
        .rsplit_once('@')
        .map_or((None, authority), |(u, h)| (Some(u), h));
    if host.is_empty() || host.starts_with(':') {
        return wrong(
            "camera.source: RTSP 地址缺少主机名,例如 rtsp://user@192.168.1.10/stream1",
            "camera.source: the RTSP address has no host; write rtsp://user@192.168.1.10/stream1",
        );
    }
    let (user, inline) = match user_info.map(|u| u.split_once(':').map_or((u, None), |(u, p)| (u, Some(p)))) {
        Some((user, inline)) => (Some(user.to_owned()), inline),
        None => (None, None),
    };
    if inline.is_some() {
        return wrong(
            "camera.source: 口令不能写在地址里,请改用 password_file",
            "camera.source: a password must not stand in the address; use password_file",
        );
    }
    let url = format!("{scheme}://{host}/{path}");
    Ok(CameraSource::Rtsp {
        url,
        user,
        password,
        transport,
    })
}

fn secret(path: &Path) -> Checked<Secret> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Secret(text.trim_end_matches(['\r', '\n']).to_owned())),
        Err(e) => wrong(
            format!("password_file {}: 无法读取: {e}", path.display()),
            format!("password_file {}: cannot be read: {e}", path.display()),
        ),
    }
}

fn microphones(raw: Vec<raw::Microphone>) -> Checked<Vec<MicrophoneSettings>> {
    let mut microphones: Vec<MicrophoneSettings> = Vec::new();
    for microphone in raw {
        let channels = [("left", Channel::Left), ("right", Channel::Right)];
        let channel = one_of("microphone.channel", &microphone.channel, &channels)?;
        if microphones.iter().any(|m| m.channel == channel) {
            return wrong(
                format!(
                    "microphone.channel = \"{}\": 同一声道配置了两次",
                    microphone.channel
                ),
                format!(
                    "microphone.channel = \"{}\": configured twice",
                    microphone.channel
                ),
            );
        }
        microphones.push(MicrophoneSettings {
            channel,
            source: microphone_source(&microphone.source)?,
        });
    }
    if microphones.is_empty() {
        return wrong(
            "没有配置拾音器: 请加入 [[microphone]] channel = \"left\" (R-09)",
            "no microphone: add [[microphone]] channel = \"left\" (R-09)",
        );
    }
    Ok(microphones)
}

fn microphone_source(text: &str) -> Checked<MicrophoneSource> {
    match text.split_once(':') {
        Some(("alsa", device)) if !device.is_empty() => Ok(MicrophoneSource::Alsa {
            device: device.to_owned(),
        }),
        Some(("camera", slot)) => {
            let slot = one_of(
                "microphone.source camera",
                slot,
                &Slot::ALL.map(|s| (s.name(), s)),
            )?;
            Ok(MicrophoneSource::Camera { slot })
        }
        Some(("test", signal)) => {
            let signals = ["speech", "beep", "tone", "silence", "zeros"].map(|s| (s, s));
            let signal = one_of("microphone.source test", signal, &signals)?;
            Ok(MicrophoneSource::Test {
                signal: signal.to_owned(),
            })
        }
        _ => wrong(
            format!("microphone.source = \"{text}\": 须为 alsa:设备、camera:机位 或 test:信号"),
            format!("microphone.source = \"{text}\": must be alsa:<device>, camera:<slot> or test:<signal>"),
        ),
    }
}

fn camera_of_microphone_exists(config: &RoomConfig) -> Checked<()> {
    for microphone in &config.microphones {
        if let MicrophoneSource::Camera { slot } = &microphone.source
            && !config.cameras.iter().any(|c| c.slot == *slot)
        {
            let name = slot.name();
            return wrong(
                format!("microphone.source = \"camera:{name}\": 没有配置该机位的摄像机"),
                format!("microphone.source = \"camera:{name}\": no camera has this slot"),
            );
        }
    }
    Ok(())
}

fn video_settings(raw: &raw::Video) -> Checked<VideoSettings> {
    let encoders = [
        ("auto", EncoderChoice::Auto),
        ("x264", EncoderChoice::X264),
        ("vaapi", EncoderChoice::Vaapi),
        ("v4l2", EncoderChoice::V4l2),
        ("openh264", EncoderChoice::Openh264),
    ];
    let rates = [("quality", Rate::Quality), ("constant", Rate::Constant)];
    let settings = VideoSettings {
        width: within("video.width", raw.width.unwrap_or(1920), 320, 3840)?,
        height: within("video.height", raw.height.unwrap_or(1080), 180, 2160)?,
        fps: within("video.fps", raw.fps.unwrap_or(25), 10, 30)?,
        encoder: one_of(
            "video.encoder",
            raw.encoder.as_deref().unwrap_or("auto"),
            &encoders,
        )?,
        rate: one_of("video.rate", raw.rate.as_deref().unwrap_or("quality"), &rates)?,
        quality: within("video.quality", raw.quality.unwrap_or(23), 10, 40)?,
        max_kbps: within("video.max_kbps", raw.max_kbps.unwrap_or(4000), 100, 50_000)?,
    };
    if !settings.width.is_multiple_of(2) || !settings.height.is_multiple_of(2) {
        return wrong(
            "video.width 和 video.height 须为偶数",
            "video.width and video.height must be even",
        );
    }
    Ok(settings)
}

fn burners(base: &Path, raw: Vec<raw::Burner>) -> Checked<Vec<Burner>> {
    let mut burners: Vec<Burner> = Vec::new();
    let slots = [BurnerSlot::A, BurnerSlot::B, BurnerSlot::Standby].map(|s| (s.name(), s));
    for burner in raw {
        let slot = one_of("burner.slot", &burner.slot, &slots)?;
        let device = burner_device(base, &burner.device)?;
        if burners.iter().any(|b| b.slot == slot || b.device == device) {
            return wrong(
                format!(
                    "burner.slot = \"{}\" device = \"{device}\": 盘位或设备重复",
                    burner.slot
                ),
                format!(
                    "burner.slot = \"{}\" device = \"{device}\": slot or device used twice",
                    burner.slot
                ),
            );
        }
        burners.push(Burner { slot, device });
    }
    Ok(burners)
}

fn burner_device(base: &Path, text: &str) -> Checked<String> {
    if let Some(path) = text.strip_prefix("stdio:").filter(|p| !p.is_empty()) {
        return Ok(format!("stdio:{}", base.join(path).display()));
    }
    if text.starts_with("/dev/") {
        return Ok(text.to_owned());
    }
    wrong(
        format!("burner.device = \"{text}\": 须为 /dev/srN 或 stdio:路径"),
        format!("burner.device = \"{text}\": must be /dev/srN or stdio:<path>"),
    )
}

fn disc(raw: &raw::Disc, burners: &[Burner]) -> Checked<Disc> {
    let modes = [
        ("parallel", DiscMode::Parallel),
        ("relay", DiscMode::Relay),
        ("disk-only", DiscMode::DiskOnly),
    ];
    let mode = raw.mode.as_deref().map(|word| one_of("disc.mode", word, &modes));
    // A drive for each set, as far as there are drives.
    let own_drives = burners.iter().filter(|b| b.slot != BurnerSlot::Standby).count();
    let sets = u32::try_from(own_drives).unwrap_or(2);

    let batch_kib = raw
        .batch_kib
        .map(|kib| within("disc.batch_kib", kib, 64, 1 << 20))
        .transpose()?;
    let stall_seconds = raw
        .stall_seconds
        .map(|s| within("disc.stall_seconds", s, 2, 3600))
        .transpose()?;
    Ok(Disc {
        batch_bytes: batch_kib.map(|kib| u64::from(kib) << 10),
        batch_minutes: within("disc.batch_minutes", raw.batch_minutes.unwrap_or(5), 1, 60)?,
        stall_seconds,
        tracks: raw.tracks.unwrap_or(false),
        mode: mode.transpose()?.unwrap_or(DiscMode::Parallel),
        sets: raw
            .sets
            .map_or(Ok(sets), |sets| within("disc.sets", sets, 1, 2))?,
        forecast_minutes: within(
            "disc.forecast_minutes",
            raw.forecast_minutes.unwrap_or(15),
            1,
            240,
        )?,
        standby_after_seconds: within(
            "disc.standby_after_seconds",
            raw.standby_after_seconds.unwrap_or(60),
            1,
            3600,
        )?,
        prove: raw.prove.unwrap_or(true),
    })
}

fn climate(raw: raw::Climate) -> Checked<Climate> {
    one_of("climate.driver", &raw.driver, &[("sim", Climate::Sim)])
}

fn clock(raw: Option<raw::Clock>) -> Checked<Clock> {
    let (source, max_error_ms) = raw.map_or((None, None), |c| (c.source, c.max_error_ms));
    let sources = [
        ("chrony", ClockSource::Chrony),
        ("kernel", ClockSource::Kernel),
        ("unchecked", ClockSource::Unchecked),
    ];
    Ok(Clock {
        source: one_of("clock.source", source.as_deref().unwrap_or("chrony"), &sources)?,
        max_error_ms: within("clock.max_error_ms", max_error_ms.unwrap_or(1000), 1, 1000)?,
    })
}

fn interview(raw: Option<raw::Interview>) -> Checked<InterviewRules> {
    let raw = raw.unwrap_or(raw::Interview {
        min_officers: None,
        end_after: None,
        resume_within_minutes: None,
        suspend_after_seconds: None,
    });
    let ends = [("fingerprint", false), ("left-room", true)];
    Ok(InterviewRules {
        min_officers: within("interview.min_officers", raw.min_officers.unwrap_or(2), 1, 10)?,
        end_after_left_room: one_of(
            "interview.end_after",
            raw.end_after.as_deref().unwrap_or("fingerprint"),
            &ends,
        )?,
        resume_within_minutes: within(
            "interview.resume_within_minutes",
            raw.resume_within_minutes.unwrap_or(30),
            0,
            1440,
        )?,
        suspend_after_seconds: within(
            "interview.suspend_after_seconds",
            raw.suspend_after_seconds.unwrap_or(3),
            1,
            120,
        )?,
    })
}

fn within(key: &str, value: u32, least: u32, most: u32) -> Checked<u32> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    wrong(
        format!("{key} = {value}: 须在 {least} 与 {most} 之间"),
        format!("{key} = {value}: must lie between {least} and {most}"),
    )
}

fn one_of<T: Clone>(key: &str, value: &str, known: &[(&str, T)]) -> Checked<T> {
    if let Some((_, found)) = known.iter().find(|(name, _)| *name == value) {
        return Ok(found.clone());
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let listed = names.join(", ");
    wrong(
        format!("{key} = \"{value}\": 不认识,可用: {listed}"),
        format!("{key} = \"{value}\": unknown; use one of: {listed}"),
    )
}
