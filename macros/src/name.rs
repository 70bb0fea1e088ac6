//! The name of a function: unique in its module, also for functions of types, traits and other functions.
//!
//! | the function is defined | its name |
//! |---|---|
//! | in a module | `load` |
//! | in `impl Store` | `Store::load` |
//! | in `impl Load for Store` | `<Store as Load>::load` |
//! | in `trait Load` | `Load::load` |
//! | in the body of `open` | `open::load` |
//!
//! An attribute on a block sees the block's header. An attribute on a function sees the function alone, and a macro
//! cannot ask the compiler for its surroundings. So this module reads the header from the source file, at the position
//! that the compiler gives for the keyword `fn`. If the file is unreadable, or a macro wrote the function, the name has
//! no prefix. The runtime and the readers of catalogs number functions with equal names.

use crate::readable::source;
use crate::scan;
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use syn::{GenericArgument, GenericParam, ItemImpl, PathArguments, Type, visit_mut::VisitMut};

/// The blocks and functions around a function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Surrounding {
    /// The names of the blocks and functions, outermost first, each followed by `::`.
    pub(crate) prefix: String,
    /// The type parameters of the blocks.
    pub(crate) parameters: HashSet<String>,
    /// Whether one of them is a function.
    pub(crate) in_function: bool,
    /// Whether there may be more around the function: a macro wrote it, or its source is unreadable.
    pub(crate) in_macro: bool,
}

/// The words at the position of the function's keyword `fn`; `async_trait` gives `fn` the position of `async`.
pub(crate) const FUNCTION: &[&str] = &["fn", "async"];

impl Surrounding {
    /// Adds braces with this header, inside the others.
    pub(crate) fn enter(&mut self, header: &Header) {
        match header {
            Header::Block(block) => {
                self.prefix.push_str(&of_impl(block));
                self.parameters.extend(block.generics.type_params().map(|it| it.ident.to_string()));
            }
            Header::Function(name) => {
                self.prefix.push_str(name);
                self.in_function = true;
            }
            Header::Trait(name) => self.prefix.push_str(name),
            Header::Other => {}
        }
    }
}

/// The surroundings of the token at `span`, which is one of these keywords.
pub(crate) fn surrounding(span: Span, keywords: &[&str]) -> Surrounding {
    // Unit tests run outside a compiler, where spans have no positions.
    if !proc_macro::is_available() {
        return Surrounding::default();
    }
    in_source(span.unwrap(), keywords).unwrap_or_else(|| Surrounding { in_macro: true, ..Surrounding::default() })
}

fn in_source(span: proc_macro::Span, keywords: &[&str]) -> Option<Surrounding> {
    let source = source_of(&span.local_file()?)?;
    let offset = scan::offset(&source.text, span.line(), span.column())?;
    // A macro may give its tokens any position.
    let rest = source.text.get(offset..)?;
    keywords.iter().any(|it| rest.starts_with(it)).then(|| source.surrounding(offset))?
}

/// A source file and its braces that have a header.
pub(crate) struct Source {
    pub(crate) text: String,
    frames: Vec<scan::Frame>,
}

impl Source {
    pub(crate) fn new(text: String) -> Self {
        Self { frames: scan::frames(&text), text }
    }

    pub(crate) fn surrounding(&self, offset: usize) -> Option<Surrounding> {
        let mut surrounding = Surrounding::default();
        for frame in self.frames.iter().filter(|frame| frame.body.contains(&offset)) {
            surrounding.enter(&of_header(&self.text[frame.header.clone()])?);
        }
        Some(surrounding)
    }
}

/// Reads a source file. The compiler expands the functions of a file one after another, so the cache holds one file.
fn source_of(path: &Path) -> Option<Rc<Source>> {
    thread_local! {
        static NEWEST: RefCell<Option<(PathBuf, Rc<Source>)>> = const { RefCell::new(None) };
    }
    NEWEST.with_borrow_mut(|newest| {
        if let Some((known, source)) = newest
            && known == path
        {
            return Some(Rc::clone(source));
        }
        let source = Rc::new(Source::new(fs::read_to_string(path).ok()?));
        *newest = Some((path.to_owned(), Rc::clone(&source)));
        Some(source)
    })
}

