//! Cloud managers: computing, networks, volumes, images, orchestration.

use crate::collection;
use crate::Collection;

collection! {
    /// Sizes a VM can have.
    flavors: Delete {
        ref: [ems_ref];
        secondary: { name: [name] };
        raw: true;
        columns: {
            name: Text, "Name, unique in its cloud";
        }
        links: { }
        shown: [name];
    }
}

pub fn all() -> Vec<Collection> {
    vec![flavors::COLLECTION]
}
