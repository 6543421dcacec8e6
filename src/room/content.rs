//! What a file of the e-case file is, judged by its bytes, and whether it may go to a court's computer.
//!
//! Refused is what such a computer would run: programs, scripts, pages and office files with code in them, and
//! archives, which nobody can look into on the way. What is not known is taken: evidence has odd formats. A name is
//! asked only for endings that a computer runs by. Called by the door on a thread that may block; reads a file's
//! beginning, and of a zip its list of names.

use crate::interview::CaseFileKind;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// As much of a file's beginning as is judged.
pub const HEAD_BYTES: usize = 8 << 10;
/// A zip's list of names may be so long.
const MAX_NAMES_BYTES: u64 = 8 << 20;
/// A zip's last record, with the longest comment.
const MAX_END_BYTES: u64 = 22 + 65_535;

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    Program,
    Script,
    /// An office file with macros.
    Macros,
    Archive,
}

/// Endings by which a computer runs a file, whatever is in it.
const RUNNABLE: &str = "exe com scr pif cpl dll sys ocx msi msp msix appx bat cmd ps1 psm1 psd1 vbs vbe js jse mjs ws \
    wsf wsh wsc sct hta htm html shtml xhtml mht mhtml svg svgz xsl xml chm hlp inf ini reg lnk url desktop scf library-ms \
    settingcontent-ms appref-ms application gadget jar class apk app dmg pkg deb rpm run sh bash zsh csh ksh py pyc pyw \
    pl rb php lua jnlp iso img vhd vhdx docm dotm xlsm xltm xlam xll pptm potm ppsm ppam sldm autorun";
const ARCHIVES: &str = "zip rar 7z tar gz tgz bz2 xz zst cab arj lzh ace z";

/// By the name alone, before a byte is sent.
pub fn judge_name(name: &str) -> Result<(), Unfit> {
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase())
        .unwrap_or_default();
    let is_in = |list: &str| list.split_whitespace().any(|known| known == ending);
    if is_in(RUNNABLE) {
        return Err(Unfit::Script);
    }
    if is_in(ARCHIVES) {
        return Err(Unfit::Archive);
    }
    Ok(())
}

/// By its beginning: what can be known at once.
pub fn judge_head(head: &[u8]) -> Result<CaseFileKind, Unfit> {
    if let Some(known) = by_signature(head) {
        return known;
    }
    match as_text(head) {
        Some(text) if is_script(&text) => Err(Unfit::Script),
        Some(_) => Ok(CaseFileKind::Text),
        None => Ok(CaseFileKind::Other),
    }
}

pub type Judged = Result<CaseFileKind, Unfit>;

