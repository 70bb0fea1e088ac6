use measurand::measured;

#[measured(ok_if = |it| it + 1)]
fn no_bool() -> u32 {
    1
}

#[measured(ok_if = Option::is_some)]
fn other_type() -> Result<u32, ()> {
    Ok(1)
}

#[measured(error_if = is_empty)]
fn by_value() -> String {
    String::new()
}

fn is_empty(it: String) -> bool {
    it.is_empty()
}

#[measured(ok_if = |it: &str| it.is_empty())]
fn reference() -> &'static str {
    ""
}

#[measured(error_if = |it, _| true)]
async fn two_arguments() -> u32 {
    1
}

#[measured(error_if = true)]
fn no_function() -> u32 {
    1
}

#[measured(ok_if = |it| it.no_such_method())]
async fn method() -> u32 {
    1
}

#[measured(ok_if = no_such_function)]
fn unknown() -> u32 {
    1
}

fn main() {
    no_bool();
    let _ = other_type();
    by_value();
    reference();
    let _ = two_arguments();
    no_function();
    let _ = method();
    unknown();
}
