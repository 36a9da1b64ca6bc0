//! Hosts as network namespaces: each with its own address, cable and routing, on one bridge.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};

/// A bridge with namespaces on it. Needs root; everything is removed when dropped.
#[derive(Debug)]
pub struct Network {
    tag: String,
    subnet: u8,
    hosts: usize,
}

/// Why namespaces cannot be made here; `None` when they can.
pub fn missing() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("network namespaces need root".to_owned());
    }
    let probe = format!("mtprobe{}", std::process::id());
    let made = Command::new("ip").args(["netns", "add", &probe]).output();
    match made {
        Ok(output) if output.status.success() => {
            ip(&["netns", "delete", &probe]);
            None
        }
        Ok(output) => Some(format!("ip netns does not work here: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Some(format!("the program ip is missing: {error}")),
    }
}

impl Network {
    /// Namespaces for this many hosts.
    pub fn new(hosts: usize) -> Self {
        static NEXT: AtomicU8 = AtomicU8::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let pid = std::process::id();
        let subnet = u8::try_from((pid + u32::from(number)) % 200).expect("below 200") + 20;
        let network = Self { tag: format!("{:04x}{number:x}", pid & 0xffff), subnet, hosts };
        let bridge = network.bridge();
        ip(&["link", "add", &bridge, "type", "bridge"]);
        ip(&["address", "add", &format!("{}/24", network.aggregator()), "dev", &bridge]);
        ip(&["link", "set", &bridge, "up"]);
        for index in 0..hosts {
            network.add(index);
        }
        network
    }

    fn add(&self, index: usize) {
        let (namespace, cable) = (self.namespace(index), self.cable(index));
        ip(&["netns", "add", &namespace]);
        ip(&["link", "add", &cable, "type", "veth", "peer", "name", "eth0", "netns", &namespace]);
        ip(&["link", "set", &cable, "master", &self.bridge(), "up"]);
        ip(&["-n", &namespace, "address", "add", &format!("{}/24", self.address(index)), "dev", "eth0"]);
        ip(&["-n", &namespace, "link", "set", "eth0", "up"]);
        ip(&["-n", &namespace, "link", "set", "lo", "up"]);
    }

    /// Address of the aggregator on the bridge.
    pub fn aggregator(&self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 213, self.subnet, 1))
    }

    /// Address of a host.
    pub fn address(&self, index: usize) -> IpAddr {
        let last = u8::try_from(index + 10).expect("fewer than 200 hosts");
        IpAddr::V4(Ipv4Addr::new(10, 213, self.subnet, last))
    }

    /// Words before a command that run it inside a host's namespace.
    pub fn prefix(&self, index: usize) -> Vec<String> {
        ["ip", "netns", "exec", &self.namespace(index)].map(str::to_owned).to_vec()
    }

    /// Pulls a host's cable.
    pub fn unplug(&self, index: usize) {
        ip(&["link", "set", &self.cable(index), "down"]);
    }

    /// Puts it in again.
    pub fn plug(&self, index: usize) {
        ip(&["link", "set", &self.cable(index), "up"]);
    }

    fn bridge(&self) -> String {
        format!("mt{}", self.tag)
    }

    fn cable(&self, index: usize) -> String {
        format!("mt{}v{index}", self.tag)
    }

    fn namespace(&self, index: usize) -> String {
        format!("mt{}h{index}", self.tag)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for index in 0..self.hosts {
            let _ = Command::new("ip").args(["netns", "delete", &self.namespace(index)]).status();
        }
        let _ = Command::new("ip").args(["link", "delete", &self.bridge()]).status();
    }
}

fn ip(arguments: &[&str]) {
    let output = Command::new("ip").args(arguments).output().expect("the program ip is installed");
    assert!(output.status.success(), "ip {} failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
}
