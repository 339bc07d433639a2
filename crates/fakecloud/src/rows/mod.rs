//! What each object looks like on the wire. Pure: a view and a place in, JSON out; no paging, no policy but the
//! attributes a role may see.

pub(crate) mod addresses;
pub(crate) mod compute;
pub(crate) mod names;
pub(crate) mod network;
pub(crate) mod port;
pub(crate) mod server;
pub(crate) mod volume;
