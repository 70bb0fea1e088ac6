//! Names from headers, and the names of every function of this workspace, compared with those from `syn`.

use crate::name::{Source, of_header, of_impl};
use crate::scan;
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};

#[test]
fn headers() {
    let check = |header: &str, expected: &str| {
        let source = Source::new(format!("{header} {{ fn f() }}"));
        let offset = source.text.rfind("fn f()").expect("the function");
        assert_eq!(source.surrounding(offset).map(|it| it.prefix).as_deref(), Some(expected), "{header}");
    };
    check("impl Store", "Store::");
    check("#[cfg(test)] /* impl Other */ unsafe impl<'a, T: Clone> Store<'a, T> where T: Copy", "Store::");
    check("impl Store<u8>", "Store<u8>::");
    check("impl<T> Store<T, u8>", "Store<T, u8>::");
    check("impl<T> crate::a::Store<T>", "crate::a::Store::");
    check("impl From<A> for T", "<T as From<A>>::");
    check("impl<'a> From<&'a str> for T<'a>", "<T as From<&str>>::");
    check("impl<T, const N: usize> Trait<T> for Array<T, N>", "<Array as Trait<T>>::");
    check("impl std::fmt::Display for &mut Store", "<&mut Store as std::fmt::Display>::");
    check("impl [u8; 4]", "<[u8; 4]>::");
    check("impl dyn Load", "<dyn Load>::");
    check("pub(crate) unsafe trait r#Load: Sized", "Load::");
    check("pub async fn r#open<T>(x: [u8; 2]) -> impl Fn()", "open::");
    check("pub mod inner", "");
    check("const _: () =", "");
    check("if x == 1", "");
    assert!(of_header("macro_rules! m").is_none());
    assert!(of_header("impl $t").is_none(), "only the macro knows");
}

#[test]
fn places() {
    let check = |line, column, expected| assert_eq!(scan::offset("a\nb√c\n\nd", line, column), expected);
    check(1, 1, Some(0));
    check(2, 3, Some(6));
    check(4, 1, Some(9));
    check(4, 2, None);
    check(5, 1, None);
    check(0, 1, Some(0));
    check(1, 0, None);
}

fn files(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of this workspace").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() && name != "target" && name != ".git" {
            files(&path, all);
        } else if path.extension().is_some_and(|it| it == "rs") {
            all.push(path);
        }
    }
}

/// The functions of a file as `syn` finds them: the start of each, and its surroundings.
#[derive(Default)]
struct Functions {
    surrounding: String,
    all: Vec<(usize, String)>,
}

impl Functions {
    fn function(&mut self, sig: &syn::Signature) {
        self.all.push((sig.fn_token.span.byte_range().start, self.surrounding.clone()));
    }

    fn inside(&mut self, name: &str, visit: impl FnOnce(&mut Self)) {
        let before = self.surrounding.len();
        self.surrounding.push_str(name);
        visit(self);
        self.surrounding.truncate(before);
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig);
        self.inside(&format!("{}::", item.sig.ident), |inner| visit::visit_item_fn(inner, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig);
        self.inside(&format!("{}::", item.sig.ident), |inner| visit::visit_impl_item_fn(inner, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.function(&item.sig);
        self.inside(&format!("{}::", item.sig.ident), |inner| visit::visit_trait_item_fn(inner, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.inside(&of_impl(item), |inner| visit::visit_item_impl(inner, item));
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.inside(&format!("{}::", item.ident), |inner| visit::visit_item_trait(inner, item));
    }
}

#[test]
fn the_source_says_what_the_parser_says() {
    let mut all = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &mut all);
    let (mut read, mut checked) = (0, 0);
    for path in all {
        let text = fs::read_to_string(&path).expect("a source file");
        // Files of compile-fail tests may be invalid Rust.
        let Ok(file) = syn::parse_file(&text) else { continue };
        let mut functions = Functions::default();
        functions.visit_file(&file);
        let source = Source::new(text);
        for (offset, expected) in &functions.all {
            let found = source.surrounding(*offset).map(|it| it.prefix);
            assert_eq!(found.as_ref(), Some(expected), "{}: byte {offset}", path.display());
        }
        (read, checked) = (read + 1, checked + functions.all.len());
    }
    assert!(read > 500 && checked > 5_000, "{read} files, {checked} functions");
}
