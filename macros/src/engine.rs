//! The pipeline shared by every attribute: parse, check, build the model, expand. Nothing here knows an attribute by
//! name.

use crate::{args, block, diag::Diag, expand, func::Func, model::Model, name};
use measurand_catalog::Attribute;
use proc_macro2::TokenStream;
use quote::quote;

/// Expands one use of the attribute.
///
/// A mistake never swallows the annotated function: it is emitted unchanged beside the errors, so that the rest of the
/// user's crate still resolves and the editor keeps working. The same happens where nothing is recorded.
pub(crate) fn run(attribute: &'static Attribute, args: TokenStream, item: TokenStream, records: bool) -> TokenStream {
    // A block whose own attribute is switched off, or mistaken, leaves what it skips to us.
    if block::skips(&args) {
        return item;
    }
    let attribute = args::attribute_of(attribute, &args);
    let mut diag = Diag::default();
    let expanded = match syn::parse2::<Func>(item.clone()) {
        Ok(func) => {
            let place = name::surrounding(func.sig.fn_token.span, name::FUNCTION);
            let func = func.inside(place);
            let args = args::parse(&mut diag, attribute, args);
            function(&mut diag, attribute, args, func)
        }
        Err(_) => block::run(&mut diag, attribute, args, item.clone()),
    };
    match diag.finish() {
        None if records => expanded,
        None => item,
        Some(errors) => quote! { #item #errors },
    }
}

/// Expands the attribute on one function; to nothing of use where there was a mistake.
pub(crate) fn function(
    diag: &mut Diag,
    attribute: &'static Attribute,
    args: Vec<args::Arg>,
    func: Func,
) -> TokenStream {
    let model = Model::build(diag, attribute, args, func);
    if diag.is_empty() { expand::expand(&model) } else { TokenStream::new() }
}
