//! A body that ends in an `async` block, boxed or not. The block can be measured in place.

use crate::fn_kind::FnKind;
use crate::model::Model;
use proc_macro2::{Delimiter, Group, Spacing, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

/// `before path(async movement { content })`; without a path, the block is not boxed.
pub(crate) struct Tail {
    before: TokenStream,
    /// `Box::pin`, and the span of its parentheses.
    path: Option<(TokenStream, Span)>,
    movement: TokenStream,
    content: TokenStream,
    /// The span of the block.
    span: Span,
}

impl Tail {
    /// The block, with `edge` before its content.
    pub(crate) fn block(&self, edge: Option<&TokenStream>) -> TokenStream {
        let Self { movement, content, .. } = self;
        quote! { async #movement { #edge #content } }
    }

    /// The body, with the block replaced by one that awaits this future. The new block has the position of the old one,
    /// so errors of the whole future are reported there. Its names resolve at the call site: other attributes give
    /// their own names the span of the block, and these must keep their meaning.
    pub(crate) fn around(&self, measured: &TokenStream) -> TokenStream {
        let Self { before, path, span, .. } = self;
        let block = quote_spanned! { span.resolved_at(Span::call_site())=> async move { #measured } };
        let Some((path, span)) = path else { return quote! { #before #block } };
        let mut call = Group::new(Delimiter::Parenthesis, block);
        call.set_span(*span);
        quote! { #before #path #call }
    }
}

/// The block at the end of the body, if all paths through the body lead to it.
pub(crate) fn of(model: &Model) -> Option<Tail> {
    let tokens: Vec<TokenTree> = model.func.body.clone().into_iter().collect();
    match model.kind {
        FnKind::ImplFuture => block(&tokens),
        FnKind::BoxedFuture => boxed(&tokens),
        _ => None,
    }
}

/// `before async move { content }`.
fn block(tokens: &[TokenTree]) -> Option<Tail> {
    let (last, rest) = tokens.split_last()?;
    let content = group(last, Delimiter::Brace)?;
    let (movement, rest) = match rest.split_last()? {
        (word, rest) if is_word(word, "move") => (word.clone().into(), rest),
        _ => (TokenStream::new(), rest),
    };
    let (word, before) = rest.split_last()?;
    let before = is_word(word, "async").then(|| statements(before))??;
    Some(Tail { before, path: None, movement, content: content.stream(), span: content.span() })
}

/// `before Box::pin(async move { content })`.
fn boxed(tokens: &[TokenTree]) -> Option<Tail> {
    let (last, rest) = tokens.split_last()?;
    let call = group(last, Delimiter::Parenthesis)?;
    let inside: Vec<TokenTree> = call.stream().into_iter().collect();
    let inner = block(&inside).filter(|tail| tail.before.is_empty())?;
    // A path: names with `::` between them, read from the end.
    let mut start = rest.len();
    while start > 0 && (is_name(&rest[start - 1]) || is_colon(&rest[start - 1])) {
        // Two names in a row: the first is not part of the path.
        if start < rest.len() && is_name(&rest[start - 1]) && is_name(&rest[start]) {
            return None;
        }
        start -= 1;
    }
    let (before, path) = rest.split_at(start);
    let ends = |names: [&str; 2]| {
        let words: Vec<&TokenTree> = path.iter().filter(|token| is_name(token)).collect();
        matches!(words[..], [.., first, second] if is_word(first, names[0]) && is_word(second, names[1]))
    };
    let before = ends(["Box", "pin"]).then(|| statements(before))??;
    Some(Tail { before, path: Some((path.iter().cloned().collect(), call.span())), ..inner })
}

/// Statements that cannot return a future other than the one after them: without `return`, `?` and macros.
fn statements(tokens: &[TokenTree]) -> Option<TokenStream> {
    let whole = tokens.last().is_none_or(|token| match token {
        TokenTree::Punct(token) => token.as_char() == ';',
        TokenTree::Group(token) => token.delimiter() == Delimiter::Brace,
        _ => false,
    });
    let tokens: TokenStream = tokens.iter().cloned().collect();
    (whole && goes_on(tokens.clone())).then_some(tokens)
}

fn goes_on(tokens: TokenStream) -> bool {
    tokens.into_iter().all(|token| match token {
        TokenTree::Ident(word) => word != "return",
        TokenTree::Punct(sign) => sign.as_char() != '?' && (sign.as_char() != '!' || sign.spacing() == Spacing::Joint),
        TokenTree::Group(group) => goes_on(group.stream()),
        TokenTree::Literal(_) => true,
    })
}

fn group(token: &TokenTree, delimiter: Delimiter) -> Option<&Group> {
    match token {
        TokenTree::Group(group) if group.delimiter() == delimiter => Some(group),
        _ => None,
    }
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(token) if token == word)
}

fn is_name(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(_))
}

fn is_colon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(token) if token.as_char() == ':')
}
