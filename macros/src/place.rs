//! Puts code where a token of the user's stands, so that the compiler reports its errors there: a macro by example cannot
//! say where its own code is.

use proc_macro2::{Group, Span, TokenStream, TokenTree};

/// `token => code`: the code, at the place of the token. Names in it mean what they meant.
pub(crate) fn at(tokens: TokenStream) -> TokenStream {
    let mut tokens = tokens.into_iter();
    let Some(token) = tokens.next() else { return TokenStream::new() };
    // Behind the arrow.
    place(tokens.skip(2), span(token))
}

/// What a macro by example matched may come in an invisible group.
fn span(token: TokenTree) -> Span {
    match token {
        TokenTree::Group(group) => group.stream().into_iter().next().map_or_else(|| group.span(), span),
        other => other.span(),
    }
}

fn place(tokens: impl Iterator<Item = TokenTree>, place_of_all: Span) -> TokenStream {
    let placed = tokens.map(|mut token| {
        let span = token.span().located_at(place_of_all);
        if let TokenTree::Group(group) = token {
            token = TokenTree::Group(Group::new(group.delimiter(), place(group.stream().into_iter(), place_of_all)));
        }
        token.set_span(span);
        token
    });
    placed.collect()
}
