//! What a process asks its kernel for, and what no port can give: the wall clock and
//! randomness. In a thread that is tamed both come from a seed; in every other thread from
//! the kernel, as ever.
//!
//! These functions stand in front of libc's, since a program's own symbols are found first.
//! There are three ways to randomness: ring asks by `syscall`, `rand` by `getrandom` that
//! `dlsym` finds (`build.rs` exports it), the standard library by the symbol.

#![allow(unsafe_code, reason = "the one place where libc is stood in for")]
#![allow(clippy::many_single_char_names, reason = "the arguments of a system call")]

use std::cell::Cell;
use std::ffi::{c_int, c_long, c_uint, c_void};

use libc::{clockid_t, size_t, ssize_t, timespec};
use tokio::time::Instant;

/// Where each world's wall clock begins: 2027-01-15T12:00:00Z, in milliseconds.
pub(crate) const BEGINNING: u64 = 1_800_014_400_000;
const NANOS: i128 = 1_000_000_000;

thread_local! {
    static TAMED: Cell<bool> = const { Cell::new(false) };
    static RANDOM: Cell<u64> = const { Cell::new(0) };
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
    /// What the world's clock was moved by, in milliseconds.
    static MOVED: Cell<i64> = const { Cell::new(0) };
    /// How far the clock of the machine that is polled is off, in milliseconds.
    static SKEW: Cell<i64> = const { Cell::new(0) };
}

/// Tames this thread. Its time begins with the runtime's, which has to be paused.
pub(crate) fn tame(seed: u64) {
    RANDOM.set(seed);
    MOVED.set(0);
    SKEW.set(0);
    TAMED.set(true);
}

/// The runtime's time begins now.
pub(crate) fn begin() {
    BEGAN.set(Some(Instant::now()));
}

/// Moves every wall clock of the world, and no monotonic one.
pub(crate) fn move_clocks(milliseconds: i64) {
    MOVED.set(MOVED.get() + milliseconds);
}

/// The clock's skew from here on; returns what it was.
pub(crate) fn skew(milliseconds: i64) -> i64 {
    SKEW.replace(milliseconds)
}

/// The world's own wall clock, in milliseconds of the Unix epoch.
pub(crate) fn world_now() -> u64 {
    let nanos = wall_nanos() - i128::from(SKEW.get()) * 1_000_000;
    u64::try_from(nanos / 1_000_000).unwrap_or_default()
}

/// How long the world has been, in milliseconds that no clock's move changes.
pub(crate) fn elapsed() -> u64 {
    let elapsed = BEGAN.get().map(|began| began.elapsed().as_millis()).unwrap_or_default();
    u64::try_from(elapsed).unwrap_or(u64::MAX)
}

/// The same, at another moment of the runtime's time.
pub(crate) fn elapsed_at(moment: Instant) -> u64 {
    let elapsed = BEGAN.get().map(|began| moment.duration_since(began).as_millis());
    u64::try_from(elapsed.unwrap_or_default()).unwrap_or(u64::MAX)
}

fn wall_nanos() -> i128 {
    let elapsed = BEGAN.get().map(|began| began.elapsed().as_nanos()).unwrap_or_default();
    let off = i128::from(MOVED.get()) + i128::from(SKEW.get());
    i128::from(BEGINNING) * 1_000_000
        + i128::try_from(elapsed).unwrap_or_default()
        + off * 1_000_000
}

/// The next number of this thread's own sequence (splitmix64).
fn next() -> u64 {
    let state = RANDOM.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    RANDOM.set(state);
    let mut mixed = state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// # Safety
/// `buffer` has room for `length` bytes.
unsafe fn fill(buffer: *mut c_void, length: size_t) -> ssize_t {
    // SAFETY: the caller's room.
    let bytes = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), length) };
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&next().to_le_bytes()[..chunk.len()]);
    }
    ssize_t::try_from(length).unwrap_or(ssize_t::MAX)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut c_void, length: size_t, flags: c_uint) -> ssize_t {
    if TAMED.get() {
        // SAFETY: as this function's own.
        return unsafe { fill(buffer, length) };
    }
    // SAFETY: the kernel's own arguments.
    let got =
        unsafe { kernel(libc::SYS_getrandom, [buffer as usize, length, flags as usize, 0, 0, 0]) };
    ssize_t::try_from(told(got)).unwrap_or(-1)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: clockid_t, time: *mut timespec) -> c_int {
    if TAMED.get() && clock == libc::CLOCK_REALTIME {
        let nanos = wall_nanos();
        let shown = timespec {
            tv_sec: libc::time_t::try_from(nanos / NANOS).unwrap_or_default(),
            tv_nsec: c_long::try_from(nanos % NANOS).unwrap_or_default(),
        };
        // SAFETY: the caller's room for one `timespec`.
        unsafe { time.write(shown) };
        return 0;
    }
    let clock = usize::try_from(i64::from(clock)).unwrap_or(usize::MAX);
    // SAFETY: the kernel's own arguments.
    let done = unsafe { kernel(libc::SYS_clock_gettime, [clock, time as usize, 0, 0, 0, 0]) };
    c_int::try_from(told(done)).unwrap_or(-1)
}

/// Variadic in C; its arguments are passed as these six are.
#[unsafe(no_mangle)]
unsafe extern "C" fn syscall(
    number: c_long,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> c_long {
    if number == libc::SYS_getrandom && TAMED.get() {
        // SAFETY: the arguments of `getrandom`.
        let filled = unsafe { fill(a as *mut c_void, b) };
        return c_long::try_from(filled).unwrap_or(-1);
    }
    // SAFETY: the caller's arguments.
    told(unsafe { kernel(number, [a, b, c, d, e, f]) })
}

/// As libc has it: -1, and the reason in `errno`.
fn told(result: isize) -> c_long {
    if (-4095..0).contains(&result) {
        // SAFETY: this thread's own `errno`.
        unsafe { *libc::__errno_location() = c_int::try_from(-result).unwrap_or(0) };
        return -1;
    }
    c_long::try_from(result).unwrap_or(c_long::MAX)
}

/// # Safety
/// The kernel's rules for the call.
#[cfg(target_arch = "x86_64")]
unsafe fn kernel(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let result;
    // SAFETY: the kernel's calling convention; what it overwrites is named.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") isize::try_from(number).unwrap_or_default() => result,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    result
}

/// # Safety
/// The kernel's rules for the call.
#[cfg(target_arch = "aarch64")]
unsafe fn kernel(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let result;
    // SAFETY: the kernel's calling convention.
    unsafe {
        std::arch::asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") a => result,
            in("x1") b, in("x2") c, in("x3") d, in("x4") e, in("x5") f,
            options(nostack),
        );
    }
    result
}
