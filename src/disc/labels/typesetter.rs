//! Typst as a library: templates and a sheet's facts in, PDF out. Knows nothing of discs.
//!
//! The templates see four files of this program, the facts as JSON, and the fonts they are given: no other file, no
//! network, no clock. Nothing is kept between two calls; typst's own cache is emptied behind each.

use std::collections::BTreeMap;

use serde::Serialize;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Smart};
use typst::layout::PagedDocument;
use typst::syntax::{FileId, Source, VirtualPath};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use super::Form;
use super::error::LabelError;
use super::fonts::Fonts;

const COMMON: &str = include_str!("templates/common.typ");
const DISC: &str = include_str!("templates/disc.typ");
const SLEEVE: &str = include_str!("templates/sleeve.typ");
const REGISTER: &str = include_str!("templates/register.typ");

/// What a template's `panic` begins with when a field does not fit; the field's name follows.
const TOO_LONG: &str = "too-long:";

struct Desk {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Fonts,
    main: FileId,
    sources: BTreeMap<FileId, Source>,
    facts: (FileId, Bytes),
}

/// PDF/A-2b: every font is embedded, nothing outside the file is needed to show it.
pub(super) fn pdf(form: Form, sheet: &impl Serialize, fonts: Fonts) -> Result<Vec<u8>, LabelError> {
    let facts = serde_json::to_vec(sheet).map_err(|error| LabelError::Typesetting(error.to_string()))?;
    let desk = Desk::new(form, facts, fonts);
    let pdf = desk.print();
    typst::comemo::evict(0);
    pdf
}

fn file(name: &str) -> FileId {
    FileId::new(None, VirtualPath::new(name))
}

impl Desk {
    fn new(form: Form, facts: Vec<u8>, fonts: Fonts) -> Self {
        let template = match form {
            Form::Disc => DISC,
            Form::Sleeve | Form::PaperSleeve => SLEEVE,
            Form::Register => REGISTER,
        };
        let (main, common) = (file("/main.typ"), file("/common.typ"));
        let sources =
            [(main, template), (common, COMMON)].map(|(id, text)| (id, Source::new(id, text.to_owned())));
        Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(fonts.book()),
            fonts,
            main,
            sources: sources.into(),
            facts: (file("/facts.json"), Bytes::new(facts)),
        }
    }

    fn print(&self) -> Result<Vec<u8>, LabelError> {
        let document = typst::compile::<PagedDocument>(self)
            .output
            .map_err(|errors| told(&errors))?;
        let standards = PdfStandards::new(&[PdfStandard::A_2b])
            .map_err(|error| LabelError::Typesetting(error.to_string()))?;
        let options = PdfOptions {
            ident: Smart::Auto,
            timestamp: None,
            page_ranges: None,
            standards,
            tagged: false,
        };
        typst_pdf::pdf(&document, &options).map_err(|errors| told(&errors))
    }
}

/// The template's own refusal by its field, anything else as typst says it.
fn told(errors: &[SourceDiagnostic]) -> LabelError {
    let too_long = errors.iter().find_map(|error| {
        let (_, field) = error.message.split_once(TOO_LONG)?;
        Some(field.trim_end_matches('"').to_owned())
    });
    too_long.map_or_else(
        || {
            let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
            LabelError::Typesetting(messages.join("; "))
        },
        |field| LabelError::TooLong { field },
    )
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        let source = self.sources.get(&id).cloned();
        source.ok_or_else(|| FileError::NotFound(id.vpath().as_rootless_path().into()))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let (facts, bytes) = &self.facts;
        if id == *facts {
            return Ok(bytes.clone());
        }
        Err(FileError::NotFound(id.vpath().as_rootless_path().into()))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index)
    }

    fn today(&self, _: Option<i64>) -> Option<Datetime> {
        None
    }
}
