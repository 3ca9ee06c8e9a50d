//! The network address that a request came from: the peer's, or what a proxy of ours says of it. What anybody else says is not believed.

use std::net::IpAddr;

use actix_web::HttpRequest;

use crate::app::state::State;

/// The address of who asks. Proxies add the address that they see at the end of `X-Forwarded-For`: the last one that is none of ours is the one.
pub fn of(request: &HttpRequest, state: &State) -> Option<IpAddr> {
    let peer = request.peer_addr().map(|address| address.ip())?;
    let proxies = &state.shared.proxies;
    if !proxies.contains(&peer) {
        return Some(peer);
    }
    let lines = request.headers().get_all("x-forwarded-for").filter_map(|line| line.to_str().ok());
    let said: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    let mut nearest = peer;
    for one in said.into_iter().rev() {
        let Ok(address) = one.parse() else { break };
        nearest = address;
        if !proxies.contains(&address) {
            break;
        }
    }
    Some(nearest)
}
