//! The ends of processes, told by the system at once where it can: Linux. Elsewhere whoever asks looks now and then.

/// Waits for the ends of processes.
#[derive(Default)]
pub struct Ends(body::Ends);

impl Ends {
    /// From now on it is these processes whose ends are waited for, each by its number and the time of its start.
    /// Inside a runtime.
    pub fn hold(&mut self, living: impl Iterator<Item = (u32, u64)>) {
        self.0.hold(&living.collect());
    }

    /// Waits until one of them has ended; each is told of once. For ever where the system does not tell.
    pub async fn next(&mut self) {
        self.0.next().await;
    }
}

#[cfg(target_os = "linux")]
mod body {
    use std::collections::{BTreeMap, BTreeSet};
    use std::future::poll_fn;
    use std::os::fd::OwnedFd;
    use std::task::Poll;

    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// Of each process a descriptor that becomes readable when it ends; none when that was told, or cannot be had.
    #[derive(Default)]
    pub(super) struct Ends(BTreeMap<(u32, u64), Option<AsyncFd<OwnedFd>>>);

    impl Ends {
        pub(super) fn hold(&mut self, living: &BTreeSet<(u32, u64)>) {
            self.0.retain(|process, _| living.contains(process));
            for process in living {
                // The number may have passed on to another meanwhile: its end is told then, and whoever looks sees why.
                self.0.entry(*process).or_insert_with(|| open(process.0));
            }
        }

        pub(super) async fn next(&mut self) {
            poll_fn(|context| {
                for held in self.0.values_mut() {
                    let ended = held.as_ref().is_some_and(|held| held.poll_read_ready(context).is_ready());
                    if ended {
                        *held = None;
                        return Poll::Ready(());
                    }
                }
                Poll::Pending
            })
            .await;
        }
    }

    /// Kernels since 5.3 can.
    #[allow(deprecated)] // its successor is unsafe, for types that may change their descriptor; this one keeps it
    fn open(pid: u32) -> Option<AsyncFd<OwnedFd>> {
        let held = pidfd_open(Pid::from_raw(pid.cast_signed())?, PidfdFlags::empty()).ok()?;
        AsyncFd::with_interest(held, Interest::READABLE).ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod body {
    use std::collections::BTreeSet;

    #[derive(Default)]
    pub(super) struct Ends;

    impl Ends {
        #[allow(clippy::unused_self)] // Linux keeps descriptors
        pub(super) fn hold(&mut self, _: &BTreeSet<(u32, u64)>) {}

        #[allow(clippy::unused_self)] // as above
        pub(super) async fn next(&mut self) {
            std::future::pending().await
        }
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_is_told_once() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut children: Vec<_> =
                (0..3).map(|_| std::process::Command::new("sleep").arg("1000").spawn().unwrap()).collect();
            let living: Vec<(u32, u64)> = children.iter().map(|child| (child.id(), 1)).collect();
            let mut ends = Ends::default();
            ends.hold(living.iter().copied());
            tokio::select! {
                biased;
                () = ends.next() => panic!("all of them live"),
                () = tokio::task::yield_now() => {}
            }
            for child in &mut children {
                child.kill().unwrap();
            }
            for _ in 0..3 {
                ends.next().await;
                ends.hold(living.iter().copied());
            }
            tokio::select! {
                biased;
                () = ends.next() => panic!("told twice"),
                () = tokio::task::yield_now() => {}
            }
            for child in &mut children {
                child.wait().unwrap();
            }
        });
    }
}
