//! Names of the e-case file: what a sender calls a file, made the name that it has on disk and on every disc.
//!
//! A name that a disc would cut or change is refused here instead, so that what sums, manifest and viewer call a
//! file is the same everywhere. Measured with xorriso 1.5.4: Joliet, which Windows reads, keeps 64 UTF-16 units of a
//! name, turns `* / : ; ? \` and characters beyond 16 bits into `_`, and a tree beyond eight levels is moved about.
//! Pure; called before a byte is sent.

use crate::evidence::digest::Sha256Digest;
use crate::evidence::names::check_relative;
use crate::interview::CaseFileKind;
use unicode_normalization::UnicodeNormalization;

/// Below the interview's directory, and so on the discs.
pub const CASE_FOLDER: &str = "case/";
/// Never on a disc.
pub const INTERNAL_FOLDER: &str = "internal/";
/// Of one name, folders too, in UTF-16 units.
pub const MAX_NAME_UNITS: usize = 64;
/// Of the whole path in the e-case file: with a drive's letter and an interview's id before it a path stays below
/// the 260 that Windows opens.
pub const MAX_PATH_UNITS: usize = 180;
/// On a case disc the interview's folder and `case` lie above: eight levels in all.
pub const MAX_FOLDERS: usize = 5;

/// Of the disc itself, beside the e-case file.
const OF_THE_DISC: &str = "case.json";
const UNFIT: &str = "\\:*?\"<>|;";

/// Why a name cannot stand on a disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    #[error("not a plain path of names")]
    Form,
    #[error("a character that no disc holds")]
    Character,
    #[error("a name is too long")]
    NameTooLong,
    #[error("the path is too long")]
    PathTooLong,
    #[error("too many folders")]
    TooDeep,
    #[error("the disc's own name")]
    OfTheDisc,
}

/// `卷一/鉴定意见.pdf` → composed characters, checked. Without the folder that it will stand in.
pub fn plain_path(path: &str) -> Result<String, PathFault> {
    let path: String = path.nfc().collect();
    let names: Vec<&str> = path.split('/').collect();
    if path.chars().any(char::is_control) || check_relative(&path).is_err() && !path.contains('\\') {
        return Err(PathFault::Form);
    }
    if path.chars().any(|c| UNFIT.contains(c) || c.len_utf16() > 1) {
        return Err(PathFault::Character);
    }
    if names.iter().any(|name| is_odd(name)) {
        return Err(PathFault::Form);
    }
    if names.iter().any(|name| units(name) > MAX_NAME_UNITS) {
        return Err(PathFault::NameTooLong);
    }
    if units(&path) > MAX_PATH_UNITS {
        return Err(PathFault::PathTooLong);
    }
    if names.len() > MAX_FOLDERS + 1 {
        return Err(PathFault::TooDeep);
    }
    let is_the_discs = |first: &&str| first.eq_ignore_ascii_case(OF_THE_DISC);
    if names.first().is_some_and(is_the_discs) {
        return Err(PathFault::OfTheDisc);
    }
    Ok(path)
}

/// Hidden, a leftover of ours, or ending so that Windows drops the end.
fn is_odd(name: &str) -> bool {
    name.starts_with('.') || name.ends_with(['.', ' ']) || name.starts_with(' ') || name.ends_with(".partial")
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Journal and manifest go to court with the discs and name every file: an internal paper is called by its content
/// there, and what its sender called it stands in the room's ledger alone.
pub fn internal_path(sha256: Sha256Digest, kind: CaseFileKind) -> String {
    let digest = sha256.to_string();
    let ending = match kind {
        CaseFileKind::Pdf => ".pdf",
        CaseFileKind::Ofd => ".ofd",
        CaseFileKind::Text => ".txt",
        CaseFileKind::Picture
        | CaseFileKind::Office
        | CaseFileKind::Video
        | CaseFileKind::Audio
        | CaseFileKind::Other => "",
    };
    format!("{INTERNAL_FOLDER}{}{ending}", digest.get(..32).unwrap_or(&digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_disc_would_change_are_refused_with_their_reason() {
        let long = "长".repeat(61) + ".pdf";
        let deep = "a/b/c/d/e/f/g.pdf";
        let path = ["夹".repeat(60), "夹".repeat(60), "夹".repeat(60)].join("/") + "/a.pdf";
        for (bad, fault) in [
            ("", PathFault::Form),
            ("../x.pdf", PathFault::Form),
            ("a//b", PathFault::Form),
            ("/a", PathFault::Form),
            ("a\nb", PathFault::Form),
            (".hidden", PathFault::Form),
            ("a.", PathFault::Form),
            ("x.partial", PathFault::Form),
            ("a:b.pdf", PathFault::Character),
            ("a\\b.pdf", PathFault::Character),
            ("吉𠮷.pdf", PathFault::Character),
            (&long, PathFault::NameTooLong),
            (&path, PathFault::PathTooLong),
            (deep, PathFault::TooDeep),
            ("Case.JSON", PathFault::OfTheDisc),
        ] {
            assert_eq!(plain_path(bad), Err(fault), "{bad:?}");
        }
    }

    #[test]
    fn characters_are_composed_and_folders_kept() {
        assert_eq!(
            plain_path("卷一/re\u{301}sume\u{301}.pdf").unwrap(),
            "卷一/r\u{e9}sum\u{e9}.pdf"
        );
        assert_eq!(plain_path("a/b/c/d/e/f.pdf").unwrap(), "a/b/c/d/e/f.pdf");
        assert_eq!(plain_path("卷一/case.json").unwrap(), "卷一/case.json");
    }

    #[test]
    fn an_internal_papers_name_says_nothing() {
        let path = internal_path(Sha256Digest::of(b"x"), CaseFileKind::Pdf);
        assert!(
            path.starts_with("internal/2d711642b726b044") && path.ends_with(".pdf"),
            "{path}"
        );
    }
}
