//! How much of a random test is run: `.ci/nightly` runs more.

/// So many cases, or `LEAVE_GROUP_TIMES` as many.
pub fn cases<N: From<u16> + std::ops::Mul<Output = N>>(usual: N) -> N {
    let times = std::env::var("LEAVE_GROUP_TIMES").ok();
    let times: u16 = times.map_or(1, |times| times.parse().unwrap());
    usual * N::from(times)
}