/// Where, which bytes, what.
const SIGNATURES: &[(usize, &[u8], Judged)] = &[
    (0, b"MZ", Err(Unfit::Program)),
    (0, b"\x7fELF", Err(Unfit::Program)),
    (0, b"\xfe\xed\xfa\xce", Err(Unfit::Program)),
    (0, b"\xfe\xed\xfa\xcf", Err(Unfit::Program)),
    (0, b"\xce\xfa\xed\xfe", Err(Unfit::Program)),
    (0, b"\xcf\xfa\xed\xfe", Err(Unfit::Program)),
    (0, b"\xca\xfe\xba\xbe", Err(Unfit::Program)), // Java, and programs of a Mac
    (0, b"\0asm", Err(Unfit::Program)),
    (0, b"dex\n", Err(Unfit::Program)),
    (0, b"L\0\0\0\x01\x14\x02\0", Err(Unfit::Program)), // a link that starts something
    (0, b"ITSF", Err(Unfit::Program)),                  // compiled help
    (0, b"#!", Err(Unfit::Script)),
    (0, b"Rar!", Err(Unfit::Archive)),
    (0, b"7z\xbc\xaf\x27\x1c", Err(Unfit::Archive)),
    (0, b"\x1f\x8b", Err(Unfit::Archive)),
    (0, b"BZh", Err(Unfit::Archive)),
    (0, b"\xfd7zXZ\0", Err(Unfit::Archive)),
    (0, b"MSCF", Err(Unfit::Archive)),
    (257, b"ustar", Err(Unfit::Archive)),
    (0, b"%PDF-", Ok(CaseFileKind::Pdf)),
    (0, b"\xff\xd8\xff", Ok(CaseFileKind::Picture)),
    (0, b"\x89PNG\r\n\x1a\n", Ok(CaseFileKind::Picture)),
    (0, b"II*\0", Ok(CaseFileKind::Picture)),
    (0, b"MM\0*", Ok(CaseFileKind::Picture)),
    (0, b"GIF8", Ok(CaseFileKind::Picture)),
    (0, b"BM", Ok(CaseFileKind::Picture)),
    (8, b"WEBP", Ok(CaseFileKind::Picture)),
    (4, b"ftypheic", Ok(CaseFileKind::Picture)),
    (4, b"ftypmif1", Ok(CaseFileKind::Picture)),
    (4, b"ftypM4A", Ok(CaseFileKind::Audio)),
    (4, b"ftyp", Ok(CaseFileKind::Video)),
    (0, b"\x1a\x45\xdf\xa3", Ok(CaseFileKind::Video)), // Matroska
    (8, b"AVI ", Ok(CaseFileKind::Video)),
    (0, b"\0\0\x01\xba", Ok(CaseFileKind::Video)), // MPEG
    (0, b"FLV\x01", Ok(CaseFileKind::Video)),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Ok(CaseFileKind::Video)), // Windows Media
    (8, b"WAVE", Ok(CaseFileKind::Audio)),
    (0, b"ID3", Ok(CaseFileKind::Audio)),
    (0, b"fLaC", Ok(CaseFileKind::Audio)),
    (0, b"OggS", Ok(CaseFileKind::Audio)),
    (0, b"#!AMR", Ok(CaseFileKind::Audio)),
    (0, COMPOUND, Ok(CaseFileKind::Office)),
    (0, b"{\\rtf", Ok(CaseFileKind::Office)),
];

/// The longest signature that fits counts: `#!AMR` is sound, `#!` a script.
fn by_signature(head: &[u8]) -> Option<Judged> {
    let fits = |(at, bytes, _): &&(usize, &[u8], Judged)| {
        head.get(*at..).is_some_and(|rest| rest.starts_with(bytes))
    };
    let best = SIGNATURES
        .iter()
        .filter(fits)
        .max_by_key(|(_, bytes, _)| bytes.len());
    best.map(|(_, _, judged)| *judged)
}

