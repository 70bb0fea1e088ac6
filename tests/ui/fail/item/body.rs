use measurand::measured;

trait Act {
    #[measured]
    fn act(&self);

    #[measured(owner = 5)]
    async fn act_later(&self);
}

struct Thing;

impl Act for Thing {
    fn act(&self) {}
    async fn act_later(&self) {}
}

fn main() {
    Thing.act();
    let _ = Thing.act_later();
}
