//! Where a demonstration stands: its directory, its port, its `room.toml`.
//!
//! Refuses a directory that holds something already: nothing there is ever written over.

use super::{DemoArguments, DemoError, say};
use fixtures::camera::Camera;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

pub struct Place {
    pub dir: PathBuf,
    pub data: PathBuf,
    pub config: PathBuf,
    pub port: u16,
    pub burners: Vec<(String, String)>,
}

impl Place {
    /// In `dir`, which is made where it does not exist.
    pub fn prepare(dir: PathBuf, arguments: &DemoArguments, cameras: &[Camera]) -> Result<Place, DemoError> {
        let write = |path: &Path| {
            let path = path.to_owned();
            move |source| DemoError::Write { path, source }
        };
        for sub in ["discs", "spool"] {
            fs::create_dir_all(dir.join(sub)).map_err(write(&dir))?;
        }
        let dir = dir.canonicalize().map_err(write(&dir))?;
        let place = Place {
            data: dir.join("data"),
            config: dir.join("room.toml"),
            port: if arguments.port == 0 {
                free_port()?
            } else {
                arguments.port
            },
            burners: burners(arguments)?,
            dir,
        };
        let text = place.room_toml(arguments, cameras)?;
        fs::write(&place.config, text).map_err(write(&place.config))?;
        Ok(place)
    }

    /// The discs that are image files.
    pub fn images(&self) -> Vec<PathBuf> {
        let mut images: Vec<PathBuf> = fs::read_dir(self.dir.join("discs"))
            .map(|entries| entries.flatten().map(|e| e.path()).collect())
            .unwrap_or_default();
        images.retain(|path| path.extension().is_some_and(|e| e == "iso"));
        images.sort();
        images
    }

    pub fn cert(&self) -> PathBuf {
        self.data.join("tls-cert.pem")
    }

    fn room_toml(&self, arguments: &DemoArguments, cameras: &[Camera]) -> Result<String, DemoError> {
        let (width, height) = size(&arguments.size)?;
        let mut text = format!(
            "version = 1\n[room]\nid = \"a1\"\nname = \"第一讯问室\"\nunit = \"示范县公安局\"\n\
             [data]\ndir = \"data\"\nmin_free_hours = 1\n[spool]\ndir = \"spool\"\n\
             [web]\nlisten = \"127.0.0.1:{}\"\n[video]\nwidth = {width}\nheight = {height}\n\
             segment_seconds = {}\n{}[climate]\ndriver = \"sim\"\n[clock]\nsource = \"unchecked\"\n",
            self.port, arguments.segment_seconds, arguments.extra
        );
        for (slot, source) in camera_sources(arguments, cameras)? {
            let keep = arguments.keep_original;
            let _ = write!(
                text,
                "[[camera]]\nslot = {slot:?}\nsource = {source:?}\nkeep_original = {keep}\n"
            );
        }
        for (channel, source) in microphones(arguments)? {
            let _ = write!(
                text,
                "[[microphone]]\nchannel = {channel:?}\nsource = {source:?}\n"
            );
        }
        for (slot, device) in &self.burners {
            let _ = write!(text, "[[burner]]\nslot = {slot:?}\ndevice = {device:?}\n");
        }
        Ok(text)
    }
}

/// The directory asked for, or one named after the time.
pub fn empty_directory(asked: Option<&Path>) -> Result<PathBuf, DemoError> {
    let dir = match asked {
        Some(dir) => dir.to_owned(),
        None => PathBuf::from(format!(
            "shenlu-demo-{}",
            chrono::Local::now().format("%Y%m%d-%H%M%S")
        )),
    };
    let is_taken = fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some());
    if is_taken {
        return Err(DemoError::Argument {
            zh: format!("{} 里已有内容,请换一个空目录", dir.display()),
            en: format!(
                "{} holds something already; name an empty directory",
                dir.display()
            ),
        });
    }
    Ok(dir)
}

fn free_port() -> Result<u16, DemoError> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
    listener
        .map(|address| address.port())
        .map_err(|e| DemoError::Room(e.to_string()))
}

pub fn size(text: &str) -> Result<(u32, u32), DemoError> {
    let parsed = text
        .split_once(['x', '×'])
        .and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    parsed.ok_or_else(|| DemoError::Argument {
        zh: format!("--size {text}: 须写作 1920x1080"),
        en: format!("--size {text}: write 1920x1080"),
    })
}

fn pair(option: &str, text: &str) -> Result<(String, String), DemoError> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err(DemoError::Argument {
            zh: format!("{option} {text}: 须写作 名称=值"),
            en: format!("{option} {text}: write NAME=VALUE"),
        }),
    }
}

fn burners(arguments: &DemoArguments) -> Result<Vec<(String, String)>, DemoError> {
    if arguments.burner.is_empty() {
        let image = |slot: &str| (slot.to_owned(), format!("stdio:discs/{slot}-001.iso"));
        return Ok(vec![image("a"), image("b")]);
    }
    arguments
        .burner
        .iter()
        .map(|text| pair("--burner", text))
        .collect()
}

fn camera_sources(arguments: &DemoArguments, cameras: &[Camera]) -> Result<Vec<(String, String)>, DemoError> {
    if arguments.camera.is_empty() {
        let slots = ["interviewee", "officer"];
        return Ok(slots
            .iter()
            .zip(cameras)
            .map(|(slot, c)| ((*slot).to_owned(), c.url()))
            .collect());
    }
    arguments
        .camera
        .iter()
        .map(|text| pair("--camera", text))
        .collect()
}

/// The cameras' own sound where they have it; a generated voice, said so, where none of them does.
fn microphones(arguments: &DemoArguments) -> Result<Vec<(String, String)>, DemoError> {
    if !arguments.microphone.is_empty() {
        return arguments
            .microphone
            .iter()
            .map(|text| pair("--microphone", text))
            .collect();
    }
    let own = |channel: &str, slot: &str| (channel.to_owned(), format!("camera:{slot}"));
    if arguments.camera.is_empty() {
        return Ok(vec![own("left", "interviewee"), own("right", "officer")]);
    }
    let mut found = Vec::new();
    for text in &arguments.camera {
        let (slot, source) = pair("--camera", text)?;
        let channel = if slot == "interviewee" { "left" } else { "right" };
        if has_sound(&source) && !found.iter().any(|(c, _): &(String, String)| c == channel) {
            found.push(own(channel, &slot));
        }
    }
    if !found.iter().any(|(channel, _)| channel == "left") {
        say("摄像机没有声音,使用测试语音 the interviewee's camera has no sound: a generated voice stands in");
        found.push(("left".into(), "test:speech".into()));
    }
    Ok(found)
}

fn has_sound(source: &str) -> bool {
    let source = source.strip_prefix("file:").unwrap_or(source);
    let asked = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-select_streams",
            "a",
            "-show_entries",
            "stream=codec_name",
            "-of",
            "csv=p=0",
        ])
        .arg(source)
        .output();
    asked.is_ok_and(|out| !out.stdout.is_empty())
}