/// UTF-8 or UTF-16 with its mark; other 8-bit text (GB 18030) if no control character is in it.
fn as_text(head: &[u8]) -> Option<String> {
    let units = |bytes: &[u8], from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|two| from([two[0], two[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match head {
        [0xff, 0xfe, rest @ ..] => return Some(units(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => return Some(units(rest, u16::from_be_bytes)),
        _ => {}
    }
    let is_plain = |byte: &u8| *byte >= 0x20 || matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    (!head.is_empty() && head.iter().all(is_plain)).then(|| String::from_utf8_lossy(head).into_owned())
}

/// How text begins that a program would run.
const SCRIPT_BEGINNINGS: &[&str] = &[
    "#!",
    "<?php",
    "<script",
    "<html",
    "<!doctype html",
    "<svg",
    "<hta:",
    "<job",
    "@echo off",
    "[autorun]",
    "[internetshortcut]",
    "[desktop entry]",
    "windows registry editor",
    "regedit4",
];

fn is_script(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start().to_lowercase();
    // An XML declaration may stand before what the page is.
    let has_page =
        text.starts_with("<?xml") && ["<html", "<svg", "<script"].iter().any(|tag| text.contains(tag));
    SCRIPT_BEGINNINGS
        .iter()
        .any(|beginning| text.starts_with(*beginning))
        || has_page
}

/// A whole file by its beginning and, where that does not tell, by what is in it.
pub fn judge_file(head: &[u8], path: &Path) -> io::Result<Judged> {
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return judge_zip(path);
    }
    if head.starts_with(COMPOUND) {
        return judge_compound(path);
    }
    Ok(judge_head(head))
}

/// Word, Excel and WPS of old, and what installs programs.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// The name of the storage that macros are in, as it stands in the file.
const MACROS: &[u8] = b"_\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0";
/// The class of an installer's package.
const INSTALLER: &[u8] = b"\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46";

fn judge_compound(path: &Path) -> io::Result<Judged> {
    let mut file = File::open(path)?;
    let mut piece = vec![0; 1 << 20];
    let mut have = 0;
    loop {
        let count = file.read(piece.get_mut(have..).unwrap_or_default())?;
        let seen = piece.get(..have + count).unwrap_or_default();
        let holds = |wanted: &[u8]| seen.windows(wanted.len()).any(|window| window == wanted);
        if holds(MACROS) {
            return Ok(Err(Unfit::Macros));
        }
        if holds(INSTALLER) {
            return Ok(Err(Unfit::Program));
        }
        if count == 0 {
            return Ok(Ok(CaseFileKind::Office));
        }
        // What is looked for may lie across two pieces.
        let keep = seen.len().min(MACROS.len());
        let from = seen.len() - keep;
        piece.copy_within(from..from + keep, 0);
        have = keep;
    }
}

/// A zip is what the names in it say: an OFD, an office file, or a bag of anything.
fn judge_zip(path: &Path) -> io::Result<Judged> {
    Ok(match zip_names(path)? {
        Some(names) => judge_names(&names),
        None => Err(Unfit::Archive),
    })
}

fn judge_names(names: &[String]) -> Judged {
    let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let has = |wanted: &str| lower.iter().any(|name| name == wanted);
    if lower
        .iter()
        .any(|name| name.ends_with("vbaproject.bin") || name.contains("macrosheets/"))
    {
        return Err(Unfit::Macros);
    }
    if has("ofd.xml") {
        return Ok(CaseFileKind::Ofd);
    }
    let is_ooxml = has("[content_types].xml")
        && lower
            .iter()
            .any(|name| name.starts_with("word/") || name.starts_with("xl/") || name.starts_with("ppt/"));
    let is_odf = has("mimetype") && has("content.xml");
    if is_ooxml || is_odf {
        return Ok(CaseFileKind::Office);
    }
    Err(Unfit::Archive)
}

/// The names in a zip's central directory; none if it has no readable one.
fn zip_names(path: &Path) -> io::Result<Option<Vec<String>>> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let end = read_at(
        &mut file,
        size.saturating_sub(MAX_END_BYTES),
        MAX_END_BYTES.min(size),
    )?;
    let Some(at) = end.windows(4).rposition(|four| four == b"PK\x05\x06") else {
        return Ok(None);
    };
    let record = end.get(at..).unwrap_or_default();
    let (Some(length), Some(start)) = (number(record, 12, 4), number(record, 16, 4)) else {
        return Ok(None);
    };
    if length > MAX_NAMES_BYTES || start.saturating_add(length) > size {
        return Ok(None);
    }
    let directory = read_at(&mut file, start, length)?;
    Ok(names_of(&directory))
}

fn names_of(mut directory: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    while directory.starts_with(b"PK\x01\x02") {
        let lengths = [28, 30, 32].map(|at| number(directory, at, 2));
        let [Some(name), Some(extra), Some(comment)] =
            lengths.map(|n| n.and_then(|n| usize::try_from(n).ok()))
        else {
            return None;
        };
        names.push(String::from_utf8_lossy(directory.get(46..46 + name)?).into_owned());
        directory = directory.get(46 + name + extra + comment..)?;
    }
    (!names.is_empty()).then_some(names)
}

fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + length)?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    )
}

