//! A function whose body is kept as raw tokens, so that a half-typed body still expands and costs nothing to parse.

use proc_macro2::TokenStream;
use syn::{
    AttrStyle, Attribute, Signature, Visibility,
    parse::{Parse, ParseStream},
    token::Brace,
};

/// The annotated function.
pub(crate) struct Func {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) brace: Brace,
    pub(crate) body: TokenStream,
}

impl Parse for Func {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig = input.parse()?;
        let content;
        let brace = syn::braced!(content in input);
        // All attributes are printed before the function, where `#![…]` may not stand.
        let inner = content.call(Attribute::parse_inner)?;
        attrs.extend(inner.into_iter().map(|it| Attribute { style: AttrStyle::Outer, ..it }));
        let body = content.parse()?;
        Ok(Self { attrs, vis, sig, brace, body })
    }
}
