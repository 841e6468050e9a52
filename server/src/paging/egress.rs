//! Where the server may send requests: public addresses, and private ones that the configuration names.
//!
//! The check is of the address that a connection is opened to, after the name was resolved, so a name can't lead
//! elsewhere than what was checked. Redirects are never followed, and no proxy is taken from the environment.

use crate::clock::Clock;
use anyhow::{Context as _, bail};
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// How long a connection may take to open.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long a name may take to resolve.
const RESOLVE_LIMIT: Duration = Duration::from_secs(3);
/// What can be done about a refusal.
const PRIVATE: &str = "[outgoing] private in the paging file names networks that are allowed";
/// How long an unused connection is kept: shorter than servers keep them, so that a request seldom meets one that the
/// server is closing, of which nobody could say whether it was taken.
const IDLE_LIMIT: Duration = Duration::from_secs(2);
/// The ports that addresses given by people may have, where the configuration names none.
const PORTS: [u16; 3] = [80, 443, 8443];

/// A range of addresses, such as `10.1.0.0/16`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no network; write it as 10.1.0.0/16 or fd00::/8");
        let (base, bits) = text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.parse().map_err(|_| wrong())?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| wrong()))?;
        if bits > most { Err(wrong()) } else { Ok(Self { base, bits }) }
    }
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let shift = 32_u32.saturating_sub(self.bits.into());
                u64::from(base.to_bits()) >> shift == u64::from(address.to_bits()) >> shift
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let shift = 128_u32.saturating_sub(self.bits.into());
                base.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }
}

/// Which addresses may be called.
#[derive(Debug, Clone, Default)]
pub struct Egress {
    /// Private networks that are allowed.
    pub private: Vec<Network>,
    /// The ports of addresses that people give; the usual ones where it is empty.
    pub ports: Vec<u16>,
}

impl Egress {
    /// Whether a connection to this address may be opened.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = plain(address);
        is_public(address) || self.private.iter().any(|network| network.contains(address))
    }

    /// Checks an address that a person gave, such as a webhook's, as far as it can be told without resolving its name.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, url: &str) -> Result<Url, String> {
        let parsed = Url::parse(url).map_err(|error| format!("it is no address: {error}"))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err("it must begin with https:// or http://".to_owned());
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err("it must not hold a user's name or password".to_owned());
        }
        let ports = if self.ports.is_empty() { &PORTS[..] } else { &self.ports };
        if !parsed.port_or_known_default().is_some_and(|port| ports.contains(&port)) {
            return Err(format!("its port must be one of {ports:?}; [outgoing] ports in the paging file names them"));
        }
        self.check_literal(&parsed)?;
        Ok(parsed)
    }

    /// The same, and where its name leads. A name that can't be resolved now is let pass: it is checked again with every connection.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn check_resolved(&self, url: &str, clock: &Clock) -> Result<Url, String> {
        let parsed = self.check(url)?;
        let host = parsed.host_str().unwrap_or_default().to_owned();
        let port = parsed.port_or_known_default().unwrap_or_default();
        let found = clock.timeout(RESOLVE_LIMIT, tokio::net::lookup_host((host.as_str(), port))).await;
        let Ok(Ok(found)) = found else { return Ok(parsed) };
        let mut found = found.peekable();
        if found.peek().is_some() && !found.any(|at| self.allows(at.ip())) {
            return Err(format!("{host} leads to no address that may be called; {PRIVATE}"));
        }
        Ok(parsed)
    }

    /// Checks the host of an address where it is a number, which no resolver sees.
    pub(super) fn check_literal(&self, url: &Url) -> Result<(), String> {
        let host = url.host_str().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match literal {
            Ok(address) if !self.allows(address) => Err(format!("its destination is private and refused; {PRIVATE}")),
            _ => Ok(()),
        }
    }

    /// A client that opens connections only to what is allowed.
    pub(super) fn client(&self) -> anyhow::Result<reqwest::Client> {
        reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_LIMIT)
            .pool_idle_timeout(IDLE_LIMIT)
            .dns_resolver(Arc::new(Resolver(self.clone())))
            .user_agent(concat!("taydo/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("can't make an HTTP client; is the package ca-certificates installed?")
    }
}

/// Resolves a name and leaves out what may not be called.
struct Resolver(Egress);

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Resolver").finish()
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let egress = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.filter(|at| egress.allows(at.ip())).collect();
            if found.is_empty() {
                return Err("the destination is refused: the name leads to no address that may be called".into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// An IPv4 address that is written as one of IPv6.
fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// The special-purpose registry of IPv4 (RFC 6890 and its successors) names what isn't public.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b));
    !is_special
}

/// Only what is globally routed (2000::/3), without the ranges that stand for an IPv4 address or for documents.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_global = first & 0xe000 == 0x2000;
    let is_special = match first {
        0x2001 => second < 0x0200 || second == 0x0db8,
        0x2002 | 0x3fff => true,
        _ => false,
    };
    is_global && !is_special
}

/// Refuses what a configuration can't mean: a network that holds every address.
pub(super) fn networks(texts: &[String]) -> anyhow::Result<Vec<Network>> {
    let mut networks = Vec::new();
    for text in texts {
        let network: Network = text.parse().map_err(anyhow::Error::msg)?;
        if network.bits == 0 {
            bail!("{text:?} would allow every address; name the networks that are meant");
        }
        networks.push(network);
    }
    Ok(networks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_refused_however_they_are_written() {
        let egress = Egress::default();
        for bad in [
            "http://127.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://0.0.0.0/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://017700000001/",
            "http://169.254.169.254/",
            "http://10.1.2.3/",
            "http://[fe80::1]/",
            "http://[fd00::1]/",
            "http://①②⑦.0.0.1/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://user@example.org/",
            "file:///etc/passwd",
            "gopher://example.org/",
            "https://example.org:22/",
            "https://example.org:5432/",
            "http://100.64.0.1/",
            "nothing",
        ] {
            assert!(egress.check(bad).is_err(), "{bad}");
        }
        for good in ["https://example.org/hook", "http://203.0.114.7/", "https://[2a00:1450::1]/"] {
            assert!(egress.check(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_private_network_is_reached_once_it_is_named() {
        let egress = Egress { private: vec!["10.1.0.0/16".parse().unwrap(), "fd00::/8".parse().unwrap()], ports: vec![9000] };
        assert!(egress.check("http://10.1.255.1:9000/").is_ok());
        assert!(egress.check("http://10.2.0.1:9000/").is_err());
        assert!(egress.check("http://[fd12::1]:9000/").is_ok());
        assert!(networks(&["0.0.0.0/0".to_owned()]).is_err());
        assert!("10.0.0.0/33".parse::<Network>().is_err());
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_refused_when_the_connection_is_opened() {
        let error = Egress::default().client().unwrap().get("http://localhost:9/").send().await.unwrap_err();
        assert!(format!("{:?}", error).contains("refused: the name leads"), "{error:?}");
        let allowed = Egress { private: vec!["127.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()], ports: Vec::new() };
        let error = allowed.client().unwrap().get("http://localhost:9/").send().await.unwrap_err();
        assert!(!format!("{error:?}").contains("leads"), "{error:?}");
    }
}