/// A header in front of braces, with its contribution to names.
pub(crate) enum Header {
    Function(String),
    Block(Box<ItemImpl>),
    Trait(String),
    /// A module, whose path is a label of its own, or an expression, which has no name.
    Other,
}

/// Reads a header; `None` if only a macro knows what it becomes.
pub(crate) fn of_header(header: &str) -> Option<Header> {
    let tokens: Vec<TokenTree> = header.parse::<TokenStream>().ok()?.into_iter().collect();
    let place = |word: &str| tokens.iter().position(|it| matches!(it, TokenTree::Ident(it) if it == word));
    let name_after = |keyword: &str| {
        let place = place(keyword)?;
        if let Some(TokenTree::Ident(name)) = tokens.get(place + 1) {
            Some(unraw(&name.to_string()).to_owned())
        } else {
            None
        }
    };
    if place("macro_rules").is_some() {
        return None;
    }
    // `fn` comes first: a function may return an `impl Trait`, and the header of a block names no function.
    if let Some(name) = name_after("fn") {
        return Some(Header::Function(format!("{name}::")));
    }
    if let Some(name) = name_after("trait") {
        return Some(Header::Trait(format!("{name}::")));
    }
    if place("impl").is_some() {
        let block = format!("{header} {{}}").parse().ok()?;
        return syn::parse2(block).ok().map(|block| Header::Block(Box::new(block)));
    }
    Some(Header::Other)
}

/// The name without the `r#` of a raw identifier.
pub(crate) fn unraw(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// The prefix that an `impl` block adds to the names of its functions. Two blocks of one module that may both define a
/// function of the same name have different prefixes.
pub(crate) fn of_impl(block: &ItemImpl) -> String {
    let parameters: HashSet<String> = block
        .generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(it) => Some(it.ident.to_string()),
            GenericParam::Const(it) => Some(it.ident.to_string()),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    let mut ty = (*block.self_ty).clone();
    Simplify(&parameters).visit_type_mut(&mut ty);
    let this = text(&ty);
    if let Some((path, _)) = &block.trait_ {
        let mut path = path.clone();
        Simplify(&HashSet::new()).visit_path_mut(&mut path);
        return format!("<{this} as {}>::", text(&path));
    }
    match ty {
        Type::Path(it) if it.qself.is_none() => format!("{this}::"),
        _ => format!("<{this}>::"),
    }
}

/// A type as a programmer writes it.
fn text(ty: &impl ToTokens) -> String {
    source(&ty.to_token_stream()).replace(" <", "<").replace("< ", "<").replace(" >", ">")
}

/// Removes the parts of a type that do not distinguish functions: lifetimes, and the block's own parameters if the type
/// has no other arguments. `Store<'a, T>` becomes `Store`.
struct Simplify<'a>(&'a HashSet<String>);

impl VisitMut for Simplify<'_> {
    fn visit_type_reference_mut(&mut self, ty: &mut syn::TypeReference) {
        ty.lifetime = None;
        syn::visit_mut::visit_type_reference_mut(self, ty);
    }

    fn visit_path_arguments_mut(&mut self, arguments: &mut PathArguments) {
        if let PathArguments::AngleBracketed(angle) = arguments {
            let tells = |it: &GenericArgument| !matches!(it, GenericArgument::Lifetime(_));
            angle.args = angle.args.iter().filter(|it| tells(it)).cloned().collect();
            if angle.args.iter().all(|it| self.0.contains(&it.to_token_stream().to_string())) {
                *arguments = PathArguments::None;
            }
        }
        syn::visit_mut::visit_path_arguments_mut(self, arguments);
    }
}
