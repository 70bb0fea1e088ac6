//! The type of a function's errors, in a form that a static can name.

use std::collections::HashSet;
use syn::{GenericArgument, Ident, Path, PathArguments, PathSegment, Type, TypePath, visit_mut::VisitMut};

/// Whether the type is a `Result` or an alias of one: its name ends in `Result`.
pub(crate) fn is_named_result(ty: &Type) -> bool {
    matches!(ty, Type::Path(it) if it.path.segments.last().is_some_and(|it| it.ident.to_string().ends_with("Result")))
}

/// The `Result` reduced to the type of its errors, and the names in it that may be generic parameters. `None` if a
/// static cannot name the type of the errors.
pub(crate) fn nameable(result: &Type, parameters: &HashSet<String>) -> Option<(Type, Vec<Ident>)> {
    let mut result = result.clone();
    Bare.visit_type_mut(&mut result);
    let Type::Path(TypePath { qself: None, path, .. }) = &mut result else { return None };
    let last = path.segments.last_mut()?;
    let mut error = None;
    if let PathArguments::AngleBracketed(arguments) = &mut last.arguments {
        // The type of the value has no influence on the errors and may be impossible to name.
        let mut arguments = arguments.args.iter_mut();
        let value = arguments.next();
        error = arguments.next();
        if arguments.next().is_some() {
            return None;
        }
        if let Some(GenericArgument::Type(value)) = value {
            *value = syn::parse_quote! { () };
        }
    }
    let error = match error {
        None => None,
        Some(GenericArgument::Type(Type::Path(TypePath { qself: None, path, .. }))) => Some(path.clone()),
        Some(_) => return None,
    };
    let error = error.as_ref().map(pointee);
    // The bounds of a type's parameters are unknown here.
    let arguments = |it: &Path| it.segments.last().is_some_and(|it| !matches!(it.arguments, PathArguments::None));
    if error.is_some_and(arguments) {
        return None;
    }
    let paths = error.into_iter().chain([&*path]);
    let names = paths.map(|it| names(it, parameters)).collect::<Option<Vec<_>>>()?;
    Some((result, names.concat()))
}

/// The error type inside `Box` and `Arc`, which put no bounds on it.
fn pointee(path: &Path) -> &Path {
    let inner = path.segments.last().filter(|it| it.ident == "Box" || it.ident == "Arc").and_then(|segment| {
        let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
        match arguments.args.first() {
            Some(GenericArgument::Type(Type::Path(TypePath { qself: None, path, .. }))) => Some(path),
            _ => None,
        }
    });
    inner.map_or(path, pointee)
}

/// The names in a path that may be generic parameters; `None` if a static cannot name the path.
fn names(path: &Path, parameters: &HashSet<String>) -> Option<Vec<Ident>> {
    let plain = |segment: &&PathSegment| matches!(segment.arguments, PathArguments::None);
    let first = path.segments.first()?;
    let is_parameter = parameters.contains(&first.ident.to_string());
    if path.leading_colon.is_none() && (first.ident == "Self" || is_parameter) {
        return None;
    }
    if path.segments.len() == 1 {
        // A segment with arguments is not a generic parameter.
        return Some(if plain(&first) { vec![first.ident.clone()] } else { Vec::new() });
    }
    // `T::Error` belongs to a generic parameter, `io::Error` to a module.
    let module = path.leading_colon.is_some() || first.ident.to_string().starts_with(|it: char| it.is_lowercase());
    (module && path.segments.iter().rev().skip(1).all(|it| plain(&it))).then(Vec::new)
}

/// Removes lifetimes from a type: a static cannot name those of the function.
struct Bare;

impl VisitMut for Bare {
    fn visit_path_arguments_mut(&mut self, arguments: &mut PathArguments) {
        syn::visit_mut::visit_path_arguments_mut(self, arguments);
        if let PathArguments::AngleBracketed(angle) = arguments {
            let kept = angle.args.iter().filter(|it| !matches!(it, GenericArgument::Lifetime(_)));
            angle.args = kept.cloned().collect();
            if angle.args.is_empty() {
                *arguments = PathArguments::None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::nameable;
    use quote::ToTokens as _;

    #[test]
    fn types() {
        let check = |result: &str, expected: Option<(&str, &str)>| {
            let found = nameable(&syn::parse_str(result).expect("a type"), &["T".to_owned()].into());
            let found = found.map(|(ty, names)| {
                let names: Vec<String> = names.iter().map(ToString::to_string).collect();
                (ty.to_token_stream().to_string().replace(' ', ""), names.join(" "))
            });
            assert_eq!(found.as_ref().map(|(ty, names)| (ty.as_str(), names.as_str())), expected, "{result}");
        };
        check("Result<u8, StoreError>", Some(("Result<(),StoreError>", "StoreError")));
        check(
            "std::result::Result<Vec<T>, crate::StoreError>",
            Some(("std::result::Result<(),crate::StoreError>", "")),
        );
        check("Result<&'a str, Borrowed<'a>>", Some(("Result<(),Borrowed>", "Borrowed")));
        check("Result<u8, Box<Arc<crate::StoreError>>>", Some(("Result<(),Box<Arc<crate::StoreError>>>", "")));
        check("io::Result<Self>", Some(("io::Result<()>", "")));
        check("StoreResult", Some(("StoreResult", "StoreResult")));
        check("StoreResult<u8>", Some(("StoreResult<()>", "")));
        check("fmt::Result", Some(("fmt::Result", "")));
        check("Result<u8, T>", None);
        check("Result<u8, T::Error>", None);
        check("Result<u8, Self::Error>", None);
        check("Result<u8, <T as Load>::Error>", None);
        check("Result<u8, Retry<E>>", None);
        check("Result<u8, Box<T>>", None);
        check("Result<u8, Box<dyn Error>>", None);
        check("Result<u8, &str>", None);
        check("Result<u8, u8, u8>", None);
    }
}
