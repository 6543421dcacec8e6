//! Prints labels and looks at them as others do: poppler renders and reads the text, zbar reads the code.

use shenlu::disc::labels::{Facts, Form, pdf};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Dots to the inch of every picture here.
pub const DPI: f64 = 300.0;
/// Darker than this is ink; the edges of letters are softened.
const INK: u8 = 200;

pub struct Print {
    dir: tempfile::TempDir,
    pub bytes: Vec<u8>,
}

/// A page as grey values.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    grey: Vec<u8>,
}

/// A word's box in points, as poppler sees it.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "the text is for the message when two overlap")]
pub struct Word {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
    pub text: String,
}

pub fn program(name: &str, args: &[&str]) -> Vec<u8> {
    let output = Command::new(name)
        .args(args)
        .output()
        .unwrap_or_else(|error| panic!("{name}: {error}; deploy/packages.sh has its package"));
    assert!(
        output.status.success(),
        "{name} {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// Without white space and the invisible marks of where a line may break and where it must not.
pub fn dense(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !matches!(*c, '\u{200b}' | '\u{2060}'))
        .collect()
}

impl Print {
    pub fn of(name: &str, form: Form, facts: &Facts) -> Print {
        let bytes = pdf(form, facts).unwrap_or_else(|error| panic!("{name}: {error}"));
        let print = Print::of_bytes(bytes);
        if let Some(folder) = std::env::var_os("SHENLU_LABEL_PICTURES") {
            print.keep(Path::new(&folder), &format!("{name}-{}", form.as_str()));
        }
        print
    }

    pub fn of_bytes(bytes: Vec<u8>) -> Print {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("label.pdf"), &bytes).unwrap();
        Print { dir, bytes }
    }

    fn keep(&self, folder: &Path, name: &str) {
        fs::create_dir_all(folder).unwrap();
        let target = folder.join(name);
        program(
            "pdftoppm",
            &["-png", "-r", "200", &self.pdf(), target.to_str().unwrap()],
        );
    }

    fn pdf(&self) -> String {
        self.dir.path().join("label.pdf").to_str().unwrap().to_owned()
    }

    fn target(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn pages(&self) -> usize {
        let info = String::from_utf8(program("pdfinfo", &[&self.pdf()])).unwrap();
        let pages = info.lines().find_map(|line| line.strip_prefix("Pages:"));
        pages.unwrap().trim().parse().unwrap()
    }

    /// In the order in which it was drawn, without white space.
    pub fn text(&self) -> String {
        let text = program("pdftotext", &["-raw", &self.pdf(), "-"]);
        dense(&String::from_utf8(text).unwrap())
    }

    /// Lines of `pdffonts` behind its heading.
    pub fn fonts(&self) -> Vec<String> {
        let text = String::from_utf8(program("pdffonts", &[&self.pdf()])).unwrap();
        text.lines().skip(2).map(str::to_owned).collect()
    }

    pub fn words(&self, page: usize) -> Vec<Word> {
        let page = page.to_string();
        let html = program(
            "pdftotext",
            &["-bbox", "-f", &page, "-l", &page, &self.pdf(), "-"],
        );
        let html = String::from_utf8(html).unwrap();
        html.lines().filter_map(word).collect()
    }

    pub fn picture(&self, page: usize) -> Picture {
        let (number, target) = (page.to_string(), self.target(&format!("page-{page}")));
        let dpi = DPI.to_string();
        let stem = target.to_str().unwrap();
        let args = [
            "-gray",
            "-singlefile",
            "-r",
            &dpi,
            "-f",
            &number,
            "-l",
            &number,
            &self.pdf(),
            stem,
        ];
        program("pdftoppm", &args);
        Picture::read(&target.with_extension("pgm"))
    }

    /// Every code on the page, as a scanner reads the printed picture.
    pub fn codes(&self, page: usize) -> Vec<String> {
        let (number, target) = (page.to_string(), self.target(&format!("code-{page}")));
        let stem = target.to_str().unwrap();
        let args = [
            "-png",
            "-singlefile",
            "-r",
            "300",
            "-f",
            &number,
            "-l",
            &number,
            &self.pdf(),
            stem,
        ];
        program("pdftoppm", &args);
        let picture = target.with_extension("png");
        let text = program(
            "zbarimg",
            &["--raw", "--quiet", "--nodbus", picture.to_str().unwrap()],
        );
        let text = String::from_utf8(text).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

fn word(line: &str) -> Option<Word> {
    let line = line.trim().strip_prefix("<word ")?;
    let (attributes, rest) = line.split_once('>')?;
    let number = |name: &str| -> Option<f64> {
        let (_, rest) = attributes.split_once(&format!("{name}=\""))?;
        rest.split_once('"')?.0.parse().ok()
    };
    Some(Word {
        left: number("xMin")?,
        top: number("yMin")?,
        right: number("xMax")?,
        bottom: number("yMax")?,
        text: rest.trim_end_matches("</word>").to_owned(),
    })
}

impl Picture {
    /// A binary PGM of 8 bits.
    fn read(path: &Path) -> Picture {
        let bytes = fs::read(path).unwrap();
        let mut fields = Vec::new();
        let mut at = 0;
        while fields.len() < 4 {
            let end = at + bytes[at..].iter().position(u8::is_ascii_whitespace).unwrap();
            fields.push(std::str::from_utf8(&bytes[at..end]).unwrap().to_owned());
            at = end + 1;
        }
        assert_eq!((fields[0].as_str(), fields[3].as_str()), ("P5", "255"));
        Picture {
            width: fields[1].parse().unwrap(),
            height: fields[2].parse().unwrap(),
            grey: bytes[at..].to_vec(),
        }
    }

    /// Where there is ink, in millimetres from the upper left corner.
    pub fn ink(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let millimetres = |dots: usize| (dots as f64 + 0.5) / DPI * 25.4;
        let dark = self.grey.iter().enumerate().filter(|(_, grey)| **grey < INK);
        dark.map(move |(at, _)| (millimetres(at % self.width), millimetres(at / self.width)))
    }
}
