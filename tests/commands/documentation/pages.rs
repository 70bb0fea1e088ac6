//! The Markdown files of the repository, read as mdBook reads them.

use measurand_tests::workspace;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// A Markdown file.
#[derive(Debug)]
pub(crate) struct Page {
    /// Relative to the workspace, for example `docs/introduction.md`.
    pub(crate) name: String,
    pub(crate) lines: usize,
    pub(crate) blocks: Vec<Block>,
    /// Targets of links and images with the line of each.
    pub(crate) links: Vec<(String, usize)>,
    /// The anchors that a link to this page may name.
    pub(crate) anchors: Vec<String>,
}

/// A fenced code block.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// The word behind the fence, for example `sh`.
    pub(crate) language: String,
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Block {
    /// The file that the first line names in a comment, for example `# rules/shop.yml`.
    pub(crate) fn file(&self) -> Option<&str> {
        let first = self.text.lines().next()?;
        let name = first.strip_prefix("# ").or_else(|| first.strip_prefix("// "))?;
        let extension = Path::new(name).extension()?;
        let known = ["yml", "toml", "rs", "json", "conf"].iter().any(|it| extension == *it);
        (known && !name.contains(' ') && !name.starts_with('/')).then_some(name)
    }

    /// The contents of that file. Rustdoc hides lines that start with `# `; the compiler needs them.
    pub(crate) fn contents(&self) -> String {
        if !self.language.starts_with("rust") {
            return self.text.clone();
        }
        self.text.lines().map(|it| it.strip_prefix("# ").unwrap_or(it).to_owned() + "\n").collect()
    }
}

impl Page {
    fn read(name: &str) -> Self {
        let text = std::fs::read_to_string(workspace().join(name)).unwrap_or_else(|it| panic!("{name}: {it}"));
        let mut page = Self {
            name: name.to_owned(),
            lines: text.lines().count(),
            blocks: Vec::new(),
            links: Vec::new(),
            anchors: Vec::new(),
        };
        let mut heading: Option<String> = None;
        let mut inside = false;
        for (event, range) in Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter() {
            let line = text[..range.start].lines().count().max(1);
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    inside = true;
                    page.blocks.push(Block { language: info.to_string(), text: String::new(), line });
                }
                Event::End(TagEnd::CodeBlock) => inside = false,
                Event::Text(it) if inside => page.blocks.last_mut().unwrap().text += &it,
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push((dest_url.to_string(), line));
                }
                Event::Start(Tag::Heading { level, .. }) if level <= HeadingLevel::H6 => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => page.add_anchor(&heading.take().unwrap_or_default()),
                Event::Text(it) | Event::Code(it) => {
                    if let Some(heading) = &mut heading {
                        *heading += &it;
                    }
                }
                _ => {}
            }
        }
        page
    }

    /// As GitHub and mdBook make them.
    fn add_anchor(&mut self, heading: &str) {
        let letters = heading.trim().chars().filter(|it| it.is_alphanumeric() || matches!(it, '_' | '-' | ' '));
        let anchor = letters.collect::<String>().to_lowercase().replace(' ', "-");
        let same = self.anchors.iter().filter(|it| **it == anchor).count();
        self.anchors.push(if same == 0 { anchor } else { format!("{anchor}-{same}") });
    }

    pub(crate) fn is_in_book(&self) -> bool {
        self.name.starts_with("docs/")
    }

    /// The path that a link of this page names, relative to the workspace.
    pub(crate) fn target(&self, link: &str) -> String {
        let (path, _) = link.split_once('#').unwrap_or((link, ""));
        if path.is_empty() {
            return self.name.clone();
        }
        let folder = Path::new(&self.name).parent().unwrap();
        let mut found = PathBuf::new();
        for it in folder.join(path).components() {
            match it {
                Component::ParentDir => assert!(found.pop(), "{}: `{link}` leaves the repository", self.name),
                other => found.push(other),
            }
        }
        found.display().to_string()
    }
}

/// Every page that users and contributors read, by name.
pub(crate) fn all() -> BTreeMap<String, Page> {
    let roots = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md", "monitoring/README.md"];
    let mut names: Vec<String> = roots.map(str::to_owned).to_vec();
    markdown_below(Path::new("docs"), &mut names);
    names.into_iter().map(|it| (it.clone(), Page::read(&it))).collect()
}

fn markdown_below(folder: &Path, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(workspace().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            markdown_below(&path, names);
        } else if path.extension().is_some_and(|it| it == "md") {
            names.push(path.display().to_string());
        }
    }
}

/// The pages whose examples are tested: README.md and the book.
pub(crate) fn tested() -> Vec<Page> {
    all().into_values().filter(|it| it.name == "README.md" || it.name.starts_with("docs/")).collect()
}
