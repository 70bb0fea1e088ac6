//! The client of a request, by address.

use std::net::IpAddr;

/// The address of the client; each request has it as an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client(pub IpAddr);

/// Returns the address that limits apply to. For IPv6 it is the /64 network, because a client usually has all of its
/// addresses.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(it) => IpAddr::V6((it.to_bits() & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}
