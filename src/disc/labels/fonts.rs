//! Fonts of the machine: Noto Sans CJK for everything, and for a rare character whatever font here shows it.
//!
//! Names are evidence: a character that no font shows is an error that names it, never an empty box. Which font
//! stands in follows from the sorted answer of `fc-list`, so that the same machine gives the same bytes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use typst::foundations::Bytes;
use typst::text::{Font, FontBook};

use super::error::LabelError;

pub(super) const FAMILY: &str = "Noto Sans CJK SC";
/// Where Debian's fonts-noto-cjk has them.
const DEBIAN: [&str; 2] = [
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
];
/// Fontconfig's figure for regular weight.
const REGULAR: u32 = 80;
/// A collection holds one font per country; this is where fonts-noto-cjk has the simplified Chinese one.
const SC_FIRST: [u32; 10] = [2, 0, 1, 3, 4, 5, 6, 7, 8, 9];

pub(super) struct Fonts {
    fonts: Vec<Font>,
}

impl Fonts {
    /// Fonts that show every one of the texts.
    pub(super) fn for_text(texts: &[&str]) -> Result<Self, LabelError> {
        let mut fonts: Vec<Font> = base_files()?.iter().filter_map(|file| chinese(file)).collect();
        if fonts.is_empty() {
            return Err(LabelError::NoFont { family: FAMILY });
        }
        let mut missing: BTreeSet<char> = texts
            .iter()
            .flat_map(|text| text.chars())
            .filter(|c| !is_blank(*c))
            .collect();
        missing.retain(|c| !shows(fonts.first(), *c));
        while let Some(c) = missing.pop_first() {
            let stand_in = stand_in(c).ok_or_else(|| {
                let mut all = vec![c];
                all.extend(missing.iter().filter(|c| stand_in(**c).is_none()));
                LabelError::NoGlyph(all)
            })?;
            missing.retain(|c| !shows(Some(&stand_in), *c));
            fonts.push(stand_in);
        }
        Ok(Self { fonts })
    }

    /// Families in the order in which they are tried.
    pub(super) fn families(&self) -> Vec<String> {
        let mut families: Vec<String> = Vec::new();
        for font in &self.fonts {
            let family = font.info().family.clone();
            if !families.contains(&family) {
                families.push(family);
            }
        }
        families
    }

    pub(super) fn book(&self) -> FontBook {
        FontBook::from_fonts(&self.fonts)
    }

    pub(super) fn get(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }
}

/// What needs no ink. `sheet` drops controls before anything is set.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

fn shows(font: Option<&Font>, c: char) -> bool {
    font.is_some_and(|font| font.info().coverage.contains(u32::from(c)))
}

/// Debian's files, else wherever fontconfig has the family.
fn base_files() -> Result<Vec<PathBuf>, LabelError> {
    let debian: Vec<PathBuf> = DEBIAN.iter().map(PathBuf::from).collect();
    if debian.iter().all(|path| path.exists()) {
        return Ok(debian);
    }
    let found: BTreeSet<PathBuf> = fc_list(&format!(":family={FAMILY}"))
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    if found.is_empty() {
        return Err(LabelError::NoFont { family: FAMILY });
    }
    Ok(found.into_iter().collect())
}

/// The simplified Chinese font of a collection.
fn chinese(path: &Path) -> Option<Font> {
    let bytes = Bytes::new(fs::read(path).ok()?);
    SC_FIRST
        .into_iter()
        .filter_map(|index| Font::new(bytes.clone(), index))
        .find(|font| font.info().family == FAMILY)
}

fn stand_in(c: char) -> Option<Font> {
    fc_list(&format!(":charset={:x}", u32::from(c)))
        .into_iter()
        .filter_map(|(path, index)| Font::new(Bytes::new(fs::read(path).ok()?), index))
        .find(|font| shows(Some(font), c))
}

/// Files and the index in each of fonts that fit the pattern: the nearest to regular weight first, then by path. None
/// where fontconfig is missing.
fn fc_list(pattern: &str) -> Vec<(PathBuf, u32)> {
    let output = Command::new("fc-list")
        .args(["--format", "%{weight}\t%{index}\t%{file}\n", pattern])
        .output();
    let text = output.map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stdout).into_owned(),
    );
    let mut fonts: Vec<(u32, PathBuf, u32)> = text.lines().filter_map(listed).collect();
    fonts.sort();
    fonts.into_iter().map(|(_, path, index)| (path, index)).collect()
}

fn listed(line: &str) -> Option<(u32, PathBuf, u32)> {
    let mut fields = line.splitn(3, '\t');
    // A variable font has a range of weights, which includes the regular one.
    let weight: u32 = fields.next()?.parse().unwrap_or(REGULAR);
    // The upper half of an index is an instance of a variable font.
    let index = fields.next()?.parse::<u32>().ok()? & 0xffff;
    Some((weight.abs_diff(REGULAR), PathBuf::from(fields.next()?), index))
}
