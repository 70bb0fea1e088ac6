//! An attribute on an `impl` block, a trait or a module: it applies to each function inside.
//!
//! The block is read as tokens, so half-typed bodies and everything else in it stay unchanged.

use crate::args::{self, Value};
use crate::diag::Diag;
use crate::engine;
use crate::func::Func;
use crate::name::{self, Header, Surrounding};
use measurand_catalog::{Absent, Attribute, attribute::ALL};
use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::quote;
use syn::parse::{Parse as _, ParseStream, Parser as _, discouraged::Speculative as _};
use syn::{Attribute as SynAttribute, Meta, Token, braced, token};

/// A block whose functions get the attribute.
struct Block<'a> {
    attribute: &'static Attribute,
    args: &'a TokenStream,
    /// The surroundings of its functions, including the block itself.
    place: Surrounding,
}

pub(crate) fn run(diag: &mut Diag, attribute: &'static Attribute, args: TokenStream, item: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = item.clone().into_iter().collect();
    let Some((keyword, header)) = header(&tokens) else {
        let _reported = args::parse(diag, attribute, args);
        // The parser's own message ("expected `fn`") is less helpful.
        let span = tokens.first().map_or_else(Span::call_site, TokenTree::span);
        let (name, example) = (attribute.name, attribute.example);
        let places = "a function or method with a body, an `impl` block, a trait or a module";
        diag.error(span, format_args!("`#[{name}]` goes on {places}\nexample: {example} fn name() {{ .. }}"));
        return item;
    };
    check_arguments(diag, attribute, &args);
    let Some(TokenTree::Group(body)) = tokens.pop() else { return item };
    let mut place = name::surrounding(keyword.span(), &["impl", "trait", "mod"]);
    place.enter(&header);
    let block = Block { attribute, args: &args, place };
    let content = block.content(diag, body.stream());
    let mut group = Group::new(Delimiter::Brace, content);
    group.set_span(body.span());
    tokens.push(TokenTree::Group(group));
    tokens.into_iter().collect()
}

/// The keyword of an `impl` block, a trait or a module, and its header. `None` for any other item.
fn header(tokens: &[TokenTree]) -> Option<(TokenTree, Header)> {
    let ends = matches!(tokens.last(), Some(TokenTree::Group(it)) if it.delimiter() == Delimiter::Brace);
    let start = tokens.iter().position(|it| is_word(it, &["impl", "mod", "trait"]))?;
    // Only attributes, visibility and words such as `unsafe` may precede the keyword.
    let before = tokens[..start].iter().all(|it| {
        matches!(it, TokenTree::Punct(it) if it.as_char() == '#')
            || matches!(it, TokenTree::Group(it) if it.delimiter() != Delimiter::Brace)
            || is_word(it, &["pub", "unsafe", "auto", "default"])
    });
    if !ends || !before {
        return None;
    }
    let keyword = tokens[start].clone();
    if is_word(&keyword, &["mod"]) {
        return Some((keyword, Header::Other));
    }
    if is_word(&keyword, &["trait"]) {
        let name = tokens.get(start + 1)?.to_string();
        return Some((keyword, Header::Trait(format!("{}::", name::unraw(&name)))));
    }
    // `syn` parses the header only with a block behind it; an empty one is enough.
    let mut block: TokenStream = tokens[start..tokens.len() - 1].iter().cloned().collect();
    block.extend([TokenTree::Group(Group::new(Delimiter::Brace, TokenStream::new()))]);
    Some((keyword, Header::Block(syn::parse2(block).ok()?)))
}

fn is_word(token: &TokenTree, words: &[&str]) -> bool {
    matches!(token, TokenTree::Ident(it) if words.iter().any(|word| it == word))
}

/// The tokens before the braces of an `impl` block, a trait or a module, and the header that they form.
fn head(input: ParseStream<'_>) -> Option<(Vec<TokenTree>, Header)> {
    let ahead = input.fork();
    let mut head = Vec::new();
    while !ahead.is_empty() && !ahead.peek(Token![;]) {
        let braces = ahead.peek(token::Brace);
        head.push(ahead.parse().ok()?);
        if !braces {
            continue;
        }
        if let Some((_, header)) = header(&head) {
            head.pop();
            return Some((head, header));
        }
        // Only the header of an `impl` block may contain other braces: those of a constant argument.
        if !head.iter().any(|it| is_word(it, &["impl"])) {
            return None;
        }
    }
    None
}

/// Reports mistakes in the arguments once instead of once per function, and a function name given to the whole block.
fn check_arguments(diag: &mut Diag, attribute: &'static Attribute, args: &TokenStream) {
    let parsed = args::parse(diag, attribute, args.clone());
    let named = |it: &&args::Arg| it.spec.absent == Absent::FunctionName && matches!(it.value, Some(Value::Text(_)));
    if let Some(arg) = parsed.iter().find(named) {
        let key = &arg.key;
        let message =
            format_args!("`{key}` names one function, but the attribute is on a block; write it on the function");
        diag.error(arg.span, format_args!("{message}\nexample: {}", attribute.example));
    }
}

