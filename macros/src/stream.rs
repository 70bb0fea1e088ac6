//! The code for a function that returns a stream: its call lasts until the stream ends.

use crate::expand::{classifier, closure, erased, expansion, private_at, span_of_output, start};
use crate::fn_kind::{FnKind, stream_item};
use crate::label::LabelValue;
use crate::model::Model;
use measurand_catalog::definition::STREAM_ITEMS;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

/// The measured body, and the static of a second site. The number of items and the time to the first item are recorded
/// in a family of their own, so functions without streams have no such series.
pub(crate) fn body(model: &Model) -> TokenStream {
    // A type that is not a stream is reported at the return type.
    let span = span_of_output(model);
    let private = private_at(model, span);
    let (start, classifier, closure, name) = (start(model), classifier(model), closure(model), &model.func.label);
    let function = model.labels.iter().find_map(|(key, value)| match value {
        LabelValue::Literal(value) if key == "function" => Some(value),
        _ => None,
    });
    let function = function.unwrap_or(name);
    let mut facts = format!("\u{1f}attribute\u{1f}{STREAM_ITEMS}\u{1f}family\u{1f}stream");
    facts.extend(expansion(model).map(|(key, number)| format!("\u{1f}{key}\u{1f}{number}")));
    // Only the signature determines the type that `?` converts errors into, and the type that `collect` builds.
    let item = stream_item(&model.func).map(erased);
    let measured = quote_spanned! { span=>
        #private::measured_stream! { #start, __STREAM, [#item], #private::call(#closure), move #classifier }
    };
    let measured = match model.kind {
        FnKind::BoxedStream => quote! { #private::Box::pin(#measured) },
        _ => measured,
    };
    // A declared family may record the returned value, which a stream does not have. The compiler checks this.
    let check = model.declared.as_ref().map(|declared| {
        let rust_name = declared.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        quote_spanned! { span=> const _: () = <#declared as #private::DeclaredFamily>::FAMILY.check_stream(#rust_name); }
    });
    quote! {
        #check
        static __STREAM: #private::Site = #private::site! {
            __STREAM, STREAM, #name, ["function" = #function, "module" = ::core::module_path!()], #facts
        };
        #measured
    }
}
