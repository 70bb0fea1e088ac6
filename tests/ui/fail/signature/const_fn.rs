use measurand::measured;

#[measured]
const fn double(x: u32) -> u32 {
    x * 2
}

struct Thing;

impl Thing {
    #[measured]
    pub const unsafe fn method(&self) {}
}

const FOUR: u32 = double(2);

fn main() {
    let _ = FOUR;
    unsafe { Thing.method() }
}
