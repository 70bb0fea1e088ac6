//! The pipeline of all attributes: parse, check, build the model, expand. It knows no attribute by name.

use crate::{args, block, diag::Diag, expand, func::Func, model::Model, name};
use measurand_catalog::Attribute;
use proc_macro2::TokenStream;
use quote::quote;

/// Expands one use of the attribute.
///
/// After a mistake, the annotated function is emitted unchanged beside the errors, so the rest of the user's crate
/// still resolves and the editor keeps working. It is also emitted unchanged if recording is disabled.
pub(crate) fn run(attribute: &'static Attribute, args: TokenStream, item: TokenStream, records: bool) -> TokenStream {
    // If the attribute on a block is disabled or wrong, the compiler expands the `skip` inside the block.
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

/// Expands the attribute on one function. After a mistake, the result is empty.
pub(crate) fn function(
    diag: &mut Diag,
    attribute: &'static Attribute,
    args: Vec<args::Arg>,
    func: Func,
) -> TokenStream {
    let model = Model::build(diag, attribute, args, func);
    if diag.is_empty() { expand::expand(&model) } else { TokenStream::new() }
}