impl Block<'_> {
    fn content(&self, diag: &mut Diag, content: TokenStream) -> TokenStream {
        let mut out = TokenStream::new();
        let parser = |input: ParseStream<'_>| {
            let ahead = input.fork();
            if let Ok(inner) = SynAttribute::parse_inner(&ahead) {
                out.extend(quote! { #(#inner)* });
                input.advance_to(&ahead);
            }
            while !input.is_empty() {
                out.extend(self.item(diag, input)?);
            }
            Ok(())
        };
        // Items other than functions are copied token by token, which cannot fail.
        if let Err(error) = parser.parse2(content) {
            diag.push(error);
        }
        out
    }

    fn item(&self, diag: &mut Diag, input: ParseStream<'_>) -> syn::Result<TokenStream> {
        let ahead = input.fork();
        if let Ok(func) = Func::parse(&ahead) {
            // Advances the input past the function.
            let tokens = copy(input, |input| Func::parse(input).map(drop))?;
            return Ok(self.function(diag, func, tokens));
        }
        match self.inner(diag, input)? {
            Some(inner) => Ok(inner),
            None => copy(input, other_item),
        }
    }

    /// Expands an `impl` block, a trait or a module inside a module.
    fn inner(&self, diag: &mut Diag, input: ParseStream<'_>) -> syn::Result<Option<TokenStream>> {
        let ahead = input.fork();
        let (Ok(attrs), Some((head, header))) = (SynAttribute::parse_outer(&ahead), head(&ahead)) else {
            return Ok(None);
        };
        let own = attrs.iter().position(|it| attribute_of(it).is_some());
        let skipped = own.filter(|it| is_skip(&attrs[*it]));
        let others = attrs.iter().enumerate().filter(|(index, _)| Some(*index) != skipped).map(|(_, it)| it);
        let mut out = quote! { #(#others)* #(#head)* };
        for _ in head {
            ahead.parse::<TokenTree>()?;
        }
        let content;
        let brace = braced!(content in ahead);
        let content: TokenStream = content.parse()?;
        let mut block = Block { place: self.place.clone(), ..*self };
        block.place.enter(&header);
        // The block's own attribute is more specific and is expanded later.
        let content = if own.is_some() { content } else { block.content(diag, content) };
        brace.surround(&mut out, |out| out.extend(content));
        input.advance_to(&ahead);
        Ok(Some(out))
    }

    fn function(&self, diag: &mut Diag, mut func: Func, tokens: TokenStream) -> TokenStream {
        let own = func.attrs.iter().position(|it| attribute_of(it).is_some());
        if let Some(index) = own {
            if !is_skip(&func.attrs[index]) {
                // The function's own attribute is more specific and is expanded later.
                return tokens;
            }
            func.attrs.remove(index);
            return func.into_tokens();
        }
        // A `const fn` may run at compile time, where nothing can be measured.
        if func.sig.constness.is_some() {
            return tokens;
        }
        func = func.inside(self.place.clone());
        // Mistakes in the arguments have been reported.
        let args = args::parse(&mut Diag::default(), self.attribute, self.args.clone());
        engine::function(diag, self.attribute, args, func)
    }
}

/// The Measurand attribute of this name.
fn attribute_of(attr: &SynAttribute) -> Option<&'static Attribute> {
    let name = attr.path().segments.last()?.ident.to_string();
    ALL.iter().find(|it| it.name == name).copied()
}

/// Whether the attribute is `#[measured(skip)]`.
fn is_skip(attr: &SynAttribute) -> bool {
    matches!(&attr.meta, Meta::List(list) if skips(&list.tokens))
}

/// Whether the arguments exclude the item from recording.
pub(crate) fn skips(args: &TokenStream) -> bool {
    args.to_string() == "skip"
}

/// The tokens that a parser consumes.
fn copy(input: ParseStream<'_>, parser: impl FnOnce(ParseStream<'_>) -> syn::Result<()>) -> syn::Result<TokenStream> {
    let begin = input.cursor();
    parser(input)?;
    let end = input.cursor();
    let (mut out, mut cursor) = (TokenStream::new(), begin);
    while cursor != end {
        let Some((token, next)) = cursor.token_tree() else { break };
        out.extend([token]);
        cursor = next;
    }
    Ok(out)
}

/// Consumes an item other than a function: up to its semicolon, or up to its braces if it has no value.
fn other_item(input: ParseStream<'_>) -> syn::Result<()> {
    let mut has_value = false;
    while !input.is_empty() {
        match input.parse::<TokenTree>()? {
            TokenTree::Punct(it) if it.as_char() == ';' => break,
            TokenTree::Punct(it) if it.as_char() == '=' => has_value = true,
            TokenTree::Ident(it) if it == "use" => has_value = true,
            TokenTree::Group(it) if it.delimiter() == Delimiter::Brace && !has_value => break,
            _ => {}
        }
    }
    Ok(())
}
