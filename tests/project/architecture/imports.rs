//! Checks that no import cycle has more than two files.
//!
//! A file imports another one if a `use` or a path names an item in it. Test modules are not checked.

use measurand_tests::workspace;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, Visibility};

/// The segments of a module's path below its crate.
type Module = Vec<String>;

/// The paths and modules in one file.
#[derive(Default)]
struct Names {
    /// Paths of private `use` declarations, expressions, types and macros.
    paths: Vec<Vec<String>>,
    /// Paths that the file re-exports under their last segment.
    reexports: Vec<Vec<String>>,
    modules: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(it) => &it.attrs,
            Item::Use(it) => &it.attrs,
            Item::Fn(it) => &it.attrs,
            Item::Impl(it) => &it.attrs,
            _ => &Vec::new(),
        };
        if !attributes.iter().any(is_test) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if item.content.is_none() {
            self.modules.insert(item.ident.to_string());
        }
        visit::visit_item_mod(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let list = if matches!(item.vis, Visibility::Inherited) { &mut self.paths } else { &mut self.reexports };
        flatten(&item.tree, &mut Vec::new(), list);
    }

    /// Skips paths such as `pub(super)`, which import nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.paths.push(path.segments.iter().map(|it| it.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}

fn is_test(attribute: &Attribute) -> bool {
    let mut is_test = false;
    if attribute.path().is_ident("cfg") {
        // Parsing fails for conditions with arguments, which are never just `test`.
        let _ = attribute.parse_nested_meta(|it| {
            is_test |= it.path.is_ident("test");
            Ok(())
        });
    }
    is_test
}

fn flatten(tree: &UseTree, before: &mut Vec<String>, list: &mut Vec<Vec<String>>) {
    let mut add = |name: String| list.push(before.iter().cloned().chain([name]).collect());
    match tree {
        UseTree::Name(it) => add(it.ident.to_string()),
        UseTree::Rename(it) => add(it.ident.to_string()),
        UseTree::Glob(_) => add("*".to_owned()),
        UseTree::Group(it) => it.items.iter().for_each(|it| flatten(it, before, list)),
        UseTree::Path(it) => {
            before.push(it.ident.to_string());
            flatten(&it.tree, before, list);
            before.pop();
        }
    }
}

/// The files of one crate, by module.
struct Crate(BTreeMap<Module, Names>);

impl Crate {
    fn read(source: &Path) -> Self {
        let mut files = Vec::new();
        list(source, &mut files);
        let has_library = source.join("lib.rs").exists();
        let mut all = BTreeMap::new();
        for path in files {
            let mut module: Module = path
                .strip_prefix(source)
                .expect("a path below `source`")
                .with_extension("")
                .iter()
                .map(|it| it.to_string_lossy().into_owned())
                .collect();
            let last = module.pop().expect("a file name");
            match last.as_str() {
                "lib" | "mod" => {}
                "main" if !has_library => {}
                _ => module.push(last),
            }
            let text = fs::read_to_string(&path).expect("a source file");
            let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let mut names = Names::default();
            names.visit_file(&file);
            all.insert(module, names);
        }
        Self(all)
    }

    /// Resolves a path in the file of module `from` to the module whose file has the item.
    fn find(&self, from: &Module, path: &[String], hops: usize) -> Option<Module> {
        let mut module = from.clone();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => {
                module.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {}
            first if self.0[from].modules.contains(first) => {}
            _ => return None,
        }
        while rest.first().is_some_and(|it| it == "super") {
            module.pop()?;
            rest = &rest[1..];
        }
        while let Some(name) = rest.first() {
            let child = module.iter().cloned().chain([name.clone()]).collect();
            if !self.0.contains_key(&child) {
                break;
            }
            module = child;
            rest = &rest[1..];
        }
        let names = self.0.get(&module)?;
        let further = rest.first().and_then(|name| names.reexports.iter().find(|it| it.last() == Some(name)));
        match further {
            Some(further) if hops < 9 => self.find(&module, further, hops + 1).or(Some(module)),
            _ => Some(module),
        }
    }

    /// Returns the groups of files that all import each other, directly or indirectly.
    fn cycles(&self) -> Vec<Vec<&Module>> {
        let modules: Vec<&Module> = self.0.keys().collect();
        let imports: BTreeMap<&Module, BTreeSet<Module>> = modules
            .iter()
            .map(|it| (*it, self.0[*it].paths.iter().filter_map(|path| self.find(it, path, 0)).collect()))
            .collect();
        let reach = |from: &Module| {
            let (mut reached, mut next) = (BTreeSet::new(), vec![from.clone()]);
            while let Some(it) = next.pop() {
                let new = imports[&it].iter().filter(|to| **to != it && reached.insert((*to).clone())).cloned();
                next.extend(new.collect::<Vec<_>>());
            }
            reached
        };
        let reached: BTreeMap<&Module, BTreeSet<Module>> = modules.iter().map(|it| (*it, reach(it))).collect();
        let with = |one: &Module| -> Vec<&Module> {
            modules.iter().filter(|it| reached[one].contains(**it) && reached[**it].contains(one)).copied().collect()
        };
        let groups: BTreeSet<Vec<&Module>> = modules.iter().map(|it| with(it)).filter(|it| it.len() > 1).collect();
        groups.into_iter().collect()
    }
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        let is_test = path.file_stem().is_some_and(|it| it == "tests");
        if path.is_dir() && !is_test {
            list(&path, files);
        } else if path.extension().is_some_and(|it| it == "rs") && !is_test {
            files.push(path);
        }
    }
}

#[test]
fn no_import_cycle_has_more_than_two_files() {
    let packages = super::packages::all();
    let sources = packages.iter().map(|it| it.folder.join("src")).filter(|it| it.exists());
    let mut long = Vec::new();
    for source in sources {
        for cycle in Crate::read(&source).cycles().into_iter().filter(|it| it.len() > 2) {
            let files: Vec<String> = cycle.iter().map(|it| it.join("/")).collect();
            let source = source.strip_prefix(workspace()).unwrap_or(&source).display().to_string();
            long.push(format!("{source}: {} files import each other: {}", files.len(), files.join(", ")));
        }
    }
    assert!(long.is_empty(), "move the shared items into a separate file:\n{}", long.join("\n"));
}

#[test]
fn a_cycle_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, text).expect("a file");
    };
    write("lib.rs", "mod a; mod b; pub use b::c::Shown;");
    write("a.rs", "use crate::b::{self, c::Shown as Other}; fn f() { b::g() }");
    write("b.rs", "pub mod c; pub fn g() {} #[cfg(test)] mod tests { use crate::a; }");
    write("b/c.rs", "pub struct Shown; fn f() { super::g() }");
    let cycles = |it: &Crate| it.cycles().iter().map(|it| it.iter().map(|it| it.join("/")).collect()).collect();
    let none: Vec<Vec<String>> = cycles(&Crate::read(folder.path()));
    assert_eq!(none, [] as [Vec<String>; 0]);
    write("b/c.rs", "pub struct Shown; fn f() { super::super::a::f() }");
    write("b.rs", "pub mod c; pub fn g(_: c::Shown) {}");
    let three: Vec<Vec<String>> = cycles(&Crate::read(folder.path()));
    assert_eq!(three, [["a", "b", "b/c"]]);
}