fn read_at(file: &mut File, at: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use CaseFileKind::{Audio, Ofd, Office, Other, Pdf, Picture, Text, Video};

    #[test]
    fn the_usual_files_are_known_by_their_content() {
        let cases: &[(&[u8], CaseFileKind)] = &[
            (b"%PDF-1.7\n", Pdf),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Picture),
            (b"\x89PNG\r\n\x1a\n", Picture),
            (b"II*\0\x08\0\0\0", Picture),
            (b"\0\0\0\x20ftypisom", Video),
            (b"#!AMR\n", Audio),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Office),
            ("办案说明".as_bytes(), Text),
            (b"\xb0\xec\xb0\xb8\xcb\xb5\xc3\xf7", Text), // the same in GB 18030
            (b"DHAV\0\x01\x02", Other),                  // a recorder's own format
            (b"", Other),
        ];
        for (head, kind) in cases {
            assert_eq!(judge_head(head), Ok(*kind), "{head:?}");
        }
    }

    #[test]
    fn what_a_computer_would_run_is_refused_whatever_it_is_called() {
        let cases: &[(&[u8], Unfit)] = &[
            (b"MZ\x90\0", Unfit::Program),
            (b"\x7fELF\x02", Unfit::Program),
            (b"#!/bin/sh\n", Unfit::Script),
            (b"\xef\xbb\xbf<?php", Unfit::Script),
            (b"  <!DOCTYPE html><script>", Unfit::Script),
            (b"<?xml version='1.0'?><svg>", Unfit::Script),
            (b"\xff\xfe<\0s\0c\0r\0i\0p\0t\0>\0", Unfit::Script),
            (b"@ECHO OFF\r\n", Unfit::Script),
            (b"Rar!\x1a\x07", Unfit::Archive),
        ];
        for (head, unfit) in cases {
            assert_eq!(judge_head(head), Err(*unfit), "{head:?}");
        }
        for name in ["鉴定.pdf.exe", "x.LNK", "a/b.docm", "autorun.inf", "页.html"] {
            assert_eq!(judge_name(name), Err(Unfit::Script), "{name}");
        }
        assert_eq!(judge_name("材料.zip"), Err(Unfit::Archive));
        assert_eq!(judge_name("鉴定意见"), Ok(()));
    }

    #[test]
    fn a_zip_is_what_is_in_it() {
        let names = |list: &[&str]| judge_names(&list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&["OFD.xml", "Doc_0/Document.xml"]), Ok(Ofd));
        let word = ["[Content_Types].xml", "word/document.xml"];
        assert_eq!(names(&word), Ok(Office));
        assert_eq!(
            names(&[word[0], word[1], "word/vbaProject.bin"]),
            Err(Unfit::Macros)
        );
        assert_eq!(names(&["mimetype", "content.xml"]), Ok(Office));
        assert_eq!(names(&["tools/run.exe"]), Err(Unfit::Archive));
        assert_eq!(names(&["META-INF/MANIFEST.MF", "A.class"]), Err(Unfit::Archive));
    }

    #[test]
    fn a_real_zip_is_read_by_its_list_of_names() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("OFD.xml"), "<ofd/>").unwrap();
        let zipped = std::process::Command::new("7z")
            .args(["a", "-tzip", "x.ofd", "OFD.xml"])
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(zipped.status.success());
        let path = dir.path().join("x.ofd");
        assert_eq!(
            judge_file(&std::fs::read(&path).unwrap(), &path).unwrap(),
            Ok(Ofd)
        );
        std::fs::write(&path, b"PK\x03\x04 cut").unwrap();
        assert_eq!(judge_file(b"PK\x03\x04 cut", &path).unwrap(), Err(Unfit::Archive));
    }

    #[test]
    fn macros_in_an_office_file_of_old_are_found_wherever_they_lie() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.doc");
        let mut bytes = COMPOUND.to_vec();
        bytes.resize((1 << 20) - 9, 0);
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(judge_file(&bytes, &path).unwrap(), Ok(Office));
        bytes.extend_from_slice(MACROS);
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(judge_file(&bytes, &path).unwrap(), Err(Unfit::Macros));
    }
}
