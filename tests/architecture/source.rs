//! Rust sources as the architecture test reads them: text without comments, strings and test code.
//!
//! A small scanner, not a parser: it knows comments, string and character literals, and balanced braces.
//! Called by `tests/architecture.rs` only. Must never report a name that stands in a comment or a string.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

const CRATE: &str = "crate::";
const SUPER: &str = "super::";

pub struct Source {
    /// From the root of the repository.
    pub path: PathBuf,
    pub first_line: String,
    /// Code outside tests; each literal stands as `""`.
    pub code: String,
    /// String literals of the whole file, tests included.
    pub strings: Vec<String>,
}

/// Every `.rs` file below `folder`, in order; a folder that does not exist yet has none.
pub fn sources(root: &Path, folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root.join(folder), &mut found);
    found.sort();
    found.iter().map(|path| read(root, path)).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.expect("folder entry").path()) {
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn read(root: &Path, path: &Path) -> Source {
    let text = fs::read_to_string(path).expect("source is UTF-8");
    let (code, strings) = scan(&text);
    let relative = path.strip_prefix(root).expect("below the root").to_path_buf();
    let is_test = relative
        .iter()
        .any(|part| part == "tests" || part == "tests.rs" || part == "examples");
    let code = if is_test {
        String::new()
    } else {
        without_tests(&code)
    };
    Source {
        path: relative,
        first_line: text.lines().next().unwrap_or_default().to_owned(),
        code,
        strings,
    }
}

fn scan(text: &str) -> (String, Vec<String>) {
    let (mut code, mut strings) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let raw = raw_string(rest).filter(|_| !code.ends_with(|c: char| c.is_alphanumeric() || c == '_'));
        let used = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some((open, close)) = raw {
            let end = rest[open..].find(&close).map_or(rest.len(), |at| open + at);
            strings.push(rest[open..end].to_owned());
            code.push_str("\"\"");
            (end + close.len()).min(rest.len())
        } else if first == '"' {
            let end = string_end(rest);
            strings.push(rest[1..end - 1].to_owned());
            code.push_str("\"\"");
            end
        } else if let Some(length) = character(rest) {
            code.push_str("' '");
            length
        } else {
            code.push(first);
            first.len_utf8()
        };
        rest = &rest[used..];
    }
    (code, strings)
}

/// Length of what opens a raw string, and what closes it.
fn raw_string(rest: &str) -> Option<(usize, String)> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then(|| {
        (
            rest.len() - after.len() + hashes + 1,
            format!("\"{}", "#".repeat(hashes)),
        )
    })
}

fn string_end(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    rest.len()
}

/// Length of a character literal; `None` for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    if inner.starts_with('\\') {
        return inner.get(2..)?.find('\'').map(|at| at + 4);
    }
    let first = inner.chars().next()?;
    inner[first.len_utf8()..]
        .starts_with('\'')
        .then(|| first.len_utf8() + 2)
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let (mut kept, mut rest) = (String::new(), code);
    while let Some(at) = rest.find(MARK) {
        kept.push_str(&rest[..at]);
        rest = &rest[at + MARK.len()..];
        rest = &rest[item_end(rest)..];
    }
    kept + rest
}

/// Where the item that begins here ends: at `;` outside braces, or at its closing brace.
fn item_end(rest: &str) -> usize {
    let mut depth = 0;
    for (at, c) in rest.char_indices() {
        match c {
            ';' if depth == 0 => return at + 1,
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    rest.len()
}

/// Names that `code` takes from the top of its own crate by `crate::`.
pub fn names_from_crate(code: &str) -> Vec<String> {
    starts(code, CRATE)
        .into_iter()
        .flat_map(|at| leading_names(&code[at + CRATE.len()..]))
        .collect()
}

/// Names behind at least `depth` times `super::`, `depth` being how many modules the file lies below the
/// top. Modules inside the file say `super::` too, so some of these names are the file's own.
pub fn names_from_super(code: &str, depth: usize) -> Vec<String> {
    let mut names = Vec::new();
    for at in starts(code, SUPER)
        .into_iter()
        .filter(|at| !code[..*at].ends_with(SUPER))
    {
        let chain = &code[at..];
        let supers = chain
            .split(SUPER)
            .take_while(|between| between.is_empty())
            .count();
        if supers >= depth {
            names.extend(leading_names(&chain[supers * SUPER.len()..]));
        }
    }
    names
}

/// Whether `name` stands in `code` as a path's beginning (`name::`).
pub fn uses_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    starts(code, &path)
        .into_iter()
        .any(|at| !code[..at].ends_with("::"))
}

/// Places where `word` begins that do not lie inside a longer name.
pub fn starts(code: &str, word: &str) -> Vec<usize> {
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$'))
        .collect()
}

/// `evidence::journal` → evidence; `{evidence::journal, store}` → evidence, store; `*` → `*`.
fn leading_names(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else {
        let end = path
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '*'))
            .unwrap_or(path.len());
        return vec![path[..end].to_owned()];
    };
    let (mut names, mut depth, mut begin) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(group[begin..at].trim());
                begin = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
        .into_iter()
        .filter(|name| !name.is_empty())
        .flat_map(leading_names)
        .collect()
}

#[test]
fn names_in_comments_strings_and_tests_are_not_seen() {
    let text = r##"
        //! crate::web
        /* crate::disc /* crate::link */ */
        use crate::{evidence::{journal, line}, store};
        fn f<'a>(x: &'a str) -> char { let _ = r#"crate::room"#; let _ = "\"crate::live"; '"' }
        #[cfg(test)]
        mod tests { use crate::archive; fn g() {} }
        use super::interview::Moment;
        use super::super::disc::plan;
    "##;
    let (code, strings) = scan(text);
    let code = without_tests(&code);
    assert_eq!(names_from_crate(&code), ["evidence", "store"]);
    assert_eq!(names_from_super(&code, 1), ["interview", "disc"]);
    assert_eq!(names_from_super(&code, 2), ["disc"]);
    assert_eq!(strings, ["crate::room", "\\\"crate::live"]);
}
